//! Which batch tasks run, and which wait for a place? Each has a thread; so many of them work at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use alluvium_segments::catalog::MetadataStore;
use alluvium_segments::time::format_iso;
use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};

use super::IngestService;
use crate::IngestError;
use crate::batch::{BatchRun, BatchStatus};
use crate::clock::now_ms;
use crate::error::with_causes;
use crate::publish::Stores;
use crate::spec::BatchSpec;

/// Batch tasks of this server.
#[derive(Debug)]
pub(super) struct Batches {
    free: Mutex<usize>,
    freed: Condvar,
    running: Mutex<BTreeMap<String, Arc<BatchStatus>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Batches {
    pub(super) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Mutex::new(slots.max(1)),
            freed: Condvar::new(),
            running: Mutex::default(),
            threads: Mutex::default(),
        })
    }

    /// Ends all tasks; nothing of those that are not done is published.
    pub(super) fn stop(&self) {
        for task in self.running.lock().values() {
            task.cancel();
        }
        self.freed.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a batch thread panicked; nothing of it was published");
            }
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<BatchStatus>> {
        self.running.lock().get(id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<BatchStatus>> {
        self.running.lock().values().cloned().collect()
    }

    fn wait_for_slot(&self, status: &BatchStatus) {
        let mut free = self.free.lock();
        while *free == 0 && !status.cancelled() {
            self.freed.wait(&mut free);
        }
        *free = free.saturating_sub(1);
        status.set_waiting(false);
    }

    fn done(&self, id: &str) {
        self.running.lock().remove(id);
        *self.free.lock() += 1;
        self.freed.notify_all();
    }

    /// Cancels a task; `false` when it does not run.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let found = self.find(id);
        if let Some(task) = &found {
            task.cancel();
            self.freed.notify_all();
        }
        found.is_some()
    }
}

impl IngestService {
    /// Starts a batch task (`index_parallel` or `index`), or queues it.
    ///
    /// # Errors
    /// When the task is refused, its id is taken, or it cannot be stored.
    pub fn submit_task(&self, task: &Value) -> Result<Value, IngestError> {
        let spec = BatchSpec::from_json(task)?;
        let now = now_ms();
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let made = || {
            let short = unique.get(..8).unwrap_or(&unique);
            format!("{}_{}_{short}_{}", spec.kind, spec.data.datasource, format_iso(now))
        };
        let id = spec.id.clone().unwrap_or_else(made);
        if self.metadata().task(&id)?.is_some() {
            return Err(IngestError::Invalid(format!("Task [{id}] already exists!")));
        }
        let status = Arc::new(BatchStatus::new(&id, &spec, now));
        self.metadata().put_task(&status.record(None, now))?;
        self.batches.running.lock().insert(id.clone(), status.clone());
        let batches = self.batches.clone();
        let stores = self.stores();
        let memory_bytes = self.deps.limits.memory_bytes;
        let thread = std::thread::Builder::new()
            .name(format!("batch {}", spec.data.datasource))
            .spawn(move || work(&batches, &spec, &stores, &status, memory_bytes))
            .map_err(|e| IngestError::Conflict(format!("cannot start a thread for `{id}`: {e}")))?;
        let mut threads = self.batches.threads.lock();
        threads.retain(|t| !t.is_finished());
        threads.push(thread);
        Ok(json!({"task": id}))
    }
}

fn work(batches: &Batches, spec: &BatchSpec, stores: &Stores, status: &BatchStatus, memory_bytes: u64) {
    batches.wait_for_slot(status);
    let outcome = BatchRun { spec, stores, status, memory_bytes }.run();
    let outcome = outcome.map_err(|e| with_causes(&e));
    match &outcome {
        Ok(segments) => tracing::info!(task = status.id(), segments, "batch task ended"),
        Err(error) => tracing::warn!(task = status.id(), error, "batch task failed"),
    }
    let end = outcome.as_ref().map(|_| ()).map_err(String::as_str);
    let metadata: &Arc<dyn MetadataStore> = stores.loader.metadata();
    if let Err(error) = metadata.put_task(&status.record(Some(end), now_ms())) {
        tracing::error!(task = status.id(), %error, "the end of a task could not be stored");
    }
    batches.done(&status.id());
}
