//! What can be asked of a running task? Its positions, counters, errors and state, shared with its supervisor.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alluvium_segments::catalog::TaskRecord;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::TaskPlan;
use crate::IngestError;
use crate::clock::now_ms;
use crate::counters::Counters;
use crate::parse::RowStats;
use crate::publish::Progress;
use crate::source::StreamPartition;

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TaskState {
    Running,
    /// Ended well: everything is committed.
    Done,
    /// Ended because somebody else took over; to be started again from the stored offsets.
    Fenced(String),
    Failed(String),
}

/// Shared state of a task.
#[derive(Debug)]
pub(crate) struct TaskStatus {
    inner: Mutex<Inner>,
    abandoned: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    id: String,
    datasource: String,
    payload: Value,
    started_ms: i64,
    duration_ms: i64,
    state: TaskState,
    start: BTreeMap<StreamPartition, i64>,
    positions: BTreeMap<StreamPartition, i64>,
    counters: Counters,
    trouble: Option<String>,
    progress: Option<Arc<Progress>>,
    saved_errors: usize,
}

impl TaskStatus {
    pub(super) fn new(plan: &TaskPlan) -> Self {
        let start: BTreeMap<StreamPartition, i64> = plan.start.iter().cloned().collect();
        Self {
            inner: Mutex::new(Inner {
                id: plan.id.clone(),
                datasource: plan.spec.data.datasource.clone(),
                payload: payload(plan, &plan.id),
                started_ms: now_ms(),
                duration_ms: plan.spec.io.task_duration_ms,
                state: TaskState::Running,
                positions: start.clone(),
                start,
                counters: Counters::default(),
                trouble: None,
                progress: None,
                saved_errors: usize::try_from(plan.spec.tuning.parse_errors.max_saved).unwrap_or(usize::MAX),
            }),
            abandoned: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> String {
        self.inner.lock().id.clone()
    }

    pub(crate) fn state(&self) -> TaskState {
        self.inner.lock().state.clone()
    }

    pub(crate) fn started_ms(&self) -> i64 {
        self.inner.lock().started_ms
    }

    /// What the task cannot do at the moment but goes on trying.
    pub(crate) fn trouble(&self) -> Option<String> {
        let inner = self.inner.lock();
        inner.progress.as_ref().and_then(|p| p.trouble()).or_else(|| inner.trouble.clone())
    }

    pub(crate) fn positions(&self) -> BTreeMap<StreamPartition, i64> {
        self.inner.lock().positions.clone()
    }

    pub(crate) fn starting(&self) -> BTreeMap<StreamPartition, i64> {
        self.inner.lock().start.clone()
    }

    pub(crate) fn remaining_seconds(&self, now_ms: i64) -> i64 {
        let inner = self.inner.lock();
        ((inner.started_ms + inner.duration_ms - now_ms) / 1000).max(0)
    }

    pub(crate) fn stats(&self) -> Value {
        let mut inner = self.inner.lock();
        inner.counters.tick(now_ms());
        inner.counters.stats_json()
    }

    pub(crate) fn errors(&self) -> Vec<Value> {
        self.inner.lock().counters.errors()
    }

    pub(crate) fn totals(&self) -> RowStats {
        self.inner.lock().counters.totals()
    }

    /// Commits waiting or under way.
    pub(crate) fn publishing(&self) -> usize {
        self.inner.lock().progress.as_ref().map_or(0, |p| p.waiting())
    }

    /// Commits made and rows in their segments.
    pub(crate) fn published(&self) -> (u64, u64) {
        self.inner.lock().progress.as_ref().map_or((0, 0), |p| (p.commits(), p.rows()))
    }

    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    pub(crate) fn abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    pub(super) fn attach(&self, progress: Arc<Progress>) {
        self.inner.lock().progress = Some(progress);
    }

    pub(super) fn moved(&self, positions: &BTreeMap<StreamPartition, i64>, stats: RowStats, now_ms: i64) {
        let mut inner = self.inner.lock();
        inner.positions.clone_from(positions);
        inner.counters.add(stats, now_ms);
    }

    pub(super) fn save_error(&self, error: Value) {
        let mut inner = self.inner.lock();
        let limit = inner.saved_errors;
        inner.counters.save_error(error, limit);
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        self.inner.lock().trouble = trouble;
    }

    pub(super) fn add_partitions(&self, positions: &[(StreamPartition, i64)]) {
        let mut inner = self.inner.lock();
        inner.start.extend(positions.iter().cloned());
        inner.positions.extend(positions.iter().cloned());
    }

    /// The task's next generation: a new id and start, the same thread. Returns the record of the one that ended.
    pub(super) fn roll(&self, plan: &TaskPlan, id: &str, now_ms: i64) -> TaskRecord {
        let mut inner = self.inner.lock();
        inner.state = TaskState::Done;
        let record = inner.record(now_ms);
        inner.state = TaskState::Running;
        inner.id = id.to_owned();
        inner.payload = payload(plan, id);
        inner.started_ms = now_ms;
        inner.start = inner.positions.clone();
        record
    }

    /// Notes how the task ended.
    pub(crate) fn end(&self, outcome: Result<(), &IngestError>) {
        let mut inner = self.inner.lock();
        inner.state = match outcome {
            Ok(()) => TaskState::Done,
            Err(IngestError::Fenced(reason)) => TaskState::Fenced(reason.clone()),
            Err(error) => TaskState::Failed(crate::error::with_causes(error)),
        };
    }

    /// The task as the metadata store keeps it.
    pub(crate) fn record(&self, now_ms: i64) -> TaskRecord {
        self.inner.lock().record(now_ms)
    }
}

impl Inner {
    fn record(&self, now_ms: i64) -> TaskRecord {
        let (status, error) = match &self.state {
            TaskState::Running => ("RUNNING", None),
            TaskState::Done => ("SUCCESS", None),
            TaskState::Fenced(reason) | TaskState::Failed(reason) => ("FAILED", Some(reason.clone())),
        };
        let running = status == "RUNNING";
        TaskRecord {
            id: self.id.clone(),
            task_type: "index_kafka".to_owned(),
            datasource: self.datasource.clone(),
            created_ms: self.started_ms,
            status: status.to_owned(),
            duration_ms: if running { -1 } else { now_ms - self.started_ms },
            error: error.clone(),
            payload: self.payload.clone(),
            report: Some(self.report(error.as_deref(), running)),
        }
    }

    fn report(&self, error: Option<&str>, running: bool) -> Value {
        json!({"ingestionStatsAndErrors": {
            "type": "ingestionStatsAndErrors",
            "taskId": self.id,
            "payload": {
                "ingestionState": if running { "BUILD_SEGMENTS" } else { "COMPLETED" },
                "unparseableEvents": {"buildSegments": self.counters.errors()},
                "rowStats": {"buildSegments": self.counters.totals_json()},
                "errorMsg": error,
                "segmentAvailabilityConfirmed": false,
                "segmentAvailabilityWaitTimeMs": 0,
            },
        }})
    }
}

fn payload(plan: &TaskPlan, id: &str) -> Value {
    let spec = plan.spec.original.get("spec").unwrap_or(&plan.spec.original);
    json!({
        "type": "index_kafka",
        "id": id,
        "groupId": format!("index_kafka_{}", plan.spec.data.datasource),
        "dataSource": plan.spec.data.datasource,
        "taskGroupId": plan.group,
        "spec": spec,
    })
}
