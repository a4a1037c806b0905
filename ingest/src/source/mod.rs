//! Where do records come from? [`Source`]: partitions of records with offsets, read from given positions on.
//!
//! Positions are the catalogue's, never the broker's. A batch carries the position after it, which may lie
//! beyond its last record: aborted transactions, control records and compaction leave holes.

mod batch;
pub mod kafka;
pub mod memory;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use batch::{RawBatch, RawRecord};

use crate::IngestError;

/// One partition of one topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamPartition {
    /// Topic.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
}

impl StreamPartition {
    /// A partition of a topic.
    #[must_use]
    pub fn new(topic: &str, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for StreamPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// How much one poll may take.
#[derive(Debug, Clone, Copy)]
pub struct PollLimit {
    /// Records.
    pub records: usize,
    /// Bytes of records; the last record may go beyond.
    pub bytes: usize,
    /// How long to wait for the first record.
    pub wait: Duration,
}

/// A stream that can be read from given positions. Used by one thread at a time.
pub trait Source: Send {
    /// The partitions there are now, in order.
    ///
    /// # Errors
    /// When the stream cannot be reached, or does not exist.
    fn partitions(&mut self) -> Result<Vec<StreamPartition>, IngestError>;

    /// The oldest offset held and the end of a partition.
    ///
    /// # Errors
    /// When the stream cannot be reached.
    fn bounds(&mut self, partition: &StreamPartition) -> Result<(i64, i64), IngestError>;

    /// Reads these partitions, and no others, from these positions on.
    ///
    /// # Errors
    /// When the client refuses.
    fn seek(&mut self, positions: &[(StreamPartition, i64)]) -> Result<(), IngestError>;

    /// Replaces the batch by what comes next, possibly nothing.
    ///
    /// # Errors
    /// [`IngestError::OutOfRange`] when a position is gone; [`IngestError::Stream`] when the stream cannot be
    /// read (what was polled before stays in the batch and is not polled again).
    fn poll(&mut self, limit: PollLimit, batch: &mut RawBatch) -> Result<(), IngestError>;

    /// Tells the broker how far we are, for its own monitoring only.
    fn report(&mut self, _positions: &[(StreamPartition, i64)]) {}
}

/// Opens sources: one a task, one for the supervisor's own looking around.
pub trait SourceFactory: Send + Sync + fmt::Debug {
    /// A new client.
    ///
    /// # Errors
    /// When the properties are refused.
    fn open(&self) -> Result<Box<dyn Source>, IngestError>;
}
