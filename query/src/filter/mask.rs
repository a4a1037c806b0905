//! Which rows of a block pass? One bit a row, 64 rows a word.

use std::ops::Range;

use alluvium_segments::kernel;
use roaring::RoaringBitmap;

/// A set of rows of one block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mask {
    words: Vec<u64>,
    len: usize,
}

impl Mask {
    /// None of `len` rows.
    pub(crate) fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// All of `len` rows.
    pub(crate) fn all(len: usize) -> Self {
        let mut mask = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        mask.trim();
        mask
    }

    /// Those of `len` rows for which `test` holds.
    #[inline]
    pub(crate) fn of(len: usize, mut test: impl FnMut(usize) -> bool) -> Self {
        let mut mask = Self::none(len);
        for (w, word) in mask.words.iter_mut().enumerate() {
            let start = w * 64;
            for bit in 0..64.min(len - start) {
                *word |= u64::from(test(start + bit)) << bit;
            }
        }
        mask
    }

    /// How many rows it tells of.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Its words, for kernels that fill them: a bit a row, 64 a word, none set beyond the length.
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Rows `range` of it; `range.start` is a multiple of 64.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let words = self.words[range.start / 64..range.end.div_ceil(64)].to_vec();
        let mut part = Self { words, len: range.len() };
        part.trim();
        part
    }

    /// How many of rows `range` are in it; `range.start` is a multiple of 64.
    pub(crate) fn count_in(&self, range: Range<usize>) -> usize {
        let words = &self.words[range.start / 64..range.end.div_ceil(64)];
        let all = kernel::count_ones(words);
        match (words.last(), range.end % 64) {
            (Some(last), cut @ 1..) => all - (last >> cut).count_ones() as usize,
            _ => all,
        }
    }

    /// Adds the rows of another from row `at` on, a multiple of 64; none of them lies beyond its end.
    pub(crate) fn put(&mut self, at: usize, other: &Self) {
        self.words.iter_mut().skip(at / 64).zip(&other.words).for_each(|(word, more)| *word |= more);
    }

    /// Those that were not in it.
    pub(crate) fn complement(mut self) -> Self {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
        self
    }

    /// Whether no row is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Those rows of `range` that are in a bitmap of row numbers.
    pub(crate) fn of_bitmap(bitmap: &RoaringBitmap, range: Range<usize>) -> Self {
        let mut mask = Self::none(range.len());
        let start = range.start as u32;
        for row in bitmap.range(start..range.end as u32) {
            let at = (row - start) as usize;
            mask.words[at / 64] |= 1 << (at % 64);
        }
        mask
    }

    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= u64::MAX >> (64 - self.len % 64);
        }
    }

    /// Keeps what is in both.
    pub(crate) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    /// Takes what is in either.
    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// Drops what is in the other.
    pub(crate) fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    /// Whether a row is in it.
    #[inline]
    pub(crate) fn contains(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// Adds a row.
    pub(crate) fn insert(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// Adds the rows of a range.
    pub(crate) fn insert_range(&mut self, rows: Range<usize>) {
        let mut at = rows.start;
        while at < rows.end {
            let bits = (64 - at % 64).min(rows.end - at);
            self.words[at / 64] |= (u64::MAX >> (64 - bits)) << (at % 64);
            at += bits;
        }
    }

    /// How many rows are in it.
    pub(crate) fn count(&self) -> usize {
        kernel::count_ones(&self.words)
    }

    /// The rows in it, ascending; replaces `out`.
    pub(crate) fn positions(&self, out: &mut Vec<u32>) {
        out.clear();
        out.reserve(self.count());
        kernel::positions(&self.words, 0, out);
    }

    /// The rows in it, of which there are `count`, ascending, where row 0 of it is row `first`.
    pub(crate) fn rows_from(&self, first: u32, count: usize) -> Vec<u32> {
        let mut rows = Vec::with_capacity(count);
        kernel::positions(&self.words, first, &mut rows);
        rows
    }
}
