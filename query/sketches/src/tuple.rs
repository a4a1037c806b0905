//! How many distinct keys are there, and what do the numbers beside them sum up to? Apache DataSketches'
//! `ArrayOfDoublesSketch`: a theta sketch with a row of doubles for each key, in the bytes of its Java library.

mod bytes;
mod statistics;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::quantiles::QuantilesDoubles;
use crate::sample::{Sample, canonical, hash_of, lg_of};
use crate::{Bounds, SketchError};

const KIND: &str = "arrayOfDoublesSketch";

/// A sketch of keys with doubles.
#[derive(Debug, Clone)]
pub struct ArrayOfDoubles {
    sample: Sample,
    /// Whether it is a union, of which Druid shows at most as many entries as nominal.
    union: bool,
}

impl ArrayOfDoubles {
    /// Druid's default of `nominalEntries`.
    pub const DEFAULT_ENTRIES: usize = 16_384;

    /// Of no keys. `nominal_entries` is the number of keys to keep, raised to a power of two from 16 to 2^26.
    ///
    /// # Errors
    /// Unless there are 1 to 127 values for a key.
    pub fn new(nominal_entries: usize, number_of_values: usize) -> Result<Self, SketchError> {
        if !(1..=127).contains(&number_of_values) {
            let text = format!("`numberOfValues` is from 1 to 127, not {number_of_values}");
            return Err(SketchError::parameter(text));
        }
        Ok(Self { sample: Sample::new(lg_of(nominal_entries), number_of_values), union: false })
    }

    /// Adds values to those of a key by its hash, which is that of [`crate::Theta::hash`].
    pub fn update_hash(&mut self, hash: u64, values: &[f64]) {
        self.sample.insert(hash, values);
    }

    /// Adds values to those of a key; no bytes are no key, missing values are zero, and too many are left out.
    pub fn update_bytes(&mut self, key: &[u8], values: &[f64]) {
        if !key.is_empty() {
            self.update_hash(hash_of(key), values);
        }
    }

    /// Adds values to those of a text.
    pub fn update_text(&mut self, key: &str, values: &[f64]) {
        self.update_bytes(key.as_bytes(), values);
    }

    /// Adds values to those of a long.
    pub fn update_long(&mut self, key: i64, values: &[f64]) {
        self.update_bytes(&key.to_le_bytes(), values);
    }

    /// Adds values to those of a double.
    pub fn update_double(&mut self, key: f64, values: &[f64]) {
        self.update_bytes(&canonical(key), values);
    }

    /// Adds all keys and values of another: the union.
    ///
    /// # Errors
    /// When the other has another number of values.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        self.fits(other)?;
        self.union = true;
        self.sample.merge(&other.sample);
        Ok(())
    }

    /// The keys of all sketches, with the sums of their values.
    ///
    /// # Errors
    /// When there is no sketch, or the numbers of values differ.
    pub fn intersection(sketches: &[&Self]) -> Result<Self, SketchError> {
        Self::combined(sketches, Sample::intersect)
    }

    /// The keys of the first sketch that no other has, with their values.
    ///
    /// # Errors
    /// When there is no sketch, or the numbers of values differ.
    pub fn difference(sketches: &[&Self]) -> Result<Self, SketchError> {
        Self::combined(sketches, Sample::subtract)
    }

    fn combined(sketches: &[&Self], combine: fn(&mut Sample, &Sample)) -> Result<Self, SketchError> {
        let Some((first, others)) = sketches.split_first() else {
            return Err(SketchError::parameter("a set operation needs at least one sketch"));
        };
        let mut result = Self { sample: first.shown().into_owned(), union: false };
        for other in others {
            result.fits(other)?;
            combine(&mut result.sample, &other.shown());
        }
        Ok(result)
    }

    fn fits(&self, other: &Self) -> Result<(), SketchError> {
        let (mine, theirs) = (self.number_of_values(), other.number_of_values());
        if mine == theirs {
            return Ok(());
        }
        Err(SketchError::mismatch(KIND, format!("it has {theirs} values for a key, not {mine}")))
    }

    /// What Druid shows.
    fn shown(&self) -> Cow<'_, Sample> {
        if self.union { self.sample.trimmed() } else { Cow::Borrowed(&self.sample) }
    }

    /// Doubles for each key.
    #[must_use]
    pub fn number_of_values(&self) -> usize {
        self.sample.width()
    }

    /// The number of distinct keys.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        self.shown().estimate()
    }

    /// The estimate between its bounds.
    ///
    /// # Errors
    /// Unless `std_devs` is 1, 2 or 3.
    pub fn bounds(&self, std_devs: u8) -> Result<Bounds, SketchError> {
        self.shown().bounds(std_devs)
    }

    /// The number of keys kept.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.shown().len()
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sample.is_empty()
    }

    /// The mean of each of the values over the keys kept; NaN of no keys.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        statistics::moments(&self.shown()).iter().map(statistics::Moments::mean).collect()
    }

    /// The sample variance of each of the values over the keys kept: NaN of no keys, 0 of one.
    #[must_use]
    pub fn variances(&self) -> Vec<f64> {
        statistics::moments(&self.shown()).iter().map(statistics::Moments::variance).collect()
    }

    /// The estimated sum of each of the values over all keys.
    #[must_use]
    pub fn sums(&self) -> Vec<f64> {
        let sample = self.shown();
        let mut sums = vec![0.0; sample.width()];
        for (_, row) in sample.sorted() {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        let fraction = if sample.estimates() { sample.fraction() } else { 1.0 };
        sums.into_iter().map(|sum| sum / fraction).collect()
    }

    /// Student's t-test of each of the values against those of another sketch, with unequal variances: p-values.
    ///
    /// # Errors
    /// When the numbers of values differ, or a sketch has less than two keys.
    pub fn t_test(&self, other: &Self) -> Result<Vec<f64>, SketchError> {
        self.fits(other)?;
        let (mine, theirs) = (self.shown(), other.shown());
        if mine.len() < 2 || theirs.len() < 2 {
            return Err(SketchError::parameter("a t-test needs at least two keys in each sketch"));
        }
        let (mine, theirs) = (statistics::moments(&mine), statistics::moments(&theirs));
        Ok(mine.iter().zip(&theirs).map(|(a, b)| statistics::p_value(a, b)).collect())
    }

    /// A quantiles sketch of the values in a column, counted from 1.
    ///
    /// # Errors
    /// When there is no such column, or no sketch with such a `k`.
    pub fn quantiles(&self, column: usize, k: usize) -> Result<QuantilesDoubles, SketchError> {
        let sample = self.shown();
        if !(1..=sample.width()).contains(&column) {
            let text = format!("`column` is from 1 to {}, not {column}", sample.width());
            return Err(SketchError::parameter(text));
        }
        let mut quantiles = QuantilesDoubles::new(k)?;
        sample.sorted().into_iter().for_each(|(_, row)| quantiles.update(row[column - 1]));
        Ok(quantiles)
    }

    /// What Java's `toString` prints of a compact sketch.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.shown().summary("DirectArrayOfDoublesCompactSketch")
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.sample.memory_bytes()
    }
}
