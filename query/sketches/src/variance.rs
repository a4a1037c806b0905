//! How far do values lie apart? Count, sum and squared distances, after Chan, Golub and LeVeque, "Algorithms for
//! Computing the Sample Variance" (The American Statistician, 1983), in the bytes of Druid's collector.

use crate::SketchError;
use crate::bytes::Reader;

const KIND: &str = "variance";

/// Whether a variance is of all there is, or estimated from a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Estimator {
    /// Of a part: divided by one less than the count.
    #[default]
    Sample,
    /// Of all there is: divided by the count.
    Population,
}

impl Estimator {
    /// Of Druid's name: `population` in any case, or anything else for a sample.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        if name.eq_ignore_ascii_case("population") { Self::Population } else { Self::Sample }
    }
}

/// What is kept of values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Variance {
    count: i64,
    sum: f64,
    /// Squared distances to the mean.
    squares: f64,
}

impl Variance {
    /// Adds a value.
    pub fn update(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        if self.count > 1 {
            let count = self.count as f64;
            let distance = count * value - self.sum;
            self.squares += distance * distance / (count * (self.count - 1) as f64);
        }
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let count = self.count.saturating_add(other.count);
        let ratio = self.count as f64 / other.count as f64;
        let distance = self.sum / ratio - other.sum;
        self.squares += other.squares + ratio / count as f64 * distance * distance;
        self.count = count;
        self.sum += other.sum;
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.count
    }

    /// The mean; `None` of no values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The variance: `None` of no values, 0 of one.
    #[must_use]
    pub fn variance(&self, estimator: Estimator) -> Option<f64> {
        match (self.count, estimator) {
            (0, _) => None,
            (1, _) => Some(0.0),
            (count, Estimator::Population) => Some(self.squares / count as f64),
            (count, Estimator::Sample) => Some(self.squares / (count - 1) as f64),
        }
    }

    /// The standard deviation, likewise.
    #[must_use]
    pub fn deviation(&self, estimator: Estimator) -> Option<f64> {
        self.variance(estimator).map(f64::sqrt)
    }

    /// Druid's 24 bytes: count, sum and squares, the upper byte first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.count.to_be_bytes(), self.sum.to_be_bytes(), self.squares.to_be_bytes()].concat()
    }

    /// Reads Druid's 24 bytes.
    ///
    /// # Errors
    /// When there are more or fewer, or the count is out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let read = Self { count: reader.i64_be()?, sum: reader.f64_be()?, squares: reader.f64_be()? };
        reader.ensure((0..1 << 48).contains(&read.count), "the count is out of range")?;
        reader.finish()?;
        Ok(read)
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Variance {
        let mut variance = Variance::default();
        values.iter().for_each(|value| variance.update(*value));
        variance
    }

    proptest! {
        #[test]
        fn parts_are_worth_the_whole(values in prop::collection::vec(-1e6f64..1e6, 0..200), cut in 0usize..200) {
            let (first, second) = values.split_at(cut.min(values.len()));
            let whole = of(&values);
            for (a, b) in [(first, second), (second, first)] {
                let mut merged = of(a);
                merged.merge(&of(b));
                let (found, wanted) = (merged.deviation(Estimator::Sample), whole.deviation(Estimator::Sample));
                let error = (found.unwrap_or(0.0) - wanted.unwrap_or(0.0)).abs();
                prop_assert!(error <= 1e-6 * wanted.unwrap_or(0.0) + 1e-9, "{found:?} {wanted:?}");
                prop_assert_eq!(Variance::from_bytes(&merged.to_bytes()), Ok(merged));
            }
        }
    }

    #[test]
    fn known_values_and_bytes() {
        let two = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(two.deviation(Estimator::Population), Some(2.0));
        assert_eq!(two.variance(Estimator::Sample), Some(32.0 / 7.0));
        assert_eq!((two.mean(), two.count()), (Some(5.0), 8));
        assert_eq!(of(&[]).variance(Estimator::Sample), None);
        assert_eq!(of(&[3.0]).variance(Estimator::Sample), Some(0.0));
        let bytes = of(&[1.0, 2.0]).to_bytes();
        assert_eq!(bytes[..8], [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(bytes[8..], [0x40, 8, 0, 0, 0, 0, 0, 0, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]);
        assert!(Variance::from_bytes(&bytes[1..]).is_err());
        assert_eq!(Estimator::from_name("POPULATION"), Estimator::Population);
    }
}
