//! What do the current rows tell without being read? Their runs, their bounds, their sum, and which of them lie in a range.

use alluvium_segments::{BLOCK_ROWS, RunSlice};

use super::{Origin, Slot, SlotId, Source};
use crate::QueryError;
use crate::aggregate::Rows;

impl<'s> Source<'s> {
    /// Marks the current rows whose long or single id lies in a range (not an empty one), when those are of an aligned
    /// block, the column has not been read, and its encoding is compared faster than read; says whether it did.
    pub(crate) fn mask_range(
        &self,
        slot: SlotId,
        (low, high): (i64, i64),
        out: &mut [u64],
    ) -> Result<bool, QueryError> {
        let Slot { origin, fresh, laned, .. } = &self.slots[slot];
        if *fresh || *laned || self.rows.is_some() {
            return Ok(false);
        }
        let rows = self.range.clone();
        Ok(match origin {
            Origin::Long(column) => {
                column.mask_bits(rows, low as u64, (high as u64).wrapping_sub(low as u64), out)?
            }
            Origin::Texts(column) if !column.is_multi() => {
                column.mask_ids(rows, low as u32, high as u32, out)?
            }
            _ => false,
        })
    }

    /// The runs of a column's current rows, when those are all of an aligned block that is stored so and has not been
    /// read otherwise.
    pub(crate) fn runs(&self, slot: SlotId) -> Result<Option<RunSlice<'s>>, QueryError> {
        let Slot { origin, fresh, laned, .. } = &self.slots[slot];
        if *fresh || *laned || self.rows.is_some() {
            return Ok(None);
        }
        Ok(match origin {
            Origin::Long(column) => column.runs(self.range.clone())?,
            Origin::Texts(column) if !column.is_multi() => column.runs(self.range.clone())?,
            _ => None,
        })
    }

    /// Smallest and largest `__time` of an aligned block, where they are known.
    pub(crate) fn block_times(&mut self, block: usize) -> Result<Option<(i64, i64)>, QueryError> {
        let time = self.time()?;
        let Origin::Long(column) = self.origin(time) else { return Ok(None) };
        Ok(column.zone(block).and_then(|zone| zone.bounds))
    }

    /// Bounds of a column of longs without nulls and the number of rows, when the rows are all those of an aligned
    /// block whose zone is known.
    pub(crate) fn whole_block_zone(&self, slot: SlotId, rows: Rows<'_>) -> Option<((i64, i64), usize)> {
        let Origin::Long(column) = self.origin(slot) else { return None };
        let all = matches!(rows, Rows::Span(0, end) if end == self.range.len());
        if !all || self.rows.is_some() || !self.range.start.is_multiple_of(BLOCK_ROWS) {
            return None;
        }
        let zone = column.zone(self.range.start / BLOCK_ROWS)?;
        let bounds = zone.bounds.filter(|_| zone.nulls == 0)?;
        Some((bounds, self.range.len()))
    }

    /// The sum, wrapping, of a column of longs over rows that are all of an aligned block, where none is null, the column
    /// has not been read otherwise, and its encoding gives the sum without its numbers.
    pub(crate) fn sum(&self, slot: SlotId, rows: Rows<'_>) -> Result<Option<u64>, QueryError> {
        let Slot { origin: Origin::Long(column), fresh: false, laned: false, .. } = &self.slots[slot] else {
            return Ok(None);
        };
        let all = matches!(rows, Rows::Span(0, end) if end == self.range.len());
        if all && self.rows.is_none() { Ok(column.sum_bits(self.range.clone())?) } else { Ok(None) }
    }
}
