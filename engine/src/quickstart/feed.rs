//! How do the flights get into the topic? In the order of time, at a pace one can watch, and never far ahead of
//! the consumer: the in-process broker forgets what lies more than a few megabytes back.

use std::thread;
use std::time::{Duration, Instant};

use alluvium_ingest::source::kafka::mock::MockProducer;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::flights::Flights;
use super::{DATASOURCE, PATIENCE, SUPERVISOR, broker_failed};
use crate::EngineError;
use crate::client::Client;

/// Bytes a partition may hold that the consumer has not read.
const AHEAD_BYTES: usize = 2 << 20;

/// Flights a second.
const PACE: f64 = 40_000.0;

/// Flights sent between two looks at the clock and the consumer.
const STRIDE: usize = 1_000;

/// The flights on their way into a topic.
pub(super) struct Feed<'f> {
    flights: &'f Flights,
    topic: &'f str,
    partitions: Vec<Partition>,
}

/// One partition: how long its records are, and how far they were sent and read.
#[derive(Debug, Default)]
struct Partition {
    /// `ends[i]`: bytes of the records `0..=i` together.
    ends: Vec<usize>,
    read: usize,
}

impl Partition {
    fn push(&mut self, bytes: usize) {
        self.ends.push(self.bytes_to(self.ends.len()) + bytes);
    }

    fn bytes_to(&self, records: usize) -> usize {
        records.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or_default()
    }

    /// Bytes sent that the consumer has not read.
    fn ahead(&self) -> usize {
        self.bytes_to(self.ends.len()).saturating_sub(self.bytes_to(self.read))
    }
}

impl<'f> Feed<'f> {
    /// Nothing is sent yet.
    pub(super) fn new(flights: &'f Flights, topic: &'f str, partitions: i32) -> Self {
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        Self { flights, topic, partitions }
    }

    /// Sends all flights; when half of them are sent, calls `midway` while the others keep coming, and prints
    /// what it has to tell.
    pub(super) fn play(
        mut self,
        client: &Client,
        producer: MockProducer,
        midway: impl FnOnce() -> Result<String, EngineError> + Send,
    ) -> Result<(), EngineError> {
        let bar = progress_bar(self.flights.len() as u64);
        let half = self.flights.len() / 2;
        let mut midway = Some(midway);
        thread::scope(|scope| {
            let mut asking = None;
            let started = Instant::now();
            for (stride, lines) in self.flights.lines.chunks(STRIDE).enumerate() {
                let sent = stride * STRIDE;
                self.send(&producer, sent, lines)?;
                self.stay_close(client)?;
                let due = Duration::from_secs_f64(sent as f64 / PACE);
                thread::sleep(due.saturating_sub(started.elapsed()));
                bar.set_position(sent as u64);
                bar.set_message(format!("lag {}", self.lag()));
                if sent >= half
                    && let Some(midway) = midway.take()
                {
                    let bar = bar.clone();
                    asking =
                        Some(scope.spawn(move || midway().map(|told| bar.suspend(|| println!("{told}")))));
                }
            }
            producer.flush(PATIENCE).map_err(broker_failed)?;
            bar.finish_with_message("all sent");
            let (flights, seconds) = (self.flights.len(), started.elapsed().as_secs_f64());
            println!("Sent {flights} flights in {seconds:.1} s, {:.0} a second", flights as f64 / seconds);
            match asking.map(thread::ScopedJoinHandle::join) {
                Some(Ok(asked)) => asked,
                Some(Err(_)) => Err(EngineError::Failed("asking while rows stream in panicked".to_owned())),
                None => Ok(()),
            }
        })
    }

    fn send(&mut self, producer: &MockProducer, sent: usize, lines: &[String]) -> Result<(), EngineError> {
        let count = self.partitions.len();
        for (offset, line) in lines.iter().enumerate() {
            let number = (sent + offset) % count;
            producer.send(self.topic, number as i32, line.as_bytes()).map_err(broker_failed)?;
            if let Some(partition) = self.partitions.get_mut(number) {
                partition.push(line.len());
            }
        }
        Ok(())
    }

    /// Waits while a partition is too far ahead of the consumer.
    fn stay_close(&mut self, client: &Client) -> Result<(), EngineError> {
        let deadline = Instant::now() + PATIENCE;
        self.look(client)?;
        while self.partitions.iter().any(|p| p.ahead() > AHEAD_BYTES - (STRIDE << 8)) {
            if Instant::now() > deadline {
                return Err(EngineError::Failed("the supervisor does not read its topic".to_owned()));
            }
            thread::sleep(Duration::from_millis(5));
            self.look(client)?;
        }
        Ok(())
    }

    /// Asks the supervisor how far it has read.
    fn look(&mut self, client: &Client) -> Result<(), EngineError> {
        let status = client.get_json(&format!("{SUPERVISOR}/{DATASOURCE}/status"))?;
        let tasks = status.pointer("/payload/activeTasks").and_then(Value::as_array);
        for offsets in tasks.into_iter().flatten().filter_map(|t| t.get("currentOffsets")?.as_object()) {
            for (number, position) in offsets {
                let partition = number.parse::<usize>().ok().and_then(|n| self.partitions.get_mut(n));
                if let (Some(partition), Some(position)) = (partition, position.as_u64()) {
                    partition.read = partition.read.max(position as usize);
                }
            }
        }
        Ok(())
    }

    /// Records sent and not read.
    fn lag(&self) -> usize {
        self.partitions.iter().map(|p| p.ends.len().saturating_sub(p.read)).sum()
    }
}

fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} flights, {per_sec}, {msg}");
    let bar = ProgressBar::new(length);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_knows_how_far_it_is_ahead() {
        let mut partition = Partition::default();
        assert_eq!(partition.ahead(), 0);
        for bytes in [10, 20, 30] {
            partition.push(bytes);
        }
        assert_eq!(partition.ahead(), 60);
        partition.read = 2;
        assert_eq!(partition.ahead(), 30);
        partition.read = 3;
        assert_eq!(partition.ahead(), 0);
    }
}
