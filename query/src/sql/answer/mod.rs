//! How are rows written? Druid's five forms, their headers and ends, byte for byte.

mod cell;
mod iso;
mod writer;

pub(crate) use writer::RowWriter;
