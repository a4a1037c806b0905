//! What does a batch task do from its first portion of input to its one commit?

use std::sync::Arc;
use std::time::Duration;

use alluvium_segments::ErrorClass;
use alluvium_segments::catalog::{LiveHandle, Publication};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::time::{Interval, condense, format_iso};

use super::BatchStatus;
use crate::IngestError;
use crate::assign::split;
use crate::clock::now_ms;
use crate::counters::error_json;
use crate::deadletter::{DeadLetters, Place, rejects_of};
use crate::input::BatchReader;
use crate::parse::{Reject, RowParser, RowStats};
use crate::publish::{PendingCommit, Stores};
use crate::seal::{Purpose, seal_parts};
use crate::sink::{FrozenSink, Identity, Part, SinkSet};
use crate::spec::BatchSpec;

/// How often a commit is tried when a store fails.
const TRIES: u32 = 4;

/// One batch task.
pub(crate) struct BatchRun<'r> {
    pub(crate) spec: &'r BatchSpec,
    pub(crate) stores: &'r Stores,
    pub(crate) status: &'r BatchStatus,
    /// Bytes of rows in memory before they are written to local files.
    pub(crate) memory_bytes: u64,
}

/// Rows on their way.
struct Gathered {
    sinks: SinkSet,
    letters: SinkSet,
    frozen: Vec<FrozenSink>,
}

impl BatchRun<'_> {
    /// Reads, seals and publishes. Returns how many segments were published.
    ///
    /// # Errors
    /// When the input cannot be read, has too many bad records, or cannot be published; nothing is visible then.
    pub(crate) fn run(&self) -> Result<usize, IngestError> {
        let store = self.stores.loader.metadata().clone();
        let version = format_iso(now_ms());
        let id = self.status.id();
        let append = Identity::Append(store);
        let identity = if self.spec.append { append.clone() } else { Identity::Replace(version.clone()) };
        let mut gathered = Gathered {
            sinks: SinkSet::new(&id, identity, None),
            letters: SinkSet::new(&id, append, None),
            frozen: Vec::new(),
        };
        self.read(&mut gathered)?;
        gathered.frozen.extend(gathered.sinks.freeze());
        gathered.frozen.extend(gathered.letters.freeze());
        let mut commit = PendingCommit::new(&self.spec.data.datasource, &id, "batch", gathered.frozen);
        if !self.spec.append {
            commit.replace = self.replaced(&commit.sinks).into_iter().map(|i| (i, version.clone())).collect();
        }
        self.publish(&mut commit)?;
        Ok(commit.sinks.len())
    }

    fn read(&self, gathered: &mut Gathered) -> Result<(), IngestError> {
        let mut reader = BatchReader::new(&self.spec.source, &self.spec.input_format)?;
        let mut parser = RowParser::new(&self.spec.data, &self.spec.input_format)?;
        let mut letters = DeadLetters::default();
        let mut rejects = Vec::new();
        let data = &self.spec.data;
        while let Some(portion) = reader.read(&mut parser, &mut rejects)? {
            self.check_cancelled()?;
            let now = now_ms();
            let mut stats = RowStats::default();
            stats.count(portion.outcome, portion.bytes);
            for reject in rejects.drain(..) {
                self.note(&reject, &portion.document, now, &mut letters);
            }
            self.status.count(stats, now);
            self.check_errors()?;
            for (chunk, rows) in split(parser.take(), &data.granularity.segment) {
                gathered.sinks.append(&data.datasource, chunk, rows, now)?;
            }
            if let Some((chunk, rows)) = letters.take() {
                gathered.letters.append(&rejects_of(&data.datasource), chunk, rows, now)?;
            }
            self.write_out(gathered)?;
        }
        Ok(())
    }

    fn note(&self, reject: &Reject, document: &str, now: i64, letters: &mut DeadLetters) {
        if self.spec.tuning.parse_errors.log {
            tracing::warn!(document, reason = reject.kind.as_str(), reject.message, "bad record");
        }
        letters.push(now, Place { topic: document, at: None }, reject, &[]);
        let saved = usize::try_from(self.spec.tuning.parse_errors.max_saved).unwrap_or(usize::MAX);
        self.status.save_error(error_json(reject, &[], document, now), saved);
    }

    fn check_errors(&self) -> Result<(), IngestError> {
        let errors = self.status.errors();
        match self.spec.tuning.parse_errors.max {
            Some(max) if errors > max => Err(IngestError::TooManyBadRecords(format!(
                "{errors} records could not be read or have errors, maxParseExceptions is {max}"
            ))),
            _ => Ok(()),
        }
    }

    fn check_cancelled(&self) -> Result<(), IngestError> {
        if self.status.cancelled() {
            return Err(IngestError::Conflict("the task was shut down".to_owned()));
        }
        Ok(())
    }

    /// Keeps memory and segments within their limits.
    fn write_out(&self, gathered: &mut Gathered) -> Result<(), IngestError> {
        let tuning = &self.spec.tuning;
        gathered.frozen.extend(gathered.sinks.freeze_full(tuning.max_rows_per_segment));
        let (rows, bytes) = gathered.sinks.in_memory();
        let limit = tuning.max_bytes_in_memory.unwrap_or(self.memory_bytes);
        if rows < tuning.max_rows_in_memory && bytes < limit {
            return Ok(());
        }
        for part in gathered.sinks.freeze_parts() {
            self.persist(&part)?;
        }
        Ok(())
    }

    /// Writes a part to a local file that has no name: it is gone when the task is, however that ends.
    fn persist(&self, part: &Arc<Part>) -> Result<(), IngestError> {
        let file = self.stores.work.join(format!("{}.alv", uuid::Uuid::new_v4().simple()));
        seal_parts(part.id(), std::slice::from_ref(part), &file, Purpose::Part)?;
        let mapped = MappedSegment::open(&file)?;
        let io =
            |source| alluvium_segments::SegmentError::Io { action: "unlink", path: file.clone(), source };
        std::fs::remove_file(&file).map_err(io)?;
        part.persist(Arc::new(mapped));
        Ok(())
    }

    /// The time chunks whose older segments go: those with rows, and with `dropExisting` all of the intervals.
    fn replaced(&self, sinks: &[FrozenSink]) -> Vec<Interval> {
        let ours = sinks.iter().filter(|s| s.id.datasource == self.spec.data.datasource);
        let mut intervals: Vec<Interval> = ours.map(|s| s.id.interval).collect();
        if self.spec.drop_existing {
            intervals.extend(self.spec.data.granularity.intervals.iter().flatten());
        }
        condense(intervals)
    }

    fn publish(&self, commit: &mut PendingCommit) -> Result<(), IngestError> {
        if commit.sinks.is_empty() && commit.replace.is_empty() {
            return Ok(());
        }
        let mut tries = 0;
        loop {
            let failed = self.check_cancelled().and_then(|()| match commit.run(self.stores)? {
                Publication::Done(_) | Publication::AlreadyDone => Ok(()),
                Publication::Fenced(reason) => Err(IngestError::Fenced(reason)),
            });
            let Err(error) = failed else { return Ok(()) };
            tries += 1;
            let again = match error.class() {
                ErrorClass::Runtime => true,
                ErrorClass::Conflict => self.spec.append && !self.status.cancelled(),
                _ => false,
            };
            if tries >= TRIES || !again {
                commit.discard_files(self.stores);
                return Err(error);
            }
            tracing::warn!(%error, "a batch could not be published; it will be tried again");
            std::thread::sleep(Duration::from_millis(200) * 4u32.pow(tries));
        }
    }
}
