//! What does CAST make of a value? Druid's rules: text that is no number or time becomes NULL, times count as
//! milliseconds, numbers saturate.

use datafusion::arrow::datatypes::DataType;

use super::Returns::{Boolean, Double, Doubles, Long, Longs, Text, Texts, Timestamp};
use super::{Definition, Operand, time, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    with("cast_timestamp", (2, 2), Timestamp, |args| {
        let [value, zone] = args else { return None };
        Some(match value.is_text() {
            true => format!("timestamp_parse({},null,{})", value.text, zone.text),
            false => long(value),
        })
    }),
    with("cast_varchar", (2, 2), Text, |args| {
        let [value, zone] = args else { return None };
        let text = &value.text;
        Some(match &value.data_type {
            DataType::Timestamp(..) => {
                format!("timestamp_format({text},{},{})", time::sql_pattern(), zone.text)
            }
            DataType::Boolean => {
                format!("case_searched(({text} == 1),'true',({text} == 0),'false',null)")
            }
            _ if value.is_text() => text.clone(),
            _ => format!("CAST({text},'STRING')"),
        })
    }),
    with("cast_bigint", (1, 1), Long, |args| Some(long(args.first()?))),
    with("cast_double", (1, 1), Double, |args| {
        let value = args.first()?;
        Some(match value.data_type {
            DataType::Float64 => value.text.clone(),
            _ => format!("CAST({},'DOUBLE')", value.text),
        })
    }),
    with("cast_varchar_array", (1, 1), Texts, |args| array(args, "STRING")),
    with("cast_bigint_array", (1, 1), Longs, |args| array(args, "LONG")),
    with("cast_double_array", (1, 1), Doubles, |args| array(args, "DOUBLE")),
    with("cast_boolean", (1, 1), Boolean, |args| {
        let value = args.first()?;
        let text = &value.text;
        Some(match &value.data_type {
            DataType::Boolean => text.clone(),
            _ if value.is_text() => {
                format!("case_searched((lower({text}) == 'true'),1,(lower({text}) == 'false'),0,null)")
            }
            _ => format!("({text} != 0)"),
        })
    }),
];

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
