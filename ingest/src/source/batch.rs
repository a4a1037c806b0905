//! In what form do records leave a source? Bytes of many records in one arena, with their offsets.

use std::ops::Range;

use super::StreamPartition;

/// Records of several partitions, each partition's in order.
#[derive(Debug, Default)]
pub struct RawBatch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    partitions: Vec<(StreamPartition, i64)>,
}

#[derive(Debug)]
struct Entry {
    slot: usize,
    offset: i64,
    timestamp: Option<i64>,
    value: Option<Range<usize>>,
}

/// One record, borrowed from its batch.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'b> {
    batch: &'b RawBatch,
    entry: &'b Entry,
}

impl<'b> RawRecord<'b> {
    /// Topic.
    #[must_use]
    pub fn topic(&self) -> &'b str {
        self.batch.partitions.get(self.entry.slot).map_or("", |(p, _)| &p.topic)
    }

    /// Partition number.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.batch.partitions.get(self.entry.slot).map_or(-1, |(p, _)| p.partition)
    }

    /// Offset in its partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.entry.offset
    }

    /// The record's own time, in milliseconds since the epoch.
    #[must_use]
    pub fn timestamp(&self) -> Option<i64> {
        self.entry.timestamp
    }

    /// Its value; `None` for a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<&'b [u8]> {
        self.entry.value.clone().and_then(|r| self.batch.bytes.get(r))
    }
}

impl RawBatch {
    /// Forgets everything, keeping the allocations.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.partitions.clear();
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the values.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = RawRecord<'_>> {
        self.entries.iter().map(|entry| RawRecord { batch: self, entry })
    }

    /// The position after the batch, of each partition that has moved.
    #[must_use]
    pub fn positions(&self) -> &[(StreamPartition, i64)] {
        &self.partitions
    }

    /// Notes the position after what was read of a partition, and returns the partition's slot.
    pub fn advance(&mut self, topic: &str, partition: i32, position: i64) -> usize {
        // Records of one partition come in runs; the last slots are the likely ones.
        let same = |(p, _): &(StreamPartition, i64)| p.partition == partition && &*p.topic == topic;
        if let Some(slot) = self.partitions.iter().rposition(same) {
            if let Some((_, known)) = self.partitions.get_mut(slot) {
                *known = position.max(*known);
            }
            return slot;
        }
        self.partitions.push((StreamPartition::new(topic, partition), position));
        self.partitions.len() - 1
    }

    /// Appends a record of the partition in `slot`.
    pub fn push(&mut self, slot: usize, offset: i64, timestamp: Option<i64>, value: Option<&[u8]>) {
        let value = value.map(|v| self.store(v));
        self.entries.push(Entry { slot, offset, timestamp, value });
    }

    fn store(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}
