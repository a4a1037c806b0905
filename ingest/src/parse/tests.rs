//! Do records become the rows Druid would make of them?

use alluvium_segments::{BatchColumn, RowBatch};
use serde_json::{Value, json};

use super::*;
use crate::spec::{DataSchema, InputFormat};

fn parser(data: Value, format: Value) -> RowParser {
    let mut data = data;
    data["dataSource"] = json!("test");
    if data.get("timestampSpec").is_none() {
        data["timestampSpec"] = json!({"column": "t", "format": "auto"});
    }
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap();
    let format = InputFormat::from_json(&format, "inputFormat", &mut Vec::new()).unwrap();
    RowParser::new(&data, &format).unwrap()
}

/// The rows of a batch as JSON objects.
fn rows(batch: &RowBatch) -> Vec<Value> {
    let row = |row: usize| {
        let mut object = serde_json::Map::new();
        object.insert("__time".to_owned(), json!(batch.time[row]));
        for (spec, column) in batch.schema.columns.iter().zip(&batch.columns) {
            assert_eq!(column.rows(), batch.time.len(), "{}", spec.name);
            let value = match column {
                BatchColumn::Long(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::Float(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::Double(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::String(c) => {
                    let texts: Vec<_> = c.row(row).map(|v| c.value(v)).collect();
                    match texts.as_slice() {
                        [] => Value::Null,
                        [Some(one)] => json!(one),
                        _ => json!(texts),
                    }
                }
                _ => Value::Null,
            };
            object.insert(spec.name.clone(), value);
        }
        Value::Object(object)
    };
    (0..batch.time.len()).map(row).collect()
}

fn parse(parser: &mut RowParser, bytes: &[u8]) -> (Outcome, Vec<Reject>) {
    let mut rejects = Vec::new();
    let outcome = parser.parse(&Record { value: bytes, origin: None }, &mut rejects);
    (outcome, rejects)
}

fn typed() -> Value {
    json!({"dimensionsSpec": {"dimensions": ["s", {"type": "long", "name": "l"},
        {"type": "double", "name": "d"}, {"type": "float", "name": "f"}]},
        "metricsSpec": [{"type": "count", "name": "n"}, {"type": "longSum", "name": "m", "fieldName": "x"}]})
}

#[test]
fn values_take_the_type_of_their_column() {
    let mut parser = parser(typed(), json!({"type": "json"}));
    for (input, expected, bad) in [
        (json!({"s": "a", "l": 1, "d": 2.5, "f": 0.1, "x": 7}), json!(["a", 1, 2.5, 0.1f32, 7]), 0),
        (
            json!({"s": 5, "l": "6", "d": "7.5", "f": "1e2", "x": "1,234"}),
            json!(["5", 6, 7.5, 100.0, 1234]),
            0,
        ),
        (json!({"s": 1.5, "l": 1.9, "d": 3, "f": 4, "x": -1.9}), json!(["1.5", 1, 3.0, 4.0, -1]), 0),
        (json!({"s": true, "l": false, "x": null}), json!(["true", 0, null, null, null]), 0),
        (
            json!({"s": "", "l": "", "d": "x", "f": [1], "x": {"a": 1}}),
            json!(["", null, null, null, null]),
            4,
        ),
        (json!({"s": ["b", "a", null, 3]}), json!([["b", "a", null, "3"], null, null, null, null]), 0),
        (json!({"s": [], "x": true}), json!([null, null, null, null, null]), 1),
        (json!({"s": {"k": [1, {"z": null}]}}), json!(["{k=[1, {z=null}]}", null, null, null, null]), 0),
        (
            json!({"s": 12345678901234567890u64, "l": 1e300}),
            json!(["1.2345678901234567E19", i64::MAX, null, null, null]),
            0,
        ),
    ] {
        let mut record = input.clone();
        record["t"] = json!(1000);
        record["unknown"] = json!({"deep": [1, 2, {"x": "y"}]});
        let (outcome, rejects) = parse(&mut parser, record.to_string().as_bytes());
        assert_eq!((outcome.rows, rejects.len()), (1, bad), "{input}: {rejects:?}");
        assert_eq!(outcome.rows_with_error, u64::from(bad > 0));
        let batch = parser.take();
        let row = &rows(&batch)[0];
        let found = json!([row["s"], row["l"], row["d"], row["f"], row["m"]]);
        assert_eq!(found, expected, "{input}");
        assert_eq!((&row["n"], &row["__time"]), (&json!(1), &json!(1000)));
    }
}
