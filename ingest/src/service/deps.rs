//! What does the service work with, and within which limits?

use std::path::PathBuf;
use std::sync::Arc;

use alluvium_segments::catalog::{DeepStorage, Loader};

use crate::source::SourceFactory;
use crate::spec::SupervisorSpec;

/// Where a task runs, as Druid's clients are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLocation {
    /// Host of this server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its TLS port; -1 for none.
    pub tls_port: i32,
}

/// Limits of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestLimits {
    /// Rows are committed at the latest this long after they were read, in milliseconds.
    pub commit_age_ms: i64,
    /// Bytes of arriving rows in memory, of one supervisor or batch task, before they are persisted.
    pub memory_bytes: u64,
    /// Batch tasks that run at once; others wait.
    pub batch_slots: usize,
}

impl Default for IngestLimits {
    fn default() -> Self {
        Self { commit_age_ms: 300_000, memory_bytes: 192 << 20, batch_slots: 2 }
    }
}

/// Makes the source of a supervisor; tests put another one in.
pub type OpenStream = dyn Fn(&SupervisorSpec) -> Arc<dyn SourceFactory> + Send + Sync;

/// What the service works with.
pub struct IngestDeps {
    /// The catalogue and what feeds it.
    pub loader: Arc<Loader>,
    /// Where sealed files go.
    pub deep_storage: Arc<dyn DeepStorage>,
    /// Folder for scratch files; emptied at start.
    pub work_dir: PathBuf,
    /// A name of this node that stays over restarts: the owner of its leases.
    pub owner: String,
    /// Where tasks are said to run.
    pub location: TaskLocation,
    /// Limits.
    pub limits: IngestLimits,
}

impl std::fmt::Debug for IngestDeps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IngestDeps").field("owner", &self.owner).finish_non_exhaustive()
    }
}
