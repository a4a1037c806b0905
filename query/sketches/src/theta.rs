//! How many distinct values has a set, or what remains of sets after union, intersection and difference? Apache
//! DataSketches' theta sketch: values hashed as its Java library hashes them, bytes in its compact form.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use datasketches::theta::CompactThetaSketch;

use crate::bytes::Reader;
use crate::sample::{Sample, canonical, hash_of, image, lg_of, seed_hash};
use crate::{Bounds, SketchError};

const KIND: &str = "thetaSketch";
/// Apache's number of the family of sketches that are hash tables.
const TABLE: u8 = 2;
/// The flag of bytes whose hashes ascend.
const ORDERED: u8 = 16;

/// A theta sketch.
#[derive(Debug, Clone)]
pub struct Theta {
    sample: Sample,
    /// Whether it is written in the order of a hash table, as Apache's library leaves intersections.
    unordered: bool,
}

impl Default for Theta {
    fn default() -> Self {
        Self::of(Sample::new(lg_of(Self::DEFAULT_SIZE), 0))
    }
}

impl Theta {
    fn of(sample: Sample) -> Self {
        Self { sample, unordered: false }
    }

    /// Druid's default of `size`.
    pub const DEFAULT_SIZE: usize = 16_384;

    /// Of no values; `size` is the number of hashes to keep.
    ///
    /// # Errors
    /// Unless the size is a power of two up to 2^26.
    pub fn new(size: usize) -> Result<Self, SketchError> {
        if !size.is_power_of_two() || size > 1 << 26 {
            return Err(SketchError::parameter(format!("`size` is a power of two up to 2^26, not {size}")));
        }
        Ok(Self::of(Sample::new(lg_of(size), 0)))
    }

    /// The hash of bytes, for [`Self::update_hash`]; `None` of none, which are no value.
    #[must_use]
    pub fn hash(value: &[u8]) -> Option<u64> {
        (!value.is_empty()).then(|| hash_of(value))
    }

    /// Adds a value by its hash.
    pub fn update_hash(&mut self, hash: u64) {
        self.sample.insert(hash, &[]);
    }

    /// Adds bytes; none are no value.
    pub fn update_bytes(&mut self, value: &[u8]) {
        if let Some(hash) = Self::hash(value) {
            self.update_hash(hash);
        }
    }

    /// Adds a text by its UTF-8; an empty one is no value.
    pub fn update_text(&mut self, value: &str) {
        self.update_bytes(value.as_bytes());
    }

    /// Adds a long.
    pub fn update_long(&mut self, value: i64) {
        self.update_bytes(&value.to_le_bytes());
    }

    /// Adds a double.
    pub fn update_double(&mut self, value: f64) {
        self.update_bytes(&canonical(value));
    }

    /// Adds all values of another: the union.
    pub fn merge(&mut self, other: &Self) {
        self.unordered = false;
        self.sample.merge(&other.sample);
    }

    /// What all of the sketches have; of none of them, nothing.
    #[must_use]
    pub fn intersection(sketches: &[&Self]) -> Self {
        let Some((first, others)) = sketches.split_first() else {
            return Self::default();
        };
        let mut result = Self { sample: first.trimmed().into_owned(), unordered: !others.is_empty() };
        others.iter().for_each(|other| result.sample.intersect(&other.trimmed()));
        result
    }

    /// What the first of the sketches has and none of the others.
    #[must_use]
    pub fn difference(sketches: &[&Self]) -> Self {
        let Some((first, others)) = sketches.split_first() else {
            return Self::default();
        };
        let mut result = Self::of(first.trimmed().into_owned());
        others.iter().for_each(|other| result.sample.subtract(&other.trimmed()));
        result
    }

    /// What Druid shows: at most as many hashes as the size.
    fn trimmed(&self) -> Cow<'_, Sample> {
        self.sample.trimmed()
    }

    /// The number of distinct values.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.trimmed().estimate()
    }

    /// The estimate between its bounds.
    ///
    /// # Errors
    /// Unless `std_devs` is 1, 2 or 3.
    pub fn bounds(&self, std_devs: u8) -> Result<Bounds, SketchError> {
        self.trimmed().bounds(std_devs)
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sample.is_empty()
    }

    /// The number of hashes kept.
    #[must_use]
    pub fn retained(&self) -> usize {
        self.trimmed().len()
    }

    /// The number of hashes it keeps at most.
    #[must_use]
    pub fn size(&self) -> usize {
        1 << self.sample.lg_k()
    }

    /// The part of all hashes that is kept.
    #[must_use]
    pub fn theta(&self) -> f64 {
        self.trimmed().fraction()
    }

    /// Apache's compact form (serial version 3), ordered but for intersections.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let sample = self.trimmed();
        let hashes: Vec<u64> = sample.sorted().into_iter().map(|(hash, _)| hash).collect();
        let ordered = !self.unordered || hashes.len() < 2;
        let hashes = if ordered { hashes } else { by_table(&hashes) };
        image(sample.theta(), sample.is_empty(), hashes.into_iter(), ordered)
    }

    /// Reads Apache's compact forms (serial versions 1 to 4) and its hash tables.
    ///
    /// # Errors
    /// When the bytes are none, or were hashed with another seed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        if bytes.get(2).is_some_and(|family| *family < 3) {
            return from_table(bytes);
        }
        let read =
            CompactThetaSketch::deserialize(bytes).map_err(|e| SketchError::corrupt(KIND, e.message()))?;
        let lg_k = lg_of(read.num_retained().max(Self::DEFAULT_SIZE));
        let mut sample = Sample::below(lg_k, 0, read.theta64(), read.is_empty());
        read.iter().for_each(|entry| sample.insert(entry.hash(), &[]));
        let unordered = bytes.get(1) == Some(&3) && bytes.get(5).is_some_and(|flags| flags & ORDERED == 0);
        Ok(Self { sample, unordered })
    }

    /// What Java's `toString` prints of a compact sketch.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("\n{}", self.trimmed().summary("DirectCompactSketch"))
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.sample.memory_bytes()
    }
}

/// The order of hashes in the table they are put into one after the other: with open addresses, 1/16 of which stays free.
fn by_table(hashes: &[u64]) -> Vec<u64> {
    let size = (hashes.len() * 16).div_ceil(15).next_power_of_two().max(32);
    let mut table = vec![0; size];
    for hash in hashes {
        let stride = 2 * (hash >> size.trailing_zeros() & 127) as usize + 1;
        let mut at = *hash as usize & (size - 1);
        while table[at] != 0 {
            at = (at + stride) & (size - 1);
        }
        table[at] = *hash;
    }
    table.into_iter().filter(|hash| *hash != 0).collect()
}

/// Reads a sketch stored as its table, in which free places are zero.
fn from_table(bytes: &[u8]) -> Result<Theta, SketchError> {
    let mut reader = Reader::new(KIND, bytes);
    let [longs, version, family, lg_k, lg_table, flags] = reader.array()?;
    reader.ensure((1..=TABLE).contains(&family), "the family is none of theta sketches")?;
    reader.ensure(longs & 0x3f == 3 && version == 3, "the preamble is not one of serial version 3")?;
    reader.ensure((4..=26).contains(&lg_k) && lg_table <= 27, "the sizes are out of range")?;
    let seed = reader.u16_le()?;
    reader.ensure(seed == seed_hash(), "the seed is another")?;
    let count = reader.u32_le()?;
    reader.f32_le()?;
    let theta = reader.u64_le()?;
    reader.ensure((1..=i64::MAX as u64).contains(&theta), "theta is out of range")?;
    let mut sample = Sample::below(lg_k, 0, theta, flags & 4 != 0);
    let table = reader.words_le(1 << lg_table)?;
    let valid: Vec<u64> = table.into_iter().filter(|hash| (1..theta).contains(hash)).collect();
    reader
        .ensure(valid.len() == count as usize, "the table has another number of hashes than its head says")?;
    valid.into_iter().for_each(|hash| sample.insert(hash, &[]));
    Ok(Theta::of(sample))
}
