//! How are records polled? One consumer with partitions assigned by us; what is out of range is said exactly.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::Errors;
use super::{TIMEOUT, topics};
use crate::IngestError;
use crate::source::{PollLimit, RawBatch, Source, StreamPartition};
use crate::spec::KafkaStream;

/// A consumer with assigned partitions.
pub(super) struct KafkaSource {
    stream: KafkaStream,
    consumer: BaseConsumer<Errors>,
    /// Where each assigned partition's reading stands.
    positions: HashMap<StreamPartition, i64>,
}

impl KafkaSource {
    pub(super) fn new(stream: KafkaStream, consumer: BaseConsumer<Errors>) -> Self {
        Self { stream, consumer, positions: HashMap::new() }
    }

    /// Hears what the client has to say when nothing is assigned: otherwise its complaints would pile up unread.
    fn listen(&self) {
        if self.positions.is_empty() {
            while self.consumer.poll(Duration::ZERO).is_some() {}
        }
    }

    /// The client's own complaint (unreachable brokers, refused credentials) says more than "timed out".
    fn failed(&self, error: &KafkaError) -> IngestError {
        let message = match self.consumer.context().take() {
            Some(reason) => format!("{error} ({reason})"),
            None => error.to_string(),
        };
        IngestError::Stream { stream: self.stream.name().to_owned(), message }
    }

    /// Says which position is out of range, if one is; otherwise passes the error on.
    fn out_of_range(&mut self, error: &KafkaError) -> IngestError {
        let positions: Vec<(StreamPartition, i64)> =
            self.positions.iter().map(|(p, o)| (p.clone(), *o)).collect();
        for (partition, stored) in positions {
            match self.bounds(&partition) {
                Ok((low, high)) if stored < low || stored > high => {
                    return IngestError::OutOfRange {
                        topic: partition.topic.to_string(),
                        partition: partition.partition,
                        stored,
                        low,
                        high,
                        hint: String::new(),
                    };
                }
                Ok(_) => {}
                Err(error) => return error,
            }
        }
        self.failed(error)
    }
}

impl Source for KafkaSource {
    fn partitions(&mut self) -> Result<Vec<StreamPartition>, IngestError> {
        let found = topics::partitions(&self.consumer, &self.stream);
        self.listen();
        found.map_err(|e| match e {
            topics::Missing::Failed(error) => self.failed(&error),
            topics::Missing::Topic(message) => {
                IngestError::Stream { stream: self.stream.name().to_owned(), message }
            }
        })
    }

    fn bounds(&mut self, partition: &StreamPartition) -> Result<(i64, i64), IngestError> {
        let bounds = self.consumer.fetch_watermarks(&partition.topic, partition.partition, TIMEOUT);
        self.listen();
        bounds.map_err(|e| self.failed(&e))
    }

    fn seek(&mut self, positions: &[(StreamPartition, i64)]) -> Result<(), IngestError> {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (partition, position) in positions {
            list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*position))
                .map_err(|e| self.failed(&e))?;
        }
        // Forgetting the old assignment first drops what was fetched ahead for it.
        self.consumer.unassign().map_err(|e| self.failed(&e))?;
        self.positions = positions.iter().cloned().collect();
        self.consumer.assign(&list).map_err(|e| self.failed(&e))
    }

    fn poll(&mut self, limit: PollLimit, batch: &mut RawBatch) -> Result<(), IngestError> {
        batch.clear();
        let mut wait = limit.wait;
        let mut trouble = None;
        while batch.len() < limit.records && batch.size_bytes() < limit.bytes {
            match poll_one(&self.consumer, std::mem::take(&mut wait), batch) {
                Polled::Record | Polled::End => {}
                Polled::Nothing => break,
                Polled::Failed(error) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
        for (partition, position) in batch.positions() {
            if let Some(known) = self.positions.get_mut(partition) {
                *known = *position;
            }
        }
        match trouble {
            None => Ok(()),
            Some(KafkaError::MessageConsumption(
                RDKafkaErrorCode::OffsetOutOfRange | RDKafkaErrorCode::AutoOffsetReset,
            )) => Err(self.out_of_range(&KafkaError::MessageConsumption(RDKafkaErrorCode::OffsetOutOfRange))),
            Some(error) => Err(self.failed(&error)),
        }
    }

    fn report(&mut self, positions: &[(StreamPartition, i64)]) {
        let mut list = TopicPartitionList::with_capacity(positions.len());
        for (partition, position) in positions {
            let offset = Offset::Offset(*position);
            if list.add_partition_offset(&partition.topic, partition.partition, offset).is_err() {
                return;
            }
        }
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(%error, "group offsets were not reported to the broker");
        }
    }
}

enum Polled {
    Record,
    End,
    Nothing,
    Failed(KafkaError),
}

fn poll_one(consumer: &BaseConsumer<Errors>, wait: Duration, batch: &mut RawBatch) -> Polled {
    match consumer.poll(wait) {
        None => Polled::Nothing,
        Some(Ok(message)) => {
            take(&message, batch);
            Polled::Record
        }
        Some(Err(KafkaError::PartitionEOF(_))) => Polled::End,
        Some(Err(error)) => Polled::Failed(error),
    }
}

fn take(message: &BorrowedMessage<'_>, batch: &mut RawBatch) {
    let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
    let slot = batch.advance(topic, partition, offset + 1);
    batch.push(slot, offset, message.timestamp().to_millis(), message.payload());
}
