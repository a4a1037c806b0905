//! How does a column's value become a 64-bit word, and a value again?

use super::decimal;

/// A value of a numeric column.
pub(crate) trait Number: Copy + Default + PartialOrd + Send + Sync + 'static {
    /// Bytes a value takes without encoding.
    const BYTES: u64;

    /// Whether short decimals are tried.
    const DECIMAL: bool;

    /// Its own bits.
    fn to_word(self) -> u64;

    /// A value from its own bits.
    fn from_word(word: u64) -> Self;

    /// `integer / 10^exponent`, rounded once.
    fn from_decimal(integer: i64, power: f64) -> Self;

    /// The integer that gives exactly this value at an exponent, if there is one.
    fn to_decimal(self, power: f64) -> Option<i64>;

    /// Whether it takes part in bounds (NaN does not).
    fn counts(self) -> bool;
}

impl Number for i64 {
    const BYTES: u64 = 8;
    const DECIMAL: bool = false;

    fn to_word(self) -> u64 {
        self as u64
    }

    fn from_word(word: u64) -> Self {
        word as i64
    }

    fn from_decimal(integer: i64, _: f64) -> Self {
        integer
    }

    fn to_decimal(self, _: f64) -> Option<i64> {
        Some(self)
    }

    fn counts(self) -> bool {
        true
    }
}

impl Number for f64 {
    const BYTES: u64 = 8;
    const DECIMAL: bool = true;

    fn to_word(self) -> u64 {
        self.to_bits()
    }

    fn from_word(word: u64) -> Self {
        Self::from_bits(word)
    }

    fn from_decimal(integer: i64, power: f64) -> Self {
        integer as f64 / power
    }

    fn to_decimal(self, power: f64) -> Option<i64> {
        let integer = decimal::integer(self, power)?;
        (Self::from_decimal(integer, power).to_bits() == self.to_bits()).then_some(integer)
    }

    fn counts(self) -> bool {
        !self.is_nan()
    }
}

impl Number for f32 {
    const BYTES: u64 = 4;
    const DECIMAL: bool = true;

    fn to_word(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn from_word(word: u64) -> Self {
        Self::from_bits(word as u32)
    }

    fn from_decimal(integer: i64, power: f64) -> Self {
        (integer as f64 / power) as Self
    }

    fn to_decimal(self, power: f64) -> Option<i64> {
        let integer = decimal::integer(f64::from(self), power)?;
        (Self::from_decimal(integer, power).to_bits() == self.to_bits()).then_some(integer)
    }

    fn counts(self) -> bool {
        !self.is_nan()
    }
}
