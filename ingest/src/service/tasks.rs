//! What is told about tasks, and what is done with them: those of supervisors and batch tasks alike.

use std::sync::Arc;

use alluvium_segments::catalog::TaskRecord;
use alluvium_segments::time::format_iso;
use serde_json::{Value, json};

use super::{IngestService, TaskLocation};
use crate::IngestError;
use crate::clock::now_ms;
use crate::task::TaskStatus;

/// Which tasks a list is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// `running`, `pending`, `waiting` or `complete`.
    pub state: Option<String>,
    /// Of one datasource.
    pub datasource: Option<String>,
    /// Of one type.
    pub task_type: Option<String>,
    /// The newest so many.
    pub max: Option<usize>,
}

impl IngestService {
    /// Tasks, newest first.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn tasks(&self, filter: &TaskFilter) -> Result<Value, IngestError> {
        let wanted = |task: &TaskRecord| {
            let (_, runner) = self.codes(task);
            let state = match runner {
                "NONE" => "complete",
                "PENDING" => "pending",
                "WAITING" => "waiting",
                _ => "running",
            };
            filter.state.as_deref().is_none_or(|s| s.eq_ignore_ascii_case(state))
                && filter.datasource.as_deref().is_none_or(|d| d == task.datasource)
                && filter.task_type.as_deref().is_none_or(|t| t == task.task_type)
        };
        let tasks = self.current_tasks()?;
        let listed = tasks.iter().filter(|t| wanted(t)).take(filter.max.unwrap_or(usize::MAX));
        Ok(listed.map(|t| self.status_json(t)).collect())
    }

    /// `{task, payload}`.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn task(&self, id: &str) -> Result<Value, IngestError> {
        let task = self.find_task(id)?;
        Ok(json!({"task": id, "payload": task.payload}))
    }

    /// `{task, status}`.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn task_status(&self, id: &str) -> Result<Value, IngestError> {
        let task = self.find_task(id)?;
        Ok(json!({"task": id, "status": self.status_json(&task)}))
    }

    /// The statuses of those of the tasks that exist, by id.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn task_statuses(&self, ids: &[String]) -> Result<Value, IngestError> {
        let tasks = self.current_tasks()?;
        let found = tasks.iter().filter(|t| ids.contains(&t.id));
        Ok(found.map(|t| (t.id.clone(), self.status_json(t))).collect())
    }

    /// Row counters and errors.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn task_report(&self, id: &str) -> Result<Value, IngestError> {
        let task = self.find_task(id)?;
        task.report.ok_or_else(|| IngestError::NotFound(format!("report of {id}")))
    }

    /// What happened, as text.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn task_log(&self, id: &str) -> Result<String, IngestError> {
        let task = self.find_task(id)?;
        let mut log = format!("{} {} started\n", format_iso(task.created_ms), task.id);
        if task.duration_ms >= 0 {
            let end = format_iso(task.created_ms + task.duration_ms);
            log.push_str(&format!("{end} {} ended: {}\n", task.id, task.status));
        }
        if let Some(error) = &task.error {
            log.push_str(error);
            log.push('\n');
        }
        if let Some(report) = &task.report {
            log.push_str(&format!("{report:#}\n"));
        }
        Ok(log)
    }

    /// Ends a task. A supervisor's task is started again by its supervisor.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn shutdown_task(&self, id: &str) -> Result<Value, IngestError> {
        if !self.batches.cancel(id) {
            match self.stream_tasks().iter().find(|t| t.id() == id) {
                Some(task) => task.abandon(),
                None => drop(self.find_task(id)?),
            }
        }
        Ok(json!({"task": id}))
    }

    /// Ends all tasks of a datasource.
    #[must_use]
    pub fn shutdown_all_tasks(&self, datasource: &str) -> Value {
        for task in self.batches.all().iter().filter(|t| t.datasource() == datasource) {
            self.batches.cancel(&task.id());
        }
        let now = now_ms();
        for task in self.stream_tasks().iter().filter(|t| t.record(now).datasource == datasource) {
            task.abandon();
        }
        json!({"dataSource": datasource})
    }

    fn stream_tasks(&self) -> Vec<Arc<TaskStatus>> {
        let all = self.supervisors.lock();
        all.values().flat_map(|m| m.running.shared.tasks()).map(|(_, task)| task).collect()
    }

    /// The stored tasks, with running ones as they are now.
    fn current_tasks(&self) -> Result<Vec<TaskRecord>, IngestError> {
        let mut tasks = self.metadata().tasks()?;
        let now = now_ms();
        for running in self.stream_tasks() {
            let record = running.record(now);
            put(&mut tasks, record);
        }
        for running in self.batches.all() {
            put(&mut tasks, running.record(None, now));
        }
        Ok(tasks)
    }

    fn find_task(&self, id: &str) -> Result<TaskRecord, IngestError> {
        let now = now_ms();
        let running: Vec<_> =
            self.supervisors.lock().values().flat_map(|m| m.running.shared.tasks()).collect();
        if let Some((_, task)) = running.iter().find(|(_, t)| t.id() == id) {
            return Ok(task.record(now));
        }
        if let Some(task) = self.batches.find(id) {
            return Ok(task.record(None, now));
        }
        self.metadata().task(id)?.ok_or_else(|| IngestError::NotFound(id.to_owned()))
    }

    /// `statusCode` and `runnerStatusCode`.
    fn codes<'t>(&self, task: &'t TaskRecord) -> (&'t str, &'static str) {
        let runner = match task.status.as_str() {
            "RUNNING" if self.batches.find(&task.id).is_some_and(|t| t.waiting()) => "PENDING",
            "RUNNING" => "RUNNING",
            _ => "NONE",
        };
        (&task.status, runner)
    }

    fn status_json(&self, task: &TaskRecord) -> Value {
        let (status, runner) = self.codes(task);
        let TaskLocation { host, port, tls_port } = &self.deps.location;
        json!({
            "id": task.id,
            "groupId": task.payload.get("groupId").cloned().unwrap_or_else(|| json!(task.id)),
            "type": task.task_type,
            "createdTime": format_iso(task.created_ms),
            "queueInsertionTime": format_iso(task.created_ms),
            "statusCode": status,
            "status": status,
            "runnerStatusCode": runner,
            "duration": task.duration_ms,
            "location": {"host": host, "port": port, "tlsPort": tls_port},
            "dataSource": task.datasource,
            "errorMsg": task.error,
        })
    }
}

fn put(tasks: &mut Vec<TaskRecord>, record: TaskRecord) {
    match tasks.iter_mut().find(|t| t.id == record.id) {
        Some(known) => *known = record,
        None => tasks.insert(0, record),
    }
}
