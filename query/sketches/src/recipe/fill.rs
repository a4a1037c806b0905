//! How do values enter a summary? Each is prepared once (hashed, or made a number), so that values met often need not
//! be hashed again; what is prepared is added.

use super::{Form, Recipe};
use crate::{
    Bloom, Coupon, SketchError, Summary, Theta, coupon_of_double, coupon_of_long, coupon_of_text,
    hash_of_bytes,
};

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Item<'v> {
    /// No value.
    Null,
    /// A text.
    Text(&'v str),
    /// A long.
    Long(i64),
    /// A float.
    Float(f32),
    /// A double.
    Double(f64),
}

/// A value as a recipe's summaries take it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prepared {
    /// Nothing that counts.
    Nothing,
    /// That a value is missing.
    Missing,
    /// A hash of HLL.
    Coupon(Coupon),
    /// A hash of theta and tuple sketches, or of Bloom filters.
    Hash(u64),
    /// A hash of Druid's collector.
    Hashes((u64, u64)),
    /// A number.
    Number(f64),
}

impl Item<'_> {
    /// The value as a number; texts are parsed.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Null => None,
            Self::Text(text) => text.trim().parse().ok(),
            Self::Long(value) => Some(value as f64),
            Self::Float(value) => Some(f64::from(value)),
            Self::Double(value) => Some(value),
        }
    }
}

impl Recipe {
    /// Makes a value what summaries of the recipe take.
    #[must_use]
    pub fn prepare(&self, item: Item<'_>) -> Prepared {
        match &self.form {
            Form::Hll { encoding, .. } => match item {
                Item::Null => None,
                Item::Text(text) => coupon_of_text(text, *encoding),
                Item::Long(value) => Some(coupon_of_long(value)),
                Item::Float(value) => Some(coupon_of_double(f64::from(value))),
                Item::Double(value) => Some(coupon_of_double(value)),
            }
            .map_or(Prepared::Nothing, Prepared::Coupon),
            Form::Theta { .. } | Form::ArrayOfDoubles { .. } => match item {
                Item::Null => None,
                Item::Text(text) => Theta::hash(text.as_bytes()),
                Item::Long(value) => Theta::hash(&value.to_le_bytes()),
                Item::Float(value) => Theta::hash(&crate::sample::canonical(f64::from(value))),
                Item::Double(value) => Theta::hash(&crate::sample::canonical(value)),
            }
            .map_or(Prepared::Nothing, Prepared::Hash),
            // Numbers are taken by their text, as Druid's ingestion does.
            Form::HyperUnique { .. } => match item {
                Item::Null => Prepared::Nothing,
                Item::Text(text) => Prepared::Hashes(hash_of_bytes(text.as_bytes())),
                Item::Long(value) => Prepared::Hashes(hash_of_bytes(value.to_string().as_bytes())),
                Item::Float(value) => {
                    Prepared::Hashes(hash_of_bytes(crate::java::float_text(value).as_bytes()))
                }
                Item::Double(value) => {
                    Prepared::Hashes(hash_of_bytes(crate::java::double_text(value).as_bytes()))
                }
            },
            Form::Bloom { .. } => Prepared::Hash(Bloom::hash(item)),
            Form::FixedBuckets { .. } => item.number().map_or(Prepared::Missing, Prepared::Number),
            _ => item.number().map_or(Prepared::Nothing, Prepared::Number),
        }
    }

    /// Reads what a summary of the recipe wrote. Parameters that bytes do not tell are the recipe's.
    ///
    /// # Errors
    /// When the bytes are no summary of the kind.
    pub fn read(&self, bytes: &[u8]) -> Result<Summary, SketchError> {
        let read = Summary::from_bytes(self.kind(), bytes)?;
        if !matches!(self.form, Form::Theta { .. } | Form::ApproximateHistogram { .. }) {
            return Ok(read);
        }
        let mut summary = self.empty()?;
        summary.merge(&read)?;
        Ok(summary)
    }

    /// Makes one of several summaries in base64.
    ///
    /// # Errors
    /// When a text is none, or its parameters do not fit.
    pub fn combine<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Result<Summary, SketchError> {
        let mut whole = self.empty()?;
        for text in texts {
            whole.add_base64(text)?;
        }
        Ok(whole)
    }

    /// Whether the summary of values is the same, however often each of them is added.
    #[must_use]
    pub fn counts_distinct(&self) -> bool {
        matches!(self.form, Form::Hll { .. } | Form::Theta { .. })
    }

    /// Adds a value to a summary.
    pub fn update(&self, summary: &mut Summary, item: Item<'_>) {
        summary.add(self.prepare(item), &[]);
    }
}

impl Summary {
    /// Adds what was prepared for summaries of this kind; `row` has the values of a key of an array of doubles.
    pub fn add(&mut self, prepared: Prepared, row: &[f64]) {
        match (self, prepared) {
            (Self::Hll(sketch), Prepared::Coupon(coupon)) => sketch.update(coupon),
            (Self::Theta(sketch), Prepared::Hash(hash)) => sketch.update_hash(hash),
            (Self::ArrayOfDoubles(sketch), Prepared::Hash(hash)) => sketch.update_hash(hash, row),
            (Self::Bloom(bloom), Prepared::Hash(hash)) => bloom.update_hash(hash),
            (Self::HyperUnique(collector), Prepared::Hashes(hashes)) => collector.update(hashes),
            (Self::Quantiles(sketch), Prepared::Number(value)) => sketch.update(value),
            (Self::KllDoubles(sketch), Prepared::Number(value)) => sketch.update(value),
            (Self::KllFloats(sketch), Prepared::Number(value)) => sketch.update(value as f32),
            (Self::ApproximateHistogram(histogram), Prepared::Number(value)) => {
                histogram.update(value as f32)
            }
            (Self::FixedBuckets(histogram), Prepared::Number(value)) => histogram.update(value),
            (Self::FixedBuckets(histogram), Prepared::Missing) => histogram.update_missing(),
            (Self::Variance(variance), Prepared::Number(value)) => variance.update(value),
            (Self::TDigest(digest), Prepared::Number(value)) => digest.update(value),
            (Self::DdSketch(sketch), Prepared::Number(value)) => sketch.update(value),
            _ => {}
        }
    }

    /// Whether bytes in base64 are a summary of the recipe's kind, which is added then.
    ///
    /// # Errors
    /// When they are not, or their parameters do not fit.
    pub fn add_base64(&mut self, text: &str) -> Result<(), SketchError> {
        self.merge(&Self::from_base64(self.kind(), text)?)
    }
}
