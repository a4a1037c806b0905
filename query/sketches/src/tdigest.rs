//! Which value has so many below it, most sharply at the ends? The merging t-digest of Dunning and Ertl, "Computing
//! Extremely Accurate Quantiles Using t-Digests" (2019), with the limits of version 3.2 of T. Dunning's library,
//! which Druid uses, and its bytes.

use crate::SketchError;
use crate::bytes::Reader;

const KIND: &str = "tDigestSketch";
/// The form with doubles, and the one with floats.
const VERBOSE: i32 = 1;
const SMALL: i32 = 2;

/// Values near each other, as one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Centroid {
    mean: f64,
    weight: f64,
}

/// A t-digest.
#[derive(Debug, Clone, PartialEq)]
pub struct TDigest {
    compression: f64,
    least: f64,
    most: f64,
    /// Ascending.
    centroids: Vec<Centroid>,
    /// Not merged yet.
    waiting: Vec<Centroid>,
}

impl Default for TDigest {
    fn default() -> Self {
        Self::of(f64::from(Self::DEFAULT_COMPRESSION))
    }
}

impl TDigest {
    /// Druid's default of `compression`.
    pub const DEFAULT_COMPRESSION: u32 = 100;

    /// Of no values. At most about twice as many centroids are kept as `compression` says.
    ///
    /// # Errors
    /// Unless `compression` is from 1 to 1 million.
    pub fn new(compression: u32) -> Result<Self, SketchError> {
        if !(1..=1_000_000).contains(&compression) {
            let text = format!("`compression` is from 1 to 1000000, not {compression}");
            return Err(SketchError::parameter(text));
        }
        Ok(Self::of(f64::from(compression)))
    }

    fn of(compression: f64) -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { compression, least, most, centroids: Vec::new(), waiting: Vec::new() }
    }

    /// Adds a value; NaN is none.
    pub fn update(&mut self, value: f64) {
        if !value.is_nan() {
            self.add(Centroid { mean: value, weight: 1.0 });
        }
    }

    fn add(&mut self, centroid: Centroid) {
        let room = 5 * self.compression.ceil() as usize;
        if self.waiting.len() + self.centroids.len() + 1 >= room {
            self.compress();
        }
        self.waiting.push(centroid);
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        let other = other.compressed();
        other.centroids.iter().for_each(|centroid| self.add(*centroid));
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// Merges what waits: neighbours become one as long as that is small for where it lies.
    fn compress(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.waiting);
        all.append(&mut self.centroids);
        all.sort_by(|a, b| a.mean.total_cmp(&b.mean));
        let total: f64 = all.iter().map(|centroid| centroid.weight).sum();
        let normalizer = self.compression / (std::f64::consts::PI * total);
        let mut before = 0.0;
        for next in all {
            let Some(last) = self.centroids.last_mut() else {
                self.centroids.push(next);
                continue;
            };
            let weight = last.weight + next.weight;
            let size = (weight * normalizer).powi(2);
            let (start, end): (f64, f64) = (before / total, (before + weight) / total);
            if size <= start * (1.0 - start) && size <= end * (1.0 - end) {
                last.weight = weight;
                last.mean += (next.mean - last.mean) * next.weight / weight;
            } else {
                before += last.weight;
                self.centroids.push(next);
            }
        }
        if let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) {
            self.least = self.least.min(first.mean);
            self.most = self.most.max(last.mean);
        }
    }

    fn compressed(&self) -> Self {
        let mut digest = self.clone();
        digest.compress();
        digest
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.centroids.iter().chain(&self.waiting).map(|centroid| centroid.weight).sum()
    }

    /// The parameter `compression`.
    #[must_use]
    pub fn compression(&self) -> f64 {
        self.compression
    }

    /// The value below which the fraction of all values lies; NaN of no values.
    ///
    /// # Errors
    /// Unless the fraction is from 0 to 1.
    pub fn quantile(&self, fraction: f64) -> Result<f64, SketchError> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(SketchError::parameter(format!("a fraction is from 0 to 1, not {fraction}")));
        }
        let digest = self.compressed();
        let Some(first) = digest.centroids.first() else {
            return Ok(f64::NAN);
        };
        let index = fraction * digest.count();
        if index < first.weight / 2.0 {
            return Ok(digest.least + 2.0 * index / first.weight * (first.mean - digest.least));
        }
        let mut below = first.weight / 2.0;
        for pair in digest.centroids.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            let step = (left.weight + right.weight) / 2.0;
            if below + step > index {
                let (near, far) = (index - below, below + step - index);
                let between = (left.mean * far + right.mean * near) / (far + near);
                return Ok(between.min(right.mean).max(left.mean));
            }
            below += step;
        }
        Ok(digest.most)
    }

    /// The library's form with doubles, the upper byte first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let digest = self.compressed();
        let mut bytes = VERBOSE.to_be_bytes().to_vec();
        for number in [digest.least, digest.most, digest.compression] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend((digest.centroids.len() as u32).to_be_bytes());
        for centroid in digest.centroids {
            bytes.extend(centroid.weight.to_be_bytes());
            bytes.extend(centroid.mean.to_be_bytes());
        }
        bytes
    }

    /// Reads the library's forms with doubles and with floats.
    ///
    /// # Errors
    /// When the bytes are neither, or do not agree with themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(KIND, bytes);
        let form = reader.i32_be()?;
        let (least, most) = (reader.f64_be()?, reader.f64_be()?);
        let (compression, count) = match form {
            VERBOSE => (reader.f64_be()?, reader.i32_be()?),
            SMALL => {
                let compression = f64::from(reader.f32_be()?);
                reader.array::<4>()?;
                (compression, i32::from(reader.i16_be()?))
            }
            _ => return Err(reader.corrupt("the form is neither 1 nor 2")),
        };
        reader.ensure((1.0..=1e6).contains(&compression), "the compression is out of range")?;
        let size = if form == VERBOSE { 16 } else { 8 };
        let fits = usize::try_from(count).is_ok_and(|count| count <= reader.left() / size);
        reader.ensure(fits, "there are fewer centroids than counted")?;
        let mut digest = Self { least, most, ..Self::of(compression) };
        for _ in 0..count {
            let (weight, mean) = if form == VERBOSE {
                (reader.f64_be()?, reader.f64_be()?)
            } else {
                (f64::from(reader.f32_be()?), f64::from(reader.f32_be()?))
            };
            reader.ensure(weight > 0.0 && weight.is_finite() && !mean.is_nan(), "a centroid is no number")?;
            digest.centroids.push(Centroid { mean, weight });
        }
        let ascends = digest.centroids.is_sorted_by(|a, b| a.mean <= b.mean);
        reader.ensure(ascends, "the centroids are not in order")?;
        reader.ensure(!least.is_nan() && !most.is_nan(), "a bound is no number")?;
        Ok(digest)
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>() + size_of::<Centroid>() * (self.centroids.capacity() + self.waiting.capacity())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> TDigest {
        let mut digest = TDigest::default();
        values.iter().for_each(|value| digest.update(*value));
        digest
    }

    fn rank(values: &[f64], value: f64) -> (f64, f64) {
        let count = values.len() as f64;
        let below = values.iter().filter(|v| **v < value).count() as f64;
        (below / count, values.iter().filter(|v| **v <= value).count() as f64 / count)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn quantiles_are_close(
            values in prop::collection::vec(-1e3f64..1e3, 1..4000), fraction in 0.0f64..=1.0, parts in 1usize..6,
        ) {
            let mut merged = TDigest::default();
            for part in values.chunks(values.len().div_ceil(parts)) {
                let part = of(part);
                prop_assert_eq!(&TDigest::from_bytes(&part.to_bytes()).unwrap(), &part.compressed());
                merged.merge(&part);
            }
            prop_assert_eq!(merged.count(), values.len() as f64);
            for digest in [merged, of(&values)] {
                let (low, high) = rank(&values, digest.quantile(fraction).unwrap());
                let slack = 0.02 + 1.0 / values.len() as f64;
                prop_assert!(low - slack <= fraction && fraction <= high + slack, "{fraction}: {low} {high}");
            }
        }
    }

    #[test]
    fn few_values_and_none() {
        assert!(TDigest::default().quantile(0.5).unwrap().is_nan());
        assert_eq!(of(&[7.0]).quantile(0.3), Ok(7.0));
        let three = of(&[3.0, 1.0, 2.0]);
        assert_eq!([0.0, 0.5, 1.0].map(|f| three.quantile(f).unwrap()), [1.0, 2.0, 3.0]);
        assert!(three.quantile(1.5).is_err());
        assert!(TDigest::new(0).is_err());
    }

    #[test]
    fn bytes_are_those_of_the_library() {
        let bytes = of(&[1.0, 2.0]).to_bytes();
        assert_eq!(bytes.len(), 32 + 2 * 16);
        assert_eq!(bytes[..4], [0, 0, 0, 1]);
        assert_eq!(bytes[20..28], 100f64.to_be_bytes());
        assert_eq!(bytes[28..32], [0, 0, 0, 2]);
        let mut small = vec![0, 0, 0, 2];
        small.extend([1f64.to_be_bytes(), 2f64.to_be_bytes()].concat());
        small.extend(100f32.to_be_bytes());
        small.extend([0, 210, 1, 244, 0, 2]);
        [1f32, 1.0, 1.0, 2.0].iter().for_each(|number| small.extend(number.to_be_bytes()));
        assert_eq!(TDigest::from_bytes(&small).unwrap(), of(&[1.0, 2.0]).compressed());
        for end in 0..bytes.len() {
            assert!(TDigest::from_bytes(&bytes[..end]).is_err());
        }
        for good in [bytes, small] {
            crate::fixtures::abuse(&good, TDigest::from_bytes, |mut digest| {
                digest.merge(&digest.clone());
                digest.update(0.5);
                let _ = (digest.quantile(0.5), digest.to_bytes());
            });
        }
    }
}
