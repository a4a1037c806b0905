//! How do rows find their segment, and how are all segments of a task frozen at once?

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_segments::catalog::{AllocateSegment, Catalog, LiveHandle, MetadataStore};
use alluvium_segments::live::{LiveOptions, LiveSegment, LiveWriter};
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{RowBatch, Schema, SegmentError, SegmentId};

use super::Part;
use crate::assign::split;
use crate::{IngestError, crash, states};

/// How new segments get their identity.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// Beside what is there, allocated in the metadata store.
    Append(Arc<dyn MetadataStore>),
    /// Instead of what is there: this version, partitions counted here.
    Replace(String),
}

/// A segment being filled.
#[derive(Debug)]
struct Sink {
    id: SegmentId,
    sequence: String,
    /// The columns of its rows so far.
    schema: Arc<Schema>,
    /// Frozen parts, then the arriving one.
    parts: Vec<Arc<Part>>,
    arriving: Option<Arriving>,
    frozen_rows: u64,
}

#[derive(Debug)]
struct Arriving {
    part: Arc<Part>,
    writer: LiveWriter,
}

impl Sink {
    fn rows(&self) -> u64 {
        self.frozen_rows + self.arriving.as_ref().map_or(0, |a| a.writer.rows() as u64)
    }

    /// Whether rows of these columns can be rows of this segment: no column has another type there. Then their columns
    /// are known to it from now on.
    fn takes(&mut self, schema: &Arc<Schema>) -> bool {
        if Arc::ptr_eq(&self.schema, schema) {
            return true;
        }
        let mut new = Vec::new();
        for column in &schema.columns {
            match self.schema.find(&column.name) {
                Some((_, known)) if known.column_type != column.column_type => return false,
                Some(_) => {}
                None => new.push(column.clone()),
            }
        }
        if !new.is_empty() {
            Arc::make_mut(&mut self.schema).columns.extend(new);
        }
        true
    }

    fn freeze_part(&mut self) -> Option<Arc<Part>> {
        let Arriving { part, writer } = self.arriving.take()?;
        self.frozen_rows += writer.rows() as u64;
        part.freeze(writer.freeze());
        Some(part)
    }
}

/// A segment that takes no more rows, still queryable through its parts.
#[derive(Debug, Clone)]
pub(crate) struct FrozenSink {
    pub(crate) id: SegmentId,
    pub(crate) sequence: String,
    pub(crate) parts: Vec<Arc<Part>>,
}

/// All segments a task is filling.
#[derive(Debug)]
pub(crate) struct SinkSet {
    task: String,
    identity: Identity,
    /// Where parts are made visible; `None` keeps them hidden until they are published (batch).
    catalog: Option<Arc<Catalog>>,
    sinks: Vec<Sink>,
    sequence: u64,
    /// Next partition number of each chunk that is replaced.
    numbers: BTreeMap<Interval, u32>,
}

impl SinkSet {
    pub(crate) fn new(task: &str, identity: Identity, catalog: Option<Arc<Catalog>>) -> Self {
        let task = task.to_owned();
        Self { task, identity, catalog, sinks: Vec::new(), sequence: 0, numbers: BTreeMap::new() }
    }

    /// Appends the rows of one time chunk. The rows go where an existing segment's chunk says, which may be wider
    /// or finer than `chunk`.
    ///
    /// # Errors
    /// When no identity can be allocated. Then rows may have been taken in part.
    pub(crate) fn append(
        &mut self,
        datasource: &str,
        chunk: Interval,
        batch: RowBatch,
        now_ms: i64,
    ) -> Result<(), IngestError> {
        let Some(first) = batch.time.first().copied() else { return Ok(()) };
        let at = match self.find(datasource, first, &batch.schema) {
            Some(at) => at,
            None => self.open(datasource, chunk, first, &batch.schema, now_ms)?,
        };
        let Some(sink) = self.sinks.get_mut(at) else { return Ok(()) };
        let interval = sink.id.interval;
        if interval.covers(chunk) || batch.time.iter().all(|t| interval.contains(*t)) {
            crash::point("before_append");
            append_to(sink, &batch, self.catalog.as_deref())?;
            crash::point("after_append");
            return Ok(());
        }
        // The segment is finer than the wanted chunk. Of buckets as long as it is and aligned with it, it is one.
        let millis = interval.end.saturating_sub(interval.start).max(1);
        let buckets = Granularity::Duration { millis, origin: interval.start };
        for (_, rows) in split(batch, &buckets) {
            self.append(datasource, chunk, rows, now_ms)?;
        }
        Ok(())
    }

    /// Whether rows of the chunk have a segment that takes them all.
    pub(crate) fn is_open(&self, datasource: &str, chunk: Interval) -> bool {
        self.sinks.iter().any(|s| s.id.datasource == datasource && s.id.interval.covers(chunk))
    }

    /// Opens the segment the first of the rows needs, so that appending them needs no store (unless finer
    /// segments than the chunk are there).
    ///
    /// # Errors
    /// When no identity can be allocated; nothing has changed then.
    pub(crate) fn prepare(
        &mut self,
        datasource: &str,
        chunk: Interval,
        rows: &RowBatch,
        now_ms: i64,
    ) -> Result<(), IngestError> {
        let Some(first) = rows.time.first().copied() else { return Ok(()) };
        if self.find(datasource, first, &rows.schema).is_none() {
            self.open(datasource, chunk, first, &rows.schema, now_ms)?;
        }
        Ok(())
    }

    /// The segment for rows of these columns at a time.
    fn find(&mut self, datasource: &str, time: i64, schema: &Arc<Schema>) -> Option<usize> {
        let holds = |s: &Sink| s.id.datasource == datasource && s.id.interval.contains(time);
        self.sinks.iter_mut().position(|s| holds(s) && s.takes(schema))
    }

    fn open(
        &mut self,
        datasource: &str,
        chunk: Interval,
        time: i64,
        schema: &Arc<Schema>,
        now_ms: i64,
    ) -> Result<usize, IngestError> {
        let (id, sequence) = match &self.identity {
            Identity::Append(store) => {
                let task = format!("{}/{datasource}", self.task);
                allocate(store.as_ref(), datasource, chunk, time, &task, &mut self.sequence, now_ms)?
            }
            Identity::Replace(version) => {
                let next = self.numbers.entry(chunk).or_default();
                let partition = *next;
                *next += 1;
                let (datasource, version) = (datasource.to_owned(), version.clone());
                (SegmentId { datasource, interval: chunk, version, partition }, String::new())
            }
        };
        tracing::debug!(segment = %id, columns = schema.columns.len(), "a segment is opened");
        let schema = Arc::clone(schema);
        self.sinks.push(Sink { id, sequence, schema, parts: Vec::new(), arriving: None, frozen_rows: 0 });
        Ok(self.sinks.len() - 1)
    }

    /// Makes everything appended so far visible to queries.
    pub(crate) fn publish(&mut self) {
        for sink in &mut self.sinks {
            if let Some(arriving) = &mut sink.arriving {
                arriving.writer.publish();
            }
        }
    }

    /// Rows not committed: of the fullest segment, and of all.
    pub(crate) fn rows(&self) -> (u64, u64) {
        let rows = |s: &Sink| s.rows();
        (self.sinks.iter().map(rows).max().unwrap_or(0), self.sinks.iter().map(rows).sum())
    }

    /// Rows and bytes that still arrive, in memory.
    pub(crate) fn in_memory(&self) -> (u64, u64) {
        let arriving = self.sinks.iter().filter_map(|s| s.arriving.as_ref());
        arriving.fold((0, 0), |(rows, bytes), a| (rows + a.writer.rows() as u64, bytes + a.writer.bytes()))
    }

    /// Freezes what still arrives; the segments go on with fresh parts. Returns the parts to persist.
    pub(crate) fn freeze_parts(&mut self) -> Vec<Arc<Part>> {
        self.sinks.iter_mut().filter_map(Sink::freeze_part).collect()
    }

    /// Freezes all segments; the set is empty afterwards.
    pub(crate) fn freeze(&mut self) -> Vec<FrozenSink> {
        self.freeze_full(0)
    }

    /// Freezes the segments of at least so many rows; more rows of their chunks open new ones.
    pub(crate) fn freeze_full(&mut self, rows: u64) -> Vec<FrozenSink> {
        let mut frozen: Vec<FrozenSink> = Vec::new();
        for mut sink in self.sinks.extract_if(.., |s| s.rows() >= rows) {
            sink.freeze_part();
            if sink.rows() > 0 {
                frozen.push(FrozenSink { id: sink.id, sequence: sink.sequence, parts: sink.parts });
            }
        }
        frozen
    }

    /// Gives up all rows that are not frozen into a commit.
    pub(crate) fn discard(&mut self) {
        let parts = self.sinks.drain(..).flat_map(|s| s.parts).collect();
        if let Some(catalog) = &self.catalog {
            withdraw(catalog, parts);
        }
    }
}

/// Takes parts out of the catalogue.
pub(crate) fn withdraw(catalog: &Catalog, parts: Vec<Arc<Part>>) {
    if parts.is_empty() {
        return;
    }
    let gone: Vec<Arc<dyn LiveHandle>> = parts.into_iter().map(|p| p as Arc<dyn LiveHandle>).collect();
    catalog.update(|snapshot| {
        for datasource in snapshot.datasources.values_mut() {
            if datasource.live.iter().any(|l| gone.iter().any(|g| Arc::ptr_eq(l, g))) {
                let datasource = Arc::make_mut(datasource);
                datasource.live.retain(|l| !gone.iter().any(|g| Arc::ptr_eq(l, g)));
            }
        }
    });
}

fn append_to(sink: &mut Sink, batch: &RowBatch, catalog: Option<&Catalog>) -> Result<(), IngestError> {
    if sink.arriving.is_none() {
        let options = LiveOptions { combining: states::combining, ..LiveOptions::default() };
        let (live, mut writer) = LiveSegment::open(sink.id.clone(), batch.schema.clone(), options)?;
        if catalog.is_none() {
            writer.skip_indexes();
        }
        let part = Part::new(sink.id.clone(), live);
        sink.parts.push(part.clone());
        if let Some(catalog) = catalog {
            let name = &sink.id.datasource;
            let handle = part.clone();
            catalog.update_datasource(name, |d| d.live.push(handle));
        }
        sink.arriving = Some(Arriving { part, writer });
    }
    if let Some(arriving) = &mut sink.arriving {
        arriving.writer.append(batch)?;
    }
    Ok(())
}

/// Chunks tried, coarse to fine, when finer segments than the spec's lie in the wanted chunk.
const FINER: [&str; 8] = ["year", "quarter", "month", "day", "six_hour", "hour", "fifteen_minute", "minute"];

/// Allocates a segment whose chunk holds `time`: the wanted chunk, what is there instead, or a finer one that
/// fits between what is there.
fn allocate(
    store: &dyn MetadataStore,
    datasource: &str,
    chunk: Interval,
    time: i64,
    task: &str,
    sequence: &mut u64,
    now_ms: i64,
) -> Result<(SegmentId, String), IngestError> {
    let finer = FINER.iter().filter_map(|name| Granularity::from_name(name).ok()).map(|g| g.bucket(time));
    let finer = finer.filter(|bucket| chunk.covers(*bucket) && *bucket != chunk);
    let mut refused = None;
    for interval in std::iter::once(chunk).chain(finer) {
        let request = AllocateSegment {
            datasource: datasource.to_owned(),
            interval,
            sequence: format!("{task}/{sequence}"),
            new_version: alluvium_segments::time::format_iso(now_ms),
        };
        match store.allocate(&request) {
            Ok(id) if id.interval.contains(time) => {
                *sequence += 1;
                return Ok((id, request.sequence));
            }
            Ok(_) => *sequence += 1,
            Err(error @ SegmentError::Conflict(_)) => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    let text = || SegmentError::Conflict(format!("no segment of `{datasource}` can be allocated in {chunk}"));
    Err(refused.unwrap_or_else(text).into())
}
