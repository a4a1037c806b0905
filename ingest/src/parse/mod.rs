//! How do bytes become typed columns? [`RowParser`] reads records of an input format into a batch of rows.

mod auto;
mod builder;
mod cells;
mod coerce;
mod columns;
mod delimited;
mod field;
mod flatten;
mod general;
mod json;
mod json_path;
mod negative_zero;
mod origin;
mod parquet;
mod parser;
mod plain_json;
mod put;
mod record;
mod slots;
mod state_rows;
mod timestamp;

#[cfg(test)]
mod tests;

pub(crate) use flatten::check_json_path;
pub(crate) use parquet::ParquetRows;
pub use parser::RowParser;
pub use record::{Origin, Outcome, Record, Reject, RejectKind, RowStats};
pub(crate) use timestamp::check_timestamp_format;
