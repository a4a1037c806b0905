//! How are rows read? [`Segment`] is the one reading seam: live views and mapped files implement it alike,
//! and nothing above knows which it has.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::time::Interval;
use crate::{LaneBlock, Projection, RunSlice, Schema, SegmentError, SegmentId};

/// Rows a block: zone maps are kept per `BLOCK_ROWS` aligned rows, and operators read ranges
/// `[k * BLOCK_ROWS, (k + 1) * BLOCK_ROWS)` clipped to the segment.
pub const BLOCK_ROWS: usize = 4096;

/// In which order rows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// Non-decreasing `__time`.
    Time,
    /// As they arrived; no order may be assumed.
    Arrival,
}

/// A set of rows with named columns. Row numbers are dense from 0 and fit in `u32`.
pub trait Segment: Send + Sync + Debug {
    /// Its identity.
    fn id(&self) -> &SegmentId;

    /// Number of rows.
    fn rows(&self) -> usize;

    /// Its columns besides `__time`.
    fn schema(&self) -> &Schema;

    /// The order of its rows.
    fn order(&self) -> RowOrder;

    /// Smallest and largest `__time` (both inclusive); `None` when it has no rows.
    fn time_bounds(&self) -> Option<(i64, i64)>;

    /// A column by name (`__time` included); `None` when the segment has no such column.
    ///
    /// # Errors
    /// When the column's bytes are corrupt.
    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError>;

    /// Whether rows may still be added to what this is a view of (results must not be cached).
    fn is_live(&self) -> bool;

    /// What the views of one live segment share, and no others: an id that two of them have means the same text.
    fn lineage(&self) -> Option<&Arc<()>> {
        None
    }

    /// Bytes of memory or file it takes, as an estimate for live views.
    fn size_bytes(&self) -> u64;

    /// Its rows as they were aggregated beforehand, in all the ways its schema declares; none for segments that have
    /// not been sealed whole.
    fn projections(&self) -> &[Projection] {
        &[]
    }
}

/// A column, by type. Borrowed from its segment.
#[derive(Clone, Copy)]
pub enum Column<'s> {
    /// `__time`: longs without nulls.
    Time(&'s dyn NumericColumn<i64>),
    /// Longs.
    Long(&'s dyn NumericColumn<i64>),
    /// Floats.
    Float(&'s dyn NumericColumn<f32>),
    /// Doubles.
    Double(&'s dyn NumericColumn<f64>),
    /// Strings, one or several a row.
    String(&'s dyn StringColumn),
}

impl Debug for Column<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Time(_) => "Time",
            Self::Long(_) => "Long",
            Self::Float(_) => "Float",
            Self::Double(_) => "Double",
            Self::String(_) => "String",
        })
    }
}

/// Which of a run of rows are null: bit `i % 64` of word `i / 64`, set for null. Bits beyond the length are 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NullMask {
    words: Vec<u64>,
    len: usize,
    nulls: usize,
}

impl NullMask {
    /// Forgets all rows, keeping the allocation.
    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
        self.nulls = 0;
    }

    /// Appends a row.
    pub fn push(&mut self, null: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if null {
            self.words[self.len / 64] |= 1 << (self.len % 64);
            self.nulls += 1;
        }
        self.len += 1;
    }

    /// Appends `count` rows that are not null.
    pub fn push_valid(&mut self, count: usize) {
        self.len += count;
        self.words.resize(self.len.div_ceil(64), 0);
    }

    /// Appends `count` rows that are null.
    pub fn push_null(&mut self, count: usize) {
        let end = self.len + count;
        self.words.resize(end.div_ceil(64), 0);
        let mut at = self.len;
        while at < end {
            let bits = (64 - at % 64).min(end - at);
            self.words[at / 64] |= (u64::MAX >> (64 - bits)) << (at % 64);
            at += bits;
        }
        self.len = end;
        self.nulls += count;
    }

    /// Appends rows of another mask; rows beyond its length are not null.
    pub fn extend_from(&mut self, other: &Self, rows: Range<usize>) {
        if !other.any() {
            return self.push_valid(rows.len());
        }
        self.extend_bits(&other.words, rows);
    }

    /// Appends rows given as bits, set for null, 64 a word; rows beyond the words are not null.
    pub(crate) fn extend_bits(&mut self, bits: &[u64], rows: Range<usize>) {
        let word = |i: usize| bits.get(i).copied().unwrap_or(0);
        let mut from = rows.start;
        let end = self.len + rows.len();
        self.words.resize(end.div_ceil(64), 0);
        while self.len < end {
            // As many rows as fit into the current word.
            let bits = (64 - self.len % 64).min(end - self.len);
            let (low, shift) = (word(from / 64), from % 64);
            let high = if shift == 0 { 0 } else { word(from / 64 + 1) << (64 - shift) };
            let taken = (low >> shift | high) & (u64::MAX >> (64 - bits));
            self.words[self.len / 64] |= taken << (self.len % 64);
            self.nulls += taken.count_ones() as usize;
            self.len += bits;
            from += bits;
        }
    }

    /// Makes row `i`, if it is null, not null.
    pub fn set_valid(&mut self, i: usize) {
        if self.is_null(i) {
            self.words[i / 64] &= !(1 << (i % 64));
            self.nulls -= 1;
        }
    }

    /// Forgets the rows from `len` on.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.words.truncate(len.div_ceil(64));
        if !len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (len % 64)) - 1;
        }
        self.len = len;
        if self.nulls > 0 {
            self.nulls = self.words.iter().map(|w| w.count_ones() as usize).sum();
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of null rows.
    #[must_use]
    pub fn null_count(&self) -> usize {
        self.nulls
    }

    /// Whether any row is null.
    #[must_use]
    pub fn any(&self) -> bool {
        self.nulls > 0
    }

    /// Whether row `i` is null; rows beyond the length are not.
    #[must_use]
    pub fn is_null(&self, i: usize) -> bool {
        self.nulls > 0 && self.words.get(i / 64).is_some_and(|w| w >> (i % 64) & 1 == 1)
    }

    /// The words, 64 rows each.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

/// Values read from a numeric column: `values.len() == nulls.len()`; null rows hold the default value.
#[derive(Debug, Clone, Default)]
pub struct NumericBlock<T> {
    /// A value a row.
    pub values: Vec<T>,
    /// Which rows are null.
    pub nulls: NullMask,
}

impl<T> NumericBlock<T> {
    /// Forgets all rows, keeping the allocations.
    pub fn clear(&mut self) {
        self.values.clear();
        self.nulls.clear();
    }
}

/// What is known of the values of one aligned block of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zone<T> {
    /// Smallest and largest value that is not null (NaN left out); `None` when there is none.
    pub bounds: Option<(T, T)>,
    /// Number of null rows.
    pub nulls: u32,
}

/// A column of numbers. Read calls *replace* the content of `out`.
pub trait NumericColumn<T>: Send + Sync {
    /// Reads a range of rows (any range inside the segment; aligned blocks are fastest).
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) -> Result<(), SegmentError>;

    /// Reads single rows, given in ascending order.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn gather(&self, rows: &[u32], out: &mut NumericBlock<T>) -> Result<(), SegmentError>;

    /// Reads rows from the start of an aligned block, no further than its end, as unsigned offsets to a base, where
    /// they are stored so and none is null: then `base + lane` are the values' own bits. Says whether it did.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        let _ = (rows, out);
        Ok(false)
    }

    /// The runs of an aligned block, all of whose rows are asked for, where it is stored so and none is null.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn runs(&self, rows: Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        let _ = rows;
        Ok(None)
    }

    /// The sum of the values' own bits, wrapping, of rows from the start of an aligned block, no further than its end,
    /// where none is null and it is faster than reading their lanes; `None` where it is not.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn sum_bits(&self, rows: Range<usize>) -> Result<Option<u64>, SegmentError> {
        let _ = rows;
        Ok(None)
    }

    /// Sets bit `i` of `out` where the own bits of the value of row `rows.start + i`, less `low`, wrapping, are at most
    /// `span`, and clears the others, for rows from the start of an aligned block, no further than its end, where none
    /// is null and it is faster than reading their lanes; says whether it did. `out` has a word for every 64 rows.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn mask_bits(
        &self,
        rows: Range<usize>,
        low: u64,
        span: u64,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        let _ = (rows, low, span, out);
        Ok(false)
    }

    /// Of rows from the start of an aligned block, no further than its end: those, counted from the first, outside of
    /// which none lies in `low..=high` by its own bits as a signed number, where that is known without reading them, and
    /// none of the column is null.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn rows_within(
        &self,
        rows: Range<usize>,
        low: i64,
        high: i64,
    ) -> Result<Option<Range<usize>>, SegmentError> {
        let _ = (rows, low, high);
        Ok(None)
    }

    /// Whether any row may be null.
    fn may_have_nulls(&self) -> bool;

    /// What is known of the whole column.
    fn bounds(&self) -> Option<Zone<T>>;

    /// What is known of the aligned block `block` (rows from `block * BLOCK_ROWS`).
    fn zone(&self, block: usize) -> Option<Zone<T>>;
}

/// Ids read from a multi-value string column: row `i` of the range has `ids[offsets[i]..offsets[i + 1]]`
/// (`offsets.len() == rows + 1`). No ids at all: the row is null (or an empty list, which is the same).
#[derive(Debug, Clone, Default)]
pub struct MultiBlock {
    /// Start of each row in `ids`, and the end of the last.
    pub offsets: Vec<u32>,
    /// Dictionary ids.
    pub ids: Vec<u32>,
}

/// A dictionary-encoded column of strings. Id 0 is always null; the empty string is a value.
///
/// Read calls *replace* the content of `out`.
pub trait StringColumn: Send + Sync {
    /// Number of ids, null included: ids are `0..cardinality()`.
    fn cardinality(&self) -> u32;

    /// Whether any row has, or may have, more than one value (or `[null]`): then `read_multi` must be used.
    fn is_multi(&self) -> bool;

    /// Whether any row is null (by itself or by one of its values).
    fn has_nulls(&self) -> bool;

    /// Whether ids ascend in Druid's string order (UTF-16 code units).
    fn is_sorted(&self) -> bool;

    /// The text of an id; `None` for id 0.
    ///
    /// # Errors
    /// When the id is out of range or the bytes below are corrupt.
    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError>;

    /// The id of a text, if any row may have it. `None` text gives id 0.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError>;

    /// For sorted dictionaries: the smallest id whose text is not before `value` in Druid's order
    /// (`cardinality()` when there is none). Never 0. Must not be called on unsorted ones.
    ///
    /// # Errors
    /// When the bytes below are corrupt or the dictionary is not sorted.
    fn lower_bound(&self, value: &str) -> Result<u32, SegmentError>;

    /// Reads one id a row. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError>;

    /// Reads ids of rows from the start of an aligned block, no further than its end, as unsigned offsets to a base,
    /// where they are stored so; says whether it did. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        let _ = (rows, out);
        Ok(false)
    }

    /// Sets bit `i` of `out` where the id of row `rows.start + i` is in `first..=last`, and clears the others, for rows
    /// from the start of an aligned block, no further than its end, where it is faster than reading their lanes; says
    /// whether it did. `out` has a word for every 64 rows. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn mask_ids(
        &self,
        rows: Range<usize>,
        first: u32,
        last: u32,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        let _ = (rows, first, last, out);
        Ok(false)
    }

    /// The runs of an aligned block, all of whose rows are asked for, where it is stored so.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn runs(&self, rows: Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        let _ = rows;
        Ok(None)
    }

    /// Reads the ids of single rows, given in ascending order. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError>;

    /// Reads all ids of each row. Works for single-value columns too (null rows have no ids).
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError>;

    /// Reads all ids of single rows, given in ascending order.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError>;

    /// Whether `mark` may answer from an index (otherwise it must scan, and a caller may prefer to).
    fn has_index(&self) -> bool;

    /// Sets the bits of the rows of a range that hold any of the ids, which ascend; others stay as they are. Bit
    /// `i % 64` of word `i / 64` is row `rows.start + i`; `rows.start` is a multiple of [`BLOCK_ROWS`] and `out` has a
    /// word for every 64 rows. Id 0 stands for rows that are null, and for rows of which one value is null.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError>;

    /// Clears the bits of the rows of a range that hold none of the ids (`keep`) or any of them (else), as
    /// [`StringColumn::mark`] has it; others stay as they are.
    ///
    /// # Errors
    /// As `mark`.
    fn restrict(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        keep: bool,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let mut found = vec![0u64; out.len()];
        self.mark(ids, rows, &mut found)?;
        let hits = |word: &u64| if keep { *word } else { !*word };
        out.iter_mut().zip(&found).for_each(|(word, found)| *word &= hits(found));
        Ok(())
    }

    /// The rows that hold any of the ids, which ascend, as [`StringColumn::mark`] has it for rows `0..rows`.
    ///
    /// # Errors
    /// As `mark`.
    fn postings(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: usize,
    ) -> Result<RoaringBitmap, SegmentError> {
        let mut words = vec![0u64; rows.div_ceil(64)];
        self.mark(ids, 0..rows, &mut words)?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(RoaringBitmap::from_lsb0_bytes(0, &bytes))
    }
}

/// A segment as a query sees it.
#[derive(Debug, Clone)]
pub struct SegmentRef {
    /// The rows.
    pub segment: Arc<dyn Segment>,
    /// The part of its interval that is not overshadowed; rows outside are not visible.
    pub visible: Interval,
    /// Rows that must not be seen (deleted or superseded), if any. Every operator honours it.
    pub hidden: Option<Arc<RoaringBitmap>>,
}

impl SegmentRef {
    /// All of a segment.
    #[must_use]
    pub fn whole(segment: Arc<dyn Segment>) -> Self {
        let visible = segment.id().interval;
        Self { segment, visible, hidden: None }
    }
}

#[cfg(test)]
mod tests;
