//! Which lookups does this node serve, and where do their texts come from?
//!
//! The metadata store says which are wanted (`service`), each is a factory as Druid writes it (`spec`), and what a
//! factory reads comes from a file or an HTTP server (`uri`, in the formats of `parse`) or from PostgreSQL (`jdbc`). What
//! was read becomes part of the catalogue's snapshot at one instant; queries under way keep the one they hold.

mod jdbc;
mod parse;
mod service;
mod spec;
mod uri;

pub(crate) use service::{Change, Lookups, TIER, Tiers};

/// What was read from a source.
#[derive(Debug)]
struct Loaded {
    /// Keys and values.
    entries: Vec<(String, String)>,
    /// What this state of the source is known by.
    version: String,
}
