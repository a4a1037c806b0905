//! How is a serialized roaring bitmap read in place? Container by container, straight into the bits of a mask;
//! nothing is allocated, and nothing it says is believed (RoaringFormatSpec, github.com/RoaringBitmap).

use std::ops::Range;

use crate::encoding::Damage;

const COOKIE_WITHOUT_RUNS: u32 = 12_346;
const COOKIE_WITH_RUNS: u16 = 12_347;
/// Bitmaps with runs have no offsets below so many containers.
const OFFSETS_FROM: usize = 4;
/// Most values of an array container.
const ARRAY_MOST: usize = 4096;
/// Bytes of a bitset container.
const BITSET_BYTES: usize = 8192;
/// Rows a container.
const CONTAINER_ROWS: usize = 1 << 16;

/// A bitmap as it lies in a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SerializedBitmap<'b> {
    /// Key and cardinality less one of each container, 4 bytes.
    directory: &'b [[u8; 4]],
    /// A bit a container: whether it holds runs.
    runs: &'b [u8],
    containers: &'b [u8],
}

fn short(bytes: [u8; 2]) -> usize {
    usize::from(u16::from_le_bytes(bytes))
}

fn cut(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), Damage> {
    bytes.split_at_checked(at).ok_or_else(|| {
        Damage::new(format!("{at} more bytes of a roaring bitmap"), format!("{} bytes", bytes.len()))
    })
}

impl<'b> SerializedBitmap<'b> {
    /// Reads the directory; no bytes at all are the empty bitmap.
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self, Damage> {
        if bytes.is_empty() {
            return Ok(Self { directory: &[], runs: &[], containers: &[] });
        }
        let (cookie, rest) = cut(bytes, 4)?;
        let cookie = u32::from_le_bytes(cookie.try_into().unwrap_or_default());
        let (count, runs, rest) = if cookie == COOKIE_WITHOUT_RUNS {
            let (count, rest) = cut(rest, 4)?;
            (u32::from_le_bytes(count.try_into().unwrap_or_default()) as usize, &[][..], rest)
        } else if cookie as u16 == COOKIE_WITH_RUNS {
            let count = (cookie >> 16) as usize + 1;
            let (runs, rest) = cut(rest, count.div_ceil(8))?;
            (count, runs, rest)
        } else {
            return Err(Damage::new("the cookie of a roaring bitmap", cookie.to_string()));
        };
        let (directory, rest) = cut(rest, count.saturating_mul(4))?;
        let offsets = if runs.is_empty() || count >= OFFSETS_FROM { count * 4 } else { 0 };
        let (_, containers) = cut(rest, offsets)?;
        Ok(Self { directory: directory.as_chunks().0, runs, containers })
    }

    /// Sets the bits of those rows of `range` that are in it; bit `i % 64` of word `i / 64` is row `range.start + i`.
    /// Rows from `rows` on are damage.
    pub(crate) fn mark(&self, rows: usize, range: &Range<usize>, out: &mut [u64]) -> Result<(), Damage> {
        let mut rest = self.containers;
        let mut last = None;
        for (i, entry) in self.directory.iter().enumerate() {
            let [k0, k1, c0, c1] = *entry;
            let (key, values) = (short([k0, k1]), short([c0, c1]) + 1);
            let start = key * CONTAINER_ROWS;
            if last.is_some_and(|last| last >= key) || start >= rows {
                return Err(Damage::new(
                    format!("ascending containers of rows below {rows}"),
                    format!("key {key}"),
                ));
            }
            last = Some(key);
            if start >= range.end {
                break;
            }
            let is_run = self.runs.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1);
            let bytes = if is_run {
                2 + 4 * short(cut(rest, 2)?.0.try_into().unwrap_or_default())
            } else if values <= ARRAY_MOST {
                2 * values
            } else {
                BITSET_BYTES
            };
            let (container, after) = cut(rest, bytes)?;
            rest = after;
            if start + CONTAINER_ROWS <= range.start {
                continue;
            }
            let mut part = Part { start, range, rows, out };
            match (is_run, values <= ARRAY_MOST) {
                (true, _) => part.runs(container.get(2..).unwrap_or_default())?,
                (false, true) => part.array(container.as_chunks().0)?,
                (false, false) => part.bitset(container.as_chunks().0)?,
            }
        }
        Ok(())
    }
}

/// The container of the rows from `start`, and the mask of `range`.
struct Part<'m> {
    start: usize,
    range: &'m Range<usize>,
    rows: usize,
    out: &'m mut [u64],
}

impl Part<'_> {
    fn outside(&self, row: usize) -> Damage {
        Damage::new(format!("rows below {}", self.rows), format!("row {row}"))
    }

    fn array(&mut self, values: &[[u8; 2]]) -> Result<(), Damage> {
        if let Some(last) = values.last().map(|value| self.start + short(*value))
            && last >= self.rows
        {
            return Err(self.outside(last));
        }
        for value in values {
            // Rows before the range wrap around and are beyond every mask.
            let at = (self.start + short(*value)).wrapping_sub(self.range.start);
            if at < self.range.len()
                && let Some(word) = self.out.get_mut(at / 64)
            {
                *word |= 1 << (at % 64);
            }
        }
        Ok(())
    }

    fn runs(&mut self, runs: &[u8]) -> Result<(), Damage> {
        for [s0, s1, l0, l1] in runs.as_chunks().0 {
            let first = self.start + short([*s0, *s1]);
            let end = first + short([*l0, *l1]) + 1;
            if end > self.rows {
                return Err(self.outside(end - 1));
            }
            let (first, end) = (first.max(self.range.start), end.min(self.range.end));
            if first < end {
                set_range(self.out, first - self.range.start..end - self.range.start);
            }
        }
        Ok(())
    }

    fn bitset(&mut self, words: &[[u8; 8]]) -> Result<(), Damage> {
        let end = self.rows - self.start;
        let beyond = words.iter().enumerate().skip(end / 64).find(|(i, word)| {
            let valid = if *i == end / 64 { (1 << (end % 64)) - 1 } else { 0 };
            u64::from_le_bytes(**word) & !valid != 0
        });
        if let Some((i, _)) = beyond {
            return Err(self.outside(self.start + i * 64 + 63));
        }
        // Ranges start at blocks, which containers are whole multiples of: words meet words.
        let skip = self.range.start.saturating_sub(self.start) / 64;
        let to = self.start.saturating_sub(self.range.start) / 64;
        let out = self.out.get_mut(to..).unwrap_or_default();
        for (word, bytes) in out.iter_mut().zip(words.iter().skip(skip)) {
            *word |= u64::from_le_bytes(*bytes);
        }
        // The last word of the mask may end before the container's does.
        let cut = self.range.len() % 64;
        if cut != 0
            && let Some(last) = self.out.last_mut()
        {
            *last &= (1 << cut) - 1;
        }
        Ok(())
    }
}

/// Sets a range of bits.
pub(crate) fn set_range(out: &mut [u64], range: Range<usize>) {
    let (first, last) = (range.start / 64, (range.end - 1) / 64);
    let (head, tail) = (u64::MAX << (range.start % 64), u64::MAX >> (63 - (range.end - 1) % 64));
    if first == last {
        if let Some(word) = out.get_mut(first) {
            *word |= head & tail;
        }
        return;
    }
    if let Some(words) = out.get_mut(first..=last) {
        words[0] |= head;
        words[1..last - first].fill(u64::MAX);
        words[last - first] |= tail;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    use super::*;

    fn check(bitmap: &RoaringBitmap, rows: usize, range: Range<usize>) {
        let mut bytes = Vec::new();
        bitmap.serialize_into(&mut bytes).unwrap();
        let mut words = vec![0u64; range.len().div_ceil(64)];
        SerializedBitmap::new(&bytes).unwrap().mark(rows, &range, &mut words).unwrap();
        for (i, row) in range.clone().enumerate() {
            assert_eq!(
                words[i / 64] >> (i % 64) & 1 == 1,
                bitmap.contains(row as u32),
                "row {row} of {range:?}"
            );
        }
        let tail = range.len() % 64;
        assert!(tail == 0 || words[range.len() / 64] >> tail == 0, "bits beyond the end are clear");
        for cut in [1, bytes.len() / 2, bytes.len() - 1] {
            let short = SerializedBitmap::new(&bytes[..cut]);
            assert!(short.and_then(|b| b.mark(rows, &(0..rows), &mut vec![0; rows.div_ceil(64)])).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_kind_of_container(seed: u64, start in 0usize..40, length in 1usize..150_000, dense in 1u64..40) {
            let rows = 200_000;
            let mut state = seed | 1;
            let mut bitmap = RoaringBitmap::new();
            bitmap.insert(rows as u32 - 1);
            for row in 0..rows as u32 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let kind = row / 66_000;
                if (kind == 0 && (state >> 33) % dense == 0) || (kind == 1 && row % 1000 < 700) || (kind == 2 && row % 997 == 0) {
                    bitmap.insert(row);
                }
            }
            let start = start * 4096;
            let range = start..rows.min(start + length);
            check(&bitmap, rows, range.clone());
            bitmap.optimize();
            check(&bitmap, rows, range);
        }
    }

    #[test]
    fn rows_beyond_the_end_are_damage() {
        for bitmap in
            [RoaringBitmap::from_iter([5u32, 70_001]), (69_000..70_010).collect(), (0..70_002).collect()]
        {
            for optimized in [false, true] {
                let mut bitmap = bitmap.clone();
                if optimized {
                    bitmap.optimize();
                }
                let mut bytes = Vec::new();
                bitmap.serialize_into(&mut bytes).unwrap();
                let mut words = vec![0; 1094];
                let read = SerializedBitmap::new(&bytes).unwrap();
                assert!(read.mark(70_000, &(0..70_000), &mut words).is_err());
            }
        }
    }
}
