//! What do a block's words tell without being read onto lanes? Their sum, and which of them lie in a range.

use super::lanes::numbers;
use super::{Block, Damage, Encoding};
use crate::LaneSlice;
use crate::kernel::{CHUNK, ChunkMask, mask_packed, packed_bytes, sum, sum_packed};
use crate::lanes::lanes_within;

/// Words of a chunk's mask.
const CHUNK_WORDS: usize = CHUNK / 64;

impl Block<'_> {
    /// The sum of the words of rows `0..end` of this block, wrapping, where they need not be stored for it: packed
    /// blocks up to the end of a chunk or of the block, constant and plain ones.
    pub(crate) fn sum(&self, end: usize) -> Result<Option<u64>, Damage> {
        let whole = end == self.rows || (end < self.rows && end.is_multiple_of(CHUNK));
        let sum = match self.entry.encoding {
            Encoding::Constant if whole => 0,
            // The last chunk is filled up with zeroes.
            Encoding::Packed if whole => {
                sum_packed(self.entry.width, self.chunks(end)?).ok_or_else(|| self.misfit())?
            }
            Encoding::Plain if end <= self.rows => {
                let bytes = self.plain(end)?;
                match self.entry.width {
                    1 => sum(bytes),
                    2 => sum(numbers::<u16>(bytes)?),
                    4 => sum(numbers::<u32>(bytes)?),
                    8 => sum(numbers::<u64>(bytes)?),
                    _ => return Err(self.misfit()),
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(sum.wrapping_add(self.entry.base.wrapping_mul(end as u64))))
    }

    /// Sets bit `i` of `out` where word `i` less `low`, wrapping, is at most `span`, for rows `0..end`, and clears the
    /// others, where the words need not be stored for it: constant, packed and plain blocks. Says whether it did. `out`
    /// has a word for every 64 rows.
    pub(crate) fn mask(&self, end: usize, low: u64, span: u64, out: &mut [u64]) -> Result<bool, Damage> {
        if end > self.rows || out.len() != end.div_ceil(64) {
            return Err(Damage::new(format!("rows below {}", self.rows), format!("0..{end}")));
        }
        // Distances to the base, wrapping as words do.
        let low = low.wrapping_sub(self.entry.base);
        match self.entry.encoding {
            // A number of no bits is the base.
            Encoding::Constant | Encoding::Packed if self.is_constant() => {
                out.fill(if 0u64.wrapping_sub(low) <= span { u64::MAX } else { 0 })
            }
            Encoding::Packed => {
                let most = u64::MAX >> (64 - self.entry.width.min(64));
                let Some(range) = lanes_within(low, span, most) else { return Ok(false) };
                self.mask_chunks(end, range, out)?;
            }
            Encoding::Plain => return self.mask_plain(self.plain(end)?, low, span, out),
            _ => return Ok(false),
        }
        if let (Some(last), rest @ 1..) = (out.last_mut(), end % 64) {
            *last &= u64::MAX >> (64 - rest);
        }
        Ok(true)
    }

    fn is_constant(&self) -> bool {
        self.entry.encoding == Encoding::Constant || self.entry.width == 0
    }

    fn mask_chunks(&self, end: usize, range: (u64, u64), out: &mut [u64]) -> Result<(), Damage> {
        let (width, packed) = (self.entry.width, self.chunks(end)?);
        let (whole, rest) = out.as_chunks_mut::<CHUNK_WORDS>();
        let (packed, last) = packed.split_at(whole.len() * packed_bytes(width));
        mask_packed(width, packed, range, whole).ok_or_else(|| self.misfit())?;
        if !rest.is_empty() {
            let mut mask: [ChunkMask; 1] = [[0; CHUNK_WORDS]];
            mask_packed(width, last, range, &mut mask).ok_or_else(|| self.misfit())?;
            rest.iter_mut().zip(mask.as_flattened()).for_each(|(word, bits)| *word = *bits);
        }
        Ok(())
    }

    fn mask_plain(&self, bytes: &[u8], low: u64, span: u64, out: &mut [u64]) -> Result<bool, Damage> {
        let lanes = match self.entry.width {
            1 => LaneSlice::B1(bytes),
            2 => LaneSlice::B2(numbers(bytes)?),
            4 => LaneSlice::B4(numbers(bytes)?),
            8 => LaneSlice::B8(numbers(bytes)?),
            _ => return Err(self.misfit()),
        };
        Ok(lanes.mask_within(low, span, out))
    }

    /// The packed chunks that hold rows `0..end`.
    fn chunks(&self, end: usize) -> Result<&[u8], Damage> {
        let bytes = end.div_ceil(CHUNK) * packed_bytes(self.entry.width);
        self.payload.get(..bytes).ok_or_else(|| self.misfit())
    }

    /// The bytes of rows `0..end` of a plain block.
    fn plain(&self, end: usize) -> Result<&[u8], Damage> {
        self.words()?.get(..end * usize::from(self.entry.width)).ok_or_else(|| self.misfit())
    }

    fn misfit(&self) -> Damage {
        let expected = format!("{} aligned values of width {}", self.rows, self.entry.width);
        Damage::new(expected, format!("{} bytes", self.payload.len()))
    }
}
