//! How much memory do the operators above the segments take? Each query has a budget of its own, out of what all of them
//! have together; sorts, groups and sorted joins that reach it go on in files, and what cannot fails alone.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;

/// How the refusal of more memory begins.
pub(super) const NOT_ENOUGH: &str = "Not enough memory to execute this query";

/// A sort keeps so much for merging what it has put into files, but no larger part of a query's budget than this.
const MERGE_BYTES: usize = 10 << 20;
const MERGE_PART: usize = 16;

/// Rows of a batch where memory is scarce: merging many files takes a batch of each.
const SMALL_BATCH: usize = 1024;

/// How much memory a query is expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Enough for hash tables of joins.
    Ample,
    /// So little that joins sort both sides, which takes longer and can use files.
    Scarce,
}

/// Settings of operators for [`Room::Scarce`].
pub(super) fn scarce(mut config: SessionConfig) -> SessionConfig {
    config.options_mut().optimizer.prefer_hash_join = false;
    config.with_batch_size(SMALL_BATCH)
}

/// Budgets of the operators above the segments.
#[derive(Debug, Clone)]
pub struct MemoryOptions {
    /// Bytes that all queries may take together.
    pub all_bytes: usize,
    /// Bytes that one query may take.
    pub query_bytes: usize,
    /// A folder, which exists, for what does not fit; `None`: what does not fit fails.
    pub spill_folder: Option<PathBuf>,
    /// Bytes of files that all queries may have there together.
    pub spill_bytes: u64,
}

impl Default for MemoryOptions {
    fn default() -> Self {
        Self { all_bytes: 1 << 30, query_bytes: 1 << 29, spill_folder: None, spill_bytes: 16 << 30 }
    }
}

impl MemoryOptions {
    /// What all queries share.
    pub(super) fn runtime(&self) -> Result<Arc<RuntimeEnv>> {
        use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
        let mode = match &self.spill_folder {
            Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
            None => DiskManagerMode::Disabled,
        };
        let files =
            DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(self.spill_bytes);
        let pool = Arc::new(GreedyMemoryPool::new(self.all_bytes));
        RuntimeEnvBuilder::new().with_disk_manager_builder(files).with_memory_pool(pool).build_arc()
    }

    /// Settings of operators that depend on the budget.
    pub(super) fn configure(&self, config: SessionConfig) -> SessionConfig {
        let merge = MERGE_BYTES.min(self.query_bytes / MERGE_PART / config.target_partitions().max(1));
        config.with_sort_spill_reservation_bytes(merge)
    }

    /// What one query runs in.
    pub(super) fn of_query(&self, all: &RuntimeEnv) -> Result<Arc<RuntimeEnv>> {
        let pool = QueryPool {
            own: FairSpillPool::new(self.query_bytes),
            own_bytes: self.query_bytes,
            all: Arc::clone(&all.memory_pool),
            all_bytes: self.all_bytes,
        };
        RuntimeEnvBuilder::from_runtime_env(all).with_memory_pool(Arc::new(pool)).build_arc()
    }
}

/// The memory of one query: shared fairly among its operators that can spill, and taken from that of all.
#[derive(Debug)]
struct QueryPool {
    own: FairSpillPool,
    own_bytes: usize,
    all: Arc<dyn MemoryPool>,
    all_bytes: usize,
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.own.reserved(), self.own_bytes)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &'static str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.all.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        self.all.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let wanted = |who: &str, bytes: usize, setting: &str| {
            let operator = reservation.consumer().name().split(['[', '(']).next().unwrap_or_default();
            DataFusionError::ResourcesExhausted(format!(
                "{NOT_ENOUGH}: {who} may take [{bytes}] bytes above the segments, and \
                 [{operator}] needs [{additional}] more. Read fewer rows, or increase [{setting}]."
            ))
        };
        self.own
            .try_grow(reservation, additional)
            .map_err(|_| wanted("one query", self.own_bytes, "query.memory_per_query_bytes"))?;
        self.all.try_grow(reservation, additional).map_err(|_| {
            self.own.shrink(reservation, additional);
            wanted("all queries together", self.all_bytes, "query.memory_bytes")
        })
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.own_bytes)
    }
}
