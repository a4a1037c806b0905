//! Which rows hold some ids, where no index tells? Blocks whose entry excludes the ids are skipped, the others
//! compared on their lanes.

use std::ops::Range;

use super::strings::MappedStrings;
use crate::encoding::{Block, Damage};
use crate::{BLOCK_ROWS, LaneBlock, MultiBlock, SegmentError, StringColumn};

/// Words of a block's mask.
const BLOCK_WORDS: usize = BLOCK_ROWS / 64;

/// Up to so many ranges a comparison each costs less than a look into a table a lane.
const FEW_RANGES: usize = 4;

/// A set of ids between two: few ranges of them, or a flag an id.
struct Wanted {
    first: u32,
    last: u32,
    ids: Ids,
}

enum Ids {
    /// From the first to the last of each, both inside, ascending.
    Ranges(Vec<(u32, u32)>),
    /// A flag an id.
    Table(Vec<u8>),
}

impl Wanted {
    /// Ids below `cardinality`, at least one.
    fn new(ids: &[u32], cardinality: u32) -> Self {
        let first = ids.iter().copied().min().unwrap_or(0);
        let last = ids.iter().copied().max().unwrap_or(0);
        let ids = few_ranges(ids).map_or_else(|| Ids::Table(table(ids, cardinality)), Ids::Ranges);
        Self { first, last, ids }
    }

    fn holds(&self, id: u32) -> bool {
        match &self.ids {
            Ids::Ranges(ranges) => ranges.iter().any(|(first, last)| id.wrapping_sub(*first) <= last - first),
            Ids::Table(table) => table.get(id as usize).is_some_and(|flag| *flag != 0),
        }
    }

    /// Whether some id lies in `low..=high`, as far as first and last tell.
    fn meets(&self, low: u64, high: u64) -> bool {
        u64::from(self.first) <= high && low <= u64::from(self.last)
    }

    /// A bit for every row of a block that holds a wanted id, without unpacking; says whether that could be.
    fn mask_packed(&self, block: &Block<'_>, len: usize, out: &mut [u64]) -> Result<bool, Damage> {
        let Ids::Ranges(ranges) = &self.ids else { return Ok(false) };
        out.fill(0);
        let mut found = [0; BLOCK_WORDS];
        let found = &mut found[..out.len()];
        for (first, last) in ranges {
            if !block.mask(len, u64::from(*first), u64::from(last - first), found)? {
                return Ok(false);
            }
            Hits::Set.put(out, found);
        }
        Ok(true)
    }

    /// A bit for every lane that holds a wanted id; `out` has at most a block's words.
    fn mask(&self, lanes: &LaneBlock, out: &mut [u64]) {
        let base = lanes.base;
        match &self.ids {
            Ids::Ranges(ranges) => {
                out.fill(0);
                let mut found = [0; BLOCK_WORDS];
                let found = &mut found[..out.len()];
                for (first, last) in ranges.iter().filter(|(_, last)| u64::from(*last) >= base) {
                    let low = u64::from(*first).saturating_sub(base);
                    lanes.slice().mask_range(low, u64::from(*last) - base, found);
                    Hits::Set.put(out, found);
                }
            }
            Ids::Table(table) => {
                lanes.slice().mask_table(table.get(base as usize..).unwrap_or_default(), out);
            }
        }
    }
}

/// Ascending ids as ranges; `None` when they are too many, or do not ascend.
fn few_ranges(ids: &[u32]) -> Option<Vec<(u32, u32)>> {
    let mut ranges: Vec<(u32, u32)> = Vec::with_capacity(FEW_RANGES);
    for id in ids {
        let full = ranges.len() == FEW_RANGES;
        match ranges.last_mut() {
            Some((_, last)) if *id <= *last => return None,
            Some((_, last)) if *id == *last + 1 => *last = *id,
            _ if full => return None,
            _ => ranges.push((*id, *id)),
        }
    }
    Some(ranges)
}

fn table(ids: &[u32], cardinality: u32) -> Vec<u8> {
    let mut table = vec![0; cardinality as usize];
    for id in ids {
        if let Some(flag) = table.get_mut(*id as usize) {
            *flag = 1;
        }
    }
    table
}

/// What is done with the bits of rows that hold a wanted id, and of those that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hits {
    /// Those that do are set.
    Set,
    /// Those that do not are cleared.
    Keep,
    /// Those that do are cleared.
    Clear,
}

impl Hits {
    /// Applies the rows that hold a wanted id.
    pub(super) fn put(self, out: &mut [u64], found: &[u64]) {
        let pairs = out.iter_mut().zip(found);
        match self {
            Self::Set => pairs.for_each(|(word, hits)| *word |= *hits),
            Self::Keep => pairs.for_each(|(word, hits)| *word &= *hits),
            Self::Clear => pairs.for_each(|(word, hits)| *word &= !*hits),
        }
    }

    /// The same where no row holds one.
    pub(super) fn put_none(self, out: &mut [u64]) {
        if self == Self::Keep {
            out.fill(0);
        }
    }

    /// Whether nothing can change.
    fn is_settled(self, out: &[u64]) -> bool {
        self != Self::Set && out.iter().all(|word| *word == 0)
    }
}

/// Finds those of the rows that hold any of the ids, and does with them what `hits` says; `ids` is not empty.
pub(super) fn mark(
    column: &MappedStrings,
    ids: &[u32],
    rows: Range<usize>,
    hits: Hits,
    out: &mut [u64],
) -> Result<(), SegmentError> {
    let wanted = Wanted::new(ids, column.cardinality());
    if column.is_multi() {
        mark_lists(column, &wanted, rows, hits, out)
    } else {
        mark_single(column, &wanted, rows, hits, out)
    }
}

fn mark_single(
    column: &MappedStrings,
    wanted: &Wanted,
    rows: Range<usize>,
    hits: Hits,
    out: &mut [u64],
) -> Result<(), SegmentError> {
    let mut lanes = LaneBlock::spare();
    let mut mask = [0; BLOCK_WORDS];
    for (start, words) in rows.clone().step_by(BLOCK_ROWS).zip(out.chunks_mut(BLOCK_WORDS)) {
        if hits.is_settled(words) {
            continue;
        }
        let entry = column.ids.entry(start / BLOCK_ROWS)?;
        if entry.most().is_some_and(|most| !wanted.meets(entry.base, most)) {
            hits.put_none(words);
            continue;
        }
        let block = column.ids.block(start / BLOCK_ROWS)?;
        let len = rows.end.min(start + BLOCK_ROWS) - start;
        let mask = mask.get_mut(..words.len()).unwrap_or_default();
        let found = wanted.mask_packed(&block, len, mask).and_then(|done| {
            // Ids that are in no dictionary are not wanted: they need no check.
            if !done {
                block.lanes(len, &mut lanes)?;
                wanted.mask(&lanes, mask);
            }
            Ok(())
        });
        found.map_err(|damage| column.ids.damaged(&block, damage))?;
        hits.put(words, mask);
    }
    lanes.give_back();
    Ok(())
}

fn mark_lists(
    column: &MappedStrings,
    wanted: &Wanted,
    rows: Range<usize>,
    hits: Hits,
    out: &mut [u64],
) -> Result<(), SegmentError> {
    let null_wanted = wanted.holds(0);
    let mut block = MultiBlock::default();
    for (start, words) in rows.clone().step_by(BLOCK_ROWS).zip(out.chunks_mut(BLOCK_WORDS)) {
        if hits.is_settled(words) {
            continue;
        }
        column.read_multi(start..rows.end.min(start + BLOCK_ROWS), &mut block)?;
        let mut mask = [0; BLOCK_WORDS];
        for (i, pair) in block.offsets.windows(2).enumerate() {
            let row = block.ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default();
            if row.iter().any(|id| wanted.holds(*id)) || (null_wanted && row.is_empty()) {
                mask[i / 64] |= 1 << (i % 64);
            }
        }
        hits.put(words, &mask);
    }
    Ok(())
}
