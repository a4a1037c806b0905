//! Operators: numbers, texts, nulls, truth values, multi-value columns.

use std::collections::HashMap;

use crate::{Bindings, Value, eval, parse};

fn row() -> HashMap<String, Value> {
    let list = |text: &str| eval(&parse(text).unwrap(), &crate::NoColumns).unwrap();
    [("mv", list("['a', 'b']")), ("mw", list("['x', null]")), ("empty", list("<STRING>[]"))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn same(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let value = eval(&parse(text).unwrap(), &row()).map_err(|e| format!("{text}: {e}")).unwrap();
        assert_eq!(value, eval(&parse(wanted).unwrap(), &row()).unwrap(), "{text}");
    }
}

#[test]
fn arithmetic() {
    same(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 / 2.0", "3.5"),
        ("7 % 3", "1"),
        ("7.5 % 2", "1.5"),
        ("2 ^ 10", "1024"),
        ("2 ^ 3 ^ 2", "512"),
        ("2.0 ^ -1", "0.5"),
        ("-2 ^ 2", "4"),
        ("1 - 2 - 3", "-4"),
        ("'1' + 2", "3.0"),
        ("'a' + 'b'", "'ab'"),
        ("'x' + 1", "null"),
        ("null + 1", "null"),
        ("1 / 0.0", "Infinity"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("1.5e3", "1500.0"),
    ]);
    for text in ["1 / 0", "1 % 0", "2 ^ -1"] {
        assert!(eval(&parse(text).unwrap(), &row()).is_err(), "{text}");
    }
}

#[test]
fn truth() {
    same(&[
        ("1 < 2", "1"),
        ("'b' > 'a'", "1"),
        ("'10' < 9", "0"),
        ("'10' == 10", "1"),
        ("'x' == 10", "null"),
        ("null == null", "null"),
        ("1 != null", "null"),
        ("!1", "0"),
        ("!null", "null"),
        ("100 && 11", "1"),
        ("0.7 || 0.3", "1"),
        ("100 && 0", "0"),
        ("'troo' && 'true'", "0"),
        ("'troo' || 'true'", "1"),
        ("1 || null", "1"),
        ("null || 1", "1"),
        ("0 || null", "null"),
        ("1 && null", "null"),
        ("null && 0", "0"),
        ("0 && null", "0"),
        // One level for both operators, as Druid's grammar has it.
        ("1 || 1 && 0", "0"),
        ("[1, 2] == [1, 2]", "1"),
        ("[1, 2] < [1, 3]", "1"),
    ]);
}

#[test]
fn multi_value_columns() {
    same(&[
        ("upper(mv)", "['A', 'B']"),
        ("concat(mv, mv)", "['aa', 'bb']"),
        ("concat(mv, mw)", "['ax', null, 'bx', null]"),
        ("mv == 'a'", "[1, 0]"),
        ("if(mv == 'a', mv, 'other')", "['a', 'other']"),
        ("strlen(empty)", "null"),
        ("array_length(mv) + 1", "3"),
        ("nvl(mw, '?')", "['x', '?']"),
    ]);
    let mixed = eval(&parse("concat(mv, array_length(mv))").unwrap(), &row()).unwrap_err();
    assert!(mixed.to_string().contains("`mv`"), "{mixed}");
    assert!(Bindings::get(&row(), "nothing").is_null());
}

/// The same columns, whose arrays are values.
struct Arrays(HashMap<String, Value>);

impl Bindings for Arrays {
    fn get(&self, name: &str) -> Value {
        Bindings::get(&self.0, name)
    }

    fn holds_arrays(&self, name: &str) -> bool {
        name != "mw"
    }
}

#[test]
fn arrays_of_columns_are_values() {
    let row = Arrays(row());
    let value = |text: &str| eval(&parse(text).unwrap(), &row).map(|value| value.to_string());
    for (text, wanted) in [
        ("mv == ['a', 'b']", "1"),
        ("nvl(mv, ['none'])", "<STRING>['a', 'b']"),
        ("nvl(empty, ['none'])", "<STRING>[]"),
        ("isnull(empty)", "0"),
        ("array_compare(mv, ['a', 'c'])", "-1"),
        ("array_compare(mv, null)", "null"),
        ("to_json_string(mv)", "'[\"a\",\"b\"]'"),
        // Only the other column has several values.
        ("concat('z', mw)", "<STRING>['zx', null]"),
    ] {
        assert_eq!(value(text).unwrap(), wanted, "{text}");
    }
    assert!(value("upper(mv)").is_err());
}
