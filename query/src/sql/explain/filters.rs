//! How does a filter look in the native query that EXPLAIN shows?

use alluvium_segments::TIME_COLUMN;
use datafusion::arrow::datatypes::Schema;
use serde_json::{Value, json};

use crate::sql::translate::{NativeType, native_type};

/// A filter as Druid plans it; `None` where intervals say all of it.
pub(super) fn shown_filter(filter: &Value, table: &Schema) -> Option<Value> {
    let inner = |f: &Value| shown_filter(f, table);
    match filter["type"].as_str()? {
        "and" => {
            let mut fields: Vec<Value> = filter["fields"].as_array()?.iter().filter_map(inner).collect();
            match fields.len() {
                0 => None,
                1 => fields.pop(),
                _ => Some(json!({"type": "and", "fields": fields})),
            }
        }
        "range" | "equals" if filter["column"] == TIME_COLUMN => None,
        "or" => {
            let fields = filter["fields"].as_array()?.iter();
            let fields: Vec<Value> = fields.map(|f| inner(f).unwrap_or_else(|| f.clone())).collect();
            Some(json!({"type": "or", "fields": fields}))
        }
        "not" => {
            let field = &filter["field"];
            Some(json!({"type": "not", "field": inner(field).unwrap_or_else(|| field.clone())}))
        }
        "like" => {
            let escape = filter.get("escape").cloned().unwrap_or_default();
            Some(json!({"type": "like", "dimension": filter["dimension"], "pattern": filter["pattern"],
                "escape": escape, "extractionFn": null}))
        }
        "in" => Some(in_type(filter, table)),
        // Several of these are met by any values of a row; that is how it runs, not how it is shown.
        "selector" if filter.get("extractionFn").is_none() => {
            Some(json!({"type": "equals", "column": filter["dimension"], "matchValueType": "STRING",
                "matchValue": filter["value"]}))
        }
        _ => Some(filter.clone()),
    }
}

/// `in` over texts as the filter that knows the type of its column.
fn in_type(filter: &Value, table: &Schema) -> Value {
    let field = filter["dimension"].as_str().and_then(|name| table.field_with_name(name).ok());
    let kind = field.and_then(|f| native_type(f.data_type())).unwrap_or(NativeType::String);
    let texts = filter["values"].as_array().cloned().unwrap_or_default();
    let mut texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
    let values: Vec<Value> = if kind == NativeType::Long {
        let mut longs: Vec<i64> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        longs.sort_unstable();
        longs.into_iter().map(Value::from).collect()
    } else {
        texts.sort_unstable_by(|a, b| alluvium_expression::compare_text(a, b));
        texts.into_iter().map(Value::from).collect()
    };
    json!({"type": "inType", "column": filter["dimension"], "matchValueType": kind.druid_name(),
        "sortedValues": values})
}
