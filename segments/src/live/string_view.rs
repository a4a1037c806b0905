//! How are strings read, looked up and searched across the chunks of a live segment?

use std::ops::Range;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::chunk::{Chunk, ChunkColumn, Chunks};
use super::column::StringChunk;
use super::count_copied;
use super::ids::Ids;
use super::numeric_view::check_rows;
use super::view::ColumnState;
use crate::dictionary::DictionaryView;
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

    /// The rows of a chunk with a wanted id.
    fn scan(&self, ids: &Ids, start: usize) -> RoaringBitmap {
        match self {
            Self::One(wanted) => scan(ids, start, |id| id == *wanted),
            Self::Many(words) => {
                let has = |id: u32| words.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1);
                scan(ids, start, has)
            }
        }
    }
}

fn scan(ids: &Ids, start: usize, wanted: impl Fn(u32) -> bool) -> RoaringBitmap {
    if let Some(single) = ids.single() {
        let byte = |ids: &[u32]| ids.iter().rev().fold(0, |byte, id| byte << 1 | u8::from(wanted(*id)));
        let bytes: Vec<u8> = single.chunks(8).map(byte).collect();
        return RoaringBitmap::from_lsb0_bytes(start as u32, &bytes);
    }
    let matches = |row: &usize| match ids.row(*row) {
        [] => wanted(0),
        several => several.iter().any(|id| wanted(*id)),
    };
    let mut rows = RoaringBitmap::new();
    // Ascending by construction.
    let _ = rows.append((0..ids.len()).filter(matches).map(|row| (start + row) as u32));
    rows
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

    fn postings(&self, ids: &mut dyn Iterator<Item = u32>) -> Result<RoaringBitmap, SegmentError> {
        let cardinality = self.cardinality();
        let ids: Vec<u32> = ids.filter(|id| *id < cardinality).collect();
        if !ids.is_sorted() {
            return Err(SegmentError::Invalid("ids were searched for that do not ascend".to_owned()));
        }
        let mut rows = RoaringBitmap::new();
        if ids.is_empty() {
            return Ok(rows);
        }
        let wanted = Wanted::new(&ids);
        for chunk in self.chunks.list() {
            let Some(column) = self.of(chunk) else {
                if ids.first() == Some(&0) {
                    rows.insert_range(chunk.start as u32..(chunk.start + chunk.rows) as u32);
                }
                continue;
            };
            let Some(index) = &column.index else {
                rows |= wanted.scan(&column.ids, chunk.start);
                continue;
            };
            let found: Vec<&RoaringBitmap> = index.find(&ids).take(MOST_BITMAPS + 1).collect();
            if found.len() > MOST_BITMAPS {
                rows |= wanted.scan(&column.ids, chunk.start);
            } else {
                found.into_iter().for_each(|bitmap| rows |= bitmap);
            }
        }
        Ok(rows)
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
