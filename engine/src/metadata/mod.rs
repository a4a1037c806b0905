//! Where does durable truth live? Drivers of [`alluvium_segments::catalog::MetadataStore`]: SQLite, embedded.
//!
//! Every driver must pass the suite in `conformance.rs`.

#[cfg(test)]
mod conformance;
pub mod sqlite;

pub use sqlite::SqliteMetadata;
