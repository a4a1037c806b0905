//! Which encoding serves a block best? Sizes are computed exactly from one pass over the words; slower
//! readers must be smaller by a margin (the read budget) to be taken.

use super::{Encoding, padded};
use crate::kernel::{CHUNK, bits_for, packed_bytes};

/// Which encodings a column may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Numbers: all of them.
    Numbers,
    /// Dictionary ids: those that are read at full speed and at random.
    Ids,
    /// Ascending numbers that are read in ranges: row offsets.
    Offsets,
}

/// What one pass over a block tells. Words are compared as signed numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WordStats {
    /// Number of words.
    pub(super) rows: usize,
    /// Smallest.
    pub(super) min: i64,
    /// Bits of the largest offset to it.
    pub(super) bits: u8,
    /// Bytes of the largest offset: 1, 2, 4 or 8.
    pub(super) bytes: u8,
    /// Runs of equal words.
    pub(super) runs: usize,
    /// Smallest difference to the predecessor, and bits of the largest offset to it, where it fits.
    pub(super) delta: Option<(i64, u8)>,
}

impl WordStats {
    /// Looks at a block of at least one word.
    pub(super) fn of(words: &[u64]) -> Self {
        let first = words.first().map_or(0, |w| *w as i64);
        let (mut min, mut max, mut runs) = (first, first, 1);
        let (mut low, mut high, mut fits) = (i64::MAX, i64::MIN, true);
        let mut last = first;
        for (i, word) in words.iter().enumerate().skip(1) {
            let value = *word as i64;
            min = min.min(value);
            max = max.max(value);
            runs += usize::from(value != last);
            if !i.is_multiple_of(CHUNK) {
                let (delta, overflow) = value.overflowing_sub(last);
                fits &= !overflow;
                low = low.min(delta);
                high = high.max(delta);
            }
            last = value;
        }
        let range = max.wrapping_sub(min) as u64;
        let spread = high.checked_sub(low).filter(|_| fits && low <= high);
        let delta = spread.map(|spread| (low, bits_for(spread as u64)));
        Self { rows: words.len(), min, bits: bits_for(range), bytes: value_bytes(range), runs, delta }
    }

    /// Exact payload bytes of every encoding but LZ4.
    pub(super) fn size(&self, encoding: Encoding) -> Option<usize> {
        let chunks = self.rows.div_ceil(CHUNK);
        Some(match encoding {
            Encoding::Constant => (self.runs == 1).then_some(0)?,
            Encoding::Packed => chunks * packed_bytes(self.bits),
            Encoding::Delta => chunks * (8 + packed_bytes(self.delta?.1)),
            Encoding::Runs => padded(2 * self.runs) + padded(self.runs * usize::from(self.bytes)),
            Encoding::Plain => padded(self.rows * usize::from(self.bytes)),
            Encoding::Lz4 => return None,
        })
    }
}

/// Whole bytes that hold every number up to `largest`: 1, 2, 4 or 8.
pub(super) fn value_bytes(largest: u64) -> u8 {
    match bits_for(largest) {
        0..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        _ => 8,
    }
}

/// What reading costs, as percent by which the size is weighted.
fn weight(encoding: Encoding, policy: Policy) -> Option<usize> {
    Some(match (encoding, policy) {
        (Encoding::Constant | Encoding::Packed | Encoding::Plain, _) => 100,
        (Encoding::Runs, Policy::Ids | Policy::Numbers) => 110,
        (Encoding::Delta, Policy::Numbers) => 135,
        (Encoding::Delta, Policy::Offsets) => 100,
        (Encoding::Lz4, Policy::Numbers) => 200,
        _ => return None,
    })
}

/// The best encoding besides LZ4, and its weighted size.
pub(super) fn choose(stats: &WordStats, policy: Policy) -> (Encoding, usize) {
    let order = [Encoding::Constant, Encoding::Plain, Encoding::Packed, Encoding::Runs, Encoding::Delta];
    let weighted = |e: Encoding| Some((e, stats.size(e)? * weight(e, policy)? / 100));
    let plain = (Encoding::Plain, stats.rows * usize::from(stats.bytes));
    order.into_iter().filter_map(weighted).min_by_key(|(_, size)| *size).unwrap_or(plain)
}

/// Whether LZ4 is worth a try: numbers whose best size is large, by weight of reading.
pub(super) fn lz4_budget(best: usize, policy: Policy) -> Option<usize> {
    let weight = weight(Encoding::Lz4, policy)?;
    (best >= 1024).then_some(best * 100 / weight)
}
