//! How are packed numbers added up and tested without being unpacked into memory? In the registers of AVX2 where the
//! processor has it; otherwise chunk by chunk through the kernels for lanes, which are also the twins that tests compare
//! with.

#[cfg(target_arch = "x86_64")]
mod ranges;
#[cfg(target_arch = "x86_64")]
mod sums;
#[cfg(target_arch = "x86_64")]
pub(super) mod wide_lanes;

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m128i, __m256i, _MM_HINT_T0, _mm_prefetch};

#[cfg(target_arch = "x86_64")]
use fastlanes::FL_ORDER;

use super::{
    CHUNK, Lane, mask_range, packed_bytes, sum, unpack::unpack8, unpack::unpack16, unpack::unpack32,
    unpack::unpack64,
};

/// Bits of one packed chunk's mask.
pub(crate) type ChunkMask = [u64; CHUNK / 64];

/// What the FastLanes layout calls a word: 1024 bits, a lane after another.
#[cfg(target_arch = "x86_64")]
type Word = [[u8; 32]; 4];

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn load(bytes: &[u8; 32]) -> __m256i {
    bytemuck::pod_read_unaligned(bytes)
}

/// Where row `row` of numbers of `width` bits begins in lanes of so many bits: the word, and the bit in it.
#[cfg(target_arch = "x86_64")]
const fn place(row: usize, width: usize, lane_bits: usize) -> (usize, usize) {
    (row * width / lane_bits, row * width % lane_bits)
}

/// The place in the chunk of the first number of a row.
#[cfg(target_arch = "x86_64")]
const fn start(row: usize) -> usize {
    FL_ORDER[row / 8] * 16 + row % 8 * 128
}

/// A number of bits to shift by.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn by(bits: usize) -> __m128i {
    bytemuck::cast([bits as u64, 0])
}

/// Asks for the lines of a word that comes some words later: the processor follows rows of lanes of 64 bits too late.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ahead(word: &Word) {
    const BYTES: usize = 4096;
    for line in [0, 64] {
        let later = word.as_ptr().cast::<i8>().wrapping_add(BYTES + line);
        #[expect(unsafe_code, reason = "an instruction")]
        // SAFETY: a prefetch reads nothing, wherever it points.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(later);
        }
    }
}

/// Evaluates the same for the width as a constant, if it is one of the list.
#[cfg(target_arch = "x86_64")]
macro_rules! by_width {
    ($width:expr, $w:ident in [$($literal:literal)*] => $result:expr) => {
        match $width {
            $($literal => {
                const $w: usize = $literal;
                Some($result)
            })*
            _ => None,
        }
    };
}
#[cfg(target_arch = "x86_64")]
use by_width;

/// Chunks in so many bytes, if they are whole and the width is one.
fn chunks(width: u8, packed: &[u8]) -> Option<usize> {
    let bytes = packed_bytes(width);
    ((1..=64).contains(&width) && packed.len().is_multiple_of(bytes)).then(|| packed.len() / bytes)
}

#[cfg(target_arch = "x86_64")]
fn words(packed: &[u8]) -> &[Word] {
    packed.as_chunks::<32>().0.as_chunks::<4>().0
}

/// The sum of the numbers of packed chunks, wrapping. Wrong lengths, alignments and widths give `None`.
pub(crate) fn sum_packed(width: u8, packed: &[u8]) -> Option<u64> {
    if width == 0 && packed.is_empty() {
        return Some(0);
    }
    chunks(width, packed)?;
    match width {
        // Lanes that are filled: their order does not matter.
        8 => return Some(sum(packed)),
        16 => return Some(sum::<u16>(bytemuck::try_cast_slice(packed).ok()?)),
        32 => return Some(sum::<u32>(bytemuck::try_cast_slice(packed).ok()?)),
        _ => {}
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { sums::wide(width, words(packed)) };
    }
    plain_sum(width, packed)
}

/// Sets the bits of the numbers of packed chunks within `low..=high`, and clears the others. Wrong lengths, alignments
/// and widths give `None`.
pub(crate) fn mask_packed(
    width: u8,
    packed: &[u8],
    (low, high): (u64, u64),
    out: &mut [ChunkMask],
) -> Option<()> {
    if chunks(width, packed)? != out.len() {
        return None;
    }
    let most = u64::MAX >> (64 - width);
    let high = high.min(most);
    if low > high {
        out.fill([0; CHUNK / 64]);
        return Some(());
    }
    if low == 0 && high == most {
        out.fill([u64::MAX; CHUNK / 64]);
        return Some(());
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { ranges::wide(width, words(packed), low, high - low + 1, out) };
    }
    plain_mask(width, packed, (low, high), out)
}

/// Calls the same function for the lanes of a width.
macro_rules! by_lanes {
    ($width:expr, $call:ident($($argument:expr),*)) => {
        match $width {
            1..=8 => $call::<u8>($($argument,)* unpack8),
            9..=16 => $call::<u16>($($argument,)* unpack16),
            17..=32 => $call::<u32>($($argument,)* unpack32),
            _ => $call::<u64>($($argument,)* unpack64),
        }
    };
}

/// Unpacks a chunk.
type Unpack<T> = fn(u8, &[u8], &mut [T; CHUNK]) -> Option<()>;

fn plain_sum(width: u8, packed: &[u8]) -> Option<u64> {
    fn chunkwise<T: Lane + Default>(width: u8, packed: &[u8], unpack: Unpack<T>) -> Option<u64> {
        let mut lanes = [T::default(); CHUNK];
        packed.chunks_exact(packed_bytes(width)).try_fold(0u64, |all, chunk| {
            unpack(width, chunk, &mut lanes)?;
            Some(all.wrapping_add(sum(&lanes)))
        })
    }
    by_lanes!(width, chunkwise(width, packed))
}

fn plain_mask(width: u8, packed: &[u8], range: (u64, u64), out: &mut [ChunkMask]) -> Option<()> {
    fn chunkwise<T: Lane + Default>(
        width: u8,
        packed: &[u8],
        (low, high): (u64, u64),
        out: &mut [ChunkMask],
        unpack: Unpack<T>,
    ) -> Option<()> {
        let mut lanes = [T::default(); CHUNK];
        for (chunk, out) in packed.chunks_exact(packed_bytes(width)).zip(out) {
            unpack(width, chunk, &mut lanes)?;
            mask_range(&lanes, T::of(low), T::of(high), out);
        }
        Some(())
    }
    by_lanes!(width, chunkwise(width, packed, range, out))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pack_chunk;
    use super::*;

    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn sums_and_ranges_agree_with_their_twins(seed: u64, chunks in 1usize..10, full: bool) {
            let mut state = seed | 1;
            for width in 1..=64u8 {
                let most = u64::MAX >> (64 - width);
                let values: Vec<u64> = (0..CHUNK * chunks)
                    .map(|_| if full { most } else { random(&mut state) & most })
                    .collect();
                let mut packed = Vec::new();
                for chunk in values.as_chunks::<CHUNK>().0 {
                    pack_chunk(width, chunk, &mut packed);
                }
                let aligned: Vec<u64> =
                    packed.chunks(8).map(|c| u64::from_le_bytes(c.try_into().unwrap())).collect();
                let packed: &[u8] = bytemuck::cast_slice(&aligned);
                let sum = values.iter().fold(0u64, |sum, value| sum.wrapping_add(*value));
                prop_assert_eq!(sum_packed(width, packed), Some(sum), "sum of width {}", width);
                prop_assert_eq!(plain_sum(width, packed), Some(sum));
                let (a, b) = (random(&mut state) & most, random(&mut state) & most);
                let ends = [(a.min(b), a.max(b)), (0, a), (b, u64::MAX), (0, most), (a, a), (most, most), (0, 0), (1, 0)];
                for (low, high) in ends {
                    let mut fast = vec![[0xAAAA; CHUNK / 64]; chunks];
                    mask_packed(width, packed, (low, high), &mut fast).unwrap();
                    let bit = |i: usize| fast.as_flattened()[i / 64] >> (i % 64) & 1 == 1;
                    let wrong = (0..values.len()).find(|i| bit(*i) != (low <= values[*i] && values[*i] <= high));
                    prop_assert_eq!(wrong, None, "width {}, {}..={}", width, low, high);
                    if low <= high {
                        let mut slow = vec![[0; CHUNK / 64]; chunks];
                        plain_mask(width, packed, (low, high.min(most)), &mut slow).unwrap();
                        prop_assert_eq!(&slow, &fast);
                    }
                }
            }
        }
    }

    #[test]
    fn wrong_lengths_and_widths_are_refused() {
        let bytes = [0u64; 256];
        let bytes: &[u8] = bytemuck::cast_slice(&bytes);
        assert_eq!(sum_packed(0, &[]), Some(0));
        assert_eq!(sum_packed(65, &bytes[..1024]), None);
        assert_eq!(sum_packed(8, &bytes[..1000]), None);
        let mut out = [[0; CHUNK / 64]; 2];
        assert_eq!(mask_packed(8, bytes, (0, 1), &mut out), Some(()));
        assert_eq!(mask_packed(8, bytes, (0, 1), &mut out[..1]), None);
        assert_eq!(mask_packed(9, bytes, (0, 1), &mut out), None);
        assert_eq!(mask_packed(0, &[], (0, 1), &mut []), None);
    }
}
