//! What are the steps of one commit? Each is done once; after an error the next try goes on where it failed.

use std::path::PathBuf;
use std::sync::Arc;

use alluvium_segments::catalog::{
    AllocateSegment, Commit, DeepStorage, Lease, LiveHandle, Loader, OffsetAdvance, Publication,
    SegmentRecord,
};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::time::{Interval, format_iso};
use alluvium_segments::{Segment, SegmentError};
use serde_json::{Value, json};

use crate::clock::now_ms;
use crate::crash;
use crate::seal::{in_parallel, location, make_file, record, sealing_bytes};
use crate::sink::FrozenSink;

/// Where files go and commits are made.
#[derive(Debug, Clone)]
pub(crate) struct Stores {
    pub(crate) loader: Arc<Loader>,
    pub(crate) deep: Arc<dyn DeepStorage>,
    /// Scratch files.
    pub(crate) work: PathBuf,
}

/// What one commit is about.
#[derive(Debug)]
pub(crate) struct PendingCommit {
    pub(crate) datasource: String,
    pub(crate) sinks: Vec<FrozenSink>,
    pub(crate) lease: Option<Lease>,
    pub(crate) supervisor: Option<String>,
    pub(crate) offsets: Vec<OffsetAdvance>,
    /// Intervals to replace, with the new version.
    pub(crate) replace: Vec<(Interval, String)>,
    pub(crate) task: String,
    pub(crate) reason: &'static str,
    /// One a sink, when it is sealed.
    done: Vec<Option<Sealed>>,
}

/// A sealed segment on its way.
#[derive(Debug)]
struct Sealed {
    record: SegmentRecord,
    segment: Arc<dyn Segment>,
    file: PathBuf,
    uploaded: bool,
}

impl PendingCommit {
    pub(crate) fn new(datasource: &str, task: &str, reason: &'static str, sinks: Vec<FrozenSink>) -> Self {
        let done = sinks.iter().map(|_| None).collect();
        Self {
            datasource: datasource.to_owned(),
            sinks,
            lease: None,
            supervisor: None,
            offsets: Vec::new(),
            replace: Vec::new(),
            task: task.to_owned(),
            reason,
            done,
        }
    }

    /// Does what is left to do. After an error the same call goes on where it failed.
    ///
    /// # Errors
    /// When a step fails; nothing of the commit is visible then, or the same call finds that all of it is.
    pub(crate) fn run(&mut self, stores: &Stores) -> Result<Publication, SegmentError> {
        self.seal(stores)?;
        self.upload(stores)?;
        let commit = self.commit();
        let opened: Vec<Arc<dyn Segment>> = self.sealed().map(|s| s.segment.clone()).collect();
        crash::point("before_commit");
        let committed = || {
            crash::point("after_commit");
            crash::point("before_swap");
        };
        let retire = self.handles();
        let outcome = stores.loader.publish(&commit, &opened, &retire, now_ms(), &committed);
        if matches!(outcome, Err(SegmentError::Conflict(_))) {
            self.reallocate(stores)?;
        }
        let outcome = outcome?;
        crash::point("after_swap");
        Ok(outcome)
    }

    fn handles(&self) -> Vec<Arc<dyn LiveHandle>> {
        let parts = self.sinks.iter().flat_map(|s| &s.parts);
        parts.map(|p| p.clone() as Arc<dyn LiveHandle>).collect()
    }

    /// What is sealed so far.
    fn sealed(&self) -> impl Iterator<Item = &Sealed> {
        self.done.iter().flatten()
    }

    fn seal(&mut self, stores: &Stores) -> Result<(), SegmentError> {
        let open = self.sinks.iter().zip(&mut self.done).filter(|(_, done)| done.is_none());
        let (sinks, slots): (Vec<&FrozenSink>, Vec<_>) = open.unzip();
        let sealed = in_parallel(&sinks, |sink| sealing_bytes(&sink.parts), |sink| seal_one(sink, stores));
        let mut error = None;
        for (slot, result) in slots.into_iter().zip(sealed) {
            match result {
                Some(Ok(sealed)) => *slot = Some(sealed),
                Some(Err(failed)) => error = error.or(Some(failed)),
                None => {}
            }
        }
        if let Some(error) = error {
            return Err(error);
        }
        if !self.replace.is_empty() {
            self.number_core_partitions();
        }
        Ok(())
    }

    /// A replacing version is complete when all its segments are there.
    fn number_core_partitions(&mut self) {
        let ours = |s: &&Sealed| s.record.id.datasource == self.datasource;
        let intervals: Vec<Interval> = self.sealed().filter(ours).map(|s| s.record.id.interval).collect();
        let done = self.done.iter_mut().flatten();
        for sealed in done.filter(|s| s.record.id.datasource == self.datasource) {
            let same = intervals.iter().filter(|i| **i == sealed.record.id.interval).count();
            sealed.record.core_partitions = u32::try_from(same).unwrap_or(u32::MAX);
        }
    }

    fn upload(&mut self, stores: &Stores) -> Result<(), SegmentError> {
        let mut waiting: Vec<&mut Sealed> = self.done.iter_mut().flatten().filter(|s| !s.uploaded).collect();
        let copied = in_parallel(
            &waiting,
            |_| 0,
            |sealed| {
                crash::point("before_upload");
                stores.deep.upload(&sealed.file, &sealed.record.location)?;
                crash::point("after_upload");
                Ok(())
            },
        );
        let mut outcome = Ok(());
        for (sealed, result) in waiting.iter_mut().zip(copied) {
            match result {
                Some(Ok(())) => sealed.uploaded = true,
                Some(failed) => outcome = outcome.and(failed),
                None => {}
            }
        }
        outcome
    }

    fn commit(&self) -> Commit {
        Commit {
            datasource: self.datasource.clone(),
            lease: self.lease.clone(),
            supervisor: self.supervisor.clone(),
            offsets: self.offsets.clone(),
            add: self.sealed().map(|s| s.record.clone()).collect(),
            replace: self.replace.clone(),
            remove: Vec::new(),
            audit: self.audit(),
        }
    }

    fn audit(&self) -> Value {
        let rows = self.rows();
        let segments: Vec<String> = self.sealed().map(|s| s.record.id.to_string()).collect();
        json!({"type": "publish", "task": self.task, "reason": self.reason, "rows": rows,
               "segments": segments, "offsets": self.offsets})
    }

    /// Something newer has replaced a chunk since its segment was allocated: take new identities beside it and
    /// seal again.
    fn reallocate(&mut self, stores: &Stores) -> Result<(), SegmentError> {
        if !self.replace.is_empty() {
            return Ok(());
        }
        self.discard_files(stores);
        for sink in &mut self.sinks {
            sink.sequence.push('+');
            let request = AllocateSegment {
                datasource: sink.id.datasource.clone(),
                interval: sink.id.interval,
                sequence: sink.sequence.clone(),
                new_version: format_iso(now_ms()),
            };
            let id = stores.loader.metadata().allocate(&request)?;
            if !id.interval.covers(sink.id.interval) {
                return Err(SegmentError::Invalid(format!(
                    "{} was replaced by finer segments ({}): its rows are read again",
                    sink.id, id.interval
                )));
            }
            sink.id = id;
        }
        Ok(())
    }

    /// Removes the files of a commit that will not happen. What cannot be removed is swept at the next start.
    pub(crate) fn discard_files(&mut self, stores: &Stores) {
        for sealed in self.done.iter_mut().filter_map(Option::take) {
            let local = std::fs::remove_file(&sealed.file).err().map(|e| e.to_string());
            let remote = sealed.uploaded.then(|| stores.deep.delete(&sealed.record.location));
            let remote = remote.and_then(Result::err).map(|e| e.to_string());
            if let Some(error) = local.or(remote) {
                tracing::warn!(segment = %sealed.record.id, error, "a file of a given-up commit is left over");
            }
        }
    }

    /// Rows in the sealed segments.
    pub(crate) fn rows(&self) -> u64 {
        self.sealed().map(|s| s.record.rows).sum()
    }
}

fn seal_one(sink: &FrozenSink, stores: &Stores) -> Result<Sealed, SegmentError> {
    let place = location(&sink.id);
    let file = stores.loader.cache().path(&place)?;
    crash::point("before_seal");
    let sealed = make_file(&sink.id, &sink.parts, &file)?;
    crash::point("after_seal");
    let segment: Arc<dyn Segment> = Arc::new(MappedSegment::open(&file)?);
    Ok(Sealed { record: record(sealed, &place, now_ms()), segment, file, uploaded: false })
}
