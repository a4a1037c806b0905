//! Which bin is a value in? Bins ascend with the logarithm of the value, or with a curve near it that is cheaper to
//! compute from the bits of a double.

/// The curve that stands for the logarithm, with Datadog's number of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    /// The logarithm itself.
    Exact = 0,
    /// Straight between powers of two.
    Linear = 1,
    /// Cubic between powers of two.
    Cubic = 3,
}

/// Coefficients of the cubic curve.
const A: f64 = 6.0 / 35.0;
const B: f64 = -3.0 / 5.0;
const C: f64 = 10.0 / 7.0;

/// Bits of a double.
const FRACTION: u32 = 52;
const FRACTION_MASK: u64 = (1 << FRACTION) - 1;
const BIAS: i64 = 1023;

/// Bins of a base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mapping {
    pub(super) gamma: f64,
    pub(super) offset: f64,
    pub(super) curve: Curve,
}

impl Curve {
    /// How much wider bins may be than with the logarithm.
    fn correction(self) -> f64 {
        let ln2 = std::f64::consts::LN_2;
        match self {
            Self::Exact => 1.0,
            Self::Linear => 1.0 / ln2,
            Self::Cubic => 1.0 / (C * ln2),
        }
    }

    fn log(self, value: f64) -> f64 {
        if self == Self::Exact {
            return value.ln();
        }
        let bits = value.to_bits();
        let exponent = ((bits >> FRACTION & 0x7ff) as i64 - BIAS) as f64;
        let s = f64::from_bits(bits & FRACTION_MASK | (BIAS as u64) << FRACTION) - 1.0;
        if self == Self::Linear { s + exponent } else { ((A * s + B) * s + C) * s + exponent }
    }

    fn inverse(self, log: f64) -> f64 {
        let exponent = log.floor();
        let rest = log - exponent;
        let significand = match self {
            Self::Exact => return log.exp(),
            Self::Linear => rest + 1.0,
            Self::Cubic => {
                let d0 = B * B - 3.0 * A * C;
                let d1 = 2.0 * B * B * B - 9.0 * A * B * C - 27.0 * A * A * rest;
                let p = ((d1 - (d1 * d1 - 4.0 * d0 * d0 * d0).sqrt()) / 2.0).cbrt();
                -(B + p + d0 / p) / (3.0 * A) + 1.0
            }
        };
        let exponent = (exponent as i64).wrapping_add(BIAS) as u64 & 0x7ff;
        f64::from_bits(exponent << FRACTION | significand.to_bits() & FRACTION_MASK)
    }
}

impl Mapping {
    /// Bins whose values are off by no more than the share.
    pub(super) fn cubic(relative_error: f64) -> Self {
        let curve = Curve::Cubic;
        let gamma = ((1.0 + relative_error) / (1.0 - relative_error)).powf(1.0 / curve.correction());
        Self { gamma, offset: 0.0, curve }
    }

    fn base(&self) -> f64 {
        if self.curve == Curve::Exact { std::f64::consts::E } else { 2.0 }
    }

    fn multiplier(&self) -> f64 {
        self.base().ln() / (self.gamma - 1.0).ln_1p()
    }

    fn accuracy(&self) -> f64 {
        let exact = self.gamma.powf(self.curve.correction());
        (exact - 1.0) / (exact + 1.0)
    }

    /// The bin of a positive value.
    pub(super) fn index(&self, value: f64) -> i32 {
        (self.curve.log(value) * self.multiplier() + self.offset).floor() as i32
    }

    /// The value that stands for those of a bin.
    pub(super) fn value(&self, index: i32) -> f64 {
        let start = self.curve.inverse((f64::from(index) - self.offset) / self.multiplier());
        start * (1.0 + self.accuracy())
    }

    /// Values up to this have no bin.
    pub(super) fn least(&self) -> f64 {
        let first = self.base().powf((f64::from(i32::MIN) - self.offset) / self.multiplier() + 1.0);
        first.max(f64::MIN_POSITIVE * (1.0 + self.accuracy()) / (1.0 - self.accuracy()))
    }

    /// Values above this have no bin.
    pub(super) fn most(&self) -> f64 {
        let last = self.base().powf((f64::from(i32::MAX) - self.offset) / self.multiplier() - 1.0);
        last.min(f64::MAX / (1.0 + self.accuracy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_bins_are_near_those_in_them() {
        for curve in [Curve::Exact, Curve::Linear, Curve::Cubic] {
            let exact: f64 = 1.01 / 0.99;
            let mapping = Mapping { gamma: exact.powf(1.0 / curve.correction()), offset: 0.0, curve };
            for value in [1e-300, 1e-9, 0.3, 1.0, 1.5, 2.0, 1e3, 12345.678, 1e300] {
                let found = mapping.value(mapping.index(value));
                assert!((found - value).abs() <= 0.010_000_1 * value, "{curve:?}: {found} for {value}");
            }
        }
    }
}
