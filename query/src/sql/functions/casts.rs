//! What does CAST make of a value? Druid's rules: text that is no number or time becomes NULL, times count as
//! milliseconds, numbers saturate. Several SQL types are computed alike and differ by name.

use datafusion::arrow::datatypes::DataType;

use super::Returns::{
    Boolean, Char, Date, Decimal, Double, Doubles, Float, Integer, Long, Longs, Real, SmallInt, Text, Texts,
    Timestamp, TinyInt,
};
use super::{Definition, Operand, time, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    with("cast_timestamp", (2, 2), Timestamp, |args| {
        let [value, zone] = args else { return None };
        Some(instant(value, zone))
    }),
    // A precision of 0 cuts to seconds.
    with("cast_timestamp_seconds", (2, 2), Timestamp, |args| {
        let [value, zone] = args else { return None };
        Some(format!("timestamp_floor({},'PT1S',null,'UTC')", instant(value, zone)))
    }),
    with("cast_date", (2, 2), Date, |args| {
        let [value, zone] = args else { return None };
        Some(format!("timestamp_floor({},'P1D',null,{})", instant(value, zone), zone.text))
    }),
    with("cast_varchar", (2, 2), Text, |args| text(args, &time::sql_pattern())),
    with("cast_char", (3, 3), Char, |args| text(args.get(..2)?, &time::sql_pattern())),
    with("date_text", (2, 2), Text, |args| text(args, &time::date_pattern())),
    with("cast_bigint", (1, 1), Long, |args| Some(long(args.first()?))),
    with("cast_integer", (1, 1), Integer, |args| Some(long(args.first()?))),
    with("cast_smallint", (1, 1), SmallInt, |args| Some(long(args.first()?))),
    with("cast_tinyint", (1, 1), TinyInt, |args| Some(long(args.first()?))),
    with("cast_double", (1, 1), Double, |args| Some(double(args.first()?))),
    with("cast_float", (1, 1), Float, |args| Some(double(args.first()?))),
    with("cast_real", (1, 1), Real, |args| Some(double(args.first()?))),
    with("cast_decimal", (1, 1), Decimal, |args| Some(double(args.first()?))),
    with("cast_varchar_array", (1, 1), Texts, |args| array(args, "STRING")),
    with("cast_bigint_array", (1, 1), Longs, |args| array(args, "LONG")),
    with("cast_double_array", (1, 1), Doubles, |args| array(args, "DOUBLE")),
    with("cast_boolean", (1, 1), Boolean, |args| {
        let value = args.first()?;
        let text = &value.text;
        Some(match &value.data_type {
            DataType::Boolean => text.clone(),
            _ if value.is_text() => {
                let number = format!("(CAST({text},'LONG') > 0)");
                format!("case_searched((lower({text}) == 'true'),1,(lower({text}) == 'false'),0,{number})")
            }
            // A constant is judged as texts are, a row by being zero or not.
            DataType::Int64 if value.literal.is_none() => format!("({text} != 0)"),
            _ => format!("(CAST({text},'LONG') > 0)"),
        })
    }),
];

fn instant(value: &Operand, zone: &Operand) -> String {
    match value.is_text() {
        true => format!("timestamp_parse({},null,{})", value.text, zone.text),
        false => long(value),
    }
}

fn text(args: &[Operand], pattern: &str) -> Option<String> {
    let [value, zone] = args else { return None };
    let text = &value.text;
    Some(match &value.data_type {
        DataType::Timestamp(..) => format!("timestamp_format({text},{pattern},{})", zone.text),
        _ if value.is_text() => text.clone(),
        _ => format!("CAST({text},'STRING')"),
    })
}

/// A single value is an array of one.
fn array(args: &[Operand], element: &str) -> Option<String> {
    Some(format!("CAST({},'ARRAY<{element}>')", args.first()?.text))
}

fn long(value: &Operand) -> String {
    match value.data_type {
        DataType::Timestamp(..) | DataType::Int64 | DataType::Boolean => value.text.clone(),
        _ => format!("CAST({},'LONG')", value.text),
    }
}

fn double(value: &Operand) -> String {
    match value.data_type {
        DataType::Float64 => value.text.clone(),
        _ => format!("CAST({},'DOUBLE')", value.text),
    }
}
