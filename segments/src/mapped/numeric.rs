//! How are numbers read from a mapped column? Block by block into the caller's vectors; null rows give the
//! default value, whatever the block holds there.

use std::ops::Range;
use std::sync::Arc;

use super::words::WordColumn;
use crate::encoding::decimal::POWERS;
use crate::encoding::{Block, Damage, Number, RAW, SCALED};
use crate::file::{ColumnEntry, FileBytes, Footer, SectionKind};
use crate::{BLOCK_ROWS, LaneBlock, NullMask, NumericBlock, NumericColumn, RunSlice, SegmentError, Zone};

/// Bytes of a zone: smallest and largest value's own bits, null count, whether there are bounds.
const ZONE_BYTES: usize = 24;

/// In the null directory: a block without nulls; a block of nulls; others count bitmaps from 2.
pub(crate) const NO_NULLS: u32 = 0;
/// See [`NO_NULLS`].
pub(crate) const ALL_NULLS: u32 = 1;

/// Bytes of a block's null bitmap.
pub(crate) const NULL_BYTES: usize = BLOCK_ROWS / 8;

/// A column of numbers in a file.
#[derive(Debug)]
pub(super) struct MappedNumbers<T> {
    pub(super) words: WordColumn,
    nulls: Option<usize>,
    zones: Option<usize>,
    summary: Zone<T>,
}

impl<T: Number> MappedNumbers<T> {
    /// Finds a column's sections.
    pub(super) fn open(
        file: &Arc<FileBytes>,
        footer: &Footer,
        column: usize,
        entry: &ColumnEntry,
    ) -> Result<Self, SegmentError> {
        let rows = footer.rows as usize;
        let find = |kind| super::segment::required(file, footer, column, kind);
        let words = WordColumn::new(file, find(SectionKind::Blocks)?, find(SectionKind::Data)?, rows)?;
        let nulls = footer.section(column, SectionKind::Nulls);
        let zones = footer.section(column, SectionKind::Zones);
        if entry.nulls > 0 && nulls.is_none() {
            let found = format!("{} nulls without their section", entry.nulls);
            return Err(file.corrupt(words.entries, 0, Damage::new("a null section", found)));
        }
        let bounds = entry.bounds.map(|(low, high)| (T::from_word(low), T::from_word(high)));
        Ok(Self { words, nulls, zones, summary: Zone { bounds, nulls: entry.nulls as u32 } })
    }

    /// Null bits of a block: `None` for none, all ones for all.
    pub(super) fn null_bits(&self, block: usize) -> Result<Option<[u64; BLOCK_ROWS / 64]>, SegmentError> {
        let Some(section) = self.nulls else { return Ok(None) };
        let file = &self.words.file;
        let entry = file.read(section, 4 * block..4 * block + 4)?;
        let entry = u32::from_le_bytes(entry.try_into().unwrap_or_default());
        let mut bits = [u64::MAX; BLOCK_ROWS / 64];
        match entry {
            NO_NULLS => return Ok(None),
            ALL_NULLS => {}
            number => {
                let start =
                    (4 * self.words.blocks()).next_multiple_of(8) + (number as usize - 2) * NULL_BYTES;
                let bytes = file.read(section, start..start + NULL_BYTES)?;
                for (word, bytes) in bits.iter_mut().zip(bytes.as_chunks().0) {
                    *word = u64::from_le_bytes(*bytes);
                }
            }
        }
        Ok(Some(bits))
    }

    fn read_nulls(&self, rows: Range<usize>, nulls: &mut NullMask) -> Result<(), SegmentError> {
        if self.nulls.is_none() {
            nulls.push_valid(rows.len());
            return Ok(());
        }
        for block in rows.start / BLOCK_ROWS..rows.end.div_ceil(BLOCK_ROWS) {
            let first = block * BLOCK_ROWS;
            let part = rows.start.max(first) - first..rows.end.min(first + BLOCK_ROWS) - first;
            match self.null_bits(block)? {
                None => nulls.push_valid(part.len()),
                Some(bits) => nulls.extend_bits(&bits, part),
            }
        }
        Ok(())
    }
}

/// Appends the values of rows `part` of a block.
pub(super) fn decode<T: Number>(
    block: &Block<'_>,
    part: Range<usize>,
    out: &mut Vec<T>,
) -> Result<(), Damage> {
    let Some(power) = POWERS.get(usize::from(block.entry.exponent)) else {
        if block.entry.exponent == SCALED {
            let scale = block.scale()?;
            return block.decode(part, out, |word| T::from_word(scale.value(word)));
        }
        debug_assert_eq!(block.entry.exponent, RAW);
        return block.decode(part, out, T::from_word);
    };
    let (start, power) = (out.len(), *power);
    block.decode(part.clone(), out, |word| T::from_decimal(word as i64, power))?;
    if block.entry.patches > 0 {
        let (positions, words) = block.patches()?;
        for (position, word) in positions.iter().zip(words) {
            let row = usize::from(*position);
            if part.contains(&row)
                && let Some(slot) = out.get_mut(start + row - part.start)
            {
                *slot = T::from_word(*word);
            }
        }
    }
    Ok(())
}

fn gather<T: Number>(block: &Block<'_>, rows: &[u32], start: u32, out: &mut Vec<T>) -> Result<(), Damage> {
    let Some(power) = POWERS.get(usize::from(block.entry.exponent)) else {
        if block.entry.exponent == SCALED {
            let scale = block.scale()?;
            return block.gather(rows, start, out, |word| T::from_word(scale.value(word)));
        }
        return block.gather(rows, start, out, T::from_word);
    };
    let (first, power) = (out.len(), *power);
    block.gather(rows, start, out, |word| T::from_decimal(word as i64, power))?;
    if block.entry.patches > 0 {
        let (positions, words) = block.patches()?;
        for (slot, row) in out.iter_mut().skip(first).zip(rows) {
            if let Ok(i) = positions.binary_search(&((row - start) as u16))
                && let Some(word) = words.get(i)
            {
                *slot = T::from_word(*word);
            }
        }
    }
    Ok(())
}

/// Puts the default value into null rows.
fn clear_nulls<T: Copy + Default>(out: &mut NumericBlock<T>) {
    if !out.nulls.any() {
        return;
    }
    for (values, word) in out.values.chunks_mut(64).zip(out.nulls.words()) {
        let mut left = *word;
        while left != 0 {
            if let Some(slot) = values.get_mut(left.trailing_zeros() as usize) {
                *slot = T::default();
            }
            left &= left - 1;
        }
    }
}

impl<T: Number> NumericColumn<T> for MappedNumbers<T> {
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        self.words.for_range(rows.clone(), |block, part| decode(block, part, &mut out.values))?;
        self.read_nulls(rows, &mut out.nulls)?;
        clear_nulls(out);
        Ok(())
    }

    fn gather(&self, rows: &[u32], out: &mut NumericBlock<T>) -> Result<(), SegmentError> {
        out.clear();
        let NumericBlock { values, nulls } = out;
        values.reserve(rows.len());
        self.words.for_rows(rows, |block, group, start| gather(block, group, start, values))?;
        if self.nulls.is_none() {
            nulls.push_valid(rows.len());
            return Ok(());
        }
        let block = |row: &u32| *row as usize / BLOCK_ROWS;
        for group in rows.chunk_by(|a, b| block(a) == block(b)) {
            match self.null_bits(group.first().map_or(0, block))? {
                None => nulls.push_valid(group.len()),
                Some(bits) => group.iter().for_each(|row| {
                    let at = *row as usize % BLOCK_ROWS;
                    nulls.push(bits[at / 64] >> (at % 64) & 1 == 1);
                }),
            }
        }
        clear_nulls(out);
        Ok(())
    }

    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        let number = rows.start / BLOCK_ROWS;
        if !self.words.is_head_of_block(&rows) || self.null_bits(number)?.is_some() {
            return Ok(false);
        }
        let block = self.words.block(number)?;
        let read = match block.entry.exponent {
            RAW => block.lanes(rows.len(), out),
            SCALED => block.scale().and_then(|scale| {
                block.lanes(rows.len(), out)?;
                out.scale(scale.step, scale.origin);
                Ok(())
            }),
            _ => return Ok(false),
        };
        read.map_err(|damage| self.words.damaged(&block, damage))?;
        Ok(true)
    }

    fn runs(&self, rows: Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        let number = rows.start / BLOCK_ROWS;
        if rows.is_empty() || self.null_bits(number)?.is_some() || self.words.entry(number)?.exponent != RAW {
            return Ok(None);
        }
        self.words.runs(&rows)
    }

    fn sum_bits(&self, rows: Range<usize>) -> Result<Option<u64>, SegmentError> {
        let number = rows.start / BLOCK_ROWS;
        if !self.words.is_head_of_block(&rows) || self.null_bits(number)?.is_some() {
            return Ok(None);
        }
        let block = self.words.block(number)?;
        let count = rows.len() as u64;
        let sum = match block.entry.exponent {
            RAW => block.sum(rows.len()),
            SCALED => block.scale().and_then(|scale| {
                let origins = scale.origin.wrapping_mul(count);
                let steps = |words: u64| origins.wrapping_add(words.wrapping_mul(scale.step));
                Ok(block.sum(rows.len())?.map(steps))
            }),
            _ => Ok(None),
        };
        sum.map_err(|damage| self.words.damaged(&block, damage))
    }

    fn mask_bits(
        &self,
        rows: Range<usize>,
        low: u64,
        span: u64,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        let number = rows.start / BLOCK_ROWS;
        if !self.words.is_head_of_block(&rows) || self.null_bits(number)?.is_some() {
            return Ok(false);
        }
        let block = self.words.block(number)?;
        let masked = match block.entry.exponent {
            RAW => block.mask(rows.len(), low, span, out),
            SCALED => block.scale().and_then(|scale| match scale.words_within(low, span) {
                Some((low, span)) => block.mask(rows.len(), low, span, out),
                None => Ok(false),
            }),
            _ => return Ok(false),
        };
        masked.map_err(|damage| self.words.damaged(&block, damage))
    }

    fn rows_within(
        &self,
        rows: Range<usize>,
        low: i64,
        high: i64,
    ) -> Result<Option<Range<usize>>, SegmentError> {
        if !self.words.is_head_of_block(&rows) || self.summary.nulls > 0 {
            return Ok(None);
        }
        let block = self.words.block(rows.start / BLOCK_ROWS)?;
        if block.entry.exponent != RAW {
            return Ok(None);
        }
        let found = block.rows_within(low, high).map_err(|damage| self.words.damaged(&block, damage))?;
        Ok(found.map(|found| found.start.min(rows.len())..found.end.min(rows.len())))
    }

    fn may_have_nulls(&self) -> bool {
        self.summary.nulls > 0
    }

    fn bounds(&self) -> Option<Zone<T>> {
        Some(self.summary)
    }

    /// Zones that cannot be read are not known; reading the block itself reports the damage.
    fn zone(&self, block: usize) -> Option<Zone<T>> {
        let bytes = self.words.file.read(self.zones?, block * ZONE_BYTES..(block + 1) * ZONE_BYTES).ok()?;
        let (words, _) = bytes.as_chunks::<8>();
        let word = |i: usize| words.get(i).map(|w| u64::from_le_bytes(*w));
        let (low, high, facts) = (word(0)?, word(1)?, word(2)?);
        let bounds = (facts >> 32 != 0).then(|| (T::from_word(low), T::from_word(high)));
        Some(Zone { bounds, nulls: facts as u32 })
    }
}
