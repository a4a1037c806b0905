//! Who is measured, and what do we want from each? Rows for checking, times for measuring, facts for the report.

mod embedded;
mod served;

use serde_json::Value;

pub use embedded::{EMBEDDED, Embedded};
pub use served::{Host, NO_CACHES, Served, count};

use crate::workload::Query;

/// An engine with the workload's table in it.
pub trait Engine {
    /// Its name, one word.
    fn name(&self) -> &str;

    /// What is known of it after loading.
    fn facts(&self) -> &Facts;

    /// The rows of a query's answer.
    ///
    /// # Errors
    /// When the engine refuses the query.
    fn rows(&mut self, query: &Query) -> Result<Vec<Value>, String>;

    /// Milliseconds that a query takes until its answer is whole.
    ///
    /// # Errors
    /// When the engine refuses the query.
    fn time_ms(&mut self, query: &Query) -> Result<f64, String>;
}

/// What is known of an engine after loading.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Its version.
    pub version: String,
    /// Seconds that loading the table took, now or when it was loaded; none when it reads the Parquet file itself
    /// or was loaded by others.
    pub load_seconds: Option<f64>,
    /// Bytes of the table on disk.
    pub bytes: Option<u64>,
    /// Its process, when it is ours.
    pub process: Option<u32>,
    /// Peak memory while loading, in bytes.
    pub load_peak_bytes: Option<u64>,
}
