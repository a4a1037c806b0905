//! What does the server ask of ingestion? Supervisors and tasks: submitted, shown, stopped; in Druid's shapes.
//!
//! Every call blocks (it may wait for commits) and belongs on a worker thread.

mod actions;
mod batches;
mod deps;
mod supervisors;
mod sweep;
mod tasks;

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_segments::SegmentError;
use alluvium_segments::catalog::MetadataStore;
use parking_lot::Mutex;

pub use deps::{IngestDeps, IngestLimits, OpenStream, TaskLocation};
pub use supervisors::SupervisorDetail;
pub use tasks::TaskFilter;

use crate::IngestError;
use crate::publish::Stores;
use crate::source::SourceFactory;
use crate::source::kafka::KafkaFactory;
use crate::spec::SupervisorSpec;
use crate::supervisor::{Ending, Supervisor};

/// A supervisor that is known here, running or suspended.
#[derive(Debug)]
struct Managed {
    spec: Arc<SupervisorSpec>,
    running: Supervisor,
}

/// Ingestion of one server.
pub struct IngestService {
    deps: IngestDeps,
    open: Box<OpenStream>,
    /// Actions on supervisors happen one after the other.
    acting: Mutex<()>,
    supervisors: Mutex<BTreeMap<String, Managed>>,
    batches: Arc<batches::Batches>,
}

impl std::fmt::Debug for IngestService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestService").field("deps", &self.deps).finish_non_exhaustive()
    }
}

impl IngestService {
    /// A service that does nothing yet.
    ///
    /// # Errors
    /// When the scratch folder cannot be created.
    pub fn new(deps: IngestDeps) -> Result<Arc<Self>, IngestError> {
        let kafka = |spec: &SupervisorSpec| -> Arc<dyn SourceFactory> {
            Arc::new(KafkaFactory::new(spec.io.stream.clone(), spec.io.consumer_properties.clone(), &spec.id))
        };
        Self::with_streams(deps, Box::new(kafka))
    }

    /// The same, with sources of the caller's making instead of Kafka's.
    ///
    /// # Errors
    /// As [`IngestService::new`].
    pub fn with_streams(deps: IngestDeps, open: Box<OpenStream>) -> Result<Arc<Self>, IngestError> {
        let io = |source| SegmentError::Io { action: "create", path: deps.work_dir.clone(), source };
        std::fs::create_dir_all(&deps.work_dir).map_err(io)?;
        let batches = batches::Batches::new(deps.limits.batch_slots);
        Ok(Arc::new(Self { deps, open, acting: Mutex::new(()), supervisors: Mutex::default(), batches }))
    }

    /// Sweeps what a crash left over and resumes the stored supervisors. A supervisor whose spec can no longer be
    /// read is reported and left alone.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn start(&self) -> Result<(), IngestError> {
        self.sweep()?;
        self.close_lost_tasks()?;
        for record in self.metadata().supervisors()? {
            if record.spec.get("type").is_some_and(|t| t == supervisors::TOMBSTONE) {
                continue;
            }
            match SupervisorSpec::from_json(&record.spec) {
                Ok(mut spec) => {
                    spec.suspended = record.suspended;
                    self.run(spec)?;
                }
                Err(error) => {
                    tracing::error!(supervisor = record.id, %error, "a stored supervisor cannot be resumed");
                }
            }
        }
        Ok(())
    }

    /// Ends everything; commits what is in memory. Calls after it find no supervisors.
    pub fn stop(&self) {
        let _one = self.acting.lock();
        self.batches.stop();
        let mut all = std::mem::take(&mut *self.supervisors.lock());
        for managed in all.values() {
            managed.running.signal(Ending::Graceful);
        }
        for managed in all.values_mut() {
            managed.running.stop(Ending::Graceful);
        }
    }

    /// Ends everything at once and commits nothing, as a crash does; what is not committed is read again.
    pub fn abandon(&self) {
        let _one = self.acting.lock();
        self.batches.stop();
        let mut all = std::mem::take(&mut *self.supervisors.lock());
        for managed in all.values_mut() {
            managed.running.stop(Ending::Abandon);
        }
    }

    fn metadata(&self) -> &Arc<dyn MetadataStore> {
        self.deps.loader.metadata()
    }

    fn stores(&self) -> Stores {
        Stores {
            loader: self.deps.loader.clone(),
            deep: self.deps.deep_storage.clone(),
            work: self.deps.work_dir.clone(),
        }
    }
}
