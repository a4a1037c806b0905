//! May this query go on? Its cancel flag and its deadline, looked at once a block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::QueryError;

/// The right of one query to run, shared by its tasks.
#[derive(Debug, Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    query_id: String,
    timeout_ms: i64,
    deadline: Option<Instant>,
    cancelled: AtomicBool,
    rows: AtomicU64,
    copied_live: AtomicU64,
}

impl Control {
    /// A query that may take `timeout_ms` from now (0 or less: as long as it likes).
    #[must_use]
    pub fn new(query_id: &str, timeout_ms: i64) -> Self {
        let wait = u64::try_from(timeout_ms).ok().filter(|ms| *ms > 0).map(Duration::from_millis);
        let deadline = wait.and_then(|wait| Instant::now().checked_add(wait));
        let cancelled = AtomicBool::new(false);
        let (query_id, rows, copied_live) = (query_id.to_owned(), AtomicU64::new(0), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { query_id, timeout_ms, deadline, cancelled, rows, copied_live }) }
    }

    /// Its id.
    #[must_use]
    pub fn query_id(&self) -> &str {
        &self.shared.query_id
    }

    /// Asks it to stop.
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// Whether both are of one query.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Fails when it was asked to stop or its time is over.
    ///
    /// # Errors
    /// `Cancelled` or `Timeout`.
    pub fn check(&self) -> Result<(), QueryError> {
        if self.is_cancelled() {
            return Err(QueryError::Cancelled(self.shared.query_id.clone()));
        }
        if self.shared.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let (query_id, timeout_ms) = (self.shared.query_id.clone(), self.shared.timeout_ms);
            return Err(QueryError::Timeout { query_id, timeout_ms });
        }
        Ok(())
    }

    /// Counts rows looked at.
    pub(crate) fn scanned(&self, rows: u64) {
        self.shared.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Counts bytes copied out of live segments.
    pub(crate) fn copied_live(&self, bytes: u64) {
        self.shared.copied_live.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes copied out of live segments so far.
    #[must_use]
    pub fn live_bytes_copied(&self) -> u64 {
        self.shared.copied_live.load(Ordering::Relaxed)
    }

    /// Rows looked at so far.
    #[must_use]
    pub fn rows_scanned(&self) -> u64 {
        self.shared.rows.load(Ordering::Relaxed)
    }
}
