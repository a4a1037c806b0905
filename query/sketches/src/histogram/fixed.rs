//! How many values lie in each of the buckets that were given? Druid's histogram of equally wide buckets, with
//! values outside of them ignored, counted apart, or put into the outermost.

mod bytes;
mod merge;
#[cfg(test)]
mod tests;

use crate::{SketchError, java};

const KIND: &str = "fixedBucketsHistogram";
/// Buckets at most.
const MOST_BUCKETS: usize = 1 << 22;

/// What is done with values outside of all buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutlierMode {
    /// Nothing.
    Ignore,
    /// They are counted on either side.
    #[default]
    Overflow,
    /// They are put into the first or the last bucket.
    Clip,
}

impl OutlierMode {
    const ALL: [Self; 3] = [Self::Ignore, Self::Overflow, Self::Clip];

    /// Of Druid's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name))
    }

    /// Druid's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Overflow => "overflow",
            Self::Clip => "clip",
        }
    }
}

/// A histogram of fixed buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedBuckets {
    lower_limit: f64,
    upper_limit: f64,
    mode: OutlierMode,
    buckets: Vec<u64>,
    count: u64,
    below: u64,
    above: u64,
    missing: u64,
    least: f64,
    most: f64,
}

impl FixedBuckets {
    /// Druid's default of `numBuckets`.
    pub const DEFAULT_BUCKETS: usize = 10;

    /// Of no values. The lower limit belongs to the first bucket, the upper one is outside.
    ///
    /// # Errors
    /// Unless the upper limit is above the lower one, and there are 1 to 2^22 buckets.
    pub fn new(
        lower_limit: f64,
        upper_limit: f64,
        buckets: usize,
        mode: OutlierMode,
    ) -> Result<Self, SketchError> {
        let finite = lower_limit.is_finite() && upper_limit.is_finite();
        if !(finite && upper_limit > lower_limit) {
            let text = format!("`upperLimit` {upper_limit} is not above `lowerLimit` {lower_limit}");
            return Err(SketchError::parameter(text));
        }
        if !(1..=MOST_BUCKETS).contains(&buckets) {
            return Err(SketchError::parameter(format!("`numBuckets` is from 1 to 2^22, not {buckets}")));
        }
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        let (buckets, count, below, above, missing) = (vec![0; buckets], 0, 0, 0, 0);
        Ok(Self { lower_limit, upper_limit, mode, buckets, count, below, above, missing, least, most })
    }

    /// The width of a bucket.
    #[must_use]
    pub fn bucket_width(&self) -> f64 {
        (self.upper_limit - self.lower_limit) / self.buckets.len() as f64
    }

    /// Adds a value; NaN is missing.
    pub fn update(&mut self, value: f64) {
        if value.is_nan() {
            self.update_missing();
        } else if value < self.lower_limit || value >= self.upper_limit {
            let above = value >= self.upper_limit;
            self.outlier(above, 1);
            if self.mode == OutlierMode::Clip {
                self.see(if above { self.upper_limit } else { self.lower_limit });
            }
        } else {
            self.see(value);
            let bucket = ((value - self.lower_limit) / self.bucket_width()) as usize;
            self.put(bucket, 1);
        }
    }

    /// Counts a value that is not there.
    pub fn update_missing(&mut self) {
        self.missing += 1;
    }

    fn see(&mut self, value: f64) {
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    /// Adds values to a bucket, or the last there is.
    fn put(&mut self, bucket: usize, count: u64) {
        let last = self.buckets.len() - 1;
        self.buckets[bucket.min(last)] += count;
        self.count += count;
    }

    /// Adds values that are outside of all buckets.
    fn outlier(&mut self, above: bool, count: u64) {
        match (self.mode, above) {
            (OutlierMode::Ignore, _) => {}
            (OutlierMode::Overflow, true) => self.above += count,
            (OutlierMode::Overflow, false) => self.below += count,
            (OutlierMode::Clip, _) if count == 0 => {}
            (OutlierMode::Clip, true) => {
                self.put(usize::MAX, count);
                self.most = self.most.max(self.upper_limit);
            }
            (OutlierMode::Clip, false) => {
                self.put(0, count);
                self.least = self.least.min(self.lower_limit);
            }
        }
    }

    /// The values below which the percentages of all values lie, ascending; 0 of no values.
    #[must_use]
    pub fn percentiles(&self, percentages: &[f64]) -> Vec<f32> {
        let mut results = vec![0.0; percentages.len()];
        let mut waiting = percentages.iter().zip(&mut results).peekable();
        let (mut before, mut start, mut sum) = (0.0, self.lower_limit, 0);
        for (bucket, count) in self.buckets.iter().enumerate() {
            sum += count;
            let until = 100.0 * sum as f64 / self.count as f64;
            let end = (bucket + 1) as f64 * self.bucket_width() + self.lower_limit;
            while let Some((percentage, result)) = waiting.next_if(|(percentage, _)| until >= **percentage) {
                *result = ((percentage - before) / (until - before) * (end - start) + start) as f32;
            }
            (before, start) = (until, end);
        }
        results
    }

    /// The value below which the fraction of all values lies.
    ///
    /// # Errors
    /// Unless the fraction is from 0 to 1.
    pub fn quantile(&self, fraction: f64) -> Result<f32, SketchError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(SketchError::parameter(format!("a fraction is from 0 to 1, not {fraction}")));
        }
        Ok(self.percentiles(&[fraction * 100.0]).first().copied().unwrap_or(0.0))
    }

    /// The number of values in buckets.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The counts of the buckets.
    #[must_use]
    pub fn buckets(&self) -> &[u64] {
        &self.buckets
    }

    /// The limits of the buckets.
    #[must_use]
    pub fn limits(&self) -> (f64, f64) {
        (self.lower_limit, self.upper_limit)
    }

    /// What is done with outliers.
    #[must_use]
    pub fn mode(&self) -> OutlierMode {
        self.mode
    }

    /// Values counted below and above the buckets.
    #[must_use]
    pub fn outliers(&self) -> (u64, u64) {
        (self.below, self.above)
    }

    /// Values that were not there.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// The least value in buckets; infinite of none.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.least
    }

    /// The most value in buckets; negative infinite of none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.most
    }

    /// What Druid shows unless it is asked for bytes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rows = [
            ("lowerLimit", java::double_text(self.lower_limit)),
            ("upperLimit", java::double_text(self.upper_limit)),
            ("numBuckets", self.buckets.len().to_string()),
            ("upperOutlierCount", self.above.to_string()),
            ("lowerOutlierCount", self.below.to_string()),
            ("missingValueCount", self.missing.to_string()),
            ("histogram", format!("{:?}", self.buckets)),
            ("outlierHandlingMode", self.mode.name().to_owned()),
            ("count", self.count.to_string()),
            ("max", java::double_text(self.most)),
            ("min", java::double_text(self.least)),
        ];
        let rows: Vec<String> = rows.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{{{}}}", rows.join(", "))
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + 8 * self.buckets.capacity()
    }
}
