//! What can be asked of a batch task, running or done?

use std::sync::atomic::{AtomicBool, Ordering};

use alluvium_segments::catalog::TaskRecord;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::counters::Counters;
use crate::parse::RowStats;
use crate::spec::BatchSpec;

/// Shared state of a batch task.
#[derive(Debug)]
pub(crate) struct BatchStatus {
    id: String,
    kind: String,
    datasource: String,
    payload: Value,
    created_ms: i64,
    cancelled: AtomicBool,
    waiting: AtomicBool,
    counters: Mutex<Counters>,
}

impl BatchStatus {
    pub(crate) fn new(id: &str, spec: &BatchSpec, now_ms: i64) -> Self {
        let mut payload = spec.original.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("id".to_owned(), json!(id));
            fields.insert("groupId".to_owned(), json!(id));
            fields.insert("dataSource".to_owned(), json!(spec.data.datasource));
        }
        Self {
            id: id.to_owned(),
            kind: spec.kind.clone(),
            datasource: spec.data.datasource.clone(),
            payload,
            created_ms: now_ms,
            cancelled: AtomicBool::new(false),
            waiting: AtomicBool::new(true),
            counters: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> String {
        self.id.clone()
    }

    pub(crate) fn datasource(&self) -> &str {
        &self.datasource
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub(crate) fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Release);
    }

    pub(crate) fn waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire)
    }

    pub(crate) fn count(&self, stats: RowStats, now_ms: i64) {
        self.counters.lock().add(stats, now_ms);
    }

    pub(crate) fn errors(&self) -> u64 {
        self.counters.lock().totals().errors()
    }

    pub(crate) fn save_error(&self, error: Value, limit: usize) {
        self.counters.lock().save_error(error, limit);
    }

    /// The task as the metadata store keeps it: running, or ended with an error or without.
    pub(crate) fn record(&self, end: Option<Result<(), &str>>, now_ms: i64) -> TaskRecord {
        let (status, error) = match end {
            None => ("RUNNING", None),
            Some(Ok(())) => ("SUCCESS", None),
            Some(Err(error)) => ("FAILED", Some(error)),
        };
        TaskRecord {
            id: self.id.clone(),
            task_type: self.kind.clone(),
            datasource: self.datasource.clone(),
            created_ms: self.created_ms,
            status: status.to_owned(),
            duration_ms: if end.is_none() { -1 } else { (now_ms - self.created_ms).max(0) },
            error: error.map(str::to_owned),
            payload: self.payload.clone(),
            report: Some(self.report(end.is_none(), error)),
        }
    }

    fn report(&self, running: bool, error: Option<&str>) -> Value {
        let counters = self.counters.lock();
        json!({"ingestionStatsAndErrors": {
            "type": "ingestionStatsAndErrors",
            "taskId": self.id,
            "payload": {
                "ingestionState": if running { "BUILD_SEGMENTS" } else { "COMPLETED" },
                "unparseableEvents": {"buildSegments": counters.errors()},
                "rowStats": {"buildSegments": counters.totals_json()},
                "errorMsg": error,
                "segmentAvailabilityConfirmed": error.is_none() && !running,
                "segmentAvailabilityWaitTimeMs": 0,
            },
        }})
    }
}
