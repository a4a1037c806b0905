//! Which floating-point numbers are short decimals? A block of `1.25, 3.5, 99.99` is kept as the integers
//! 125, 350, 9999 and the exponent 2, and read by one division, which IEEE 754 rounds correctly: what was
//! parsed from a decimal text of at most 15 digits comes back bit by bit. Values for which that fails are
//! kept apart as patches. After ALP (Afroozeh, Kuffo and Boncz, "ALP: Adaptive Lossless floating-Point
//! Compression", SIGMOD 2023), with a division instead of two multiplications, so that fewer values fail.

use super::Number;

/// Powers of ten that are exact in a double.
pub(crate) const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Highest exponent that is tried when writing.
const LAST_TRIED: usize = 14;

/// Integers up to here are exact in a double.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// Values looked at to find an exponent.
const SAMPLE: usize = 64;

/// A block as decimals: one integer a value, and the values that have none.
pub(crate) struct Decimals {
    /// Exponent of ten.
    pub(crate) exponent: u8,
    /// An integer a value; patched positions repeat the integer before.
    pub(crate) integers: Vec<u64>,
    /// Position and own bits of the values that are no short decimals.
    pub(crate) patches: Vec<(u16, u64)>,
}

/// The integer next to `value * power`, if it is exact in a double.
pub(super) fn integer(value: f64, power: f64) -> Option<i64> {
    let scaled = (value * power).round();
    (scaled.abs() <= LARGEST).then_some(scaled as i64)
}

/// Finds the exponent that serves a sample: the largest that a value of it needs, values without any left out.
fn exponent<T: Number>(values: &[T]) -> Option<usize> {
    let step = values.len().div_ceil(SAMPLE).max(1);
    let (mut needed, mut failed, mut seen) = (0, 0, 0);
    for value in values.iter().step_by(step) {
        seen += 1;
        match (0..=LAST_TRIED).find(|e| value.to_decimal(POWERS[*e]).is_some()) {
            Some(e) => needed = needed.max(e),
            None => failed += 1,
        }
    }
    (failed * 10 <= seen).then_some(needed)
}

/// Turns a block into decimals; `None` when too many values are none.
pub(crate) fn split<T: Number>(values: &[T]) -> Option<Decimals> {
    let exponent = exponent(values)?;
    let power = POWERS[exponent];
    let mut integers = Vec::with_capacity(values.len());
    let mut patches = Vec::new();
    let mut last = 0;
    for (position, value) in values.iter().enumerate() {
        match value.to_decimal(power) {
            Some(integer) => last = integer as u64,
            None => patches.push((position as u16, value.to_word())),
        }
        integers.push(last);
    }
    (patches.len() * 10 <= values.len()).then_some(Decimals { exponent: exponent as u8, integers, patches })
}
