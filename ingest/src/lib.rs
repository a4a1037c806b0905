//! How do records become rows, rows segments, and both of them a commit?
//!
//! The walk of a row: source (records with offsets), parse, transform, assign (row to time chunk), sink
//! (live segments of a task), seal (files), publish (segments and offsets in one transaction), and the
//! catalogue's next generation. `task` is the one loop that walks it; `service` is what the server calls.

pub mod assign;
mod batch;
mod clock;
mod counters;
pub mod crash;
pub mod deadletter;
pub mod error;
pub mod input;
pub mod parse;
mod publish;
mod seal;
pub mod service;
mod sink;
pub mod source;
pub mod spec;
pub mod states;
mod supervisor;
mod task;
mod transform;

pub use error::IngestError;
