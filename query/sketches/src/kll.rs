//! Which value has so many below it, in the least room? Apache DataSketches' KLL sketch of doubles or floats, after
//! Karnin, Lang and Liberty, "Optimal Quantile Approximation in Streams" (FOCS 2016). The sketch is the
//! `datasketches` crate's; questions are answered as Java's library answers them.

mod number;
mod print;
#[cfg(test)]
mod tests;
mod updatable;

use datasketches::kll::KllSketch;

use crate::SketchError;
use crate::bytes::Reader;
use crate::quantiles::{Ranked, View};
use number::Number;

/// A KLL sketch of doubles.
pub type KllDoubles = Kll<f64>;
/// A KLL sketch of floats.
pub type KllFloats = Kll<f32>;

/// A KLL sketch.
#[derive(Debug, Clone, PartialEq)]
pub struct Kll<N: Number> {
    sketch: KllSketch<N::Item>,
}

/// What a sketch keeps.
struct Kept {
    /// Items of each level; those of level `i` stand for `2^i` values.
    levels: Vec<Vec<f64>>,
    /// Places for items.
    capacity: usize,
    /// Whether the lowest level is in order.
    sorted: bool,
}

impl<N: Number> Default for Kll<N> {
    fn default() -> Self {
        Self { sketch: KllSketch::default() }
    }
}

impl<N: Number> Kll<N> {
    /// Druid's default of `k`.
    pub const DEFAULT_K: u16 = 200;

    /// Of no values. Ranks are off by about 1.3 % at most for a `k` of 200.
    ///
    /// # Errors
    /// Unless `k` is at least 8.
    pub fn new(k: u16) -> Result<Self, SketchError> {
        let sketch = KllSketch::new(k);
        let sketch =
            sketch.map_err(|_| SketchError::parameter(format!("`k` is from 8 to 65535, not {k}")))?;
        Ok(Self { sketch })
    }

    /// Adds a value; NaN is none.
    pub fn update(&mut self, value: N) {
        if let Some(item) = value.item().filter(|_| self.sketch.n() < u64::MAX) {
            self.sketch.update(item);
        }
    }

    /// Adds all values of another.
    ///
    /// # Errors
    /// When there are more than 2^64 values.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        self.sketch.merge(&other.sketch).map_err(|e| SketchError::mismatch(N::KIND, e.message()))
    }

    /// The parameter `k`.
    #[must_use]
    pub fn k(&self) -> u16 {
        self.sketch.k()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sketch.n() == 0
    }

    /// The number of values kept.
    #[must_use]
    pub fn retained(&self) -> usize {
        self.sketch.num_retained()
    }

    /// How far ranks are off at most, with 99 % confidence: for a single value, and for the share of an interval.
    #[must_use]
    pub fn rank_error(&self, interval: bool) -> f64 {
        if interval { self.sketch.normalized_pmf_error() } else { self.sketch.normalized_rank_error() }
    }

    /// What is kept, taken from the bytes.
    fn kept(&self) -> Kept {
        let bytes = self.sketch.serialize();
        let parsed = || -> Result<Kept, SketchError> {
            let mut reader = Reader::new(N::KIND, &bytes);
            let sorted = reader.array::<8>()?[3] & 2 != 0;
            if self.count() < 2 {
                let single = if self.count() == 0 { Vec::new() } else { vec![N::read(&mut reader)?] };
                return Ok(Kept { levels: vec![single], capacity: usize::from(self.k()), sorted });
            }
            let number = usize::from(reader.array::<12>()?[10]);
            let mut offsets = (0..number).map(|_| reader.u32_le()).collect::<Result<Vec<u32>, _>>()?;
            let first = offsets.first().copied().unwrap_or(0);
            offsets.push(first + self.retained() as u32);
            reader.take(2 * N::BYTES)?;
            let sizes = offsets.windows(2).map(|pair| pair[1] - pair[0]);
            let levels = sizes.map(|size| (0..size).map(|_| N::read(&mut reader)).collect());
            let levels = levels.collect::<Result<_, _>>()?;
            Ok(Kept { levels, capacity: first as usize + self.retained(), sorted })
        };
        parsed().unwrap_or(Kept { levels: Vec::new(), capacity: 0, sorted: false })
    }

    /// Apache's compact form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.sketch.serialize()
    }

    /// Reads Apache's compact and updatable forms.
    ///
    /// # Errors
    /// When the bytes are neither, or do not agree with themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let compacted;
        let mut compact = bytes;
        if bytes.get(1) == Some(&updatable::VERSION) {
            compacted = updatable::compact::<N>(bytes)?;
            compact = &compacted;
        }
        let sketch = KllSketch::deserialize(compact);
        let sketch = sketch.map_err(|e| SketchError::corrupt(N::KIND, e.message()))?;
        Ok(Self { sketch })
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        // Vectors grow by doubling, and each level has one.
        let levels = 64 - self.count().leading_zeros() as usize;
        size_of::<Self>() + 2 * N::BYTES * self.retained() + 24 * levels
    }
}

impl<N: Number> Ranked for Kll<N> {
    fn count(&self) -> u64 {
        self.sketch.n()
    }

    fn min(&self) -> f64 {
        self.sketch.min_item().map_or(f64::NAN, |item| N::value(*item))
    }

    fn max(&self) -> f64 {
        self.sketch.max_item().map_or(f64::NAN, |item| N::value(*item))
    }

    fn view(&self) -> View {
        let kept = self.kept();
        let levels = kept.levels.iter().enumerate();
        let weighted = levels.flat_map(|(level, items)| items.iter().map(move |item| (*item, 1 << level)));
        View::new(weighted.collect(), self.min(), self.max())
    }
}
