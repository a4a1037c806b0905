//! Which codes do the current rows have, one or several each?

use alluvium_segments::{MultiBlock, NumericBlock};

use crate::group::NarrowTable;

/// The codes of the current rows.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    /// A code a row, or, with `offsets`, the codes of all rows.
    pub(crate) codes: Vec<u32>,
    /// Where each row's codes start, for rows of several values.
    pub(crate) offsets: Option<Vec<u32>>,
}

impl Codes {
    /// The codes of a row.
    pub(crate) fn row(&self, row: usize) -> &[u32] {
        match &self.offsets {
            None => &self.codes[row..=row],
            Some(offsets) => &self.codes[offsets[row] as usize..offsets[row + 1] as usize],
        }
    }

    /// Leaves one of equal codes of a row.
    pub(super) fn once(&mut self) {
        let Some(offsets) = &mut self.offsets else { return };
        let mut kept: Vec<u32> = Vec::with_capacity(self.codes.len());
        let mut from = 0;
        for end in offsets.iter_mut().skip(1) {
            let start = kept.len();
            for code in &self.codes[from..*end as usize] {
                if !kept[start..].contains(code) {
                    kept.push(*code);
                }
            }
            from = *end as usize;
            *end = kept.len() as u32;
        }
        self.codes = kept;
    }
}

pub(super) fn multi_codes(block: &MultiBlock, out: &mut Codes) {
    if block.offsets.windows(2).all(|row| row[0] != row[1]) {
        out.codes.extend_from_slice(&block.ids);
        out.offsets = Some(block.offsets.clone());
        return;
    }
    let mut ends = vec![0u32];
    for row in block.offsets.windows(2) {
        out.codes.extend_from_slice(&block.ids[row[0] as usize..row[1] as usize]);
        if row[0] == row[1] {
            out.codes.push(0);
        }
        ends.push(out.codes.len() as u32);
    }
    out.offsets = Some(ends);
}

pub(super) fn offset_codes(block: &NumericBlock<i64>, min: i64, out: &mut Vec<u32>) {
    out.extend(block.values.iter().map(|v| v.wrapping_sub(min).wrapping_add(1) as u32));
    if block.nulls.any() {
        out.iter_mut().enumerate().filter(|(i, _)| block.nulls.is_null(*i)).for_each(|(_, code)| *code = 0);
    }
}

pub(super) fn intern<T: Copy>(
    table: &mut NarrowTable,
    block: &NumericBlock<T>,
    bits: impl Fn(T) -> u64,
    out: &mut Vec<u32>,
) {
    out.extend(
        block
            .values
            .iter()
            .enumerate()
            .map(|(i, v)| if block.nulls.is_null(i) { 0 } else { table.intern(bits(*v)) + 1 }),
    );
}
