//! How does a result column become an Arrow array of the type the plan expects?

use std::sync::Arc;

use alluvium_segments::NumericBlock;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, StringBuilder, TimestampMillisecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use crate::column::{ColumnData, Datum, TextColumn};

/// The column as an array; lists of texts become their JSON text.
pub(crate) fn to_array(data: &ColumnData, wanted: &DataType) -> Result<ArrayRef> {
    Ok(match (data, wanted) {
        (ColumnData::Longs(block), DataType::Int64) => Arc::new(Int64Array::from_iter(options(block))),
        (ColumnData::Longs(block), DataType::Timestamp(..)) => {
            Arc::new(TimestampMillisecondArray::from_iter(options(block)))
        }
        (ColumnData::Longs(block), DataType::Boolean) => {
            Arc::new(BooleanArray::from_iter(options(block).map(|v| v.map(|v| v != 0))))
        }
        (ColumnData::Doubles(block), DataType::Float64) => Arc::new(Float64Array::from_iter(options(block))),
        (ColumnData::Floats(block), DataType::Float32) => Arc::new(Float32Array::from_iter(options(block))),
        (ColumnData::Texts(column), DataType::Utf8) => Arc::new(texts(column)),
        (ColumnData::TextLists(_), DataType::Utf8) => Arc::new(lists(data)),
        (_, DataType::Int64 | DataType::Timestamp(..) | DataType::Boolean) => {
            let longs: Int64Array = (0..data.len()).map(|row| as_long(data.get(row))).collect();
            let longs: ArrayRef = Arc::new(longs);
            if *wanted == DataType::Int64 { longs } else { cast(&longs, wanted)? }
        }
        (_, DataType::Float64) => {
            Arc::new((0..data.len()).map(|row| data.get(row).as_f64()).collect::<Float64Array>())
        }
        (_, DataType::Utf8) => Arc::new(any_texts(data)),
        (_, other) => {
            let doubles: ArrayRef =
                Arc::new((0..data.len()).map(|row| data.get(row).as_f64()).collect::<Float64Array>());
            cast(&doubles, other)?
        }
    })
}

fn options<T: Copy>(block: &NumericBlock<T>) -> impl Iterator<Item = Option<T>> + '_ {
    block.values.iter().enumerate().map(|(i, v)| if block.nulls.is_null(i) { None } else { Some(*v) })
}

fn as_long(datum: Datum<'_>) -> Option<i64> {
    match datum {
        Datum::Long(v) => Some(v),
        Datum::Text(text) => text.parse().ok().or_else(|| datum.as_f64().map(|d| d as i64)),
        other => other.as_f64().map(|d| d as i64),
    }
}

fn texts(column: &TextColumn) -> datafusion::arrow::array::StringArray {
    (0..column.ids.len()).map(|row| column.get(row)).collect()
}

fn lists(data: &ColumnData) -> datafusion::arrow::array::StringArray {
    let mut builder = StringBuilder::new();
    for row in 0..data.len() {
        match (data.list(row), data.get(row)) {
            (Some(list), _) => builder.append_value(serde_json::json!(list).to_string()),
            (None, Datum::Text(text)) => builder.append_value(text),
            (None, _) => builder.append_null(),
        }
    }
    builder.finish()
}

fn any_texts(data: &ColumnData) -> datafusion::arrow::array::StringArray {
    let text = |row| match data.get(row) {
        Datum::Null => None,
        Datum::Text(text) => Some(text.to_owned()),
        Datum::Long(v) => Some(v.to_string()),
        Datum::Float(v) => Some(v.to_string()),
        Datum::Double(v) => Some(v.to_string()),
    };
    (0..data.len()).map(text).collect()
}
