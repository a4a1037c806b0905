//! How is a summary made? What Druid's aggregators say of the summaries they make: their kind, their parameters, and
//! what is shown of them in the end.

mod fill;
mod finish;
mod form;
mod json;
mod read;
#[cfg(test)]
mod tests;

use crate::{
    ApproximateHistogram, ArrayOfDoubles, Bloom, DdSketch, FixedBuckets, HllSketch, HyperUnique, Kind,
    KllDoubles, KllFloats, QuantilesDoubles, Question, SketchError, Summary, TDigest, Theta, Variance,
};

pub use fill::{Item, Prepared};
pub use finish::{Answers, Finished};
pub(crate) use finish::{bounds_json, double, float};
pub use form::Form;

/// What an aggregator makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The kind with its parameters.
    pub form: Form,
    /// Whether a question is answered in the end, and not the summary itself shown.
    pub finalizes: bool,
    /// Whether texts are summaries in base64, not values.
    pub merges: bool,
    /// What is answered in the end, if not what Druid's aggregator gives.
    pub asks: Option<Question>,
}

impl Recipe {
    /// Of values, with an answer in the end.
    #[must_use]
    pub fn of(form: Form) -> Self {
        Self { form, finalizes: true, merges: false, asks: None }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.form.kind()
    }

    /// A summary of nothing.
    ///
    /// # Errors
    /// When a parameter is out of its range.
    pub fn empty(&self) -> Result<Summary, SketchError> {
        Ok(match &self.form {
            Form::Hll { lg_k, target, .. } => HllSketch::new(*lg_k, *target)?.into(),
            Form::Theta { size, .. } => Theta::new(*size)?.into(),
            Form::Quantiles { k, .. } => QuantilesDoubles::new(*k)?.into(),
            Form::Kll { floats: false, k, .. } => KllDoubles::new(*k)?.into(),
            Form::Kll { floats: true, k, .. } => KllFloats::new(*k)?.into(),
            Form::ArrayOfDoubles { entries, values, .. } => ArrayOfDoubles::new(*entries, *values)?.into(),
            Form::HyperUnique { .. } => HyperUnique::default().into(),
            Form::ApproximateHistogram { resolution, lower_limit, upper_limit, .. } => {
                ApproximateHistogram::new(*resolution)?.with_limits(*lower_limit, *upper_limit).into()
            }
            Form::FixedBuckets { buckets, lower_limit, upper_limit, mode, .. } => {
                FixedBuckets::new(*lower_limit, *upper_limit, *buckets, *mode)?.into()
            }
            Form::Variance { .. } => Variance::default().into(),
            Form::TDigest { compression } => TDigest::new(*compression)?.into(),
            Form::Bloom { max_entries } => Bloom::new(*max_entries)?.into(),
            Form::DdSketch { relative_error, bins } => DdSketch::new(*relative_error, *bins)?.into(),
        })
    }
}
