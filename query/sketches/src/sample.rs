//! Which hashes are kept of a set too large to keep? Those below a threshold that sinks as more come, about `k` of
//! them, each with a row of numbers (none for a theta sketch). After Dasgupta, Lang, Rhodes and Thaler, "A Framework
//! for Estimating Stream Expression Cardinalities" (ICDT 2016); thresholds of growth are Apache DataSketches' own.

mod print;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use datasketches::common::NumStdDev;
use datasketches::theta::CompactThetaSketch;

use crate::murmur::{UPDATE_SEED, murmur3_128};
use crate::{Bounds, SketchError};

/// The threshold of a sample that has all hashes.
pub(crate) const ALL: u64 = i64::MAX as u64;

/// Spreads hashes that are all small over a table.
#[derive(Debug, Clone, Copy, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(self.0 ^ u64::from(*byte)));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The hashes kept, and the sum of the rows of each.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    lg_k: u8,
    width: usize,
    theta: u64,
    empty: bool,
    hashes: Vec<u64>,
    rows: Vec<f64>,
    places: HashMap<u64, u32, BuildHasherDefault<Spread>>,
}

/// The hash that all theta sketches give bytes.
pub(crate) fn hash_of(bytes: &[u8]) -> u64 {
    murmur3_128(bytes, UPDATE_SEED).0 >> 1
}

/// What DataSketches hashes of a double: one zero, one NaN.
pub(crate) fn canonical(value: f64) -> [u8; 8] {
    let canonical = if value == 0.0 { 0.0 } else { value };
    let bits = if canonical.is_nan() { 0x7ff8_0000_0000_0000 } else { canonical.to_bits() };
    bits.to_le_bytes()
}

/// Sixteen bits that say which seed hashes were made with.
pub(crate) fn seed_hash() -> u16 {
    murmur3_128(&UPDATE_SEED.to_le_bytes(), 0).0 as u16
}

/// The logarithm of the least power of two that is not below the number, within what DataSketches allows.
pub(crate) fn lg_of(entries: usize) -> u8 {
    entries.clamp(1 << 4, 1 << 26).next_power_of_two().trailing_zeros() as u8
}

/// One, two or three standard deviations.
pub(crate) fn std_devs(number: u8) -> Result<NumStdDev, SketchError> {
    match number {
        1 => Ok(NumStdDev::One),
        2 => Ok(NumStdDev::Two),
        3 => Ok(NumStdDev::Three),
        _ => Err(SketchError::parameter(format!("`numStdDevs` is 1, 2 or 3, not {number}"))),
    }
}

impl Sample {
    /// Of nothing, for about `2^lg_k` hashes with rows of `width` numbers.
    pub(crate) fn new(lg_k: u8, width: usize) -> Self {
        Self {
            lg_k,
            width,
            theta: ALL,
            empty: true,
            hashes: Vec::new(),
            rows: Vec::new(),
            places: HashMap::default(),
        }
    }

    /// Of nothing known, below a threshold.
    pub(crate) fn below(lg_k: u8, width: usize, theta: u64, empty: bool) -> Self {
        Self { theta: if empty { ALL } else { theta }, empty, ..Self::new(lg_k, width) }
    }

    /// Takes in a hash with its row, which is added to that of the same hash.
    pub(crate) fn insert(&mut self, hash: u64, row: &[f64]) {
        self.empty = false;
        if hash == 0 || hash >= self.theta {
            return;
        }
        match self.places.entry(hash) {
            Entry::Occupied(place) => {
                let start = *place.get() as usize * self.width;
                self.rows[start..][..self.width].iter_mut().zip(row).for_each(|(sum, more)| *sum += more);
            }
            Entry::Vacant(place) => {
                place.insert(self.hashes.len() as u32);
                self.hashes.push(hash);
                self.rows.extend(row.iter().copied().chain(std::iter::repeat(0.0)).take(self.width));
                if self.hashes.len() * 8 > 15 << self.lg_k {
                    self.trim();
                }
            }
        }
    }

    /// Lowers the threshold so far that only `k` hashes are kept, if there are more.
    pub(crate) fn trim(&mut self) {
        let nominal = 1 << self.lg_k;
        if self.hashes.len() > nominal {
            let mut hashes = self.hashes.clone();
            let theta = *hashes.select_nth_unstable(nominal).1;
            self.keep(theta, |_| true);
        }
    }

    /// The same with at most `k` hashes.
    pub(crate) fn trimmed(&self) -> Cow<'_, Self> {
        if self.hashes.len() <= 1 << self.lg_k {
            return Cow::Borrowed(self);
        }
        let mut trimmed = self.clone();
        trimmed.trim();
        Cow::Owned(trimmed)
    }

    /// Lowers the threshold and keeps the hashes below it that pass.
    fn keep(&mut self, theta: u64, passes: impl Fn(u64) -> bool) {
        self.theta = theta.min(self.theta);
        let mut kept = 0;
        for place in 0..self.hashes.len() {
            let hash = self.hashes[place];
            if hash < self.theta && passes(hash) {
                self.hashes[kept] = hash;
                self.rows.copy_within(place * self.width..(place + 1) * self.width, kept * self.width);
                kept += 1;
            }
        }
        self.hashes.truncate(kept);
        self.rows.truncate(kept * self.width);
        self.places.clear();
        self.places.extend(self.hashes.iter().enumerate().map(|(place, hash)| (*hash, place as u32)));
    }

    /// Takes in all of another sample.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.empty {
            return;
        }
        self.empty = false;
        if other.theta < self.theta {
            self.keep(other.theta, |_| true);
        }
        other.entries().for_each(|(hash, row)| self.insert(hash, row));
    }

    /// Keeps what the other has too, and adds its rows.
    pub(crate) fn intersect(&mut self, other: &Self) {
        if self.empty || other.empty {
            *self = Self::new(self.lg_k, self.width);
            return;
        }
        self.lg_k = self.lg_k.max(other.lg_k);
        self.keep(other.theta, |hash| other.places.contains_key(&hash));
        for (hash, row) in other.entries() {
            if self.places.contains_key(&hash) {
                self.insert(hash, row);
            }
        }
        self.empty = self.theta == ALL && self.hashes.is_empty();
    }

    /// Drops what the other has.
    pub(crate) fn subtract(&mut self, other: &Self) {
        if !self.empty && !other.empty {
            self.keep(other.theta, |hash| !other.places.contains_key(&hash));
            self.empty = self.theta == ALL && self.hashes.is_empty();
        }
    }

    /// Hashes with their rows, in the order they came.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, &[f64])> {
        let row = |place: usize| &self.rows[place * self.width..(place + 1) * self.width];
        self.hashes.iter().enumerate().map(move |(place, hash)| (*hash, row(place)))
    }

    /// The same, ascending by hash.
    pub(crate) fn sorted(&self) -> Vec<(u64, &[f64])> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_unstable_by_key(|(hash, _)| *hash);
        entries
    }

    pub(crate) fn lg_k(&self) -> u8 {
        self.lg_k
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nothing was ever added.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// The threshold.
    pub(crate) fn theta(&self) -> u64 {
        self.theta
    }

    /// The part of all hashes that is below the threshold.
    pub(crate) fn fraction(&self) -> f64 {
        self.theta as f64 / ALL as f64
    }

    /// Whether the number of values is estimated rather than known.
    pub(crate) fn estimates(&self) -> bool {
        self.theta < ALL && !self.empty
    }

    /// The number of distinct values.
    pub(crate) fn estimate(&self) -> f64 {
        self.hashes.len() as f64 / self.fraction()
    }

    /// The estimate between its bounds, one to three standard deviations away.
    pub(crate) fn bounds(&self, number: u8) -> Result<Bounds, SketchError> {
        let deviations = std_devs(number)?;
        let estimate = self.estimate();
        if !self.estimates() {
            return Ok(Bounds { estimate, lower: estimate, upper: estimate });
        }
        let image = image(self.theta, self.empty, self.hashes.iter().copied(), false);
        let sketch = CompactThetaSketch::deserialize(&image)
            .map_err(|e| SketchError::corrupt("thetaSketch", e.message()))?;
        let (lower, upper) = (sketch.lower_bound(deviations), sketch.upper_bound(deviations));
        Ok(Bounds { estimate, lower, upper })
    }

    /// Bytes of memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<Self>() + 8 * (self.hashes.capacity() + self.rows.capacity()) + 17 * self.places.capacity()
    }
}

/// A compact theta sketch as bytes, in Apache DataSketches' serial version 3.
pub(crate) fn image(
    theta: u64,
    empty: bool,
    hashes: impl ExactSizeIterator<Item = u64>,
    ordered: bool,
) -> Vec<u8> {
    let (read_only, compact, order) = (2, 8, if ordered { 16 } else { 0 });
    if empty {
        return vec![1, 3, 3, 0, 0, read_only | 4 | compact | 16, 0, 0];
    }
    let single = theta == ALL && hashes.len() == 1;
    let longs = if single { 1 } else { 2 + u8::from(theta < ALL) };
    let flags = read_only | compact | order | if single { 32 } else { 0 };
    let mut bytes = vec![longs, 3, 3, 0, 0, flags];
    bytes.extend(seed_hash().to_le_bytes());
    if !single {
        bytes.extend((hashes.len() as u32).to_le_bytes());
        // The chance of a value to be sampled, which Druid's clients find to be 1.
        bytes.extend(1f32.to_le_bytes());
    }
    if theta < ALL {
        bytes.extend(theta.to_le_bytes());
    }
    hashes.for_each(|hash| bytes.extend(hash.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lg_k: u8, values: std::ops::Range<u64>) -> Sample {
        let mut sample = Sample::new(lg_k, 1);
        values.for_each(|value| sample.insert(hash_of(&value.to_le_bytes()), &[1.0]));
        sample
    }

    #[test]
    fn sets_are_counted_within_their_bounds() {
        for (a, b) in [(0..50, 25..75), (0..20_000, 15_000..60_000), (0..100_000, 200_000..210_000)] {
            let (left, right) = (of(10, a.clone()), of(10, b.clone()));
            let both = a.end.saturating_sub(b.start) as f64;
            let (first, second) = ((a.end - a.start) as f64, (b.end - b.start) as f64);
            let [mut union, mut intersection, mut difference] = [left.clone(), left.clone(), left.clone()];
            union.merge(&right);
            intersection.intersect(&right);
            difference.subtract(&right);
            let truths = [(union, first + second - both), (intersection, both), (difference, first - both)];
            for (sample, truth) in truths {
                let bounds = sample.bounds(3).unwrap();
                let slack = 1e-9 + 0.02 * truth;
                assert!(
                    bounds.lower <= truth + slack && truth <= bounds.upper + slack,
                    "{bounds:?} of {truth}"
                );
            }
        }
    }

    #[test]
    fn a_union_does_not_know_its_order() {
        let parts = [of(9, 0..3000), of(9, 2000..9000), of(9, 8000..8100), Sample::new(9, 1)];
        let together = |order: [usize; 4]| {
            let mut whole = Sample::new(9, 1);
            order.into_iter().for_each(|part| whole.merge(&parts[part]));
            whole.trim();
            let hashes: Vec<u64> = whole.sorted().into_iter().map(|(hash, _)| hash).collect();
            (whole.theta(), hashes)
        };
        assert_eq!(together([0, 1, 2, 3]), together([3, 2, 1, 0]));
        assert_eq!(together([1, 0, 3, 2]).1.len(), 512);
    }

    #[test]
    fn the_seed_is_known_by_its_hash() {
        assert_eq!(seed_hash(), 0x93cc);
    }
}
