//! Who does the slow work of a task? One thread that persists parts and makes commits, in the order given. What
//! fails for a reason that may pass (a full disk, a store that is away) is tried again and again; meanwhile the
//! queue fills up and the task stops reading.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alluvium_segments::catalog::{LiveHandle, Publication};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::{ErrorClass, SegmentError};
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use parking_lot::Mutex;

use super::{PendingCommit, Stores};
use crate::IngestError;
use crate::seal::{Purpose, seal_parts};
use crate::sink::{Part, withdraw};

/// Jobs that may wait; beyond that the task waits.
const QUEUE: usize = 2;

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One piece of slow work.
#[derive(Debug)]
pub(crate) enum Job {
    /// Writes frozen parts to local files and gives their memory back.
    Persist(Vec<Arc<Part>>),
    /// Publishes segments and offsets.
    Commit(Box<PendingCommit>),
}

/// How far the thread has come; shared with the task and with whoever asks for its status.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    state: Mutex<State>,
    abandoned: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    waiting: usize,
    commits: u64,
    trouble: Option<String>,
    end: Option<End>,
    rows: u64,
}

/// Why the thread takes no more jobs.
#[derive(Debug, Clone)]
enum End {
    Fenced(String),
    Failed(String),
}

impl Progress {
    /// Jobs given and not done.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().waiting
    }

    /// Commits made.
    pub(crate) fn commits(&self) -> u64 {
        self.state.lock().commits
    }

    /// What fails again and again, at the moment.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.state.lock().trouble.clone()
    }

    /// Rows in the segments published so far.
    pub(crate) fn rows(&self) -> u64 {
        self.state.lock().rows
    }

    /// Whether the thread has given up.
    ///
    /// # Errors
    /// Why it has.
    pub(crate) fn check(&self) -> Result<(), IngestError> {
        match self.state.lock().end.clone() {
            None => Ok(()),
            Some(End::Fenced(reason)) => Err(IngestError::Fenced(reason)),
            Some(End::Failed(reason)) => Err(IngestError::Conflict(reason)),
        }
    }

    fn set_trouble(&self, error: Option<&SegmentError>) {
        let mut state = self.state.lock();
        state.trouble = error.map(|e| match std::error::Error::source(e) {
            Some(cause) => format!("{e}: {cause}"),
            None => e.to_string(),
        });
    }
}

/// The thread and its queue.
#[derive(Debug)]
pub(crate) struct Committer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    progress: Arc<Progress>,
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(name: &str, stores: Stores) -> Result<Self, IngestError> {
        let (jobs, queue) = bounded(QUEUE);
        let progress = Arc::new(Progress::default());
        let shared = progress.clone();
        let thread = std::thread::Builder::new()
            .name(format!("commit {name}"))
            .spawn(move || work(&queue, &stores, &shared))
            .map_err(|e| IngestError::Conflict(format!("cannot start a thread for `{name}`: {e}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), progress })
    }

    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Queues a job; waits while the queue is full, for as long as `go_on` says so.
    ///
    /// # Errors
    /// When the thread has given up, or `go_on` no longer holds.
    pub(crate) fn submit(&self, job: Job, go_on: &dyn Fn() -> bool) -> Result<(), IngestError> {
        let Some(jobs) = &self.jobs else {
            return Err(IngestError::Conflict("the task has ended".to_owned()));
        };
        self.progress.state.lock().waiting += 1;
        let mut job = job;
        loop {
            self.progress.check()?;
            match jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) if go_on() => {
                    job = back;
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(_) => return Err(IngestError::Conflict("the task was stopped".to_owned())),
            }
        }
    }

    /// Waits until all jobs are done, at most until `deadline` and while `go_on` says so.
    ///
    /// # Errors
    /// When the thread has given up, or is not done by then.
    pub(crate) fn drain(&self, deadline: Instant, go_on: &dyn Fn() -> bool) -> Result<(), IngestError> {
        while self.progress.waiting() > 0 {
            self.progress.check()?;
            if Instant::now() > deadline || !go_on() {
                let why = self.progress.trouble().unwrap_or_else(|| "it takes too long".to_owned());
                return Err(IngestError::Conflict(format!("a commit did not come to its end: {why}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.progress.check()
    }

    /// Ends the thread; what is not committed by now will not be.
    pub(crate) fn abandon(&mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.progress.abandoned.store(true, Ordering::Release);
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a commit thread panicked; its rows will be read again");
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(queue: &Receiver<Job>, stores: &Stores, progress: &Progress) {
    let mut hydrants = 0u64;
    for job in queue {
        let end = match job {
            Job::Persist(parts) => persist(&parts, stores, progress, &mut hydrants),
            Job::Commit(commit) => run_commit(*commit, stores, progress),
        };
        let mut state = progress.state.lock();
        state.waiting = state.waiting.saturating_sub(1);
        if state.end.is_none() {
            state.end = end;
        }
    }
}

/// Whether to stop trying.
fn over(progress: &Progress) -> bool {
    progress.abandoned.load(Ordering::Acquire) || progress.state.lock().end.is_some()
}

/// Tries until it succeeds, the error is one that will not pass, or the task is abandoned (`None`).
fn insist<T>(
    progress: &Progress,
    mut attempt: impl FnMut() -> Result<T, SegmentError>,
) -> Result<Option<T>, SegmentError> {
    let mut pause = Duration::from_millis(50);
    loop {
        if over(progress) {
            return Ok(None);
        }
        let error = match attempt() {
            Ok(value) => {
                progress.set_trouble(None);
                return Ok(Some(value));
            }
            Err(error) => error,
        };
        progress.set_trouble(Some(&error));
        if !matches!(error.class(), ErrorClass::Runtime | ErrorClass::Conflict)
            || matches!(error, SegmentError::Corrupt { .. })
        {
            return Err(error);
        }
        tracing::warn!(%error, cause = ?std::error::Error::source(&error), "a commit step failed; it will be tried again");
        let until = Instant::now() + pause;
        while Instant::now() < until && !over(progress) {
            std::thread::sleep(Duration::from_millis(10).min(pause));
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn persist(parts: &[Arc<Part>], stores: &Stores, progress: &Progress, count: &mut u64) -> Option<End> {
    for part in parts {
        *count += 1;
        let file = stores.work.join(format!("{}-{count}.alv", uuid::Uuid::new_v4().simple()));
        let outcome = insist(progress, || {
            seal_parts(part.id(), std::slice::from_ref(part), &file, Purpose::Part)?;
            let mapped = MappedSegment::open(&file)?;
            // Mapped already: the name is not needed, and nothing is left over whatever happens later.
            let io = |source| SegmentError::Io { action: "unlink", path: file.clone(), source };
            std::fs::remove_file(&file).map_err(io)?;
            Ok(mapped)
        });
        match outcome {
            Ok(Some(mapped)) => part.persist(Arc::new(mapped)),
            Ok(None) => return None,
            Err(error) => return Some(End::Failed(error.to_string())),
        }
    }
    None
}

fn run_commit(mut commit: PendingCommit, stores: &Stores, progress: &Progress) -> Option<End> {
    let outcome = insist(progress, || commit.run(stores));
    match outcome {
        Ok(Some(Publication::Done(_) | Publication::AlreadyDone)) => {
            let mut state = progress.state.lock();
            state.commits += 1;
            state.rows += commit.rows();
            None
        }
        Ok(Some(Publication::Fenced(reason))) => {
            give_up(&mut commit, stores);
            Some(End::Fenced(reason))
        }
        Ok(None) => {
            withdraw(stores.loader.catalog(), commit.sinks.iter().flat_map(|s| s.parts.clone()).collect());
            Some(End::Failed("the task was stopped before its commit".to_owned()))
        }
        Err(error) => {
            give_up(&mut commit, stores);
            Some(End::Failed(error.to_string()))
        }
    }
}

fn give_up(commit: &mut PendingCommit, stores: &Stores) {
    withdraw(stores.loader.catalog(), commit.sinks.iter().flat_map(|s| s.parts.clone()).collect());
    commit.discard_files(stores);
}
