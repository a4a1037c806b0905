//! In which form does the body of an answer come: text, or Arrow?

use chrono_tz::Tz;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::error::ArrowError;

use super::{ArrowWriter, RowWriter};
use crate::sql::request::{ResultFormat, SqlRequest};
use crate::sql::types::Typed;

/// Writes one answer.
pub(crate) enum BodyWriter {
    Text(RowWriter),
    Arrow(Box<ArrowWriter>),
}

impl BodyWriter {
    /// Of columns that have a schema and SQL types.
    pub(crate) fn new(
        (schema, types): (&Schema, &[Typed]),
        request: &SqlRequest,
        zone: Tz,
        stringify_arrays: bool,
    ) -> Result<Self, ArrowError> {
        Ok(match request.result_format {
            ResultFormat::Arrow => Self::Arrow(Box::new(ArrowWriter::new(schema, zone)?)),
            _ => Self::Text(RowWriter::new(schema, types, request, zone, stringify_arrays)),
        })
    }

    /// What comes before the first row.
    pub(crate) fn start(&mut self, request: &SqlRequest, out: &mut Vec<u8>) {
        match self {
            Self::Text(writer) => writer.start(request, out),
            // The schema comes with the first batch or the end.
            Self::Arrow(_) => {}
        }
    }

    /// The rows of a batch.
    pub(crate) fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        match self {
            Self::Text(writer) => writer.batch(batch, out),
            Self::Arrow(writer) => writer.batch(batch, out),
        }
    }

    /// What comes after the last row.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        match self {
            Self::Text(writer) => {
                writer.end(out);
                Ok(())
            }
            Self::Arrow(writer) => writer.end(out),
        }
    }
}
