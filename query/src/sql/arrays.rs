//! How does a result column become an Arrow array of the type the plan expects?

use std::sync::Arc;

use alluvium_expression::decode;
use alluvium_segments::{ColumnType, NullMask, NumericBlock};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, NullArray, PrimitiveArray, StringArray, StringBuilder,
};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int64Type, TimeUnit, TimestampMillisecondType,
};
use datafusion::common::Result;

use super::translate::native_type;
use super::values::array_of;
use crate::column::{ColumnData, Datum};

/// The column as an array; lists of texts become their JSON text.
pub(crate) fn to_array(data: &ColumnData, wanted: &DataType) -> Result<ArrayRef> {
    Ok(match (data, wanted) {
        (ColumnData::Longs(block), DataType::Int64) => Arc::new(numbers::<Int64Type>(block)),
        (ColumnData::Longs(block), DataType::Timestamp(TimeUnit::Millisecond, None)) => {
            Arc::new(numbers::<TimestampMillisecondType>(block))
        }
        (ColumnData::Longs(block), DataType::Boolean) => {
            let bits = block.values.iter().map(|v| *v != 0).collect();
            Arc::new(BooleanArray::new(bits, validity(&block.nulls)))
        }
        (ColumnData::Doubles(block), DataType::Float64) => Arc::new(numbers::<Float64Type>(block)),
        (ColumnData::Floats(block), DataType::Float32) => Arc::new(numbers::<Float32Type>(block)),
        (ColumnData::Texts(column), DataType::Utf8) => {
            Arc::new((0..column.ids.len()).map(|row| column.get(row)).collect::<StringArray>())
        }
        (ColumnData::TextLists(_), DataType::Utf8) => Arc::new(lists(data)),
        (_, coded @ (DataType::Utf8View | DataType::List(_))) => decoded(data, coded)?,
        (_, DataType::Null) => Arc::new(NullArray::new(data.len())),
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

/// What the texts of a column stand for, as an array.
fn decoded(data: &ColumnData, wanted: &DataType) -> Result<ArrayRef> {
    let form = native_type(wanted).unwrap_or(ColumnType::Json);
    let value = |row| match data.get(row) {
        Datum::Text(text) => decode(text, form),
        _ => data.value(row),
    };
    array_of(&(0..data.len()).map(value).collect::<Vec<_>>(), wanted)
}

/// The column as an array, which takes over its memory where it can.
pub(crate) fn into_array(data: ColumnData, wanted: &DataType) -> Result<ArrayRef> {
    fn whole<T: ArrowPrimitiveType>(block: NumericBlock<T::Native>) -> ArrayRef {
        let nulls = validity(&block.nulls);
        Arc::new(PrimitiveArray::<T>::new(block.values.into(), nulls))
    }
    Ok(match (data, wanted) {
        (ColumnData::Longs(block), DataType::Int64) => whole::<Int64Type>(block),
        (ColumnData::Longs(block), DataType::Timestamp(TimeUnit::Millisecond, None)) => {
            whole::<TimestampMillisecondType>(block)
        }
        (ColumnData::Doubles(block), DataType::Float64) => whole::<Float64Type>(block),
        (ColumnData::Floats(block), DataType::Float32) => whole::<Float32Type>(block),
        (other, _) => to_array(&other, wanted)?,
    })
}

/// The rows given by number as an array.
pub(crate) fn taken(data: &ColumnData, rows: &[u32], wanted: &DataType) -> Result<ArrayRef> {
    match (data, wanted) {
        // Only these texts, not the table of all.
        (ColumnData::Texts(column), DataType::Utf8) => {
            Ok(Arc::new(rows.iter().map(|row| column.get(*row as usize)).collect::<StringArray>()))
        }
        _ => to_array(&data.take(rows), wanted),
    }
}

fn numbers<T: ArrowPrimitiveType>(block: &NumericBlock<T::Native>) -> PrimitiveArray<T> {
    PrimitiveArray::new(block.values.clone().into(), validity(&block.nulls))
}

/// The rows that are not null; `None`: all.
fn validity(nulls: &NullMask) -> Option<NullBuffer> {
    nulls.any().then(|| {
        let bits = nulls.words().iter().map(|word| !word).collect::<Vec<u64>>();
        NullBuffer::new(BooleanBuffer::new(bits.into(), 0, nulls.len()))
    })
}

fn as_long(datum: Datum<'_>) -> Option<i64> {
    match datum {
        Datum::Long(v) => Some(v),
        Datum::Text(text) => text.parse().ok().or_else(|| datum.as_f64().map(|d| d as i64)),
        other => other.as_f64().map(|d| d as i64),
    }
}

fn lists(data: &ColumnData) -> StringArray {
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

fn any_texts(data: &ColumnData) -> StringArray {
    let text = |row| match data.get(row) {
        Datum::Null => None,
        Datum::Text(text) => Some(text.to_owned()),
        Datum::Long(v) => Some(v.to_string()),
        Datum::Float(v) => Some(v.to_string()),
        Datum::Double(v) => Some(v.to_string()),
    };
    (0..data.len()).map(text).collect()
}
