//! Calls in the expression language.

use datafusion::common::ScalarValue;

use super::*;

fn text(value: &str) -> Operand {
    let literal = Some(ScalarValue::Utf8(Some(value.to_owned())));
    Operand { text: quote_text(value), data_type: DataType::Utf8, literal }
}

fn long(value: i64) -> Operand {
    let literal = Some(ScalarValue::Int64(Some(value)));
    Operand { text: value.to_string(), data_type: DataType::Int64, literal }
}

fn column(name: &str, data_type: DataType) -> Operand {
    Operand { text: quote_name(name), data_type, literal: None }
}

fn render(name: &str, args: &[Operand]) -> String {
    definitions().find(|d| d.name == name).unwrap().render(args).unwrap()
}

#[test]
fn renders() {
    let c = || column("c", DataType::Utf8);
    let t = || column("__time", TIMESTAMP);
    assert_eq!(render("substring", &[c(), long(2), long(3)]), "substring(\"c\",1,3)");
    assert_eq!(render("coalesce", &[c(), text("a'b"), text("")]), "nvl(\"c\",nvl('a\\'b',''))");
    assert_eq!(render("cast_timestamp", &[t(), text("UTC")]), "\"__time\"");
    assert_eq!(render("cast_timestamp", &[c(), text("UTC")]), "timestamp_parse(\"c\",null,'UTC')");
    assert_eq!(
        render("timestamp_diff", &[text("DAY"), t(), t(), text("UTC")]),
        "div((\"__time\" - \"__time\"),86400000)"
    );
    assert_eq!(render("truncate", &[column("d", DataType::Float64), long(1)]).matches("10.0").count(), 2);
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = definitions().map(|d| d.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
