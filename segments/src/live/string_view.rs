//! How are strings read, looked up and searched across the chunks of a live segment?

use std::ops::Range;
use std::sync::Arc;

use super::chunk::{Chunk, ChunkColumn, Chunks};
use super::column::StringChunk;
use super::count_copied;
use super::ids::Ids;
use super::numeric_view::check_rows;
use super::view::ColumnState;
use crate::bitmap::set_range;
use crate::dictionary::DictionaryView;
use crate::kernel;
use crate::{MultiBlock, SegmentError, StringColumn};

/// With more bitmaps than this to join, looking at each row is as fast.
const MOST_BITMAPS: usize = 64;

/// A column of strings at one instant.
#[derive(Debug)]
pub(crate) struct StringView {
    chunks: Arc<Chunks>,
    /// Position in the chunks' columns.
    column: usize,
    state: ColumnState,
    dictionary: Arc<DictionaryView>,
}

impl StringView {
    pub(crate) fn new(
        chunks: Arc<Chunks>,
        column: usize,
        state: ColumnState,
        dictionary: Arc<DictionaryView>,
    ) -> Self {
        Self { chunks, column, state, dictionary }
    }

    /// The strings of a chunk; none when the column came later.
    fn of<'c>(&self, chunk: &'c Chunk) -> Option<&'c StringChunk> {
        match chunk.columns.get(self.column) {
            Some(ChunkColumn::String(column)) => Some(column),
            _ => None,
        }
    }

    fn single<'c>(&self, column: &'c StringChunk) -> Result<&'c [u32], SegmentError> {
        column.ids.single().ok_or_else(|| {
            SegmentError::Invalid("a column with several values a row was read as if it had one".to_owned())
        })
    }
}

/// The ids a search wants: at most one, or any set.
enum Wanted {
    One(u32),
    /// Bit `i % 64` of word `i / 64` for id `i`.
    Many(Vec<u64>),
}

impl Wanted {
    fn new(ids: &[u32]) -> Self {
        if let [id] = ids {
            return Self::One(*id);
        }
        let mut words = vec![0; ids.last().map_or(0, |last| *last as usize / 64 + 1)];
        ids.iter().for_each(|id| words[*id as usize / 64] |= 1 << (id % 64));
        Self::Many(words)
    }

    fn holds(&self, id: u32) -> bool {
        match self {
            Self::One(wanted) => id == *wanted,
            Self::Many(words) => words.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1),
        }
    }

    /// Sets the bits from `at` on of the rows `part` of a chunk with a wanted id.
    fn mark(&self, ids: &Ids, part: Range<usize>, at: usize, out: &mut [u64]) {
        let mut put = |i: usize, hit: bool| out[(at + i) / 64] |= u64::from(hit) << ((at + i) % 64);
        match ids.single() {
            Some(single) => single[part].iter().enumerate().for_each(|(i, id)| put(i, self.holds(*id))),
            None => part.enumerate().for_each(|(i, row)| match ids.row(row) {
                [] => put(i, self.holds(0)),
                several => put(i, several.iter().any(|id| self.holds(*id))),
            }),
        }
    }
}

impl StringColumn for StringView {
    fn cardinality(&self) -> u32 {
        self.dictionary.cardinality()
    }

    fn is_multi(&self) -> bool {
        self.state.multi
    }

    fn has_nulls(&self) -> bool {
        self.state.nulls
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        self.dictionary.value(id)
    }

    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        Ok(value.map_or(Some(0), |text| self.dictionary.find(text)))
    }

    fn lower_bound(&self, _value: &str) -> Result<u32, SegmentError> {
        let message = "the dictionary of a live segment is not sorted: `lower_bound` needs `is_sorted`";
        Err(SegmentError::Invalid(message.to_owned()))
    }

    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.reserve(rows.len());
        for (chunk, part) in self.chunks.parts(rows.clone()) {
            match self.of(chunk) {
                Some(column) => out.extend_from_slice(&self.single(column)?[part]),
                None => out.resize(out.len() + part.len(), 0),
            }
        }
        count_copied::<u32>(out.len());
        check_rows(&self.chunks, out.len(), rows.len())
    }

    fn mask_ids(
        &self,
        rows: Range<usize>,
        first: u32,
        last: u32,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        if first > last {
            return Ok(false);
        }
        let mut done = 0usize;
        for (chunk, part) in self.chunks.parts(rows.clone()) {
            let (Some(column), true) = (self.of(chunk), done.is_multiple_of(64)) else { return Ok(false) };
            let ids = &self.single(column)?[part];
            let place = done / 64;
            let Some(out) = out.get_mut(place..place + ids.len().div_ceil(64)) else { return Ok(false) };
            kernel::mask_range(ids, first, last, out);
            done += ids.len();
        }
        Ok(done == rows.len())
    }

    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        out.clear();
        out.reserve(rows.len());
        for (chunk, part) in self.chunks.cut(rows) {
            match self.of(chunk) {
                Some(column) => {
                    let ids = self.single(column)?;
                    out.extend(part.iter().map(|r| ids[*r as usize - chunk.start]));
                }
                None => out.resize(out.len() + part.len(), 0),
            }
        }
        count_copied::<u32>(out.len());
        check_rows(&self.chunks, out.len(), rows.len())
    }

    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        begin(out, rows.len());
        for (chunk, part) in self.chunks.parts(rows.clone()) {
            push_rows(self.of(chunk), part, out);
        }
        count_copied::<u32>(out.offsets.len() + out.ids.len());
        check_rows(&self.chunks, out.offsets.len() - 1, rows.len())
    }

    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError> {
        begin(out, rows.len());
        for (chunk, part) in self.chunks.cut(rows) {
            push_rows(self.of(chunk), part.iter().map(|r| *r as usize - chunk.start), out);
        }
        count_copied::<u32>(out.offsets.len() + out.ids.len());
        check_rows(&self.chunks, out.offsets.len() - 1, rows.len())
    }

    fn has_index(&self) -> bool {
        let indexed = |chunk: &Arc<Chunk>| self.of(chunk).is_some_and(|c| c.index.is_some());
        self.chunks.list().iter().any(indexed)
    }

    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let cardinality = self.cardinality();
        let ids: Vec<u32> = ids.filter(|id| *id < cardinality).collect();
        if !ids.is_sorted() {
            return Err(SegmentError::Invalid("ids were searched for that do not ascend".to_owned()));
        }
        check_rows(&self.chunks, rows.end.min(self.chunks.rows()), rows.end)?;
        if ids.is_empty() || rows.is_empty() {
            return Ok(());
        }
        let wanted = Wanted::new(&ids);
        for (chunk, part) in self.chunks.parts(rows.clone()) {
            let at = chunk.start + part.start - rows.start;
            let Some(column) = self.of(chunk) else {
                if ids.first() == Some(&0) {
                    set_range(out, at..at + part.len());
                }
                continue;
            };
            let found = column.index.as_ref().map(|index| index.find(&ids).take(MOST_BITMAPS + 1));
            match found.map(Iterator::collect::<Vec<_>>) {
                Some(found) if found.len() <= MOST_BITMAPS => {
                    let first = (chunk.start + part.start) as u32;
                    for row in found.iter().flat_map(|bitmap| bitmap.range(first..first + part.len() as u32))
                    {
                        let at = row as usize - rows.start;
                        out[at / 64] |= 1 << (at % 64);
                    }
                }
                _ => wanted.mark(&column.ids, part, at, out),
            }
        }
        Ok(())
    }
}

fn begin(out: &mut MultiBlock, rows: usize) {
    out.ids.clear();
    out.offsets.clear();
    out.offsets.reserve(rows + 1);
    out.offsets.push(0);
}

/// Appends rows of a chunk, or nulls where it lacks the column.
fn push_rows(column: Option<&StringChunk>, rows: impl ExactSizeIterator<Item = usize>, out: &mut MultiBlock) {
    let Some(column) = column else {
        out.offsets.resize(out.offsets.len() + rows.len(), out.ids.len() as u32);
        return;
    };
    for row in rows {
        out.ids.extend_from_slice(column.ids.row(row));
        out.offsets.push(out.ids.len() as u32);
    }
}
