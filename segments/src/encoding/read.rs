//! How are the rows of a block read? Straight from its bytes, in any sub-range, through a function from
//! words to values; nothing a block says is believed before it is checked.

use std::ops::Range;

use super::{BlockEntry, Damage, Encoding, lz4_block, padded};
use crate::kernel::{CHUNK, packed_bytes, unpack8, unpack16, unpack32, unpack64};

/// A block: its entry, its payload and how many rows it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    /// What the directory says.
    pub(crate) entry: BlockEntry,
    /// Its bytes, 8-byte aligned, `entry.bytes` long.
    pub(crate) payload: &'a [u8],
    /// Rows in it: 1 to 4096.
    pub(crate) rows: usize,
}

/// The end of every run and the offset of every run's value.
pub(super) struct Runs<'a> {
    pub(super) ends: &'a [u16],
    pub(super) values: &'a [u8],
    pub(super) width: usize,
}

impl<'a> Block<'a> {
    /// Appends the values of rows `range` of this block.
    pub(crate) fn decode<T: Copy>(
        &self,
        range: Range<usize>,
        out: &mut Vec<T>,
        map: impl Fn(u64) -> T + Copy,
    ) -> Result<(), Damage> {
        if range.end > self.rows || range.start > range.end {
            return Err(Damage::new(format!("rows below {}", self.rows), format!("{range:?}")));
        }
        let base = self.entry.base;
        match self.entry.encoding {
            Encoding::Constant => out.resize(out.len() + range.len(), map(base)),
            Encoding::Packed => self.decode_packed(range, out, map)?,
            Encoding::Delta => self.decode_delta(range, out, map)?,
            Encoding::Runs => {
                let runs = self.runs()?;
                let mut row = range.start;
                let mut run = runs.ends.partition_point(|end| usize::from(*end) <= row);
                while row < range.end {
                    let end = runs.ends.get(run).map_or(self.rows, |e| usize::from(*e)).min(range.end);
                    if end <= row {
                        return Err(Damage::new("ascending run ends", format!("{end} after {row}")));
                    }
                    out.resize(out.len() + end - row, map(base.wrapping_add(runs.value(run))));
                    (row, run) = (end, run + 1);
                }
            }
            Encoding::Plain => {
                let words = self.words()?;
                plain(words, self.entry.width, range, out, |word| map(base.wrapping_add(word)))?;
            }
            Encoding::Lz4 => {
                let bytes = self.unsqueeze()?;
                let bytes: &[u8] = bytemuck::cast_slice(&bytes);
                plain(bytes, self.entry.width, range, out, |word| map(base.wrapping_add(word)))?;
            }
        }
        Ok(())
    }

    /// The payload without patches, or without step and origin.
    pub(super) fn words(&self) -> Result<&'a [u8], Damage> {
        let tail = self.entry.tail_bytes();
        let length = self.payload.len().checked_sub(tail);
        length.and_then(|end| self.payload.get(..end)).ok_or_else(|| {
            Damage::new(format!("{tail} bytes at the end"), format!("{} bytes", self.payload.len()))
        })
    }

    /// Positions and own bits of the values kept apart.
    pub(crate) fn patches(&self) -> Result<(&'a [u16], &'a [u64]), Damage> {
        let start = self.words()?.len();
        let count = usize::from(self.entry.patches);
        let middle = start + padded(2 * count);
        let fail = || Damage::new("aligned patches", format!("{start}..{middle}"));
        let positions = self.payload.get(start..start + 2 * count).ok_or_else(fail)?;
        let words = self.payload.get(middle..middle + 8 * count).ok_or_else(fail)?;
        let positions = bytemuck::try_cast_slice(positions).map_err(|_| fail())?;
        Ok((positions, bytemuck::try_cast_slice(words).map_err(|_| fail())?))
    }

    /// The bytes of packed chunk `chunk`, which start after `head` bytes.
    pub(super) fn chunk(&self, head: usize, chunk: usize) -> Result<&'a [u8], Damage> {
        let bytes = packed_bytes(self.entry.width);
        let start = head + chunk * bytes;
        self.payload.get(start..start + bytes).filter(|_| self.entry.width <= 64).ok_or_else(|| {
            Damage::new(
                format!("a packed chunk of {bytes} bytes at {start}"),
                format!("{} bytes", self.payload.len()),
            )
        })
    }

    fn decode_packed<T: Copy>(
        &self,
        range: Range<usize>,
        out: &mut Vec<T>,
        map: impl Fn(u64) -> T + Copy,
    ) -> Result<(), Damage> {
        let base = self.entry.base;
        let mut scratch = Scratch::new(self.entry.width);
        for chunk in range.start / CHUNK..range.end.div_ceil(CHUNK) {
            let start = chunk * CHUNK;
            let part = range.start.max(start) - start..range.end.min(start + CHUNK) - start;
            scratch.unpack(self.entry.width, self.chunk(0, chunk)?)?;
            scratch.append(part, out, |word| map(base.wrapping_add(word)));
        }
        Ok(())
    }

    /// The first value of one delta-encoded chunk.
    pub(super) fn first_of(&self, chunk: usize) -> Result<u64, Damage> {
        let first = self.payload.get(8 * chunk..8 * chunk + 8).and_then(|b| b.try_into().ok());
        first
            .map(u64::from_le_bytes)
            .ok_or_else(|| Damage::new(format!("first value of chunk {chunk}"), "a shorter payload"))
    }

    /// Restores the values of one delta-encoded chunk.
    pub(super) fn delta_chunk(&self, chunk: usize, values: &mut [u64; CHUNK]) -> Result<(), Damage> {
        let chunks = self.rows.div_ceil(CHUNK);
        let first = self.first_of(chunk)?;
        let mut scratch = Scratch::new(self.entry.width);
        scratch.unpack(self.entry.width, self.chunk(8 * chunks, chunk)?)?;
        scratch.sum_to(first, self.entry.base, values);
        Ok(())
    }

    fn decode_delta<T: Copy>(
        &self,
        range: Range<usize>,
        out: &mut Vec<T>,
        map: impl Fn(u64) -> T + Copy,
    ) -> Result<(), Damage> {
        let mut values = [0; CHUNK];
        for chunk in range.start / CHUNK..range.end.div_ceil(CHUNK) {
            let start = chunk * CHUNK;
            self.delta_chunk(chunk, &mut values)?;
            let part = range.start.max(start) - start..range.end.min(start + CHUNK) - start;
            out.extend(values.get(part).unwrap_or_default().iter().map(|w| map(*w)));
        }
        Ok(())
    }

    /// The runs of a run-length block.
    pub(super) fn runs(&self) -> Result<Runs<'a>, Damage> {
        let words = self.words()?;
        let count = self.entry.runs as usize;
        let width = usize::from(self.entry.width);
        let start = padded(2 * count);
        let fail =
            || Damage::new(format!("{count} runs of {width}-byte values"), format!("{} bytes", words.len()));
        let ends = words.get(..2 * count).ok_or_else(fail)?;
        let ends: &[u16] = bytemuck::try_cast_slice(ends).map_err(|_| fail())?;
        let values = words.get(start..start + count * width).ok_or_else(fail)?;
        if !matches!(width, 1 | 2 | 4 | 8) || ends.last().map(|e| usize::from(*e)) != Some(self.rows) {
            return Err(fail());
        }
        Ok(Runs { ends, values, width })
    }

    /// The plain bytes of an LZ4 block, in whole words.
    pub(super) fn unsqueeze(&self) -> Result<Vec<u64>, Damage> {
        if !matches!(self.entry.width, 1 | 2 | 4 | 8) {
            return Err(Damage::new("a value width of 1, 2, 4 or 8 bytes", self.entry.width.to_string()));
        }
        let length = self.rows * usize::from(self.entry.width);
        let mut plain = vec![0u64; length.div_ceil(8)];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut plain);
        let words = self.words()?;
        let packed = words.get(..self.entry.runs as usize).ok_or_else(|| {
            let found = format!("{} bytes", words.len());
            Damage::new(format!("{} compressed bytes", self.entry.runs), found)
        })?;
        lz4_block::decompress(packed, bytes.get_mut(..length).unwrap_or_default())?;
        Ok(plain)
    }
}

impl Runs<'_> {
    /// The stored offset of a run.
    pub(super) fn value(&self, run: usize) -> u64 {
        fn at<const N: usize>(bytes: &[u8], run: usize) -> [u8; N] {
            bytes.as_chunks().0.get(run).copied().unwrap_or([0; N])
        }
        match self.width {
            1 => self.values.get(run).copied().map_or(0, u64::from),
            2 => u64::from(u16::from_le_bytes(at(self.values, run))),
            4 => u64::from(u32::from_le_bytes(at(self.values, run))),
            _ => u64::from_le_bytes(at(self.values, run)),
        }
    }

    /// The run of a row, which is not before run `from`: by walking on where it is `near`, else by halving.
    pub(super) fn find(&self, from: usize, row: usize, near: bool) -> usize {
        let rest = self.ends.get(from..).unwrap_or_default();
        let ends_before = |end: &u16| usize::from(*end) <= row;
        let steps = if near {
            rest.iter().take_while(|end| ends_before(end)).count()
        } else {
            rest.partition_point(ends_before)
        };
        from + steps
    }
}

/// The `index`-th number of `width` bytes.
pub(super) fn word_at(bytes: &[u8], width: usize, index: usize) -> Option<u64> {
    let mut word = [0; 8];
    word.get_mut(..width)?.copy_from_slice(bytes.get(index * width..(index + 1) * width)?);
    Some(u64::from_le_bytes(word))
}

/// Appends numbers of a fixed width in bytes.
fn plain<T>(
    bytes: &[u8],
    width: u8,
    range: Range<usize>,
    out: &mut Vec<T>,
    map: impl Fn(u64) -> T,
) -> Result<(), Damage> {
    let w = usize::from(width);
    let fail = || Damage::new(format!("{} values of {w} bytes", range.end), format!("{} bytes", bytes.len()));
    let part = bytes.get(range.start * w..range.end * w).ok_or_else(fail)?;
    match width {
        1 => out.extend(part.iter().map(|v| map(u64::from(*v)))),
        2 => out.extend(part.as_chunks().0.iter().map(|v| map(u64::from(u16::from_le_bytes(*v))))),
        4 => out.extend(part.as_chunks().0.iter().map(|v| map(u64::from(u32::from_le_bytes(*v))))),
        8 => out.extend(part.as_chunks().0.iter().map(|v| map(u64::from_le_bytes(*v)))),
        _ => return Err(fail()),
    }
    Ok(())
}

/// Room for one unpacked chunk, as wide as its lanes.
#[expect(clippy::large_enum_variant, reason = "lives on the stack of one read, never moved")]
pub(super) enum Scratch {
    Zero,
    B1([u8; CHUNK]),
    B2([u16; CHUNK]),
    B4([u32; CHUNK]),
    B8([u64; CHUNK]),
}

impl Scratch {
    pub(super) fn new(width: u8) -> Self {
        match width {
            0 => Self::Zero,
            1..=8 => Self::B1([0; CHUNK]),
            9..=16 => Self::B2([0; CHUNK]),
            17..=32 => Self::B4([0; CHUNK]),
            _ => Self::B8([0; CHUNK]),
        }
    }

    pub(super) fn unpack(&mut self, width: u8, packed: &[u8]) -> Result<(), Damage> {
        let done = match self {
            Self::Zero => Some(()),
            Self::B1(lanes) => unpack8(width, packed, lanes),
            Self::B2(lanes) => unpack16(width, packed, lanes),
            Self::B4(lanes) => unpack32(width, packed, lanes),
            Self::B8(lanes) => unpack64(width, packed, lanes),
        };
        done.ok_or_else(|| Damage::new(format!("an aligned chunk of width {width}"), "other bytes"))
    }

    /// Number `index` of the chunk; 0 beyond its end.
    #[inline]
    pub(super) fn get(&self, index: usize) -> u64 {
        match self {
            Self::Zero => 0,
            Self::B1(l) => l.get(index).map_or(0, |v| u64::from(*v)),
            Self::B2(l) => l.get(index).map_or(0, |v| u64::from(*v)),
            Self::B4(l) => l.get(index).map_or(0, |v| u64::from(*v)),
            Self::B8(l) => l.get(index).copied().unwrap_or(0),
        }
    }

    /// Fills `out` with sums: the first is `first`, each other the one before it plus its lane plus `base`.
    fn sum_to(&self, first: u64, base: u64, out: &mut [u64; CHUNK]) {
        match self {
            Self::Zero => sums(&[0u8; CHUNK], first, base, out),
            Self::B1(l) => sums(l, first, base, out),
            Self::B2(l) => sums(l, first, base, out),
            Self::B4(l) => sums(l, first, base, out),
            Self::B8(l) => sums(l, first, base, out),
        }
    }

    fn append<T: Copy>(&self, part: Range<usize>, out: &mut Vec<T>, map: impl Fn(u64) -> T) {
        match self {
            Self::Zero => out.resize(out.len() + part.len(), map(0)),
            Self::B1(l) => out.extend(l.get(part).unwrap_or_default().iter().map(|v| map(u64::from(*v)))),
            Self::B2(l) => out.extend(l.get(part).unwrap_or_default().iter().map(|v| map(u64::from(*v)))),
            Self::B4(l) => out.extend(l.get(part).unwrap_or_default().iter().map(|v| map(u64::from(*v)))),
            Self::B8(l) => out.extend(l.get(part).unwrap_or_default().iter().map(|v| map(*v))),
        }
    }
}

/// See [`Scratch::sum_to`].
fn sums<T: Copy + Into<u64>>(lanes: &[T; CHUNK], first: u64, base: u64, out: &mut [u64; CHUNK]) {
    let [b2, b3, b4] = [2, 3, 4].map(|times| base.wrapping_mul(times));
    // The lane of the first is not used.
    let mut last = first.wrapping_sub(base).wrapping_sub(lanes[0].into());
    for (slots, lanes) in out.as_chunks_mut::<4>().0.iter_mut().zip(lanes.as_chunks::<4>().0) {
        // One addition in four waits for the one before it.
        let [one, two, three, four] = lanes.map(Into::into);
        let (pair, rest) = (one.wrapping_add(two), three.wrapping_add(four));
        let all = pair.wrapping_add(rest).wrapping_add(b4);
        *slots = [
            last.wrapping_add(one.wrapping_add(base)),
            last.wrapping_add(pair.wrapping_add(b2)),
            last.wrapping_add(pair.wrapping_add(three).wrapping_add(b3)),
            last.wrapping_add(all),
        ];
        last = last.wrapping_add(all);
    }
}
