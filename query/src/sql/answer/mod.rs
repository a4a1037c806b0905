//! How are rows given away? Druid's five text forms, their headers and ends, byte for byte; Arrow; plain values for
//! protocols that write them in their own way.

mod arrow_stream;
mod body;
mod cell;
mod iso;
mod value;
mod writer;

use arrow_stream::ArrowWriter;
pub(crate) use arrow_stream::{sent_batch, sent_schema};
pub(crate) use body::BodyWriter;
pub use value::{SqlColumn, SqlType, SqlValue};
pub(crate) use value::{columns, rows};
use writer::RowWriter;
