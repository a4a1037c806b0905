//! How do rows get into a live segment? One writer appends batches to its private tail and publishes the tail
//! as an immutable chunk.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::{Chunk, ChunkColumn, Chunks, join};
use super::column::ColumnData;
use super::encode::{Alignment, MAX_IDS, TextIds, check_batch, encode, new_columns};
use super::handle::{LiveOptions, LiveSegment};
use super::index::IndexBuilder;
use super::merging::Merging;
use super::rollup::Rollup;
use super::view::{ColumnState, LiveView};
use crate::{
    BatchColumn, BitmapIndex, ColumnSpec, ColumnType, DimensionOptions, Role, RowBatch, Schema, SegmentError,
    SegmentId,
};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Rows of the batch.
    pub rows_in: usize,
    /// Rows the segment grew by: fewer with rollup.
    pub rows_added: usize,
}

/// Rows not published yet.
#[derive(Debug)]
struct Tail {
    rows: usize,
    /// `__time`, then one a column of the segment.
    columns: Vec<ColumnData>,
    rollup: Option<Rollup>,
    /// Incoming rows, before they are combined into the tail.
    incoming: Vec<ColumnData>,
}

/// The only writer of a live segment.
#[derive(Debug)]
pub struct LiveWriter {
    segment: Arc<LiveSegment>,
    schema: Arc<Schema>,
    chunk_rows: usize,
    /// Full ones, then small ones of decreasing size; the last may not be published yet.
    chunks: Vec<Arc<Chunk>>,
    tail: Tail,
    /// One a column of the segment; those of numbers stay empty.
    dictionaries: Vec<TextIds>,
    /// `__time`, then one a column: whether any row in a chunk is null, or has several values.
    states: Vec<ColumnState>,
    alignment: Alignment,
    builder: IndexBuilder,
    /// How states become one, with rollup.
    merging: Merging,
    /// Whether chunks have an index.
    index: bool,
}

fn empty_columns(schema: &Schema) -> Vec<ColumnData> {
    let time = ColumnData::new(ColumnType::Long);
    std::iter::once(time).chain(schema.columns.iter().map(|c| ColumnData::new(c.column_type))).collect()
}

impl Tail {
    fn new(schema: &Schema) -> Self {
        let rollup = schema.rollup.then(|| Rollup::new(schema));
        Self { rows: 0, columns: empty_columns(schema), rollup, incoming: empty_columns(schema) }
    }

    fn take(&mut self) -> (usize, Vec<ColumnData>) {
        let empty = self.columns.iter().map(ColumnData::empty_like).collect();
        if let Some(rollup) = &mut self.rollup {
            rollup.clear();
        }
        (std::mem::take(&mut self.rows), std::mem::replace(&mut self.columns, empty))
    }
}

impl LiveWriter {
    pub(crate) fn new(segment: Arc<LiveSegment>, schema: Arc<Schema>, options: LiveOptions) -> Self {
        Self {
            segment,
            chunk_rows: options.chunk_rows,
            chunks: Vec::new(),
            tail: Tail::new(&schema),
            dictionaries: schema.columns.iter().map(|_| TextIds::default()).collect(),
            states: vec![ColumnState::default(); schema.columns.len() + 1],
            alignment: Alignment::new(&schema, Arc::clone(&schema)),
            builder: IndexBuilder::default(),
            merging: Merging::new(options.combining),
            index: true,
            schema,
        }
    }

    /// Builds no index from now on: for rows that nobody reads before they are sealed.
    pub fn skip_indexes(&mut self) {
        self.index = false;
        self.dictionaries.iter_mut().for_each(|d| d.dictionary.set_unread());
    }

    /// The segment's identity.
    #[must_use]
    pub fn id(&self) -> &SegmentId {
        crate::catalog::LiveHandle::id(&*self.segment)
    }

    /// The segment as readers hold it.
    #[must_use]
    pub fn segment(&self) -> &Arc<LiveSegment> {
        &self.segment
    }

    /// Columns so far.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Rows in the segment, those not published included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.chunked_rows() + self.tail.rows
    }

    /// Bytes of memory the segment takes, about: chunks, tail, dictionaries and the writer's tables.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let chunks: usize = self.chunks.iter().map(|c| c.bytes).sum();
        let tail: usize = self.tail.columns.iter().chain(&self.tail.incoming).map(ColumnData::size).sum();
        let rollup = self.tail.rollup.as_ref().map_or(0, Rollup::size);
        let dictionaries: usize = self.dictionaries.iter().map(TextIds::size).sum();
        (chunks + tail + rollup + dictionaries + self.builder.size()) as u64
    }

    /// Appends the rows of a batch to the tail. Columns are matched by name; those the segment lacks are added
    /// (null in all earlier rows), those the batch lacks become null. No row is appended in case of an error.
    ///
    /// # Errors
    /// When the batch does not fit its schema, or a column is of another type or purpose in the segment, or rows
    /// or distinct texts come near 2^32, or states of a metric cannot become one (then rows may have been appended).
    pub fn append(&mut self, batch: &RowBatch) -> Result<Appended, SegmentError> {
        check_batch(batch)?;
        self.align(&batch.schema)?;
        self.check_room(batch)?;
        let (before, rows_in) = (self.rows(), batch.time.len());
        let mut at = 0;
        while at < rows_in {
            let room = self.chunk_rows - self.rows() % self.chunk_rows;
            let end = rows_in.min(at + room);
            self.append_rows(batch, at..end)?;
            at = end;
            if self.rows().is_multiple_of(self.chunk_rows) {
                self.flush();
            }
        }
        Ok(Appended { rows_in, rows_added: self.rows() - before })
    }

    /// Makes all rows appended so far visible to readers.
    pub fn publish(&mut self) {
        self.swap(true);
    }

    /// Publishes what is left; nothing can be appended any more. The segment keeps serving this last view, which
    /// no longer is live.
    #[must_use]
    pub fn freeze(mut self) -> Arc<LiveView> {
        self.swap(false)
    }

    fn swap(&mut self, live: bool) -> Arc<LiveView> {
        let published = self.segment.published();
        let unchanged = self.tail.rows == 0
            && self.chunked_rows() == crate::Segment::rows(&*published)
            && Arc::ptr_eq(&self.schema, published.schema_arc());
        if unchanged && live {
            return published;
        }
        self.flush();
        let dictionaries = self.dictionaries.iter_mut().map(|d| d.dictionary.publish()).collect();
        let view = Arc::new(LiveView::new(
            self.id().clone(),
            Arc::clone(&self.schema),
            Chunks::new(self.chunks.clone(), self.chunk_rows),
            &self.states,
            dictionaries,
            (live, Arc::clone(self.segment.lineage())),
        ));
        self.segment.replace(Arc::clone(&view));
        view
    }

    fn chunked_rows(&self) -> usize {
        self.chunks.last().map_or(0, |c| c.start + c.rows)
    }

    /// Refuses what would not be numbered in 32 bits.
    fn check_room(&self, batch: &RowBatch) -> Result<(), SegmentError> {
        let full = |what: &str| {
            Err(SegmentError::Invalid(format!("live segment `{}` is full: {what} come near 2^32", self.id())))
        };
        if self.rows() + batch.time.len() > u32::MAX as usize {
            return full("its rows");
        }
        for (i, spec) in self.schema.columns.iter().enumerate() {
            let source = self.alignment.sources.get(i).copied().flatten();
            let values = match source.and_then(|s| batch.columns.get(s)) {
                Some(BatchColumn::String(texts)) => texts.value_ends.len(),
                Some(BatchColumn::Coded(texts)) => texts.codes.len(),
                _ => continue,
            };
            if self.dictionaries[i].dictionary.cardinality() as usize + values > MAX_IDS as usize {
                return full(&format!("the texts of column `{}`", spec.name));
            }
            let small = self.chunks.iter().rev().take_while(|c| c.rows < self.chunk_rows);
            let in_chunk: usize = small.filter_map(|c| c.columns.get(i + 1)).map(ChunkColumn::values).sum();
            if in_chunk + self.tail.columns[i + 1].values() + values > u32::MAX as usize {
                return full(&format!("the values of column `{}` in one chunk", spec.name));
            }
        }
        Ok(())
    }

    /// Makes the segment have all columns of the batch.
    fn align(&mut self, schema: &Arc<Schema>) -> Result<(), SegmentError> {
        if Arc::ptr_eq(&self.alignment.schema, schema) {
            return Ok(());
        }
        let new = new_columns(&self.schema, schema)?;
        if !new.is_empty() {
            self.grow(new);
        }
        self.alignment = Alignment::new(&self.schema, Arc::clone(schema));
        Ok(())
    }

    /// Adds columns, which are null in all rows so far.
    fn grow(&mut self, new: Vec<ColumnSpec>) {
        self.flush();
        let nulls = self.rows() > 0;
        for _ in &new {
            let mut texts = TextIds::default();
            if !self.index {
                texts.dictionary.set_unread();
            }
            self.dictionaries.push(texts);
            self.states.push(ColumnState { nulls, multi: false });
        }
        let mut schema = Schema::clone(&self.schema);
        schema.columns.extend(new);
        self.schema = Arc::new(schema);
        self.tail = Tail::new(&self.schema);
    }

    /// Appends rows that fit into the current chunk.
    fn append_rows(&mut self, batch: &RowBatch, rows: Range<usize>) -> Result<(), SegmentError> {
        let Self { tail, schema, dictionaries, alignment, merging, .. } = self;
        let (count, sources) = (rows.len(), &alignment.sources);
        let Some(rollup) = &mut tail.rollup else {
            encode(batch, rows, sources, schema, dictionaries, &mut tail.columns);
            tail.rows += count;
            return Ok(());
        };
        tail.incoming.iter_mut().for_each(ColumnData::clear);
        encode(batch, rows, sources, schema, dictionaries, &mut tail.incoming);
        tail.rows += rollup.absorb(&tail.incoming, count, &mut tail.columns);
        for column in rollup.merged() {
            let (ColumnData::String(from), ColumnData::String(to)) =
                (&tail.incoming[column], &mut tail.columns[column])
            else {
                continue;
            };
            let spec = &schema.columns[column - 1];
            merging.apply(spec, rollup.merges(from, to), &mut dictionaries[column - 1].dictionary, to)?;
        }
        Ok(())
    }

    /// Makes a chunk of the tail, joined with small chunks before it so that there are few: those less than twice
    /// as large, or all when the chunk becomes full.
    fn flush(&mut self) {
        let (rows, columns) = self.tail.take();
        if rows == 0 {
            return;
        }
        for (state, column) in self.states.iter_mut().zip(&columns) {
            state.nulls |= column.any_null();
            state.multi |= column.is_multi();
        }
        let total = self.chunked_rows() + rows;
        let full = total.is_multiple_of(self.chunk_rows);
        let (mut from, mut start) = (self.chunks.len(), self.chunked_rows());
        while let Some(before) = self.chunks[..from].last() {
            let small = before.rows < self.chunk_rows;
            if !small || (!full && before.rows >= 2 * (total - start)) {
                break;
            }
            (from, start) = (from - 1, before.start);
        }
        let columns = join(&self.chunks[from..], columns, rows);
        self.chunks.truncate(from);
        let chunk = if full {
            Chunk::full(start, total - start, columns, &self.indexed(), &mut self.builder)
        } else {
            Chunk::small(start, total - start, columns)
        };
        self.chunks.push(Arc::new(chunk));
    }

    /// Which columns (`__time` first) may have an index.
    fn indexed(&self) -> Vec<bool> {
        let index = self.index;
        let allowed = |options: &DimensionOptions| options.bitmap_index != BitmapIndex::Never;
        let wanted =
            |c: &ColumnSpec| index && matches!(&c.role, Role::Dimension(options) if allowed(options));
        std::iter::once(false).chain(self.schema.columns.iter().map(wanted)).collect()
    }
}
