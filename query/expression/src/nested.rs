//! What is a nested value made of, and how do values that are no single text stand as one?

mod java_order;
mod leaves;
mod path;
mod text;

use std::sync::Arc;

use alluvium_segments::{ColumnType, Element};
use serde_json::Value as Json;

pub(crate) use java_order::in_java_order;
pub use leaves::{FindLeaf, LeafColumn};
pub use path::JsonPath;
pub use text::json_text;

use crate::{ExprType, Value};

/// A JSON scalar as a value; `None` for objects and lists.
pub(crate) fn scalar(json: &Json) -> Option<Value> {
    match json {
        Json::Object(_) | Json::Array(_) => None,
        scalar => Some(Value::from_json(scalar)),
    }
}

/// What a list of nested values holds.
pub(crate) fn element(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        json => Value::Json(Arc::new(json.clone())),
    }
}

/// A JSON value as the value that fits it best: scalars and lists of scalars as such, anything else nested.
pub(crate) fn best(json: &Json) -> Value {
    match json {
        Json::Object(_) => Value::Json(Arc::new(json.clone())),
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            Value::Json(Arc::new(json.clone()))
        }
        other => Value::from_json(other),
    }
}

fn element_type(element: Element) -> ExprType {
    match element {
        Element::Long => ExprType::Long,
        Element::Double => ExprType::Double,
        Element::String => ExprType::String,
    }
}

/// The value that a stored text of a column of this type stands for. Text that is no JSON, where JSON is wanted, is
/// itself.
#[must_use]
pub fn decode(text: &str, column_type: ColumnType) -> Value {
    if !column_type.is_coded() {
        return Value::from(text);
    }
    let json = serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
    match (column_type, json) {
        (ColumnType::Array(element), Json::Array(items)) => {
            let items: Vec<Value> = items.iter().map(Value::from_json).collect();
            Value::array_of(element_type(element), &items)
        }
        (ColumnType::Array(element), Json::Null) => Value::array_of(element_type(element), &[]),
        (ColumnType::Array(element), other) => {
            Value::array_of(element_type(element), &[Value::from_json(&other)])
        }
        (_, json) => Value::Json(Arc::new(json)),
    }
}

/// The text that stands for a value in a column of this type; `None` for null.
#[must_use]
pub fn encode(value: &Value, column_type: ColumnType) -> Option<Arc<str>> {
    if value.is_null() || !column_type.is_coded() {
        return value.as_string();
    }
    let json = match column_type {
        ColumnType::Array(element) => value.cast(element_type(element).array()).to_json(),
        _ => value.to_json(),
    };
    Some(json_text(&json).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_texts() {
        let longs = ColumnType::Array(Element::Long);
        let value = decode("[1, null,3]", longs);
        assert_eq!(value, Value::LongArray([Some(1), None, Some(3)].into()));
        assert_eq!(encode(&value, longs).as_deref(), Some("[1,null,3]"));
        assert_eq!(encode(&value, ColumnType::Array(Element::String)).as_deref(), Some(r#"["1",null,"3"]"#));
        assert_eq!(encode(&Value::Null, longs), None);
        let nested = decode(r#"{"b":[1,{"a":null}],"a":2.5}"#, ColumnType::Json);
        assert_eq!(encode(&nested, ColumnType::Json).as_deref(), Some(r#"{"b":[1,{"a":null}],"a":2.5}"#));
        assert_eq!(decode("not JSON", ColumnType::Json).as_string().as_deref(), Some("not JSON"));
    }
}
