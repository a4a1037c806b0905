//! How are numbers read? Blocks of values and a mask of those that are null.

use std::ops::Range;

use crate::{LaneBlock, RunSlice, SegmentError};

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

#[cfg(test)]
mod tests;
