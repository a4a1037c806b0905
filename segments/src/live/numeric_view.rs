//! How are numbers read across the chunks of a live segment?

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use super::chunk::{Chunk, Chunks};
use super::column::NumericChunk;
use super::count_copied;
use super::number::{Number, join_zones};
use super::view::ColumnState;
use crate::{BLOCK_ROWS, LaneBlock, LaneSlice, NumericBlock, NumericColumn, SegmentError, Zone};

/// A column of numbers at one instant.
#[derive(Debug)]
pub(crate) struct NumericView<T> {
    chunks: Arc<Chunks>,
    /// Position in the chunks' columns.
    column: usize,
    nulls: bool,
    values: PhantomData<T>,
}

impl<T: Number> NumericView<T> {
    pub(crate) fn new(chunks: Arc<Chunks>, column: usize, state: ColumnState) -> Self {
        Self { chunks, column, nulls: state.nulls, values: PhantomData }
    }

    /// Number of rows in all chunks.
    pub(crate) fn rows(&self) -> usize {
        self.chunks.rows()
    }

    #[cfg(test)]
    pub(crate) fn chunk_count(&self) -> usize {
        self.chunks.list().len()
    }

    /// The numbers of a chunk; none when the column came later.
    fn of<'c>(&self, chunk: &'c Chunk) -> Option<&'c NumericChunk<T>> {
        chunk.columns.get(self.column).and_then(T::of)
    }

    /// Base and lanes of longs, chunk by chunk, where none of the chunk is null.
    fn lanes(&self, rows: Range<usize>) -> impl Iterator<Item = Option<(u64, LaneSlice<'_>)>> {
        self.chunks.parts(rows).map(|(chunk, part)| self.of(chunk)?.data.lanes(part))
    }

    /// What is known of all rows.
    pub(crate) fn whole(&self) -> Zone<T> {
        let zones = self.chunks.list().iter().map(|chunk| match self.of(chunk) {
            Some(numbers) => numbers.whole,
            None => Zone { bounds: None, nulls: chunk.rows as u32 },
        });
        zones.fold(Zone { bounds: None, nulls: 0 }, join_zones)
    }
}

/// Refuses rows beyond the end.
pub(super) fn check_rows(chunks: &Chunks, read: usize, asked: usize) -> Result<(), SegmentError> {
    if read == asked {
        return Ok(());
    }
    let rows = chunks.rows();
    Err(SegmentError::Invalid(format!("rows beyond the end of a live view of {rows} rows were asked for")))
}

impl<T: Number> NumericColumn<T> for NumericView<T> {
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        out.values.reserve(rows.len());
        for (chunk, part) in self.chunks.parts(rows.clone()) {
            if let Some(NumericChunk { data, .. }) = self.of(chunk) {
                data.read(part, out);
            } else {
                out.values.resize(out.values.len() + part.len(), T::default());
                out.nulls.push_null(part.len());
            }
        }
        count_copied::<T>(out.values.len());
        check_rows(&self.chunks, out.values.len(), rows.len())
    }

    fn gather(&self, rows: &[u32], out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        out.values.reserve(rows.len());
        for (chunk, part) in self.chunks.cut(rows) {
            let Some(NumericChunk { data, .. }) = self.of(chunk) else {
                out.values.resize(out.values.len() + part.len(), T::default());
                out.nulls.push_null(part.len());
                continue;
            };
            data.gather(part.iter().map(|row| *row as usize - chunk.start), out);
        }
        count_copied::<T>(out.values.len());
        check_rows(&self.chunks, out.values.len(), rows.len())
    }

    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        let mut parts = self.lanes(rows.clone());
        let (Some(Some((base, lanes))), None) = (parts.next(), parts.next()) else { return Ok(false) };
        let len = lanes.len();
        match lanes {
            LaneSlice::B1(lanes) => out.bytes(base, len, len).copy_from_slice(lanes),
            LaneSlice::B2(lanes) => out.shorts(base, len, len).copy_from_slice(lanes),
            LaneSlice::B4(lanes) => out.words(base, len, len).copy_from_slice(lanes),
            // Whole words are read as well as copied.
            LaneSlice::B8(_) | LaneSlice::Zero(_) => return Ok(false),
        }
        Ok(len == rows.len())
    }

    fn sum_bits(&self, rows: Range<usize>) -> Result<Option<u64>, SegmentError> {
        let sum = |(base, lanes): (u64, LaneSlice<'_>)| {
            lanes.sum().wrapping_add(base.wrapping_mul(lanes.len() as u64))
        };
        let mut sums = self.lanes(rows).map(|lanes| lanes.map(sum));
        Ok(sums.try_fold(0u64, |all, sum| Some(all.wrapping_add(sum?))))
    }

    fn mask_bits(
        &self,
        rows: Range<usize>,
        low: u64,
        span: u64,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        let mut done = 0usize;
        for lanes in self.lanes(rows.clone()) {
            let place = done / 64;
            let (Some((base, lanes)), true) = (lanes, done.is_multiple_of(64)) else { return Ok(false) };
            let Some(out) = out.get_mut(place..place + lanes.len().div_ceil(64)) else { return Ok(false) };
            if !lanes.mask_within(low.wrapping_sub(base), span, out) {
                return Ok(false);
            }
            done += lanes.len();
        }
        Ok(done == rows.len())
    }

    fn may_have_nulls(&self) -> bool {
        self.nulls
    }

    fn bounds(&self) -> Option<Zone<T>> {
        Some(self.whole())
    }

    fn zone(&self, block: usize) -> Option<Zone<T>> {
        let chunk_rows = self.chunks.chunk_rows();
        let start = block.checked_mul(BLOCK_ROWS)?;
        // Only full chunks, which the blocks divide, know their blocks.
        let chunk = self.chunks.list().get(start / chunk_rows)?;
        if chunk.rows != chunk_rows || !chunk_rows.is_multiple_of(BLOCK_ROWS) {
            return None;
        }
        match self.of(chunk) {
            Some(numbers) => numbers.zones.get((start - chunk.start) / BLOCK_ROWS).copied(),
            None => Some(Zone { bounds: None, nulls: BLOCK_ROWS as u32 }),
        }
    }
}
