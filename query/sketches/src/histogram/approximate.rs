//! How are values spread, with bins that follow them? The histogram of Ben-Haim and Tom-Tov, "A Streaming Parallel
//! Decision Tree Algorithm" (JMLR 2010), with Druid's additions: bins of one value each are exact, and parts are
//! folded by the width of bins.

mod bytes;
mod fold;
mod questions;
#[cfg(test)]
mod tests;

use crate::SketchError;

pub use questions::Bars;

const KIND: &str = "approximateHistogram";

/// Values near each other.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bin {
    position: f32,
    count: u64,
    /// Whether values of the bin were not all equal.
    approximate: bool,
}

/// A histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct ApproximateHistogram {
    size: usize,
    /// Ascending.
    bins: Vec<Bin>,
    least: f32,
    most: f32,
    lower_limit: f32,
    upper_limit: f32,
}

impl Default for ApproximateHistogram {
    fn default() -> Self {
        Self::of(Self::DEFAULT_RESOLUTION)
    }
}

impl ApproximateHistogram {
    /// Druid's default of `resolution`.
    pub const DEFAULT_RESOLUTION: usize = 50;
    /// Druid's default of `numBuckets`.
    pub const DEFAULT_BUCKETS: usize = 7;

    /// Of no values, with so many bins at most.
    ///
    /// # Errors
    /// Unless `resolution` is from 2 to 2^20.
    pub fn new(resolution: usize) -> Result<Self, SketchError> {
        if !(2..=1 << 20).contains(&resolution) {
            let text = format!("`resolution` is from 2 to 2^20, not {resolution}");
            return Err(SketchError::parameter(text));
        }
        Ok(Self::of(resolution))
    }

    fn of(size: usize) -> Self {
        let (least, most) = (f32::INFINITY, f32::NEG_INFINITY);
        Self { size, bins: Vec::new(), least, most, lower_limit: most, upper_limit: least }
    }

    /// The same, fine between the limits and coarse beyond them when parts are merged; infinite ones are none.
    #[must_use]
    pub fn with_limits(self, lower_limit: f32, upper_limit: f32) -> Self {
        Self { lower_limit, upper_limit, ..self }
    }

    /// Adds a value; NaN is none.
    pub fn update(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        match self.bins.binary_search_by(|bin| bin.position.total_cmp(&value)) {
            Ok(place) => self.bins[place].count += 1,
            Err(place) if self.bins.len() < self.size => {
                self.bins.insert(place, Bin { position: value, count: 1, approximate: false });
            }
            Err(place) => self.squeeze(place, value),
        }
    }

    /// The first of the two bins that are nearest to each other, and how far they are apart.
    fn nearest(&self) -> Option<(usize, f32)> {
        let distances = self.bins.windows(2).map(|pair| pair[1].position - pair[0].position);
        let mut nearest = None;
        for (place, distance) in distances.enumerate() {
            if nearest.is_none_or(|(_, least)| distance < least) {
                nearest = Some((place, distance));
            }
        }
        nearest
    }

    /// Adds a value that belongs before a place, when there is no room for another bin.
    fn squeeze(&mut self, place: usize, value: f32) {
        let (pair, mut least) = self.nearest().unwrap_or((0, f32::INFINITY));
        let right = self.bins.get(place).map_or(f32::INFINITY, |bin| bin.position - value);
        let left = place.checked_sub(1).and_then(|left| self.bins.get(left));
        let left = left.map_or(f32::INFINITY, |bin| value - bin.position);
        let mut into = None;
        if right < least {
            (least, into) = (right, Some(place));
        }
        if left < least {
            into = Some(place - 1);
        }
        if let Some(into) = into {
            let bin = &mut self.bins[into];
            bin.position = (bin.position * bin.count as f32 + value) / (bin.count + 1) as f32;
            *bin = Bin { position: bin.position, count: bin.count + 1, approximate: true };
        } else {
            self.join(pair);
            let place = self.bins.partition_point(|bin| bin.position < value);
            self.bins.insert(place, Bin { position: value, count: 1, approximate: false });
        }
    }

    /// Makes one bin of two neighbours.
    fn join(&mut self, first: usize) {
        if first + 1 >= self.bins.len() {
            return;
        }
        let second = self.bins.remove(first + 1);
        let bin = &mut self.bins[first];
        let count = bin.count + second.count;
        let weighted =
            f64::from(bin.position) * bin.count as f64 + f64::from(second.position) * second.count as f64;
        *bin = Bin { position: (weighted / count as f64) as f32, count, approximate: true };
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// The least value; infinite of none.
    #[must_use]
    pub fn min(&self) -> f32 {
        self.least
    }

    /// The most value; negative infinite of none.
    #[must_use]
    pub fn max(&self) -> f32 {
        self.most
    }

    /// Positions and counts of the bins.
    #[must_use]
    pub fn bins(&self) -> Vec<(f32, u64)> {
        self.bins.iter().map(|bin| (bin.position, bin.count)).collect()
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Bin>() * self.bins.capacity()
    }
}
