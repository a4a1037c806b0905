//! Who looks after the tasks of a supervisor? One thread: it holds the lease, finds partitions, starts tasks from
//! the stored offsets, starts them again when they end, watches the end of the stream.

mod groups;
mod look_after;
mod positions;
mod state;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;

use crossbeam::channel::{Sender, unbounded};

pub(crate) use state::{Phase, Shared};

use crate::IngestError;
use crate::publish::Stores;
use crate::source::SourceFactory;
use crate::spec::SupervisorSpec;

/// What a supervisor works with.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) spec: Arc<SupervisorSpec>,
    pub(crate) stores: Stores,
    pub(crate) source: Arc<dyn SourceFactory>,
    /// This node's name in leases.
    pub(crate) owner: String,
    /// Bound on the age of uncommitted rows.
    pub(crate) commit_age_ms: i64,
    /// Bytes of arriving rows of all tasks together.
    pub(crate) memory_bytes: u64,
}

/// How to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not yet.
    None = 0,
    /// Commit what is in memory.
    Graceful = 1,
    /// At once; it will be read again.
    Abandon = 2,
}

/// Tells a supervisor's thread to end.
#[derive(Debug, Default)]
pub(crate) struct EndFlag(AtomicU8);

impl EndFlag {
    pub(crate) fn set(&self, ending: Ending) {
        self.0.fetch_max(ending as u8, Ordering::AcqRel);
    }

    pub(crate) fn get(&self) -> Ending {
        match self.0.load(Ordering::Acquire) {
            0 => Ending::None,
            1 => Ending::Graceful,
            _ => Ending::Abandon,
        }
    }
}

/// A running supervisor.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) shared: Arc<Shared>,
    end: Arc<EndFlag>,
    hand_off: Sender<Vec<u32>>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(plan: Plan) -> Result<Self, IngestError> {
        let shared = Arc::new(Shared::default());
        if plan.spec.suspended {
            // Before the thread runs: whoever asks next must not find it pending.
            shared.set_phase(Phase::Suspended);
        }
        let end = Arc::new(EndFlag::default());
        let (hand_off, inbox) = unbounded();
        let name = plan.spec.id.clone();
        let (theirs, flag) = (shared.clone(), end.clone());
        let thread = std::thread::Builder::new()
            .name(format!("supervisor {name}"))
            .spawn(move || look_after::run(&plan, &theirs, &flag, &inbox))
            .map_err(|e| IngestError::Conflict(format!("cannot start a thread for `{name}`: {e}")))?;
        Ok(Self { shared, end, hand_off, thread: Some(thread) })
    }

    /// Asks the thread to end, without waiting.
    pub(crate) fn signal(&self, ending: Ending) {
        self.end.set(ending);
    }

    /// Asks the thread to end and waits until it has.
    pub(crate) fn stop(&mut self, ending: Ending) {
        self.signal(ending);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a supervisor thread panicked; its rows will be read again");
        }
    }

    /// Whether the thread has ended.
    pub(crate) fn ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Lets task groups commit now.
    pub(crate) fn hand_off(&self, groups: Vec<u32>) {
        if self.hand_off.send(groups).is_err() {
            tracing::debug!("the supervisor has ended already");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop(Ending::Abandon);
    }
}
