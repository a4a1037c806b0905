//! Which value has so many below it, within a share of its size? Masson, Rim and Lee, "DDSketch: A Fast and
//! Fully-Mergeable Quantile Sketch with Relative-Error Guarantees" (VLDB 2019): counts of bins of equal relative
//! width, of which the lowest are joined when there are too many; as Datadog's Java library keeps and writes them
//! for Druid.

mod bytes;
mod mapping;
mod store;
#[cfg(test)]
mod tests;

use crate::SketchError;
use mapping::Mapping;
use store::Store;

const KIND: &str = "ddSketch";

/// A sketch of relative error.
#[derive(Debug, Clone, PartialEq)]
pub struct DdSketch {
    mapping: Mapping,
    positive: Store,
    negative: Store,
    /// Values too small to have a bin.
    zeros: f64,
}

impl DdSketch {
    /// Druid's default of `relativeError`.
    pub const DEFAULT_ERROR: f64 = 0.01;
    /// Druid's default of `numBins`.
    pub const DEFAULT_BINS: usize = 1000;

    /// Of no values, with so many bins at most of either sign.
    ///
    /// # Errors
    /// Unless the relative error is between 0 and 1, and there are 1 to 2^20 bins.
    pub fn new(relative_error: f64, bins: usize) -> Result<Self, SketchError> {
        if !(relative_error > 1e-9 && relative_error < 1.0) {
            let text = format!("`relativeError` is between 0 and 1, not {relative_error}");
            return Err(SketchError::parameter(text));
        }
        if !(1..=1 << 20).contains(&bins) {
            return Err(SketchError::parameter(format!("`numBins` is from 1 to 2^20, not {bins}")));
        }
        let (mapping, store) = (Mapping::cubic(relative_error), Store::new(bins));
        Ok(Self { mapping, positive: store.clone(), negative: store, zeros: 0.0 })
    }

    /// Adds a value; NaN is none, and infinite ones are the largest there are bins for.
    pub fn update(&mut self, value: f64) {
        let (least, most) = (self.mapping.least(), self.mapping.most());
        if value > least {
            self.positive.add(self.mapping.index(value.min(most)), 1.0);
        } else if value < -least {
            self.negative.add(self.mapping.index((-value).min(most)), 1.0);
        } else if !value.is_nan() {
            self.zeros += 1.0;
        }
    }

    /// Adds all values of another.
    ///
    /// # Errors
    /// When the other has another relative error.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.mapping != other.mapping {
            return Err(SketchError::mismatch(KIND, "their bins have different widths"));
        }
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
        self.zeros += other.zeros;
        Ok(())
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.zeros + self.negative.total() + self.positive.total()
    }

    /// A value of about the rank that the fraction of all values lies below; NaN of no values.
    ///
    /// # Errors
    /// Unless the fraction is from 0 to 1.
    pub fn quantile(&self, fraction: f64) -> Result<f64, SketchError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(SketchError::parameter(format!("a fraction is from 0 to 1, not {fraction}")));
        }
        let count = self.count();
        let rank = fraction * (count - 1.0);
        let negative = self.negative.bins().rev().map(|(index, count)| (-self.mapping.value(index), count));
        let positive = self.positive.bins().map(|(index, count)| (self.mapping.value(index), count));
        let mut below = 0.0;
        let mut last = f64::NAN;
        for (value, count) in negative.chain([(0.0, self.zeros)]).chain(positive) {
            below += count;
            if below > rank && count > 0.0 {
                return Ok(value);
            }
            last = if count > 0.0 { value } else { last };
        }
        Ok(last)
    }

    /// The values of many fractions.
    ///
    /// # Errors
    /// Unless all fractions are from 0 to 1.
    pub fn quantiles(&self, fractions: &[f64]) -> Result<Vec<f64>, SketchError> {
        fractions.iter().map(|fraction| self.quantile(*fraction)).collect()
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.positive.memory_bytes() + self.negative.memory_bytes()
    }
}
