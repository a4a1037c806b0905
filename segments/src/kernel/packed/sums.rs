//! What do packed numbers add up to? A lane is a run of bits that numbers follow each other in. With `x >> s` for each place
//! `s` in a word where a number begins or ends, the sum of the numbers needs no mask: a number from `s` to `t` is
//! `(x >> s) - (x >> t << width)`, so the inner places count `1 - 2^width` times, and the first bits of a word as often as
//! their place in their number says. All of it wraps, as long as the sum itself fits the lane.

use std::arch::x86_64::{
    __m256i, _mm256_add_epi8, _mm256_add_epi16, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_or_si256, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_set1_epi32, _mm256_set1_epi64x,
    _mm256_setzero_si256, _mm256_sll_epi16, _mm256_sll_epi32, _mm256_sll_epi64, _mm256_srl_epi16,
    _mm256_srl_epi32, _mm256_srl_epi64, _mm256_srli_epi32, _mm256_srli_epi64, _mm256_sub_epi16,
    _mm256_sub_epi32,
};

use seq_macro::seq;

use super::{Word, ahead, by, by_width, load, place};

/// The sum of all numbers, wrapping.
#[target_feature(enable = "avx2")]
pub(super) fn wide(width: u8, words: &[Word]) -> Option<u64> {
    match width {
        1..=7 => by_width!(width, W in [1 2 3 4 5 6 7] => bytes::<W>(words.as_chunks().0)),
        9..=15 => by_width!(width, W in [9 10 11 12 13 14 15] => shorts::<W>(words.as_chunks().0)),
        17..=31 => by_width!(
            width,
            W in [17 18 19 20 21 22 23 24 25 26 27 28 29 30 31] => ints::<W>(words.as_chunks().0)
        ),
        _ => Some(longs(words, usize::from(width))),
    }
}

fn across(longs: __m256i) -> u64 {
    let longs: [u64; 4] = bytemuck::cast(longs);
    longs.iter().fold(0, |sum, long| sum.wrapping_add(*long))
}

/// Whether no further row can be added to the numbers of this one and those before it within lanes of so many bits: they
/// are added a power of two of rows at a time.
const fn is_last(row: usize, lane_bits: u32, width: usize) -> bool {
    let most = (u64::MAX >> (64 - lane_bits)) / (u64::MAX >> (64 - width));
    let mut rows = 1;
    while 2 * rows as u64 <= most && 2 * rows <= lane_bits as usize {
        rows *= 2;
    }
    (row + 1).is_multiple_of(rows)
}

/// Words as they begin, shifted to their place in the number; words from each inner place on; and the last of those
/// before the rows that are being added.
type Parts = [__m256i; 3];

/// Adds row `ROW`; and the sum of the rows since the last such sum, up to row `ROW`.
macro_rules! parts {
    ($add_row:ident, $total:ident, $bits:literal, $right:ident, $left:ident, $add:ident, $sub:ident) => {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn $add_row<const W: usize, const ROW: usize>(chunk: &[Word; W], g: usize, parts: &mut Parts) {
            let (word, shift) = const { place(ROW, W, $bits) };
            let bits = load(&chunk[word][g]);
            if shift == 0 {
                parts[0] = $add(parts[0], bits);
                return;
            }
            parts[1] = $add(parts[1], $right(bits, by(shift)));
            if shift + W > $bits {
                parts[0] = $add(parts[0], $left(load(&chunk[word + 1][g]), by($bits - shift)));
            }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        fn $total<const W: usize, const ROW: usize>(
            chunk: &[Word; W],
            g: usize,
            parts: &mut Parts,
        ) -> __m256i {
            let (word, shift) = const { place(ROW + 1, W, $bits) };
            let zero = _mm256_setzero_si256();
            let end = if shift == 0 { zero } else { $right(load(&chunk[word][g]), by(shift)) };
            let [begun, inner, start] = std::mem::replace(parts, [zero, zero, end]);
            let ends = $sub($add(inner, end), start);
            $sub($add(begun, inner), $left(ends, by(W)))
        }
    };
}

parts!(
    add_shorts,
    total_of_shorts,
    16,
    _mm256_srl_epi16,
    _mm256_sll_epi16,
    _mm256_add_epi16,
    _mm256_sub_epi16
);
parts!(add_ints, total_of_ints, 32, _mm256_srl_epi32, _mm256_sll_epi32, _mm256_add_epi32, _mm256_sub_epi32);

/// The numbers of row `ROW` in vector `g` of its lanes of a byte; bytes are shifted in pairs, so all are masked.
#[inline]
#[target_feature(enable = "avx2")]
fn number_in_byte<const W: usize, const ROW: usize>(chunk: &[Word; W], g: usize) -> __m256i {
    let (word, shift) = const { place(ROW, W, 8) };
    let mask = |bits: u8| _mm256_set1_epi8(bits as i8);
    let low = _mm256_srl_epi16(load(&chunk[word][g]), by(shift));
    if shift + W <= 8 {
        return _mm256_and_si256(low, mask(u8::MAX >> (8 - W)));
    }
    let lower = u8::MAX >> shift;
    let high = _mm256_sll_epi16(load(&chunk[word + 1][g]), by(8 - shift));
    let high = _mm256_and_si256(high, mask(u8::MAX >> (8 - W) & !lower));
    _mm256_or_si256(_mm256_and_si256(low, mask(lower)), high)
}

#[target_feature(enable = "avx2")]
fn bytes<const W: usize>(chunks: &[[Word; W]]) -> u64 {
    let zero = _mm256_setzero_si256();
    let mut all = zero;
    for chunk in chunks {
        for g in 0..4 {
            let mut rows = zero;
            seq!(ROW in 0..8 {
                rows = _mm256_add_epi8(rows, number_in_byte::<W, ROW>(chunk, g));
                if const { is_last(ROW, 8, W) } {
                    all = _mm256_add_epi64(all, _mm256_sad_epu8(rows, zero));
                    rows = zero;
                }
            });
            let _: __m256i = rows;
        }
    }
    across(all)
}

/// Chunks whose sums of two lanes fit into 32 bits.
const SHORT_CHUNKS: usize = 64;

#[target_feature(enable = "avx2")]
fn shorts<const W: usize>(chunks: &[[Word; W]]) -> u64 {
    let zero = _mm256_setzero_si256();
    let (halves, words) = (_mm256_set1_epi32(0xFFFF), _mm256_set1_epi64x(0xFFFF_FFFF));
    let mut all = zero;
    for some in chunks.chunks(SHORT_CHUNKS) {
        let (mut low, mut high) = (zero, zero);
        for chunk in some {
            let mut parts = [[zero; 3]; 4];
            seq!(ROW in 0..16 {
                for (g, parts) in parts.iter_mut().enumerate() {
                    add_shorts::<W, ROW>(chunk, g, parts);
                    if const { is_last(ROW, 16, W) } {
                        let sum = total_of_shorts::<W, ROW>(chunk, g, parts);
                        low = _mm256_add_epi32(low, _mm256_and_si256(sum, halves));
                        high = _mm256_add_epi32(high, _mm256_srli_epi32::<16>(sum));
                    }
                }
            });
        }
        for sums in [low, high] {
            all = _mm256_add_epi64(all, _mm256_and_si256(sums, words));
            all = _mm256_add_epi64(all, _mm256_srli_epi64::<32>(sums));
        }
    }
    across(all)
}

#[target_feature(enable = "avx2")]
fn ints<const W: usize>(chunks: &[[Word; W]]) -> u64 {
    let zero = _mm256_setzero_si256();
    let words = _mm256_set1_epi64x(0xFFFF_FFFF);
    let (mut low, mut high) = (zero, zero);
    for chunk in chunks {
        let mut parts = [[zero; 3]; 4];
        seq!(ROW in 0..32 {
            for (g, parts) in parts.iter_mut().enumerate() {
                add_ints::<W, ROW>(chunk, g, parts);
                if const { is_last(ROW, 32, W) } {
                    let sum = total_of_ints::<W, ROW>(chunk, g, parts);
                    low = _mm256_add_epi64(low, _mm256_and_si256(sum, words));
                    high = _mm256_add_epi64(high, _mm256_srli_epi64::<32>(sum));
                }
            }
        });
    }
    across(_mm256_add_epi64(low, high))
}

/// Any width above 32 bits, word by word: one or two numbers begin inside a word, and the shifts are computed.
#[target_feature(enable = "avx2")]
fn longs(words: &[Word], width: usize) -> u64 {
    let zero = _mm256_setzero_si256();
    let (mut begun, mut inner) = ([zero; 4], [zero; 4]);
    for chunk in words.chunks_exact(width) {
        // Which bit of its number a word begins with.
        let mut start = 0;
        for word in chunk {
            ahead(word);
            // Shifts by 64 bits and more give zero.
            let (up, first, second) = (by(start), by(width - start), by(2 * width - start));
            for (g, bits) in word.iter().enumerate() {
                let bits = load(bits);
                begun[g] = _mm256_add_epi64(begun[g], _mm256_sll_epi64(bits, up));
                inner[g] = _mm256_add_epi64(inner[g], _mm256_srl_epi64(bits, first));
                inner[g] = _mm256_add_epi64(inner[g], _mm256_srl_epi64(bits, second));
            }
            start = (start + 64) % width;
        }
    }
    let all = |sums: [__m256i; 4]| sums.into_iter().fold(0u64, |sum, part| sum.wrapping_add(across(part)));
    let (begun, inner) = (all(begun), all(inner));
    begun.wrapping_add(inner).wrapping_sub(inner.checked_shl(width as u32).unwrap_or(0))
}
