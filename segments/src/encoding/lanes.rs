//! How is a block read onto narrow lanes? Packed and plain blocks as they lie, runs spread, differences summed.

use std::ops::Range;

use super::{Block, Damage, Encoding};
use crate::kernel::{CHUNK, unpack8, unpack16, unpack32, unpack64};
use crate::{LaneBlock, LaneSlice, RunSlice};

impl<'b> Block<'b> {
    /// Reads the words of rows `0..end` of this block as a base and lanes.
    pub(crate) fn lanes(&self, end: usize, out: &mut LaneBlock) -> Result<(), Damage> {
        if end > self.rows {
            return Err(Damage::new(format!("rows below {}", self.rows), format!("0..{end}")));
        }
        let (base, width) = (self.entry.base, self.entry.width);
        match self.entry.encoding {
            Encoding::Constant => out.fill(base, end),
            Encoding::Packed => self.packed_lanes(end, out)?,
            Encoding::Delta => {
                let chunks = end.div_ceil(CHUNK);
                let lanes = out.longs(0, end, chunks * CHUNK);
                for (chunk, values) in lanes.as_chunks_mut::<CHUNK>().0.iter_mut().enumerate() {
                    self.delta_chunk(chunk, values)?;
                }
            }
            Encoding::Runs => self.run_lanes(end, out)?,
            Encoding::Plain => plain_lanes(self.words()?, width, base, end, out)?,
            Encoding::Lz4 => {
                let plain = self.unsqueeze()?;
                plain_lanes(bytemuck::cast_slice(&plain), width, base, end, out)?;
            }
        }
        Ok(())
    }

    /// Its runs, where it is stored so.
    pub(crate) fn run_slice(&self) -> Result<Option<RunSlice<'b>>, Damage> {
        if self.entry.encoding != Encoding::Runs {
            return Ok(None);
        }
        let runs = self.runs()?;
        if !runs.ends.is_sorted() {
            return Err(Damage::new("ascending run ends", "others"));
        }
        let values = match runs.width {
            1 => LaneSlice::B1(runs.values),
            2 => LaneSlice::B2(numbers(runs.values)?),
            4 => LaneSlice::B4(numbers(runs.values)?),
            _ => LaneSlice::B8(numbers(runs.values)?),
        };
        Ok(Some(RunSlice { base: self.entry.base, ends: runs.ends, values }))
    }

    fn packed_lanes(&self, end: usize, out: &mut LaneBlock) -> Result<(), Damage> {
        let (base, width) = (self.entry.base, self.entry.width);
        let room = end.next_multiple_of(CHUNK);
        let wrong = || Damage::new(format!("an aligned chunk of width {width}"), "other bytes");
        macro_rules! unpack {
            ($lanes:expr, $kernel:ident) => {
                for (chunk, lanes) in $lanes.as_chunks_mut::<CHUNK>().0.iter_mut().enumerate() {
                    $kernel(width, self.chunk(0, chunk)?, lanes).ok_or_else(wrong)?;
                }
            };
        }
        match width {
            0 => out.fill(base, end),
            1..=8 => unpack!(out.bytes(base, end, room), unpack8),
            9..=16 => unpack!(out.shorts(base, end, room), unpack16),
            17..=32 => unpack!(out.words(base, end, room), unpack32),
            _ => unpack!(out.longs(base, end, room), unpack64),
        }
        Ok(())
    }

    fn run_lanes(&self, end: usize, out: &mut LaneBlock) -> Result<(), Damage> {
        let runs = self.runs()?;
        let (base, room) = (self.entry.base, end + STEP);
        match runs.width {
            1 => spread(runs.ends, runs.values, out.bytes(base, end, room)),
            2 => spread(runs.ends, numbers(runs.values)?, out.shorts(base, end, room)),
            4 => spread(runs.ends, numbers(runs.values)?, out.words(base, end, room)),
            _ => spread(runs.ends, numbers(runs.values)?, out.longs(base, end, room)),
        }
    }
}

/// Lanes that are written at once where a run is spread; runs are often shorter.
const STEP: usize = 8;

/// Bytes as numbers, which lie aligned.
pub(super) fn numbers<T: bytemuck::Pod>(bytes: &[u8]) -> Result<&[T], Damage> {
    bytemuck::try_cast_slice(bytes).map_err(|e| Damage::new("aligned values", e.to_string()))
}

/// Repeats the value of each run up to its end, in whole steps: what is written beyond a run's end is overwritten by the
/// next, and there is a step of room after the last.
fn spread<T: Copy>(ends: &[u16], values: &[T], lanes: &mut [T]) -> Result<(), Damage> {
    let most = lanes.len().saturating_sub(STEP);
    let mut row = 0;
    for (end, value) in ends.iter().zip(values) {
        let stop = usize::from(*end).min(most);
        if stop < row {
            return Err(Damage::new("ascending run ends", format!("{end} after {row}")));
        }
        while row < stop {
            if let Some(step) = lanes.get_mut(row..row + STEP) {
                step.copy_from_slice(&[*value; STEP]);
            }
            row += STEP;
        }
        row = stop;
    }
    Ok(())
}

/// Copies numbers of a fixed width in bytes.
fn plain_lanes(bytes: &[u8], width: u8, base: u64, end: usize, out: &mut LaneBlock) -> Result<(), Damage> {
    let wrong = || Damage::new(format!("{end} values of {width} bytes"), format!("{} bytes", bytes.len()));
    let part: Range<usize> = 0..end * usize::from(width);
    let part = bytes.get(part).ok_or_else(wrong)?;
    match width {
        1 => out.bytes(base, end, end).copy_from_slice(part),
        2 => copy(part.as_chunks().0, out.shorts(base, end, end), u16::from_le_bytes),
        4 => copy(part.as_chunks().0, out.words(base, end, end), u32::from_le_bytes),
        8 => copy(part.as_chunks().0, out.longs(base, end, end), u64::from_le_bytes),
        _ => return Err(wrong()),
    }
    Ok(())
}

fn copy<T, const N: usize>(from: &[[u8; N]], to: &mut [T], number: impl Fn([u8; N]) -> T) {
    to.iter_mut().zip(from).for_each(|(slot, bytes)| *slot = number(*bytes));
}
