//! How much has been asked and read? Counts for `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct Counters {
    queries: AtomicU64,
    failures: AtomicU64,
    fallbacks: AtomicU64,
    scarce: AtomicU64,
    segments: AtomicU64,
    rows: AtomicU64,
    copied_live: AtomicU64,
    projected: AtomicU64,
    by_type: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    /// A query of a type (`timeseries`, `sql` ...) has come.
    pub fn query(&self, query_type: &str) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let mut by_type = self.by_type.lock();
        match by_type.get_mut(query_type) {
            Some(count) => *count += 1,
            None => drop(by_type.insert(query_type.to_owned(), 1)),
        }
    }

    /// A query has failed.
    pub fn failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// A part of an SQL query could not be lowered to segment work.
    pub fn fallback(&self) {
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// An SQL query did not fit into its memory and was run again in a way that can use files.
    pub fn scarce(&self) {
        self.scarce.fetch_add(1, Ordering::Relaxed);
    }

    /// SQL queries that were run again because they did not fit into their memory.
    #[must_use]
    pub fn scarcities(&self) -> u64 {
        self.scarce.load(Ordering::Relaxed)
    }

    /// Segments and rows have been looked at.
    pub fn scanned(&self, segments: u64, rows: u64) {
        self.segments.fetch_add(segments, Ordering::Relaxed);
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Bytes have been copied out of live segments.
    pub fn copied_live(&self, bytes: u64) {
        self.copied_live.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes copied out of live segments so far.
    #[must_use]
    pub fn live_bytes_copied(&self) -> u64 {
        self.copied_live.load(Ordering::Relaxed)
    }

    /// Segments have been answered by one of their projections.
    pub fn projected(&self, segments: u64) {
        self.projected.fetch_add(segments, Ordering::Relaxed);
    }

    /// Segments answered by a projection so far.
    #[must_use]
    pub fn segments_projected(&self) -> u64 {
        self.projected.load(Ordering::Relaxed)
    }

    /// Queries so far.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Failed queries so far.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// SQL fallbacks so far.
    #[must_use]
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }

    /// Segments looked at so far.
    #[must_use]
    pub fn segments_scanned(&self) -> u64 {
        self.segments.load(Ordering::Relaxed)
    }

    /// Rows looked at so far.
    #[must_use]
    pub fn rows_scanned(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Queries by type.
    #[must_use]
    pub fn by_type(&self) -> BTreeMap<String, u64> {
        self.by_type.lock().clone()
    }
}
