//! How do longs with a common step become narrow? Days in milliseconds, or amounts in whole thousands, are stored as
//! numbers of steps from the smallest: a value is `origin + step * word`, where the block encodes the words.

use super::{Block, Damage};

/// The `exponent` of blocks whose words are numbers of steps; the step and the origin end the payload.
pub(crate) const SCALED: u8 = 254;

/// Bytes that step and origin take at the end of the payload.
pub(super) const SCALE_BYTES: usize = 16;

/// Payloads of fewer bytes are not worth a multiplication a value.
pub(super) const MIN_BYTES: u32 = 256;

/// How words become values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// Distance of neighbouring values.
    pub(crate) step: u64,
    /// The value of word 0.
    pub(crate) origin: u64,
}

impl Scale {
    /// The largest step that divides the distances of all words from the smallest; `None` where it is 1, or there is but
    /// one value.
    pub(super) fn of(words: &[u64]) -> Option<Self> {
        let origin = words.iter().map(|word| *word as i64).min()? as u64;
        let mut step = 0;
        for word in words {
            let distance = word.wrapping_sub(origin);
            if step == 0 || !distance.is_multiple_of(step) {
                step = greatest_common_divisor(step, distance);
                if step == 1 {
                    return None;
                }
            }
        }
        (step > 1).then_some(Self { step, origin })
    }

    /// The number of steps to a value.
    pub(super) fn word(self, value: u64) -> u64 {
        value.wrapping_sub(self.origin) / self.step
    }

    /// The value at a number of steps.
    #[inline]
    pub(crate) fn value(self, word: u64) -> u64 {
        self.origin.wrapping_add(word.wrapping_mul(self.step))
    }

    /// The words whose values, less `low`, wrapping, are at most `span`, as such a test of words; `None` where they are
    /// not neighbours, or there are none.
    pub(crate) fn words_within(self, low: u64, span: u64) -> Option<(u64, u64)> {
        // Values grow with their words, from the origin on, as signed numbers.
        let (low, high) = (low as i64, low.wrapping_add(span) as i64);
        let (first, last) = (low.max(self.origin as i64), high);
        if low > high || first > last || self.step == 0 {
            return None;
        }
        let distance = |to: i64| (to as u64).wrapping_sub(self.origin);
        let (first, last) = (distance(first).div_ceil(self.step), distance(last) / self.step);
        Some((first, last.checked_sub(first)?))
    }

    /// Its bytes at the end of a payload.
    pub(super) fn to_bytes(self) -> [u8; SCALE_BYTES] {
        let mut bytes = [0; SCALE_BYTES];
        bytes[..8].copy_from_slice(&self.step.to_le_bytes());
        bytes[8..].copy_from_slice(&self.origin.to_le_bytes());
        bytes
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Block<'_> {
    /// How the words of a scaled block become values.
    pub(crate) fn scale(&self) -> Result<Scale, Damage> {
        let tail = self.payload.get(self.words()?.len()..).unwrap_or_default();
        match tail.as_chunks::<8>() {
            ([step, origin], []) => {
                Ok(Scale { step: u64::from_le_bytes(*step), origin: u64::from_le_bytes(*origin) })
            }
            _ => Err(Damage::new("step and origin at the end of a payload", format!("{} bytes", tail.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps() {
        let day = 86_400_000u64;
        assert_eq!(Scale::of(&[3 * day, day, 9 * day]), Some(Scale { step: 2 * day, origin: day }));
        assert_eq!(Scale::of(&[day, day + 1]), None);
        assert_eq!(Scale::of(&[7, 7]), None);
        assert_eq!(Scale::of(&[]), None);
        let wide = Scale::of(&[i64::MIN as u64, i64::MAX as u64]).unwrap();
        assert_eq!((wide.step, wide.origin), (u64::MAX, i64::MIN as u64));
    }

    proptest! {
        #[test]
        fn values_come_back(words in prop::collection::vec(0u64..1000, 1..50), step in 1u64..=u64::MAX / 1000, origin: i64) {
            let origin = origin.min(0);
            prop_assume!(i128::from(origin) + 1000 * i128::from(step) <= i128::from(i64::MAX));
            let values: Vec<u64> = words.iter().map(|w| (origin as u64).wrapping_add(w * step)).collect();
            if let Some(scale) = Scale::of(&values) {
                prop_assert!(scale.step % step == 0);
                prop_assert!(values.iter().all(|value| scale.value(scale.word(*value)) == *value));
                let (low, high) = (values[0].min(values[values.len() - 1]), values[0].max(values[values.len() - 1]));
                for (low, high) in [(low as i64, high as i64), (low as i64 + 1, high as i64), (i64::MIN, high as i64 - 1)] {
                    let span = (high as u64).wrapping_sub(low as u64);
                    let within = scale.words_within(low as u64, span);
                    for value in &values {
                        let inside = within.is_some_and(|(low, span)| scale.word(*value).wrapping_sub(low) <= span);
                        prop_assert_eq!(inside, low <= *value as i64 && *value as i64 <= high);
                    }
                }
            } else {
                prop_assert!(step == 1 || words.iter().all(|w| *w == words[0]));
            }
        }
    }
}
