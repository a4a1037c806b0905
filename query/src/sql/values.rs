//! What are the elements of an Arrow array as values of the expression language, and the other way round?

use std::sync::Arc;

use alluvium_expression::{Value, json_text};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, StringArray, StringViewArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;

use super::functions::{JSON, plain};

/// The elements of an array.
pub(crate) fn values_of(array: &ArrayRef) -> Result<Vec<Value>> {
    let kind = plain(array.data_type());
    if let DataType::List(_) = kind {
        let lists = array.as_list::<i32>();
        let one = |row: usize| match lists.is_null(row) {
            true => Ok(Value::Null),
            false => list_value(&lists.value(row)),
        };
        return (0..lists.len()).map(one).collect();
    }
    let wanted = match kind {
        DataType::Utf8 | DataType::Float64 => kind,
        kind if kind == JSON => kind,
        _ => DataType::Int64,
    };
    let array = cast(array, &wanted)?;
    Ok(match wanted {
        DataType::Utf8 => array.as_string::<i32>().iter().map(Value::from).collect(),
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().map(Value::from).collect(),
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().map(Value::from).collect(),
        _ => {
            let nested = |text: Option<&str>| {
                text.map_or(Value::Null, |text| {
                    alluvium_expression::decode(text, alluvium_segments::ColumnType::Json)
                })
            };
            array.as_string_view().iter().map(nested).collect()
        }
    })
}

/// One array as a value.
fn list_value(elements: &ArrayRef) -> Result<Value> {
    let items = values_of(elements)?;
    Ok(match plain(elements.data_type()) {
        DataType::Float64 => Value::DoubleArray(items.iter().map(Value::as_double).collect()),
        DataType::Utf8 => Value::StringArray(items.iter().map(Value::as_string).collect()),
        kind if kind == JSON => {
            Value::Json(Arc::new(serde_json::Value::Array(items.iter().map(Value::to_json).collect())))
        }
        _ => Value::LongArray(items.iter().map(Value::as_long).collect()),
    })
}

/// Values as an array of a type.
pub(crate) fn array_of(values: &[Value], wanted: &DataType) -> Result<ArrayRef> {
    Ok(match wanted {
        DataType::Utf8 => {
            // Several values of one row are written as the JSON text of their list.
            let text = |value: &Value| match value.array_len() {
                Some(0) => None,
                Some(2..) => Some(Arc::from(json_text(&value.to_json()))),
                _ => value.as_string(),
            };
            let texts: Vec<Option<Arc<str>>> = values.iter().map(text).collect();
            Arc::new(texts.iter().map(|t| t.as_deref()).collect::<StringArray>())
        }
        DataType::Float64 => Arc::new(values.iter().map(Value::as_double).collect::<Float64Array>()),
        DataType::Boolean => {
            Arc::new(values.iter().map(|v| v.as_long().map(|v| v != 0)).collect::<BooleanArray>())
        }
        kind if *kind == JSON => {
            let text =
                |v: &Value| Some(v.to_json()).filter(|json| !json.is_null()).map(|json| json_text(&json));
            Arc::new(values.iter().map(text).collect::<StringViewArray>())
        }
        DataType::List(field) => {
            let items: Vec<Vec<Value>> = values.iter().map(Value::elements).collect();
            let offsets = OffsetBuffer::from_lengths(items.iter().map(Vec::len));
            let nulls = NullBuffer::from_iter(values.iter().map(|v| !v.is_null()));
            let elements = array_of(&items.concat(), field.data_type())?;
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, Some(nulls))?)
        }
        other => {
            let longs: ArrayRef = Arc::new(values.iter().map(Value::as_long).collect::<Int64Array>());
            if *other == DataType::Int64 { longs } else { cast(&longs, other)? }
        }
    })
}
