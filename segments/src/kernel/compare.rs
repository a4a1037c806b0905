//! Which numbers of a block pass a test? One bit a number, 64 a word: compared on the narrowest lanes, 32 bytes an
//! instruction where the processor has AVX2.

use super::{span, sum};

/// Numbers of one lane width.
pub trait Lane: Copy + Ord + 'static {
    /// The largest number.
    const MOST: u64;
    /// From a wider number that fits.
    fn of(word: u64) -> Self;
    /// As a wide number.
    fn word(self) -> u64;
    /// Difference, wrapping.
    fn minus(self, other: Self) -> Self;
    /// Sum of lanes, wrapping.
    fn sum(lanes: &[Self]) -> u64;
    /// See [`mask_span`].
    fn mask_span(lanes: &[Self], low: Self, span: Self, out: &mut [u64]);
}

macro_rules! lane {
    ($($t:ty: $kernel:ident)*) => {$(
        impl Lane for $t {
            const MOST: u64 = <$t>::MAX as u64;
            #[inline(always)]
            fn of(word: u64) -> Self {
                word as Self
            }
            #[inline(always)]
            fn word(self) -> u64 {
                self as u64
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn sum(lanes: &[Self]) -> u64 {
                sum::$kernel(lanes)
            }
            #[inline]
            fn mask_span(lanes: &[Self], low: Self, span: Self, out: &mut [u64]) {
                span::$kernel(lanes, low, span, out);
            }
        }
    )*};
}

lane!(u8: bytes u16: shorts u32: words u64: longs);

/// Eight flags of a byte each (0 or 1) as the bits of a byte.
#[inline(always)]
fn gather_bits(flags: u64) -> u64 {
    flags.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Fills `out` with one bit a value, for values a multiple of 64 long or the last ones of a block.
#[inline(always)]
fn fill<T: Lane>(values: &[T], out: &mut [u64], test: impl Fn(T) -> bool + Copy) {
    let mut flags = [0u8; 64];
    let (whole, rest) = values.as_chunks::<64>();
    let mut words = out.iter_mut();
    for (chunk, word) in whole.iter().zip(&mut words) {
        for (flag, value) in flags.iter_mut().zip(chunk) {
            *flag = u8::from(test(*value));
        }
        let (eights, _) = flags.as_chunks::<8>();
        *word = eights
            .iter()
            .enumerate()
            .fold(0, |bits, (i, eight)| bits | gather_bits(u64::from_le_bytes(*eight)) << (8 * i));
    }
    if let (Some(word), false) = (words.next(), rest.is_empty()) {
        *word = rest.iter().enumerate().fold(0, |bits, (i, v)| bits | u64::from(test(*v)) << i);
    }
}

/// Sets bit `i` of `out` where `low <= values[i] <= high`, and clears it elsewhere; `out` has a word for every
/// 64 values. An empty range (`low > high`) clears all.
pub fn mask_range<T: Lane>(values: &[T], low: T, high: T, out: &mut [u64]) {
    if low > high {
        return out.fill(0);
    }
    mask_span(values, low, high.minus(low), out);
}

/// Sets bit `i` of `out` where `values[i] - low`, wrapping, is at most `span`, and clears it elsewhere; `out` has a
/// word for every 64 values.
pub fn mask_span<T: Lane>(values: &[T], low: T, span: T, out: &mut [u64]) {
    T::mask_span(values, low, span, out);
}

/// Sets bit `i` of `out` where `table[values[i]]` is 1 (entries are 0 or 1; values beyond the table count as 0),
/// and clears it elsewhere; `out` has a word for every 64 values.
pub fn mask_table<T: Lane>(values: &[T], table: &[u8], out: &mut [u64]) {
    fill(values, out, |value| table.get(value.word() as usize).is_some_and(|flag| *flag != 0));
}

/// Smallest and largest value; `None` of none.
#[must_use]
pub fn extremes<T: Lane>(values: &[T]) -> Option<(T, T)> {
    let first = *values.first()?;
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "instructions the processor was asked for")]
        // SAFETY: the processor has AVX2, which is all that `extremes_wide` asks for.
        return Some(unsafe { extremes_wide(values, first) });
    }
    Some(extremes_plain(values, first))
}

#[inline(always)]
fn extremes_plain<T: Lane>(values: &[T], first: T) -> (T, T) {
    values.iter().fold((first, first), |(low, high), v| (low.min(*v), high.max(*v)))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn extremes_wide<T: Lane>(values: &[T], first: T) -> (T, T) {
    extremes_plain(values, first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(words: &[u64], len: usize) -> Vec<bool> {
        (0..len).map(|i| words[i / 64] >> (i % 64) & 1 == 1).collect()
    }

    fn agree<T: Lane + std::fmt::Debug>(values: &[T], low: T, high: T) -> Result<(), TestCaseError> {
        let mut fast = vec![u64::MAX; values.len().div_ceil(64)];
        mask_range(values, low, high, &mut fast);
        let slow: Vec<bool> = values.iter().map(|v| low <= *v && *v <= high).collect();
        prop_assert_eq!(bits(&fast, values.len()), slow);
        let mut plain = vec![0; fast.len()];
        if low <= high {
            span::plain(values, low, high.minus(low), &mut plain);
        }
        prop_assert_eq!(&plain, &fast);
        prop_assert_eq!(extremes(values), values.iter().min().copied().zip(values.iter().max().copied()));
        Ok(())
    }

    proptest! {
        #[test]
        fn kernels_agree_with_their_twins(values in prop::collection::vec(any::<u64>(), 0..300), low: u64, high: u64) {
            let narrow8: Vec<u8> = values.iter().map(|v| *v as u8).collect();
            let narrow16: Vec<u16> = values.iter().map(|v| *v as u16).collect();
            let narrow32: Vec<u32> = values.iter().map(|v| *v as u32).collect();
            agree(&narrow8, low as u8, high as u8)?;
            agree(&narrow16, low as u16, high as u16)?;
            agree(&narrow32, low as u32, high as u32)?;
            agree(&values, low, high)?;
            let table: Vec<u8> = (0..200u64).map(|i| (low >> (i % 64) & 1) as u8).collect();
            let mut fast = vec![u64::MAX; values.len().div_ceil(64)];
            mask_table(&narrow8, &table, &mut fast);
            let slow: Vec<bool> = narrow8.iter().map(|v| table.get(usize::from(*v)) == Some(&1)).collect();
            prop_assert_eq!(bits(&fast, values.len()), slow);
        }
    }
}
