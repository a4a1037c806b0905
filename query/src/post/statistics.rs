//! How sure is a difference? Druid's z-score of two samples and its p-value, and the t-test of sketches.

use alluvium_expression::Value;

use super::Formula;
use super::summaries::{Sets, summaries};
use crate::QueryError;
use crate::answer::Table;

/// A statistic of its parts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Statistic {
    /// `zscore2sample`: of successes and size of a sample, and of another.
    ZScore,
    /// `pvalue2tailedZtest`: of a z-score.
    PValue,
    /// `arrayOfDoublesSketchTTest`.
    TTest,
}

impl Statistic {
    pub(super) fn value(self, parts: &[Formula], table: &Table, row: usize) -> Result<Value, QueryError> {
        if let Self::TTest = self {
            let values = Sets::p_values(&summaries(parts, table, row)?)?;
            let values = values.into_iter().map(Some);
            return Ok(Value::DoubleArray(values.collect()));
        }
        let mut numbers = Vec::with_capacity(parts.len());
        for part in parts {
            let Some(number) = part.number(table, row)? else { return Ok(Value::Null) };
            numbers.push(number);
        }
        Ok(match (self, numbers.as_slice()) {
            (Self::ZScore, [first, size, second, other]) => {
                Value::Double(z_score(*first, *size, *second, *other))
            }
            (Self::PValue, [z]) => Value::Double(p_value(*z)),
            _ => Value::Null,
        })
    }
}

/// The difference of two shares in standard deviations.
fn z_score(first: f64, size: f64, second: f64, other: f64) -> f64 {
    let (a, b) = (first / size, second / other);
    (a - b) / (a * (1.0 - a) / size + b * (1.0 - b) / other).sqrt()
}

/// The chance of a z-score at least as far from 0.
fn p_value(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The complementary error function of a number that is not negative: the series of erf for small ones (Abramowitz and
/// Stegun, 7.1.6), and the continued fraction for others (7.1.14).
fn erfc(x: f64) -> f64 {
    if x < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 1.0 - 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum;
    }
    let mut fraction = 0.0;
    for n in (1..200).rev() {
        fraction = f64::from(n) / 2.0 / (x + fraction);
    }
    (-x * x).exp() / std::f64::consts::PI.sqrt() / (x + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((z_score(300.0, 500.0, 450.0, 600.0) + 5.328_336_249_940_41).abs() < 1e-12);
        for (z, p) in [(1.96, 0.049_995_790_296_440_97), (1.0, 0.317_310_507_862_914_15), (0.0, 1.0)] {
            assert!((p_value(z) - p).abs() < 1e-14, "{z}: {}", p_value(z));
        }
        assert!((p_value(-5.0) - 5.733_031_437_583_892e-7).abs() < 1e-19);
    }
}
