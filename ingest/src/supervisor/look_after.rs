//! The supervisor's loop: lease, partitions, tasks; and again, when one of them fails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use alluvium_segments::catalog::Lease;
use crossbeam::channel::Receiver;

use super::groups::{group, group_of};
use super::{EndFlag, Ending, Phase, Plan, Shared, positions};
use crate::IngestError;
use crate::clock::now_ms;
use crate::deadletter::rejects_of;
use crate::error::with_causes;
use crate::source::{Source, StreamPartition};
use crate::task::{Command, CommitLimits, TaskHandle, TaskPlan, TaskState, task_id};

/// How long a lease holds without being renewed, and how often it is renewed.
const LEASE_MS: i64 = 60_000;
const RENEW: Duration = Duration::from_secs(10);

/// How often the thread looks whether something has changed.
const TICK: Duration = Duration::from_millis(20);

/// The end of the stream is asked for at least this often when it has few partitions.
const FRESH_ENDS: Duration = Duration::from_secs(2);
const FEW: usize = 64;

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(super) fn run(plan: &Plan, shared: &Shared, end: &EndFlag, hand_off: &Receiver<Vec<u32>>) {
    if plan.spec.suspended {
        return;
    }
    let mut pause = Duration::from_millis(200);
    wait(end, start_delay(plan));
    while end.get() == Ending::None {
        let begun = Instant::now();
        match Watch::begin(plan, shared, end).and_then(|mut watch| watch.run(hand_off)) {
            Ok(()) => break,
            Err(error) => {
                let text = with_causes(&error);
                tracing::warn!(
                    supervisor = plan.spec.id,
                    error = text,
                    "the supervisor cannot go on; it tries again"
                );
                match error {
                    IngestError::Stream { .. } => shared.stream_failed(&text),
                    _ => shared.failed(&text),
                }
            }
        }
        if begun.elapsed() > LONGEST_PAUSE {
            pause = Duration::from_millis(200);
        }
        wait(end, pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Only a delay the spec asks for; there is nothing to wait for by default.
fn start_delay(plan: &Plan) -> Duration {
    let spec = &plan.spec.original;
    let given = spec.pointer("/spec/ioConfig/startDelay").or_else(|| spec.pointer("/ioConfig/startDelay"));
    let millis = given.map_or(0, |_| plan.spec.io.start_delay_ms.max(0));
    Duration::from_millis(millis.unsigned_abs())
}

fn wait(end: &EndFlag, time: Duration) {
    let until = Instant::now() + time;
    while end.get() == Ending::None && Instant::now() < until {
        std::thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
    }
}

/// One stretch of holding the lease.
struct Watch<'p> {
    plan: &'p Plan,
    shared: &'p Shared,
    end: &'p EndFlag,
    lease: Lease,
    source: Box<dyn Source>,
    known: BTreeSet<StreamPartition>,
    tasks: Vec<TaskHandle>,
    /// When a group whose task failed may start again.
    again: BTreeMap<u32, Instant>,
    renewed: Instant,
    looked: Instant,
    fetched: Instant,
}

impl<'p> Watch<'p> {
    fn begin(plan: &'p Plan, shared: &'p Shared, end: &'p EndFlag) -> Result<Self, IngestError> {
        shared.set_phase(Phase::ConnectingToStream);
        let name = format!("supervisor/{}", plan.spec.id);
        let metadata = plan.stores.loader.metadata();
        let lease = metadata.acquire_lease(&name, &plan.owner, LEASE_MS, now_ms())?.ok_or_else(|| {
            IngestError::Conflict(format!("another server looks after supervisor `{}`", plan.spec.id))
        })?;
        let mut source = plan.source.open()?;
        let partitions = source.partitions()?;
        shared.set_phase(Phase::DiscoveringInitialTasks);
        let start = positions::starting(&plan.spec, metadata.as_ref(), source.as_mut(), &partitions)?;
        shared.reached();
        shared.set_phase(Phase::CreatingTasks);
        let now = Instant::now();
        let known = partitions.into_iter().collect();
        let mut watch = Self {
            plan,
            shared,
            end,
            lease,
            source,
            known,
            tasks: Vec::new(),
            again: BTreeMap::new(),
            renewed: now,
            looked: now,
            fetched: now,
        };
        watch.fetch_ends()?;
        for (number, start) in group(start, &plan.spec.io) {
            watch.start_task(number, start)?;
        }
        shared.set_phase(Phase::Running);
        Ok(watch)
    }

    fn run(&mut self, hand_off: &Receiver<Vec<u32>>) -> Result<(), IngestError> {
        loop {
            match self.end.get() {
                Ending::None => {}
                ending => {
                    self.shared.set_phase(Phase::Stopping);
                    self.stop_tasks(ending);
                    return Ok(());
                }
            }
            while let Ok(groups) = hand_off.try_recv() {
                for task in self.tasks.iter().filter(|t| groups.contains(&t.group)) {
                    task.tell(Command::HandOff);
                }
            }
            self.renew_if_due()?;
            self.reap()?;
            self.look_if_due();
            std::thread::sleep(TICK);
        }
    }

    fn start_task(&mut self, number: u32, start: Vec<(StreamPartition, i64)>) -> Result<(), IngestError> {
        let spec = self.plan.spec.clone();
        let task = TaskHandle::start(TaskPlan {
            id: task_id(&spec.data.datasource),
            group: number,
            lease: self.lease.clone(),
            stores: self.plan.stores.clone(),
            source: self.plan.source.clone(),
            start,
            limits: CommitLimits::of(&spec, self.plan.commit_age_ms, self.plan.memory_bytes),
            spec,
        })?;
        self.tasks.push(task);
        self.show_tasks();
        Ok(())
    }

    fn show_tasks(&self) {
        self.shared.set_tasks(self.tasks.iter().map(|t| (t.group, t.status.clone())).collect());
    }

    /// Keeps the lease. Losing it means that another server has taken over: all we have is read there again.
    fn renew_if_due(&mut self) -> Result<(), IngestError> {
        if self.renewed.elapsed() < RENEW {
            return Ok(());
        }
        self.renewed = Instant::now();
        match self.plan.stores.loader.metadata().renew_lease(&self.lease, LEASE_MS, now_ms()) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let text = format!("the lease of supervisor `{}` was lost", self.plan.spec.id);
                Err(IngestError::Fenced(text))
            }
            // Its epoch still protects every commit.
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed; it will be tried again");
                Ok(())
            }
        }
    }

    /// Collects tasks that have ended and starts their groups again from the stored offsets.
    fn reap(&mut self) -> Result<(), IngestError> {
        let ended: Vec<usize> =
            self.tasks.iter().enumerate().filter(|(_, t)| t.ended()).map(|(i, _)| i).collect();
        for at in ended.into_iter().rev() {
            let mut task = self.tasks.remove(at);
            task.join();
            self.refresh();
            let failures = match task.status.state() {
                TaskState::Failed(reason) => {
                    self.shared.task_failed(&format!("{}: {reason}", task.status.id()))
                }
                TaskState::Fenced(reason) => {
                    self.show_tasks();
                    return Err(IngestError::Fenced(reason));
                }
                TaskState::Done | TaskState::Running => 0,
            };
            let pause = Duration::from_millis(500) * 2u32.pow(failures.min(6));
            self.again.insert(task.group, Instant::now() + pause.min(LONGEST_PAUSE));
            self.show_tasks();
        }
        if self.again.is_empty() {
            if self.tasks.iter().any(|t| t.status.published().0 > 0) {
                self.shared.tasks_well();
            }
            return Ok(());
        }
        let now = Instant::now();
        let due: Vec<u32> = self.again.iter().filter(|(_, at)| **at <= now).map(|(g, _)| *g).collect();
        for number in due {
            self.again.remove(&number);
            let io = &self.plan.spec.io;
            let mine: Vec<StreamPartition> =
                self.known.iter().filter(|p| group_of(p, io) == number).cloned().collect();
            let metadata = self.plan.stores.loader.metadata().clone();
            let start = positions::starting(&self.plan.spec, metadata.as_ref(), self.source.as_mut(), &mine)?;
            self.start_task(number, start)?;
        }
        Ok(())
    }

    /// A task that failed in the middle of a commit may have made it: the catalogue must not miss it.
    fn refresh(&self) {
        let datasource = &self.plan.spec.data.datasource;
        for name in [datasource.clone(), rejects_of(datasource)] {
            if let Err(error) = self.plan.stores.loader.refresh(&name) {
                tracing::warn!(%error, datasource = name, "segments could not be read again");
            }
        }
    }

    /// Looks for new partitions and for the ends of all.
    fn look_if_due(&mut self) {
        let spec = &self.plan.spec;
        let period = Duration::from_millis(spec.io.period_ms.max(100).unsigned_abs());
        let fetch = Duration::from_millis(spec.tuning.offset_fetch_period_ms.max(100).unsigned_abs());
        let fetch = if self.known.len() <= FEW { fetch.min(FRESH_ENDS) } else { fetch };
        let mut outcome = Ok(());
        if self.looked.elapsed() >= period {
            self.looked = Instant::now();
            outcome = self.find_new();
        }
        if outcome.is_ok() && self.fetched.elapsed() >= fetch {
            outcome = self.fetch_ends();
        }
        if let Err(error) = outcome {
            self.fetched = Instant::now();
            self.shared.stream_failed(&with_causes(&error));
        }
    }

    fn fetch_ends(&mut self) -> Result<(), IngestError> {
        let mut latest = BTreeMap::new();
        for partition in &self.known {
            latest.insert(partition.clone(), self.source.bounds(partition)?.1);
        }
        self.shared.set_latest(latest);
        self.shared.reached();
        self.fetched = Instant::now();
        Ok(())
    }

    fn find_new(&mut self) -> Result<(), IngestError> {
        let now = self.source.partitions()?;
        let new: Vec<StreamPartition> = now.into_iter().filter(|p| !self.known.contains(p)).collect();
        if new.is_empty() {
            return Ok(());
        }
        tracing::info!(supervisor = self.plan.spec.id, partitions = new.len(), "new partitions");
        // All of them from the start, even when the first ones were read from their end.
        let mut start = Vec::new();
        let stored = positions::stored(self.plan.stores.loader.metadata().as_ref(), &self.plan.spec.id)?;
        for partition in new {
            let low = self.source.bounds(&partition)?.0;
            start.push((partition.clone(), stored.get(&partition).copied().unwrap_or(low)));
            self.known.insert(partition);
        }
        for (number, start) in group(start, &self.plan.spec.io) {
            match self.tasks.iter().find(|t| t.group == number && !t.ended()) {
                Some(task) => task.tell(Command::Add(start)),
                None if self.again.contains_key(&number) => {}
                None => self.start_task(number, start)?,
            }
        }
        Ok(())
    }

    fn stop_tasks(&mut self, ending: Ending) {
        for task in &self.tasks {
            match ending {
                Ending::Abandon => task.status.abandon(),
                _ => task.tell(Command::Stop),
            }
        }
        while !self.tasks.iter().all(TaskHandle::ended) {
            if self.end.get() == Ending::Abandon {
                self.tasks.iter().for_each(|t| t.status.abandon());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for task in &mut self.tasks {
            task.join();
            if let TaskState::Failed(reason) | TaskState::Fenced(reason) = task.status.state() {
                self.shared.task_failed(&reason);
                tracing::warn!(
                    task = task.status.id(),
                    reason,
                    "the task did not commit; its rows will be read again"
                );
            }
        }
        self.refresh();
        self.tasks.clear();
        self.show_tasks();
        if let Err(error) = self.plan.stores.loader.metadata().release_lease(&self.lease) {
            tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
        }
    }
}

impl Drop for Watch<'_> {
    /// After an error: no task goes on under a lease that may be lost.
    fn drop(&mut self) {
        if !self.tasks.is_empty() {
            self.stop_tasks(Ending::Abandon);
        }
    }
}
