//! What does a supervisor tell about itself? Its state, tasks, offsets, lag and recent errors, in Druid's words.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use alluvium_segments::time::format_iso;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use crate::clock::now_ms;
use crate::source::StreamPartition;
use crate::spec::{KafkaStream, SupervisorSpec};
use crate::task::TaskStatus;

/// Errors shown in the status.
const RECENT: usize = 10;

/// Failures in a row after which a supervisor or its tasks count as unhealthy.
const UNHEALTHY_AFTER: u32 = 3;

/// What the supervisor is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    #[default]
    Pending,
    ConnectingToStream,
    DiscoveringInitialTasks,
    CreatingTasks,
    Running,
    Suspended,
    Stopping,
}

/// What the supervisor's thread shares with those who ask.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    /// Whether the stream was ever reached.
    connected: bool,
    stream_failures: u32,
    failures: u32,
    task_failures: u32,
    errors: VecDeque<Value>,
    tasks: Vec<(u32, Arc<TaskStatus>)>,
    partitions: usize,
    latest: BTreeMap<StreamPartition, i64>,
    latest_ms: Option<i64>,
}

impl Shared {
    pub(crate) fn set_phase(&self, phase: Phase) {
        self.inner.lock().phase = phase;
    }

    pub(super) fn set_tasks(&self, tasks: Vec<(u32, Arc<TaskStatus>)>) {
        self.inner.lock().tasks = tasks;
    }

    pub(super) fn set_latest(&self, latest: BTreeMap<StreamPartition, i64>) {
        let mut inner = self.inner.lock();
        inner.partitions = latest.len();
        inner.latest = latest;
        inner.latest_ms = Some(now_ms());
    }

    /// The stream answered.
    pub(super) fn reached(&self) {
        let mut inner = self.inner.lock();
        inner.connected = true;
        inner.stream_failures = 0;
        inner.failures = 0;
    }

    pub(super) fn stream_failed(&self, error: &str) {
        self.inner.lock().stream_failures += 1;
        self.note(error, true, "stream");
    }

    pub(super) fn failed(&self, error: &str) {
        self.inner.lock().failures += 1;
        self.note(error, false, "supervisor");
    }

    pub(super) fn task_failed(&self, error: &str) -> u32 {
        self.note(error, false, "task");
        let mut inner = self.inner.lock();
        inner.task_failures += 1;
        inner.task_failures
    }

    pub(super) fn tasks_well(&self) {
        self.inner.lock().task_failures = 0;
    }

    fn note(&self, error: &str, stream: bool, from: &str) {
        let mut inner = self.inner.lock();
        if inner.errors.len() >= RECENT {
            inner.errors.pop_front();
        }
        inner.errors.push_back(error_entry(error, stream, from));
    }

    /// State, detailed state and health.
    pub(crate) fn health(&self) -> (&'static str, &'static str, bool) {
        self.inner.lock().health()
    }

    /// The tasks running now.
    pub(crate) fn tasks(&self) -> Vec<(u32, Arc<TaskStatus>)> {
        self.inner.lock().tasks.clone()
    }

    /// `{"0":{"task id":{"movingAverages":..,"totals":..}}}`.
    pub(crate) fn stats(&self) -> Value {
        let mut groups: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (group, task) in self.tasks() {
            groups.entry(group.to_string()).or_default().insert(task.id(), task.stats());
        }
        json!(groups)
    }

    /// The `payload` of Druid's status.
    pub(crate) fn payload(&self, spec: &SupervisorSpec) -> Value {
        let inner = self.inner.lock();
        let now = now_ms();
        let pattern = matches!(spec.io.stream, KafkaStream::Pattern(_));
        let (state, detailed, healthy) = inner.health();
        let mut lag: BTreeMap<String, i64> = BTreeMap::new();
        let mut tasks = Vec::new();
        for (_, task) in &inner.tasks {
            let positions = task.positions();
            let behind = inner.lag(&positions, pattern);
            tasks.push(json!({
                "id": task.id(),
                "startingOffsets": offsets(&task.starting(), pattern),
                "startTime": format_iso(task.started_ms()),
                "remainingSeconds": task.remaining_seconds(now),
                "type": "ACTIVE",
                "currentOffsets": offsets(&positions, pattern),
                "lag": behind,
                "pendingCommits": task.publishing(),
                "commits": task.published().0,
                "trouble": task.trouble(),
            }));
            lag.extend(behind);
        }
        let aggregate: i64 = lag.values().sum();
        let mut errors: Vec<Value> = inner.errors.iter().cloned().collect();
        errors.extend(inner.tasks.iter().filter_map(|(_, task)| {
            Some(error_entry(&format!("{}: {}", task.id(), task.trouble()?), false, "task"))
        }));
        errors.extend(inner.tasks.iter().flat_map(|(_, t)| t.errors()));
        json!({
            "dataSource": spec.data.datasource,
            "stream": spec.io.stream.name(),
            "partitions": inner.partitions,
            "replicas": 1,
            "durationSeconds": spec.io.task_duration_ms / 1000,
            "activeTasks": tasks,
            "publishingTasks": [],
            "latestOffsets": offsets(&inner.latest, pattern),
            "minimumLag": lag,
            "aggregateLag": aggregate,
            "offsetsLastUpdated": inner.latest_ms.map(format_iso),
            "suspended": spec.suspended,
            "healthy": healthy,
            "state": state,
            "detailedState": detailed,
            "recentErrors": errors,
            "noEffect": spec.no_effect,
        })
    }
}

/// An error as Druid's status lists it, of now.
fn error_entry(error: &str, stream: bool, from: &str) -> Value {
    json!({
        "timestamp": format_iso(now_ms()),
        "exceptionClass": from,
        "message": error,
        "streamException": stream,
    })
}

impl Inner {
    fn health(&self) -> (&'static str, &'static str, bool) {
        if self.phase == Phase::Suspended {
            return ("SUSPENDED", "SUSPENDED", true);
        }
        if self.phase == Phase::Stopping {
            return ("STOPPING", "STOPPING", true);
        }
        if self.stream_failures > 0 {
            let detailed =
                if self.connected { "LOST_CONTACT_WITH_STREAM" } else { "UNABLE_TO_CONNECT_TO_STREAM" };
            return if self.stream_failures >= UNHEALTHY_AFTER {
                ("UNHEALTHY_SUPERVISOR", detailed, false)
            } else {
                (if self.connected { "RUNNING" } else { "PENDING" }, detailed, true)
            };
        }
        if self.failures >= UNHEALTHY_AFTER {
            return ("UNHEALTHY_SUPERVISOR", "UNHEALTHY_SUPERVISOR", false);
        }
        if self.task_failures >= UNHEALTHY_AFTER {
            return ("UNHEALTHY_TASKS", "UNHEALTHY_TASKS", false);
        }
        match self.phase {
            Phase::Pending => ("PENDING", "PENDING", true),
            Phase::ConnectingToStream => ("RUNNING", "CONNECTING_TO_STREAM", true),
            Phase::DiscoveringInitialTasks => ("RUNNING", "DISCOVERING_INITIAL_TASKS", true),
            Phase::CreatingTasks => ("RUNNING", "CREATING_TASKS", true),
            _ => ("RUNNING", "RUNNING", true),
        }
    }

    /// Records between our positions and the ends seen last (which may be older than our positions).
    fn lag(&self, positions: &BTreeMap<StreamPartition, i64>, pattern: bool) -> BTreeMap<String, i64> {
        let behind = |(p, position): (&StreamPartition, &i64)| {
            let end = self.latest.get(p)?;
            Some((offset_key(p, pattern), (end - position).max(0)))
        };
        positions.iter().filter_map(behind).collect()
    }
}

/// How a partition is named in offset maps: its number, and `number:topic` for patterns.
fn offset_key(partition: &StreamPartition, pattern: bool) -> String {
    if pattern {
        format!("{}:{}", partition.partition, partition.topic)
    } else {
        partition.partition.to_string()
    }
}

fn offsets(positions: &BTreeMap<StreamPartition, i64>, pattern: bool) -> BTreeMap<String, i64> {
    positions.iter().map(|(p, o)| (offset_key(p, pattern), *o)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_and_every_trouble_has_its_state() {
        let state = |change: &dyn Fn(&mut Inner)| {
            let mut inner = Inner::default();
            change(&mut inner);
            let (state, _, healthy) = inner.health();
            (state, healthy)
        };
        let phase = |phase: Phase| state(&move |inner: &mut Inner| inner.phase = phase);
        assert_eq!(phase(Phase::Pending), ("PENDING", true));
        for running in
            [Phase::ConnectingToStream, Phase::DiscoveringInitialTasks, Phase::CreatingTasks, Phase::Running]
        {
            assert_eq!(phase(running), ("RUNNING", true));
        }
        assert_eq!(phase(Phase::Suspended), ("SUSPENDED", true));
        assert_eq!(phase(Phase::Stopping), ("STOPPING", true));
        let failing = |inner: &mut Inner, times: u32| {
            inner.phase = Phase::Running;
            inner.task_failures = times;
        };
        assert_eq!(state(&|inner| failing(inner, 2)), ("RUNNING", true));
        assert_eq!(state(&|inner| failing(inner, 3)), ("UNHEALTHY_TASKS", false));
        assert_eq!(state(&|inner| inner.failures = 3), ("UNHEALTHY_SUPERVISOR", false));
        assert_eq!(state(&|inner| inner.stream_failures = 3), ("UNHEALTHY_SUPERVISOR", false));
    }
}
