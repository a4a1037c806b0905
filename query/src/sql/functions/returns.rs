//! Which type does a call have, given those of its arguments?

use datafusion::arrow::datatypes::DataType;

use super::{JSON, TIMESTAMP, list_of, plain, widest};

/// The type of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    Long,
    Double,
    Text,
    Timestamp,
    Boolean,
    /// That of the argument with this number.
    Argument(usize),
    Json,
    /// An array of texts.
    Texts,
    /// An array of nested values.
    Jsons,
    /// An array with elements of the type of the argument with this number.
    ArrayOf(usize),
    /// The type of the elements of the argument with this number.
    ElementOf(usize),
    /// The widest of all arguments: text over numbers, doubles over longs.
    Widest,
}

impl Returns {
    /// The type of a call with arguments of these types.
    pub(crate) fn of(self, args: &[DataType]) -> DataType {
        match self {
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Timestamp => TIMESTAMP,
            Self::Boolean => DataType::Boolean,
            Self::Argument(i) => args.get(i).map_or(DataType::Utf8, plain),
            Self::Json => JSON,
            Self::Texts => list_of(DataType::Utf8),
            Self::Jsons => list_of(JSON),
            Self::ArrayOf(i) => match args.get(i) {
                Some(list @ DataType::List(_)) => list.clone(),
                other => list_of(other.map_or(DataType::Utf8, plain)),
            },
            Self::ElementOf(i) => match args.get(i) {
                Some(DataType::List(item)) => plain(item.data_type()),
                other => other.map_or(DataType::Utf8, plain),
            },
            Self::Widest => widest(args),
        }
    }
}
