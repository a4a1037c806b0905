//! How are numbers of more than 32 bits unpacked? Row by row, with shifts that are computed: one function for all widths.

use std::arch::x86_64::{
    _mm256_and_si256, _mm256_or_si256, _mm256_set1_epi64x, _mm256_sll_epi64, _mm256_srl_epi64,
};

use super::super::CHUNK;
use super::{ahead, by, load, place, start, words};

/// Unpacks a chunk of numbers of 33 to 64 bits. Wrong lengths give `None`.
#[target_feature(enable = "avx2")]
pub(in crate::kernel) fn unpack(width: u8, packed: &[u8], out: &mut [u64; CHUNK]) -> Option<()> {
    let (words, width) = (words(packed), usize::from(width));
    if !(33..=64).contains(&width) || packed.len() != width * CHUNK / 8 {
        return None;
    }
    let mask = _mm256_set1_epi64x((u64::MAX >> (64 - width)) as i64);
    for row in 0..64 {
        let (at, shift) = place(row, width, 64);
        let (right, left) = (by(shift), by(64 - shift));
        let word = words.get(at)?;
        // A number that ends in its word takes nothing from the next: those bits are masked.
        let next = words.get(at + 1).unwrap_or(word);
        ahead(next);
        let vectors = out[start(row)..][..16].as_chunks_mut::<4>().0;
        for ((vector, word), next) in vectors.iter_mut().zip(word).zip(next) {
            let low = _mm256_srl_epi64(load(word), right);
            let high = _mm256_sll_epi64(load(next), left);
            *vector = bytemuck::cast(_mm256_and_si256(_mm256_or_si256(low, high), mask));
        }
    }
    Some(())
}
