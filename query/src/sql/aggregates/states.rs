//! Of which type is what is picked, and which aggregates make states?

use alluvium_segments::Complex;
use datafusion::arrow::datatypes::{DataType, Field};

use super::Summarized;
use crate::sql::functions::{JSON, plain};
use crate::sql::table::state_of;

/// The type of what is picked of the values of a field, where those are states.
pub(super) fn picked_of_field(field: &Field) -> Option<DataType> {
    picked_of(state_of(field)?)
}

/// The type in which a value is picked: what is no number is a text.
pub(super) fn as_picked(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Float32 => DataType::Float32,
        DataType::Timestamp(..) | DataType::List(_) => DataType::Utf8,
        other if *other == JSON => DataType::Utf8,
        other => plain(other),
    }
}

/// The type of what first and last keep in such states.
pub(crate) fn picked_of(pair: Complex) -> Option<DataType> {
    Some(match pair {
        Complex::PairLongLong => DataType::Int64,
        Complex::PairLongDouble => DataType::Float64,
        Complex::PairLongFloat => DataType::Float32,
        Complex::PairLongString => DataType::Utf8,
        _ => return None,
    })
}

/// The kind of the states that an aggregate of a name makes.
pub(crate) fn state_made(name: &str) -> Option<Complex> {
    Summarized::ALL.iter().find(|summary| summary.name() == name)?.state()
}
