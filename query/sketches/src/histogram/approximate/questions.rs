//! What does a histogram whose bins follow the values say? Counts up to a value, quantiles, and bars of any widths.

use super::ApproximateHistogram;
use crate::SketchError;

/// Counts between breaks, as Druid shows a histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// One more than there are counts.
    pub breaks: Vec<f32>,
    /// The number of values from one break to the next.
    pub counts: Vec<f64>,
}

/// Breaks at most.
const MOST_BREAKS: f32 = 1_048_576.0;

impl ApproximateHistogram {
    /// About how many values are not above the value.
    #[must_use]
    pub fn sum(&self, value: f32) -> f64 {
        if value < self.least {
            return 0.0;
        }
        if value >= self.most {
            return self.count() as f64;
        }
        let next = self.bins.partition_point(|bin| bin.position <= value);
        let (left, right) = (next.checked_sub(1).and_then(|left| self.bins.get(left)), self.bins.get(next));
        let count = |bin: Option<&super::Bin>| bin.map_or(0.0, |bin| bin.count as f64);
        let spread =
            |bin: Option<&super::Bin>| bin.filter(|bin| bin.approximate).map_or(0.0, |bin| bin.count as f64);
        let start = left.map_or(f64::from(self.least), |bin| f64::from(bin.position));
        let end = right.map_or(f64::from(self.most), |bin| f64::from(bin.position));
        let part = if start == end { 0.0 } else { (f64::from(value) - start) / (end - start) };
        let height = spread(left) + (spread(right) - spread(left)) * part;
        let between = 0.5 * (spread(left) + height) * part;
        let before: f64 = self.bins.iter().take(next.saturating_sub(1)).map(|bin| bin.count as f64).sum();
        let exact = left.is_some_and(|bin| !bin.approximate);
        before + between + if exact { count(left) } else { 0.5 * count(left) }
    }

    /// The values below which the fractions of all values lie; NaN of no values.
    ///
    /// # Errors
    /// Unless all fractions are between 0 and 1.
    pub fn quantiles(&self, fractions: &[f32]) -> Result<Vec<f32>, SketchError> {
        if let Some(fraction) = fractions.iter().find(|fraction| !(**fraction > 0.0 && **fraction < 1.0)) {
            return Err(SketchError::parameter(format!("a probability is between 0 and 1, not {fraction}")));
        }
        Ok(fractions.iter().map(|fraction| self.quantile(*fraction)).collect())
    }

    fn quantile(&self, fraction: f32) -> f32 {
        if self.bins.is_empty() {
            return f32::NAN;
        }
        // Druid takes the product in single precision.
        let wanted = f64::from(fraction * self.count() as f32);
        let (mut below, mut place) = (0, 0);
        for (number, bin) in self.bins.iter().enumerate() {
            if (below + bin.count) as f64 > wanted {
                place = number;
                break;
            }
            below += bin.count;
        }
        let Some(left) = place.checked_sub(1).map(|left| self.bins[left]) else {
            return self.least;
        };
        let right = self.bins[place];
        let c = -2.0 * (wanted - below as f64);
        let (a, b) = (right.count as f64 - left.count as f64, 2.0 * left.count as f64);
        let part = if a == 0.0 { -c / b } else { (-b + (b * b - 4.0 * a * c).sqrt()) / (2.0 * a) };
        let width = right.position - left.position;
        let value = (f64::from(left.position) + f64::from(width) * part) as f32;
        if value < self.most { value } else { self.most }
    }

    /// The counts between given breaks.
    ///
    /// # Errors
    /// When there is no break.
    pub fn custom_bars(&self, breaks: &[f32]) -> Result<Bars, SketchError> {
        let Some(first) = breaks.first() else {
            return Err(SketchError::parameter("`breaks` must have at least one"));
        };
        let mut before = self.sum(*first);
        let mut counts = Vec::with_capacity(breaks.len());
        for end in &breaks[1..] {
            let sum = self.sum(*end);
            counts.push(f64::from((sum - before) as f32));
            before = sum;
        }
        Ok(Bars { breaks: breaks.to_vec(), counts })
    }

    /// So many bars of the same width; the first ends at the least value.
    ///
    /// # Errors
    /// Unless there are 2 to 2^20 bars.
    pub fn equal_bars(&self, bars: usize) -> Result<Bars, SketchError> {
        if bars < 2 || bars as f32 > MOST_BREAKS {
            return Err(SketchError::parameter(format!("`numBuckets` is from 2 to 2^20, not {bars}")));
        }
        let width = (self.most - self.least) / (bars - 1) as f32;
        let mut breaks = vec![self.least - width];
        for bar in 1..bars {
            breaks.push(breaks[bar - 1] + width);
        }
        breaks.push(self.most);
        self.custom_bars(&breaks)
    }

    /// Bars of a width, one of whose breaks is at the offset; those of no values are left out.
    ///
    /// # Errors
    /// When the width is no positive number, or gives more than 2^20 bars.
    pub fn wide_bars(&self, width: f32, offset: f32) -> Result<Bars, SketchError> {
        let floor = |value: f32| ((value - offset) / width).floor() * width + offset;
        let ceil = |value: f32| ((value - offset) / width).ceil() * width + offset;
        let (low, high) = (floor(self.least), ceil(self.most));
        let first = low.max(floor(self.lower_limit));
        let last = high.min(ceil(self.upper_limit));
        if self.bins.is_empty() {
            return Ok(Bars { breaks: Vec::new(), counts: Vec::new() });
        }
        let few = (last - first) / width < MOST_BREAKS && first + width != first && last + width != last;
        if !(width > 0.0 && few) {
            return Err(SketchError::parameter(format!(
                "`bucketSize` of {width} gives no bars, or too many"
            )));
        }
        let some = |from: f32, to: f32| self.sum(to) - self.sum(from) > f64::from(0.1f32);
        let mut breaks = Vec::new();
        if low - width != first && some(low - width, first) {
            breaks.push(low - width);
        }
        let (mut left, mut open) = (first, false);
        while left + width <= last + width / 10.0 {
            let right = left + width;
            let filled = some(left, right);
            if filled && !open {
                breaks.push(left);
            }
            if filled {
                breaks.push(right);
            }
            (left, open) = (right, filled);
        }
        if breaks.last().is_some_and(|end| *end != high && some(*end, high)) {
            breaks.push(high);
        }
        self.custom_bars(if breaks.is_empty() { std::slice::from_ref(&first) } else { &breaks })
    }
}
