//! The loop: what does a task do between two polls? It reads, appends, shows, persists, commits, and listens.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use alluvium_segments::catalog::OffsetAdvance;
use alluvium_segments::time::Interval;
use alluvium_segments::{ErrorClass, RowBatch};
use crossbeam::channel::Receiver;

use super::{Command, TaskPlan, TaskStatus};
use crate::assign::{TimeWindow, split};
use crate::clock::now_ms;
use crate::counters::error_json;
use crate::deadletter::{DeadLetters, Place, rejects_of};
use crate::parse::{Origin, Record, RowParser, RowStats};
use crate::publish::{Committer, Job, PendingCommit};
use crate::sink::{Identity, SinkSet};
use crate::source::{PollLimit, RawBatch, Source, StreamPartition};
use crate::{IngestError, crash};

/// Rows are visible to queries at most this long after they were read.
const PUBLISH_AFTER: Duration = Duration::from_millis(20);

/// Records and bytes of one poll: small enough that parsing them does not delay their publication.
const POLL_RECORDS: usize = 4096;
const POLL_BYTES: usize = 8 << 20;

/// How long the last commit of a task that is stopped may take.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// Runs a task to its end and notes how it ended.
pub(super) fn run(plan: TaskPlan, status: &TaskStatus, inbox: &Receiver<Command>) {
    let metadata = plan.stores.loader.metadata().clone();
    let keep = |record| {
        if let Err(error) = metadata.put_task(&record) {
            tracing::warn!(%error, "the state of a task could not be stored");
        }
    };
    keep(status.record(now_ms()));
    let id = plan.id.clone();
    let outcome = Walk::new(plan, status).and_then(|mut walk| {
        let outcome = walk.run(inbox);
        walk.sinks.discard();
        walk.committer.abandon();
        outcome
    });
    match &outcome {
        Ok(()) => tracing::info!(task = id, "task ended"),
        Err(error) => tracing::warn!(task = id, error = crate::error::with_causes(error), "task failed"),
    }
    status.end(outcome.as_ref().copied());
    keep(status.record(now_ms()));
}

struct Walk<'s> {
    plan: TaskPlan,
    status: &'s TaskStatus,
    source: Box<dyn Source>,
    parser: RowParser,
    sinks: SinkSet,
    committer: Committer,
    letters: DeadLetters,
    batch: RawBatch,
    positions: BTreeMap<StreamPartition, i64>,
    /// Positions of the last freeze: where the next commit starts.
    cut: BTreeMap<StreamPartition, i64>,
    /// When the first row arrived that is not published for queries, not persisted, not in a commit.
    unseen: Option<Instant>,
    in_memory: Option<Instant>,
    uncommitted: Option<Instant>,
    reported: u64,
    task_started_ms: i64,
}

impl<'s> Walk<'s> {
    fn new(plan: TaskPlan, status: &'s TaskStatus) -> Result<Self, IngestError> {
        let mut source = plan.source.open()?;
        source.seek(&plan.start)?;
        let parser = RowParser::new(&plan.spec.data, &plan.spec.io.input_format)?;
        let catalog = plan.stores.loader.catalog().clone();
        let identity = Identity::Append(plan.stores.loader.metadata().clone());
        let sinks = SinkSet::new(&plan.id, identity, Some(catalog));
        let committer = Committer::start(&plan.spec.id, plan.stores.clone())?;
        status.attach(committer.progress().clone());
        let positions: BTreeMap<StreamPartition, i64> = plan.start.iter().cloned().collect();
        let mut walk = Self {
            status,
            source,
            parser,
            sinks,
            committer,
            letters: DeadLetters::default(),
            batch: RawBatch::default(),
            cut: positions.clone(),
            positions,
            unseen: None,
            in_memory: None,
            uncommitted: None,
            reported: 0,
            task_started_ms: now_ms(),
            plan,
        };
        walk.set_window();
        Ok(walk)
    }

    /// Late and early rows are judged by the start and end of the task's generation.
    fn set_window(&mut self) {
        let io = &self.plan.spec.io;
        let end = self.task_started_ms.saturating_add(io.task_duration_ms);
        self.parser.accept_only(TimeWindow::span_of_task(io, self.task_started_ms, end));
    }

    fn run(&mut self, inbox: &Receiver<Command>) -> Result<(), IngestError> {
        loop {
            while let Ok(command) = inbox.try_recv() {
                match command {
                    Command::Stop => return self.stop(),
                    Command::HandOff => self.commit("hand-off")?,
                    Command::Add(partitions) => self.add(&partitions)?,
                }
            }
            if self.status.abandoned() {
                return Err(IngestError::Conflict("the task was told to end without a commit".to_owned()));
            }
            self.committer.progress().check()?;
            self.poll()?;
            self.show_if_due();
            self.write_out_if_due()?;
            self.report_offsets();
        }
    }

    fn poll(&mut self) -> Result<(), IngestError> {
        let idle = Duration::from_millis(self.plan.spec.io.poll_timeout_ms.clamp(1, 100).unsigned_abs());
        let wait = self.unseen.map_or(idle, |since| PUBLISH_AFTER.saturating_sub(since.elapsed()));
        let limit = PollLimit { records: POLL_RECORDS, bytes: POLL_BYTES, wait };
        let polled = self.source.poll(limit, &mut self.batch);
        if !self.batch.positions().is_empty() {
            crash::point("after_poll");
            self.take_batch()?;
        }
        match polled {
            Ok(()) => {
                if !self.batch.is_empty() {
                    self.status.set_trouble(None);
                }
                Ok(())
            }
            // The client reconnects by itself; nothing is lost meanwhile.
            Err(error @ IngestError::Stream { .. }) => {
                self.status.set_trouble(Some(error.to_string()));
                std::thread::sleep(Duration::from_millis(100));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn take_batch(&mut self) -> Result<(), IngestError> {
        let now = now_ms();
        let batch = std::mem::take(&mut self.batch);
        let stats = self.parse(&batch, now);
        let rows = self.parser.take();
        let datasource = self.plan.spec.data.datasource.clone();
        for (chunk, rows) in split(rows, &self.plan.spec.data.granularity.segment) {
            self.append(&datasource, chunk, rows)?;
        }
        if let Some((chunk, rows)) = self.letters.take() {
            self.append(&rejects_of(&datasource), chunk, rows)?;
        }
        for (partition, position) in batch.positions() {
            self.positions.insert(partition.clone(), *position);
        }
        let since = Instant::now();
        self.unseen.get_or_insert(since);
        self.in_memory.get_or_insert(since);
        self.uncommitted.get_or_insert(since);
        self.status.moved(&self.positions, stats, now);
        self.batch = batch;
        self.check_errors()
    }

    fn parse(&mut self, batch: &RawBatch, now: i64) -> RowStats {
        let mut stats = RowStats::default();
        let mut rejects = Vec::new();
        for raw in batch.records() {
            let origin = Origin {
                topic: raw.topic(),
                partition: raw.partition(),
                offset: raw.offset(),
                timestamp: raw.timestamp(),
            };
            let value = raw.value().unwrap_or_default();
            let outcome = self.parser.parse(&Record { value, origin: Some(origin) }, &mut rejects);
            stats.count(outcome, value.len());
            for reject in rejects.drain(..) {
                let place = Place { topic: raw.topic(), at: Some((raw.partition(), raw.offset())) };
                self.letters.push(now, place, &reject, value);
                let at = format!("{}-{} offset {}", raw.topic(), raw.partition(), raw.offset());
                if self.plan.spec.tuning.parse_errors.log {
                    tracing::warn!(at, reason = reject.kind.as_str(), reject.message, "bad record");
                }
                self.status.save_error(error_json(&reject, value, &at, now));
            }
        }
        stats
    }

    fn check_errors(&self) -> Result<(), IngestError> {
        let Some(max) = self.plan.spec.tuning.parse_errors.max else { return Ok(()) };
        let errors = self.status.totals().errors();
        if errors <= max {
            return Ok(());
        }
        Err(IngestError::TooManyBadRecords(format!(
            "{errors} records of `{}` could not be read or have errors, maxParseExceptions is {max}",
            self.plan.spec.io.stream.name()
        )))
    }

    /// Appends; when the metadata store cannot give an identity it waits until it can.
    fn append(&mut self, datasource: &str, chunk: Interval, rows: RowBatch) -> Result<(), IngestError> {
        let mut pause = Duration::from_millis(50);
        while !self.sinks.is_open(datasource, chunk) {
            match self.sinks.prepare(datasource, chunk, &rows, now_ms()) {
                Ok(()) => break,
                Err(error) if error.class() == ErrorClass::Runtime && !self.status.abandoned() => {
                    tracing::warn!(%error, "no segment can be opened; it will be tried again");
                    self.status.set_trouble(Some(crate::error::with_causes(&error)));
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
                Err(error) => return Err(error),
            }
        }
        self.sinks.append(datasource, chunk, rows, now_ms())
    }

    fn show_if_due(&mut self) {
        if self
            .unseen
            .is_some_and(|since| since.elapsed() >= PUBLISH_AFTER || self.batch.len() < POLL_RECORDS)
        {
            crash::point("before_hydrant");
            self.sinks.publish();
            crash::point("after_hydrant");
            self.unseen = None;
        }
    }

    fn write_out_if_due(&mut self) -> Result<(), IngestError> {
        let limits = self.plan.limits;
        let now = now_ms();
        if now - self.task_started_ms >= self.plan.spec.io.task_duration_ms {
            self.commit("taskDuration")?;
            self.next_generation(now);
            return Ok(());
        }
        let (fullest, all) = self.sinks.rows();
        let old = |since: Option<Instant>, ms: i64| {
            since.is_some_and(|s| s.elapsed() >= Duration::from_millis(ms.max(0).unsigned_abs()))
        };
        if fullest >= limits.segment_rows || all >= limits.total_rows {
            return self.commit("rows");
        }
        if old(self.uncommitted, limits.age_ms) {
            return self.commit("age");
        }
        let (rows, bytes) = self.sinks.in_memory();
        if rows >= limits.memory_rows
            || bytes >= limits.memory_bytes
            || old(self.in_memory, limits.persist_ms)
        {
            let parts = self.sinks.freeze_parts();
            self.in_memory = None;
            if !parts.is_empty() {
                self.submit(Job::Persist(parts))?;
            }
        }
        Ok(())
    }

    fn submit(&self, job: Job) -> Result<(), IngestError> {
        self.committer.submit(job, &|| !self.status.abandoned())
    }

    /// Freezes everything at this position and hands it on.
    fn commit(&mut self, reason: &'static str) -> Result<(), IngestError> {
        let moved = |(p, end): (&StreamPartition, &i64)| {
            let start = self.cut.get(p).copied().unwrap_or(*end);
            let advance =
                OffsetAdvance { topic: p.topic.to_string(), partition: p.partition, start, end: *end };
            (start != *end).then_some(advance)
        };
        let offsets: Vec<OffsetAdvance> = self.positions.iter().filter_map(moved).collect();
        if offsets.is_empty() {
            return Ok(());
        }
        crash::point("before_freeze");
        let sinks = self.sinks.freeze();
        crash::point("after_freeze");
        let spec = &self.plan.spec;
        let mut pending = PendingCommit::new(&spec.data.datasource, &self.status.id(), reason, sinks);
        pending.lease = Some(self.plan.lease.clone());
        pending.supervisor = Some(spec.id.clone());
        pending.offsets = offsets;
        self.cut.clone_from(&self.positions);
        (self.unseen, self.in_memory, self.uncommitted) = (None, None, None);
        self.submit(Job::Commit(Box::new(pending)))
    }

    fn stop(&mut self) -> Result<(), IngestError> {
        self.commit("stop")?;
        let within = self.plan.spec.io.completion_timeout_ms.max(1).unsigned_abs();
        let deadline = Instant::now() + STOP_WITHIN.min(Duration::from_millis(within));
        self.committer.drain(deadline, &|| !self.status.abandoned())?;
        self.report_offsets();
        Ok(())
    }

    fn next_generation(&mut self, now: i64) {
        let id = super::task_id(&self.plan.spec.data.datasource);
        let ended = self.status.roll(&self.plan, &id, now);
        let metadata = self.plan.stores.loader.metadata();
        for record in [ended, self.status.record(now)] {
            if let Err(error) = metadata.put_task(&record) {
                tracing::warn!(%error, "the state of a task could not be stored");
            }
        }
        self.task_started_ms = now;
        self.set_window();
    }

    fn add(&mut self, partitions: &[(StreamPartition, i64)]) -> Result<(), IngestError> {
        for (partition, position) in partitions {
            self.positions.entry(partition.clone()).or_insert(*position);
            self.cut.entry(partition.clone()).or_insert(*position);
        }
        self.status.add_partitions(partitions);
        let all: Vec<(StreamPartition, i64)> = self.positions.iter().map(|(p, o)| (p.clone(), *o)).collect();
        self.source.seek(&all)
    }

    /// Tells the broker what is committed, once nothing is under way.
    fn report_offsets(&mut self) {
        let progress = self.committer.progress();
        let commits = progress.commits();
        if commits > self.reported && progress.waiting() == 0 {
            self.reported = commits;
            let cut: Vec<(StreamPartition, i64)> = self.cut.iter().map(|(p, o)| (p.clone(), *o)).collect();
            self.source.report(&cut);
        }
    }
}
