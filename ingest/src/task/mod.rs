//! How does one task walk its rows from the stream to a commit? One thread: poll, parse, assign, append, publish
//! for queries; at a limit it freezes all its segments at one position and hands them to the committer.

mod limits;
mod run;
mod status;

use std::sync::Arc;

use alluvium_segments::catalog::Lease;
use crossbeam::channel::{Receiver, Sender, unbounded};

pub(crate) use limits::CommitLimits;
pub(crate) use status::{TaskState, TaskStatus};

use crate::IngestError;
use crate::publish::Stores;
use crate::source::{SourceFactory, StreamPartition};
use crate::spec::SupervisorSpec;

/// What a task is to do.
#[derive(Debug, Clone)]
pub(crate) struct TaskPlan {
    pub(crate) id: String,
    pub(crate) group: u32,
    pub(crate) spec: Arc<SupervisorSpec>,
    pub(crate) lease: Lease,
    pub(crate) stores: Stores,
    pub(crate) source: Arc<dyn SourceFactory>,
    /// Partitions with the positions to start from.
    pub(crate) start: Vec<(StreamPartition, i64)>,
    pub(crate) limits: CommitLimits,
}

/// What a running task may be told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Commit what is there and end.
    Stop,
    /// Commit what is there and go on.
    HandOff,
    /// Read these partitions too.
    Add(Vec<(StreamPartition, i64)>),
}

/// A running task, seen from its supervisor.
#[derive(Debug)]
pub(crate) struct TaskHandle {
    pub(crate) group: u32,
    pub(crate) status: Arc<TaskStatus>,
    commands: Sender<Command>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TaskHandle {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(plan: TaskPlan) -> Result<Self, IngestError> {
        let (commands, inbox): (Sender<Command>, Receiver<Command>) = unbounded();
        let status = Arc::new(TaskStatus::new(&plan));
        let (group, name, shared) = (plan.group, plan.id.clone(), status.clone());
        let thread = std::thread::Builder::new()
            .name(format!("ingest {}", plan.spec.id))
            .spawn(move || run::run(plan, &shared, &inbox))
            .map_err(|e| IngestError::Conflict(format!("cannot start a thread for `{name}`: {e}")))?;
        Ok(Self { group, status, commands, thread: Some(thread) })
    }

    /// Tells the task something; a task that has ended does not hear it.
    pub(crate) fn tell(&self, command: Command) {
        if self.commands.send(command).is_err() {
            tracing::debug!(task = self.status.id(), "the task has ended already");
        }
    }

    /// Waits for the end of the thread.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.status.end(Err(&IngestError::Conflict("the task's thread panicked".to_owned())));
        }
    }

    /// Whether the thread has ended.
    pub(crate) fn ended(&self) -> bool {
        self.thread.as_ref().is_none_or(std::thread::JoinHandle::is_finished)
    }
}

/// A name no other task has: `index_kafka_DATASOURCE_UNIQUE`.
pub(crate) fn task_id(datasource: &str) -> String {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let unique = unique.get(..15).unwrap_or(&unique).to_owned();
    format!("index_kafka_{datasource}_{unique}")
}
