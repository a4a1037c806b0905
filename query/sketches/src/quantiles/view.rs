//! Which value has a rank, and which rank a value? Questions to values with weights, as Apache DataSketches answers
//! them: inclusive searches, least and most always among the values.

use crate::{SketchError, java};

/// Ranks of streams up to this long are rounded to as many parts before they are searched for.
const ROUNDING: f64 = 1e7;

/// Values, ascending, with the weight of all up to each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    values: Vec<f64>,
    weights: Vec<u64>,
}

impl View {
    /// Of values with weights in any order, and the least and most of all that were ever seen.
    pub(crate) fn new(mut weighted: Vec<(f64, u64)>, least: f64, most: f64) -> Self {
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut values, mut weights) = (Vec::with_capacity(weighted.len() + 2), Vec::new());
        if weighted.first().is_some_and(|first| first.0 != least) {
            values.push(least);
            weights.push(1);
        }
        let mut total = 0;
        for (value, weight) in weighted {
            total += weight;
            values.push(value);
            weights.push(total);
        }
        if values.last().is_some_and(|last| *last != most) {
            if let Some(last) = weights.last_mut() {
                *last = total - 1;
            }
            values.push(most);
            weights.push(total);
        }
        Self { values, weights }
    }

    fn total(&self) -> u64 {
        self.weights.last().copied().unwrap_or(0)
    }

    /// The value at or below which the fraction of all values lies; NaN of none.
    pub(crate) fn quantile(&self, fraction: f64) -> Result<f64, SketchError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(SketchError::parameter(format!("a fraction is from 0 to 1, not {fraction}")));
        }
        let mut rank = fraction * self.total() as f64;
        if self.total() as f64 <= ROUNDING {
            rank = java::round(rank * ROUNDING) as f64 / ROUNDING;
        }
        let rank = rank.ceil();
        let place = self.weights.partition_point(|weight| (*weight as f64) < rank);
        Ok(self.values.get(place).or(self.values.last()).copied().unwrap_or(f64::NAN))
    }

    /// The fraction of all values that are not above the value; NaN of none.
    pub(crate) fn rank(&self, value: f64) -> f64 {
        let place = self.values.partition_point(|known| *known <= value);
        let below = place.checked_sub(1).map_or(0, |place| self.weights[place]);
        below as f64 / self.total() as f64
    }

    /// The ranks of the points, then 1; NaN of no values.
    pub(crate) fn cdf(&self, points: &[f64]) -> Result<Vec<f64>, SketchError> {
        if !points.is_sorted_by(|a, b| a < b) || points.iter().any(|point| point.is_nan()) {
            return Err(SketchError::parameter("`splitPoints` must ascend, without repetition or NaN"));
        }
        if self.values.is_empty() {
            return Ok(vec![f64::NAN; points.len() + 1]);
        }
        Ok(points.iter().map(|point| self.rank(*point)).chain([1.0]).collect())
    }

    /// The number of values between each two points, and before and after all; NaN of no values.
    pub(crate) fn histogram(&self, points: &[f64]) -> Result<Vec<f64>, SketchError> {
        let mut counts = self.cdf(points)?;
        for place in (1..counts.len()).rev() {
            counts[place] -= counts[place - 1];
        }
        let total = self.total() as f64;
        counts.iter_mut().for_each(|count| *count *= total);
        Ok(counts)
    }

    /// The histogram of equally wide bins between the least and the most value. Values that are all the same are in
    /// the first.
    pub(crate) fn bins(&self, bins: usize) -> Result<Vec<f64>, SketchError> {
        if !(2..=1 << 20).contains(&bins) {
            return Err(SketchError::parameter(format!("`numBins` is from 2 to 2^20, not {bins}")));
        }
        let (Some(least), Some(most)) = (self.values.first(), self.values.last()) else {
            return Ok(vec![f64::NAN; bins]);
        };
        if least == most {
            let counts = [self.total() as f64].into_iter().chain(std::iter::repeat(0.0));
            return Ok(counts.take(bins).collect());
        }
        let width = (most - least) / bins as f64;
        let points: Vec<f64> = (1..bins).map(|point| least + width * point as f64).collect();
        self.histogram(&points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_quantiles_are_inclusive() {
        let view = View::new((1..=10).rev().map(|v| (f64::from(v), 1)).collect(), 1.0, 10.0);
        assert_eq!(view.quantile(0.0), Ok(1.0));
        assert_eq!(view.quantile(0.5), Ok(5.0));
        assert_eq!(view.quantile(0.51), Ok(6.0));
        assert_eq!(view.quantile(1.0), Ok(10.0));
        assert!(view.quantile(1.1).is_err() && view.quantile(f64::NAN).is_err());
        assert_eq!([0.0, 1.0, 5.5, 10.0].map(|v| view.rank(v)), [0.0, 0.1, 0.5, 1.0]);
        assert_eq!(view.cdf(&[2.0, 8.0]), Ok(vec![0.2, 0.8, 1.0]));
        assert!(view.cdf(&[2.0, 2.0]).is_err());
        assert_eq!(view.bins(3).unwrap().iter().sum::<f64>().round(), 10.0);
    }

    #[test]
    fn least_and_most_are_among_the_values() {
        let view = View::new(vec![(3.0, 2), (5.0, 2)], 1.0, 9.0);
        assert_eq!(view.values, [1.0, 3.0, 5.0, 9.0]);
        assert_eq!(view.weights, [1, 2, 3, 4]);
        let none = View::new(Vec::new(), f64::NAN, f64::NAN);
        assert!(none.quantile(0.5).unwrap().is_nan() && none.rank(1.0).is_nan());
        assert!(none.histogram(&[1.0]).unwrap().iter().all(|count| count.is_nan()));
    }
}
