//! What do the numbers of a block add up to? Lanes in memory are added as halves of words of twice their width.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_sad_epu8, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_srli_epi32, _mm256_srli_epi64,
};

use super::Lane;

/// The sum of all lanes, wrapping.
#[must_use]
pub fn sum<T: Lane>(lanes: &[T]) -> u64 {
    T::sum(lanes)
}

/// The slow twin of all sums, and what is left of lanes at the end.
#[inline(always)]
pub(super) fn plain<T: Lane>(lanes: &[T]) -> u64 {
    lanes.iter().fold(0, |sum, lane| sum.wrapping_add(lane.word()))
}

/// Vectors that are added up between two flushes of 32-bit accumulators: 2^14 times two lanes of 16 bits fit.
#[cfg(target_arch = "x86_64")]
const SHORT_VECTORS: usize = 1 << 14;

#[cfg(target_arch = "x86_64")]
fn vector(bytes: &[u8; 32]) -> __m256i {
    bytemuck::pod_read_unaligned(bytes)
}

#[cfg(target_arch = "x86_64")]
fn across(longs: __m256i) -> u64 {
    let longs: [u64; 4] = bytemuck::cast(longs);
    plain(&longs)
}

/// Eight bytes at a time, as the distance to zero.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_bytes(vectors: &[[u8; 32]]) -> u64 {
    let zero = _mm256_setzero_si256();
    let (pairs, rest) = vectors.as_chunks::<2>();
    let (mut even, mut odd) = (zero, zero);
    for [a, b] in pairs {
        even = _mm256_add_epi64(even, _mm256_sad_epu8(vector(a), zero));
        odd = _mm256_add_epi64(odd, _mm256_sad_epu8(vector(b), zero));
    }
    for a in rest {
        even = _mm256_add_epi64(even, _mm256_sad_epu8(vector(a), zero));
    }
    across(_mm256_add_epi64(even, odd))
}

/// The halves of words of four bytes, then of eight.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_shorts(vectors: &[[u8; 32]]) -> u64 {
    let (low_halves, low_words) = (_mm256_set1_epi32(0xFFFF), _mm256_set1_epi64x(0xFFFF_FFFF));
    let mut all = _mm256_setzero_si256();
    for part in vectors.chunks(SHORT_VECTORS) {
        let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for bytes in part {
            let lanes = vector(bytes);
            low = _mm256_add_epi32(low, _mm256_and_si256(lanes, low_halves));
            high = _mm256_add_epi32(high, _mm256_srli_epi32::<16>(lanes));
        }
        for sums in [low, high] {
            all = _mm256_add_epi64(all, _mm256_and_si256(sums, low_words));
            all = _mm256_add_epi64(all, _mm256_srli_epi64::<32>(sums));
        }
    }
    across(all)
}

/// The halves of words of eight bytes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_words(vectors: &[[u8; 32]]) -> u64 {
    let low_words = _mm256_set1_epi64x(0xFFFF_FFFF);
    let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for bytes in vectors {
        let lanes = vector(bytes);
        low = _mm256_add_epi64(low, _mm256_and_si256(lanes, low_words));
        high = _mm256_add_epi64(high, _mm256_srli_epi64::<32>(lanes));
    }
    across(_mm256_add_epi64(low, high))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_longs(vectors: &[[u8; 32]]) -> u64 {
    let mut all = _mm256_setzero_si256();
    for bytes in vectors {
        all = _mm256_add_epi64(all, vector(bytes));
    }
    across(all)
}

/// The sum of lanes of one type: whole vectors where the processor has AVX2, the rest one by one.
macro_rules! lane_sum {
    ($name:ident, $lane:ty, $wide:ident) => {
        pub(super) fn $name(lanes: &[$lane]) -> u64 {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let (vectors, rest) = lanes.as_chunks::<{ 32 / size_of::<$lane>() }>();
                let (vectors, _) =
                    bytemuck::cast_slice::<$lane, u8>(vectors.as_flattened()).as_chunks::<32>();
                #[expect(unsafe_code, reason = "instructions the processor was asked for")]
                // SAFETY: the processor has AVX2, which is all that is asked for.
                return unsafe { $wide(vectors) }.wrapping_add(plain(rest));
            }
            plain(lanes)
        }
    };
}

lane_sum!(bytes, u8, wide_bytes);
lane_sum!(shorts, u16, wide_shorts);
lane_sum!(words, u32, wide_words);
lane_sum!(longs, u64, wide_longs);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check<T: Lane>(lanes: &[T]) {
        let slow = lanes.iter().fold(0u64, |sum, lane| sum.wrapping_add(lane.word()));
        assert_eq!((sum(lanes), plain(lanes)), (slow, slow));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn sums(seed: u64, length in 0usize..5000, full: bool) {
            let mut state = seed | 1;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                if full { u64::MAX } else { state }
            };
            let longs: Vec<u64> = (0..length).map(|_| next()).collect();
            check(&longs);
            check(&longs.iter().map(|v| *v as u32).collect::<Vec<_>>());
            check(&longs.iter().map(|v| *v as u16).collect::<Vec<_>>());
            check(&longs.iter().map(|v| *v as u8).collect::<Vec<_>>());
        }
    }
}
