//! Which rows of a block can lie in a range? Where differences are stored and none is negative, the first number of each
//! chunk and the sum of its differences tell, without one of its numbers being restored.

use std::ops::Range;

use super::{Block, Damage, Encoding};
use crate::kernel::{CHUNK, sum_packed};

impl Block<'_> {
    /// Rows, whole chunks of them, outside of which no word, as a signed number, lies in `low..=high`. `None`: that is not
    /// known without reading the block.
    pub(crate) fn rows_within(&self, low: i64, high: i64) -> Result<Option<Range<usize>>, Damage> {
        let (base, width) = (self.entry.base as i64, self.entry.width);
        // Sums of a chunk must not wrap.
        if self.entry.encoding != Encoding::Delta || !(0..1 << 50).contains(&base) || width > 50 {
            return Ok(None);
        }
        let chunks = self.rows.div_ceil(CHUNK);
        let mut found: Option<Range<usize>> = None;
        for chunk in 0..chunks {
            let first = self.first_of(chunk)? as i64;
            let rows = chunk * CHUNK..self.rows.min((chunk + 1) * CHUNK);
            let sum = match width {
                0 => 0,
                _ => sum_packed(width, self.chunk(8 * chunks, chunk)?).ok_or_else(|| {
                    Damage::new(format!("an aligned chunk of width {width}"), "other bytes")
                })?,
            };
            let Some(last) = first.checked_add_unsigned(sum + base as u64 * (rows.len() as u64 - 1)) else {
                return Ok(None);
            };
            if first <= high && low <= last {
                found = Some(found.map_or(rows.start, |known| known.start)..rows.end);
            }
        }
        Ok(Some(found.unwrap_or(0..0)))
    }
}
