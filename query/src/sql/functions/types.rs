//! Of which types are results? SQL's many, made few.

use datafusion::arrow::datatypes::DataType;

use super::TIMESTAMP;

/// One of the types results have.
pub(crate) fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Null | DataType::LargeUtf8 => DataType::Utf8,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => DataType::Int64,
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        DataType::Timestamp(..) => TIMESTAMP,
        other => other.clone(),
    }
}

/// The widest of some types: text over numbers, doubles over longs.
pub(crate) fn widest(args: &[DataType]) -> DataType {
    let mut widest: Option<DataType> = None;
    for next in args.iter().filter(|t| **t != DataType::Null).map(plain) {
        widest = Some(match (widest, next) {
            (None, next) => next,
            (Some(a), b) if a == b => a,
            (Some(DataType::Utf8), _) | (_, DataType::Utf8) => DataType::Utf8,
            (Some(DataType::Float64), _) | (_, DataType::Float64) => DataType::Float64,
            (Some(DataType::Boolean), b) => b,
            (Some(a), DataType::Boolean) => a,
            (Some(_), _) => DataType::Int64,
        });
    }
    widest.unwrap_or(DataType::Utf8)
}
