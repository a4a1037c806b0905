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
use crate::seal::{Purpose, location, record, seal_parts};
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
    done: Vec<Sealed>,
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
        Self {
            datasource: datasource.to_owned(),
            sinks,
            lease: None,
            supervisor: None,
            offsets: Vec::new(),
            replace: Vec::new(),
            task: task.to_owned(),
            reason,
            done: Vec::new(),
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
        let opened: Vec<Arc<dyn Segment>> = self.done.iter().map(|s| s.segment.clone()).collect();
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

    fn seal(&mut self, stores: &Stores) -> Result<(), SegmentError> {
        for sink in self.sinks.iter().skip(self.done.len()) {
            let place = location(&sink.id);
            let file = stores.loader.cache().path(&place)?;
            crash::point("before_seal");
            let sealed = seal_parts(&sink.id, &sink.parts, &file, Purpose::Segment)?;
            crash::point("after_seal");
            let segment: Arc<dyn Segment> = Arc::new(MappedSegment::open(&file)?);
            let record = record(sealed, &place, now_ms());
            self.done.push(Sealed { record, segment, file, uploaded: false });
        }
        if !self.replace.is_empty() {
            self.number_core_partitions();
        }
        Ok(())
    }

    /// A replacing version is complete when all its segments are there.
    fn number_core_partitions(&mut self) {
        let ours = |s: &&Sealed| s.record.id.datasource == self.datasource;
        let intervals: Vec<Interval> = self.done.iter().filter(ours).map(|s| s.record.id.interval).collect();
        for sealed in self.done.iter_mut().filter(|s| s.record.id.datasource == self.datasource) {
            let same = intervals.iter().filter(|i| **i == sealed.record.id.interval).count();
            sealed.record.core_partitions = u32::try_from(same).unwrap_or(u32::MAX);
        }
    }

    fn upload(&mut self, stores: &Stores) -> Result<(), SegmentError> {
        for sealed in self.done.iter_mut().filter(|s| !s.uploaded) {
            crash::point("before_upload");
            stores.deep.upload(&sealed.file, &sealed.record.location)?;
            crash::point("after_upload");
            sealed.uploaded = true;
        }
        Ok(())
    }

    fn commit(&self) -> Commit {
        Commit {
            datasource: self.datasource.clone(),
            lease: self.lease.clone(),
            supervisor: self.supervisor.clone(),
            offsets: self.offsets.clone(),
            add: self.done.iter().map(|s| s.record.clone()).collect(),
            replace: self.replace.clone(),
            remove: Vec::new(),
            audit: self.audit(),
        }
    }

    fn audit(&self) -> Value {
        let rows = self.rows();
        let segments: Vec<String> = self.done.iter().map(|s| s.record.id.to_string()).collect();
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
        for sealed in self.done.drain(..) {
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
        self.done.iter().map(|s| s.record.rows).sum()
    }
}
