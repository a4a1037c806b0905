//! A stream in memory, for tests of everything that comes after the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{PollLimit, RawBatch, Source, SourceFactory, StreamPartition};
use crate::IngestError;

/// Records by partition; clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryStream {
    logs: Arc<Mutex<BTreeMap<StreamPartition, Log>>>,
}

#[derive(Debug, Default)]
struct Log {
    /// Offset of the first record that is still held.
    low: i64,
    records: Vec<Option<Vec<u8>>>,
}

impl MemoryStream {
    /// Appends a record and returns its offset; creates the partition when it is new.
    pub fn produce(&self, topic: &str, partition: i32, value: &[u8]) -> i64 {
        self.push(topic, partition, Some(value.to_vec()))
    }

    /// Appends what takes an offset but is never delivered, as control records do.
    pub fn hole(&self, topic: &str, partition: i32) -> i64 {
        self.push(topic, partition, None)
    }

    /// Makes a partition exist.
    pub fn create(&self, topic: &str, partition: i32) {
        self.logs.lock().entry(StreamPartition::new(topic, partition)).or_default();
    }

    /// Forgets the records before `low`, as retention does.
    pub fn truncate(&self, topic: &str, partition: i32, low: i64) {
        if let Some(log) = self.logs.lock().get_mut(&StreamPartition::new(topic, partition)) {
            let gone = usize::try_from(low - log.low).unwrap_or(0).min(log.records.len());
            log.records.drain(..gone);
            log.low += gone as i64;
        }
    }

    fn push(&self, topic: &str, partition: i32, record: Option<Vec<u8>>) -> i64 {
        let mut logs = self.logs.lock();
        let log = logs.entry(StreamPartition::new(topic, partition)).or_default();
        log.records.push(record);
        log.low + log.records.len() as i64 - 1
    }
}

impl SourceFactory for MemoryStream {
    fn open(&self) -> Result<Box<dyn Source>, IngestError> {
        Ok(Box::new(MemorySource { stream: self.clone(), positions: BTreeMap::new() }))
    }
}

#[derive(Debug)]
struct MemorySource {
    stream: MemoryStream,
    positions: BTreeMap<StreamPartition, i64>,
}

impl Source for MemorySource {
    fn partitions(&mut self) -> Result<Vec<StreamPartition>, IngestError> {
        Ok(self.stream.logs.lock().keys().cloned().collect())
    }

    fn bounds(&mut self, partition: &StreamPartition) -> Result<(i64, i64), IngestError> {
        let logs = self.stream.logs.lock();
        let log = logs.get(partition).ok_or_else(|| IngestError::Stream {
            stream: partition.to_string(),
            message: "there is no such partition".to_owned(),
        })?;
        Ok((log.low, log.low + log.records.len() as i64))
    }

    fn seek(&mut self, positions: &[(StreamPartition, i64)]) -> Result<(), IngestError> {
        self.positions = positions.iter().cloned().collect();
        Ok(())
    }

    fn poll(&mut self, limit: PollLimit, batch: &mut RawBatch) -> Result<(), IngestError> {
        batch.clear();
        {
            let logs = self.stream.logs.lock();
            for (partition, position) in &mut self.positions {
                let Some(log) = logs.get(partition) else { continue };
                if *position < log.low {
                    return Err(IngestError::OutOfRange {
                        topic: partition.topic.to_string(),
                        partition: partition.partition,
                        stored: *position,
                        low: log.low,
                        high: log.low + log.records.len() as i64,
                        hint: String::new(),
                    });
                }
                let skip = usize::try_from(*position - log.low).unwrap_or(usize::MAX);
                for record in log.records.iter().skip(skip) {
                    if batch.len() >= limit.records || batch.size_bytes() >= limit.bytes {
                        break;
                    }
                    let slot = batch.advance(&partition.topic, partition.partition, *position + 1);
                    if let Some(value) = record {
                        batch.push(slot, *position, None, Some(value));
                    }
                    *position += 1;
                }
            }
        }
        if batch.positions().is_empty() {
            std::thread::sleep(limit.wait.min(std::time::Duration::from_millis(5)));
        }
        Ok(())
    }
}
