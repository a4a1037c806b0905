//! How are single rows of a block read? In place where the encoding allows, by whole chunks where many of
//! one chunk are asked for.

use super::read::{Scratch, word_at};
use super::{Block, Damage, Encoding};
use crate::kernel::{CHUNK, packed_bytes, places, unpack_some};

/// Rows asked of one chunk from which unpacking all of it is cheaper than one by one.
const DENSE: usize = 8;

/// Rows asked of one block from which they are so near to each other that the processor fetches them by itself.
const SCATTERED: usize = 64;

/// Runs for each row asked for, up to which walking from run to run is cheaper than halving.
const NEAR: usize = 32;

impl Block<'_> {
    /// Reads bytes where each of rows `picks`, as [`Block::gather`] has them, lies, if they lie at a place of their own:
    /// so that all of these bytes are on their way from memory at the same time, and not one after the other. What it
    /// gives is of no use but to keep it from being left out.
    pub(crate) fn touch(&self, picks: &[u32], start: u32) -> u8 {
        let width = self.entry.width;
        let chunk = match self.entry.encoding {
            Encoding::Packed if picks.len() < SCATTERED => packed_bytes(width),
            _ => return 0,
        };
        picks.iter().fold(0, |seen, pick| {
            let row = pick.wrapping_sub(start) as usize;
            let start = row / CHUNK * chunk;
            places(width, row)
                .iter()
                .fold(seen, |seen, at| seen ^ self.payload.get(start + at).copied().unwrap_or(0))
        })
    }

    /// Appends the values of rows `picks`, which count from `start` (the block's first row) and ascend.
    pub(crate) fn gather<T: Copy>(
        &self,
        picks: &[u32],
        start: u32,
        out: &mut Vec<T>,
        map: impl Fn(u64) -> T + Copy,
    ) -> Result<(), Damage> {
        let base = self.entry.base;
        let row = |pick: &u32| pick.wrapping_sub(start) as usize;
        let past = |pick: usize| Damage::new(format!("rows below {}", self.rows), pick.to_string());
        if let Some(bad) = picks.iter().map(row).find(|r| *r >= self.rows) {
            return Err(past(bad));
        }
        match self.entry.encoding {
            Encoding::Constant => out.resize(out.len() + picks.len(), map(base)),
            Encoding::Packed => {
                for group in picks.chunk_by(|a, b| row(a) / CHUNK == row(b) / CHUNK) {
                    self.gather_packed(group, start, out, map)?;
                }
            }
            Encoding::Delta => {
                let mut values = [0; CHUNK];
                for group in picks.chunk_by(|a, b| row(a) / CHUNK == row(b) / CHUNK) {
                    self.delta_chunk(group.first().map_or(0, row) / CHUNK, &mut values)?;
                    out.extend(group.iter().map(|p| map(values[row(p) % CHUNK])));
                }
            }
            Encoding::Runs => {
                let runs = self.runs()?;
                let near = picks.len() * NEAR >= runs.ends.len();
                let mut run = 0;
                out.extend(picks.iter().map(|pick| {
                    run = runs.find(run, row(pick), near);
                    map(base.wrapping_add(runs.value(run)))
                }));
            }
            Encoding::Plain => {
                let words = self.words()?;
                for pick in picks {
                    let word = word_at(words, usize::from(self.entry.width), row(pick));
                    out.push(map(base.wrapping_add(word.ok_or_else(|| past(row(pick)))?)));
                }
            }
            Encoding::Lz4 => {
                let plain = self.unsqueeze()?;
                let bytes: &[u8] = bytemuck::cast_slice(&plain);
                for pick in picks {
                    let word = word_at(bytes, usize::from(self.entry.width), row(pick));
                    out.push(map(base.wrapping_add(word.ok_or_else(|| past(row(pick)))?)));
                }
            }
        }
        Ok(())
    }

    /// Reads rows of one packed chunk.
    fn gather_packed<T: Copy>(
        &self,
        group: &[u32],
        start: u32,
        out: &mut Vec<T>,
        map: impl Fn(u64) -> T + Copy,
    ) -> Result<(), Damage> {
        let row = |pick: &u32| pick.wrapping_sub(start) as usize;
        let chunk = group.first().map_or(0, row) / CHUNK;
        if group.len() >= DENSE {
            let mut scratch = Scratch::new(self.entry.width);
            scratch.unpack(self.entry.width, self.chunk(0, chunk)?)?;
            let base = self.entry.base;
            out.extend(group.iter().map(|p| map(base.wrapping_add(scratch.get(row(p) % CHUNK)))));
            return Ok(());
        }
        let (width, base) = (self.entry.width, self.entry.base);
        let bytes = self.chunk(0, chunk)?;
        unpack_some(width, bytes, group.iter().map(row), |word| out.push(map(base.wrapping_add(word))))
            .ok_or_else(|| Damage::new(format!("a chunk of width {width}"), "other bytes"))?;
        Ok(())
    }
}
