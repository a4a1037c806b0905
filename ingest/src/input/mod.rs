//! Where do the bytes of a batch come from, and how do they reach the parser?
//!
//! [`BatchReader`] walks an input source document by document and feeds whole lines (or row groups of
//! parquet) to a [`RowParser`](crate::parse::RowParser), one bounded portion a call.

mod document;
mod http;
mod lines;
mod reader;

#[cfg(test)]
mod tests;

pub use reader::{BatchReader, Portion};
