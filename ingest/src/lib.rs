//! How do records become rows, rows segments, and both of them a commit?
//!
//! The walk of a row: source (records with offsets), parse, transform, assign (row to time chunk), sink
//! (live segments of a task), seal (files), publish (segments and offsets in one transaction), and the
//! catalogue's next generation. `task` is the one loop that walks it; `service` is what the server calls.

pub mod assign;
pub mod crash;
pub mod error;
pub mod input;
pub mod parse;
pub mod spec;
mod transform;

pub use error::IngestError;
