//! Which packed numbers lie in a range? Each is moved to the top of its lane, whatever bits stay below it; then the bounds,
//! moved up too, are compared with it: `number - low < count`, unsigned, as a signed comparison of both with the top bit
//! flipped. A row of lanes holds numbers that follow each other, so the masks of its vectors are the bits of the answer.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_andnot_si256, _mm256_castsi256_pd, _mm256_cmpgt_epi8, _mm256_cmpgt_epi16, _mm256_cmpgt_epi32,
    _mm256_cmpgt_epi64, _mm256_movemask_epi8, _mm256_movemask_pd, _mm256_or_si256, _mm256_packs_epi16,
    _mm256_packs_epi32, _mm256_permute4x64_epi64, _mm256_permutevar8x32_epi32, _mm256_set1_epi8,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi32, _mm256_sll_epi16,
    _mm256_sll_epi32, _mm256_sll_epi64, _mm256_srl_epi16, _mm256_srl_epi32, _mm256_srl_epi64,
};

use seq_macro::seq;

use super::{ChunkMask, Word, ahead, by, by_width, load, place, start};

/// Sets the bits of the numbers from `low` on, `count` of them (not all there are), and clears the others.
#[target_feature(enable = "avx2")]
pub(super) fn wide(width: u8, words: &[Word], low: u64, count: u64, out: &mut [ChunkMask]) -> Option<()> {
    macro_rules! call {
        ($kernel:ident, $lane:ty, $w:ident) => {
            $kernel::<$w>(words.as_chunks().0, low as $lane, count as $lane, bytemuck::cast_slice_mut(out))
        };
    }
    match width {
        1..=8 => by_width!(width, W in [1 2 3 4 5 6 7 8] => call!(bytes, u8, W)),
        9..=16 => by_width!(width, W in [9 10 11 12 13 14 15 16] => call!(shorts, u16, W)),
        17..=32 => by_width!(
            width,
            W in [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32] => call!(ints, u32, W)
        ),
        _ => {
            longs(words, usize::from(width), (low, count), bytemuck::cast_slice_mut(out));
            Some(())
        }
    }
}

/// The numbers of row `ROW` in vector `g` of its lanes, each at the top of its lane with other bits below.
macro_rules! tops {
    ($name:ident, $bits:literal, $right:ident, $left:ident) => {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn $name<const W: usize, const ROW: usize>(chunk: &[Word; W], g: usize) -> __m256i {
            let (word, shift) = const { place(ROW, W, $bits) };
            let bits = load(&chunk[word][g]);
            if shift + W == $bits {
                return bits;
            }
            if shift + W < $bits {
                return $left(bits, by($bits - W - shift));
            }
            // Its upper bits begin the next word.
            let beyond = shift + W - $bits;
            _mm256_or_si256($left(load(&chunk[word + 1][g]), by($bits - beyond)), $right(bits, by(beyond)))
        }
    };
}

tops!(top_of_short, 16, _mm256_srl_epi16, _mm256_sll_epi16);
tops!(top_of_int, 32, _mm256_srl_epi32, _mm256_sll_epi32);

/// The same for lanes of a byte, which are shifted in pairs: what comes from the neighbour is cut off where it matters.
#[inline]
#[target_feature(enable = "avx2")]
fn top_of_byte<const W: usize, const ROW: usize>(chunk: &[Word; W], g: usize) -> __m256i {
    let (word, shift) = const { place(ROW, W, 8) };
    let bits = load(&chunk[word][g]);
    if shift + W == 8 {
        return bits;
    }
    if shift + W < 8 {
        return _mm256_sll_epi16(bits, by(8 - W - shift));
    }
    let beyond = shift + W - 8;
    let high = _mm256_sll_epi16(load(&chunk[word + 1][g]), by(8 - beyond));
    let low = _mm256_srl_epi16(bits, by(beyond));
    let lower = _mm256_set1_epi8((u8::MAX >> beyond) as i8);
    _mm256_or_si256(_mm256_andnot_si256(lower, high), _mm256_and_si256(lower, low))
}

/// What is added to numbers at the top of their lanes, and the limit that the sums of those inside are below, signed.
macro_rules! bounds {
    ($lane:ty, $signed:ty, $splat:ident, $up:expr, $low:expr, $count:expr) => {{
        const SIGN: $lane = 1 << (<$lane>::BITS - 1);
        let up = $up;
        let added = SIGN.wrapping_sub($low << up) as $signed;
        ($splat(added), $splat((($count << up) ^ SIGN) as $signed))
    }};
}

#[target_feature(enable = "avx2")]
fn bytes<const W: usize>(chunks: &[[Word; W]], low: u8, count: u8, out: &mut [[u32; 32]]) {
    let (added, limit) = bounds!(u8, i8, _mm256_set1_epi8, 8 - W, low, count);
    for (chunk, out) in chunks.iter().zip(out) {
        seq!(ROW in 0..8 {
            for g in 0..4 {
                let number = _mm256_add_epi8(top_of_byte::<W, ROW>(chunk, g), added);
                out[const { start(ROW) / 32 } + g] = _mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, number)) as u32;
            }
        });
    }
}

#[target_feature(enable = "avx2")]
fn shorts<const W: usize>(chunks: &[[Word; W]], low: u16, count: u16, out: &mut [[u32; 32]]) {
    let (added, limit) = bounds!(u16, i16, _mm256_set1_epi16, 16 - W, low, count);
    for (chunk, out) in chunks.iter().zip(out) {
        seq!(ROW in 0..16 {
            for half in 0..2 {
                let [a, b]: [__m256i; 2] = std::array::from_fn(|i| {
                    let number = _mm256_add_epi16(top_of_short::<W, ROW>(chunk, 2 * half + i), added);
                    _mm256_cmpgt_epi16(limit, number)
                });
                // Packing works on halves of the vectors: their quarters are put in order again.
                let inside = _mm256_permute4x64_epi64::<0b1101_1000>(_mm256_packs_epi16(a, b));
                out[const { start(ROW) / 32 } + half] = _mm256_movemask_epi8(inside) as u32;
            }
        });
    }
}

#[target_feature(enable = "avx2")]
fn ints<const W: usize>(chunks: &[[Word; W]], low: u32, count: u32, out: &mut [[u32; 32]]) {
    let (added, limit) = bounds!(u32, i32, _mm256_set1_epi32, 32 - W, low, count);
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (chunk, out) in chunks.iter().zip(out) {
        seq!(ROW in 0..32 {{
            let [a, b, c, d]: [__m256i; 4] = std::array::from_fn(|g| {
                _mm256_cmpgt_epi32(limit, _mm256_add_epi32(top_of_int::<W, ROW>(chunk, g), added))
            });
            let packed = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
            let inside = _mm256_permutevar8x32_epi32(packed, order);
            out[const { start(ROW) / 32 }] = _mm256_movemask_epi8(inside) as u32;
        }});
    }
}

/// Any width above 32 bits: the shifts of a row are computed, which costs little beside its four vectors.
#[target_feature(enable = "avx2")]
fn longs(words: &[Word], width: usize, (low, count): (u64, u64), out: &mut [[u16; 64]]) {
    let up = 64 - width;
    let (added, limit) = bounds!(u64, i64, _mm256_set1_epi64x, up, low, count);
    let test = |number: __m256i| {
        let inside = _mm256_cmpgt_epi64(limit, _mm256_add_epi64(number, added));
        _mm256_movemask_pd(_mm256_castsi256_pd(inside)) as u16
    };
    for (chunk, out) in words.chunks_exact(width).zip(out) {
        for row in 0..64 {
            let (at, shift) = place(row, width, 64);
            let word = &chunk[at];
            let bits: [u16; 4] = if shift + width <= 64 {
                let left = by(up - shift);
                std::array::from_fn(|g| test(_mm256_sll_epi64(load(&word[g]), left)))
            } else {
                let next = &chunk[at + 1];
                ahead(next);
                let beyond = shift + width - 64;
                let (left, right) = (by(64 - beyond), by(beyond));
                std::array::from_fn(|g| {
                    let high = _mm256_sll_epi64(load(&next[g]), left);
                    test(_mm256_or_si256(high, _mm256_srl_epi64(load(&word[g]), right)))
                })
            };
            out[start(row) / 16] = bits[0] | bits[1] << 4 | bits[2] << 8 | bits[3] << 12;
        }
    }
}
