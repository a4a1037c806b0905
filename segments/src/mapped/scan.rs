//! Which rows hold some ids, where no index tells? Blocks whose entry excludes the ids are skipped, blocks of one
//! id answered at once, the others read.

use roaring::RoaringBitmap;

use super::strings::MappedStrings;
use crate::encoding::Encoding;
use crate::{BLOCK_ROWS, MultiBlock, SegmentError, StringColumn};

/// A set of ids, as a range where they follow each other.
enum Wanted {
    /// From the first to the last, both inside.
    Range(u32, u32),
    /// One bit an id.
    Set { first: u32, last: u32, bits: Vec<u64> },
}

impl Wanted {
    /// Ids below `cardinality`, at least one.
    fn new(ids: &[u32], cardinality: u32) -> Self {
        let first = ids.iter().copied().min().unwrap_or(0);
        let last = ids.iter().copied().max().unwrap_or(0);
        if (last - first) as usize + 1 == ids.len() && ids.is_sorted_by(|a, b| a < b) {
            return Self::Range(first, last);
        }
        let mut bits = vec![0; (cardinality as usize).div_ceil(64)];
        for id in ids {
            if let Some(word) = bits.get_mut(*id as usize / 64) {
                *word |= 1 << (id % 64);
            }
        }
        Self::Set { first, last, bits }
    }

    fn holds(&self, id: u32) -> bool {
        match self {
            Self::Range(first, last) => id.wrapping_sub(*first) <= last - first,
            Self::Set { bits, .. } => bits.get(id as usize / 64).is_some_and(|w| w >> (id % 64) & 1 == 1),
        }
    }

    /// Whether some id lies in `low..=high`, as far as first and last tell.
    fn meets(&self, low: u64, high: u64) -> bool {
        let (first, last) = match self {
            Self::Range(first, last) | Self::Set { first, last, .. } => (*first, *last),
        };
        u64::from(first) <= high && low <= u64::from(last)
    }
}

/// Scans a column for rows that hold any of the ids; `ids` is not empty.
pub(super) fn scan(column: &MappedStrings, ids: &[u32]) -> Result<RoaringBitmap, SegmentError> {
    let wanted = Wanted::new(ids, column.cardinality());
    let mut rows = Vec::new();
    if column.is_multi() {
        scan_lists(column, &wanted, &mut rows)?;
    } else {
        scan_single(column, &wanted, &mut rows)?;
    }
    let unsorted = |_| SegmentError::Invalid("a scan found rows out of order".to_owned());
    RoaringBitmap::from_sorted_iter(rows).map_err(unsorted)
}

fn scan_single(column: &MappedStrings, wanted: &Wanted, rows: &mut Vec<u32>) -> Result<(), SegmentError> {
    let mut ids = Vec::new();
    for number in 0..column.ids.blocks() {
        let range = number * BLOCK_ROWS..column.rows.min((number + 1) * BLOCK_ROWS);
        let entry = column.ids.entry(number)?;
        if entry.most().is_some_and(|most| !wanted.meets(entry.base, most)) {
            continue;
        }
        if entry.encoding == Encoding::Constant {
            if wanted.holds(entry.base as u32) {
                rows.extend(range.start as u32..range.end as u32);
            }
            continue;
        }
        let start = range.start as u32;
        column.read_ids(range, &mut ids)?;
        match wanted {
            Wanted::Range(first, last) => {
                collect(&ids, start, |id| id.wrapping_sub(*first) <= last - first, rows)
            }
            Wanted::Set { .. } => collect(&ids, start, |id| wanted.holds(id), rows),
        }
    }
    Ok(())
}

/// Appends the rows whose id is wanted, without a branch a row.
fn collect(ids: &[u32], start: u32, wanted: impl Fn(u32) -> bool, rows: &mut Vec<u32>) {
    for (chunk, ids) in ids.chunks(64).enumerate() {
        let mut hits = ids.iter().enumerate().fold(0u64, |bits, (i, id)| bits | u64::from(wanted(*id)) << i);
        let first = start + chunk as u32 * 64;
        while hits != 0 {
            rows.push(first + hits.trailing_zeros());
            hits &= hits - 1;
        }
    }
}

fn scan_lists(column: &MappedStrings, wanted: &Wanted, rows: &mut Vec<u32>) -> Result<(), SegmentError> {
    let null_wanted = wanted.holds(0);
    let mut block = MultiBlock::default();
    for start in (0..column.rows).step_by(BLOCK_ROWS) {
        column.read_multi(start..column.rows.min(start + BLOCK_ROWS), &mut block)?;
        for (i, pair) in block.offsets.windows(2).enumerate() {
            let row = block.ids.get(pair[0] as usize..pair[1] as usize).unwrap_or_default();
            if row.iter().any(|id| wanted.holds(*id)) || (null_wanted && row.is_empty()) {
                rows.push((start + i) as u32);
            }
        }
    }
    Ok(())
}
