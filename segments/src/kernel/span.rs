//! Which lanes lie in a range? Each less the range's start, wrapping, is compared with its length: 32 bytes an
//! instruction where the processor has AVX2, whose masks become the bits of a word.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, _mm256_castsi256_pd, _mm256_castsi256_ps, _mm256_cmpeq_epi8, _mm256_cmpeq_epi16,
    _mm256_cmpeq_epi32, _mm256_cmpgt_epi64, _mm256_min_epu8, _mm256_min_epu16, _mm256_min_epu32,
    _mm256_movemask_epi8, _mm256_movemask_pd, _mm256_movemask_ps, _mm256_packs_epi16,
    _mm256_permute4x64_epi64, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x,
    _mm256_sub_epi8, _mm256_sub_epi16, _mm256_sub_epi32, _mm256_sub_epi64, _mm256_xor_si256,
};

use super::Lane;

/// The slow twin, and what is left of lanes at the end: fills a word for every 64 lanes.
pub(super) fn plain<T: Lane>(lanes: &[T], low: T, span: T, out: &mut [u64]) {
    for (lanes, word) in lanes.chunks(64).zip(out) {
        let bit = |(i, lane): (usize, &T)| u64::from(lane.minus(low) <= span) << i;
        *word = lanes.iter().enumerate().map(bit).fold(0, |word, bit| word | bit);
    }
}

#[cfg(target_arch = "x86_64")]
fn vector(bytes: &[u8; 32]) -> __m256i {
    bytemuck::pod_read_unaligned(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_bytes(words: &[[[u8; 32]; 2]], low: u8, span: u8, out: &mut [u64]) {
    let (low, span) = (_mm256_set1_epi8(low as i8), _mm256_set1_epi8(span as i8));
    for (vectors, word) in words.iter().zip(out) {
        *word = vectors.iter().rev().fold(0, |word, bytes| {
            let distance = _mm256_sub_epi8(vector(bytes), low);
            let inside = _mm256_cmpeq_epi8(_mm256_min_epu8(distance, span), distance);
            word << 32 | u64::from(_mm256_movemask_epi8(inside) as u32)
        });
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_shorts(words: &[[[u8; 32]; 4]], low: u16, span: u16, out: &mut [u64]) {
    let (low, span) = (_mm256_set1_epi16(low as i16), _mm256_set1_epi16(span as i16));
    for (vectors, word) in words.iter().zip(out) {
        *word = vectors.as_chunks::<2>().0.iter().rev().fold(0, |word, pair| {
            let [a, b] = pair.each_ref().map(|bytes| {
                let distance = _mm256_sub_epi16(vector(bytes), low);
                _mm256_cmpeq_epi16(_mm256_min_epu16(distance, span), distance)
            });
            // Packing works on halves of the vectors: their quarters are put in order again.
            let inside = _mm256_permute4x64_epi64::<0b1101_1000>(_mm256_packs_epi16(a, b));
            word << 32 | u64::from(_mm256_movemask_epi8(inside) as u32)
        });
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_words(words: &[[[u8; 32]; 8]], low: u32, span: u32, out: &mut [u64]) {
    let (low, span) = (_mm256_set1_epi32(low as i32), _mm256_set1_epi32(span as i32));
    for (vectors, word) in words.iter().zip(out) {
        *word = vectors.iter().rev().fold(0, |word, bytes| {
            let distance = _mm256_sub_epi32(vector(bytes), low);
            let inside = _mm256_cmpeq_epi32(_mm256_min_epu32(distance, span), distance);
            word << 8 | u64::from(_mm256_movemask_ps(_mm256_castsi256_ps(inside)) as u8)
        });
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_longs(words: &[[[u8; 32]; 16]], low: u64, span: u64, out: &mut [u64]) {
    // Comparisons are signed.
    let sign = _mm256_set1_epi64x(i64::MIN);
    let (low, span) = (_mm256_set1_epi64x(low as i64), _mm256_set1_epi64x(span as i64 ^ i64::MIN));
    for (vectors, word) in words.iter().zip(out) {
        let outside = vectors.iter().rev().fold(0, |word, bytes| {
            let distance = _mm256_xor_si256(_mm256_sub_epi64(vector(bytes), low), sign);
            let outside = _mm256_castsi256_pd(_mm256_cmpgt_epi64(distance, span));
            word << 4 | u64::from(_mm256_movemask_pd(outside) as u8)
        });
        *word = !outside;
    }
}

/// The function for one lane type: `wide` on vectors for as many words as are whole.
macro_rules! span_of {
    ($name:ident, $lane:ty, $wide:ident) => {
        pub(super) fn $name(lanes: &[$lane], low: $lane, span: $lane, out: &mut [u64]) {
            let mut done = 0;
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                let words: &[[$lane; 64]] = lanes.as_chunks().0;
                #[expect(unsafe_code, reason = "instructions the processor was asked for")]
                // SAFETY: the processor has AVX2, which is all that the function asks for.
                unsafe {
                    $wide(bytemuck::cast_slice(words), low, span, out);
                }
                done = words.len().min(out.len());
            }
            let rest = lanes.get(done * 64..).unwrap_or_default();
            plain(rest, low, span, out.get_mut(done..).unwrap_or_default());
        }
    };
}

span_of!(bytes, u8, wide_bytes);
span_of!(shorts, u16, wide_shorts);
span_of!(words, u32, wide_words);
span_of!(longs, u64, wide_longs);
