//! Which summaries of many values does Druid have, and which bytes stand for them? Distinct counts, quantiles,
//! histograms, variances and filters, as data structures that know nothing of queries: built value by value, merged,
//! asked, printed, and written in the forms that Druid's clients exchange as base64.
//!
//! Each kind is a type of its own; [`Summary`] holds any of them.

mod ask;
mod bloom;
mod bytes;
mod ddsketch;
#[cfg(test)]
mod druids;
mod error;
#[cfg(test)]
mod fixtures;
mod histogram;
mod hll;
mod hyperunique;
mod java;
mod kll;
mod murmur;
mod quantiles;
mod recipe;
mod sample;
mod summary;
mod tdigest;
mod theta;
mod tuple;
mod variance;

pub use ask::{Question, SetOperation, union_of_hlls};
pub use bloom::Bloom;
pub use ddsketch::DdSketch;
pub use error::SketchError;
pub use histogram::{ApproximateHistogram, Bars, FixedBuckets, OutlierMode};
pub use hll::{Coupon, HllSketch, HllTarget, TextEncoding, coupon_of_double, coupon_of_long, coupon_of_text};
pub use hyperunique::{HyperUnique, hash_of_bytes, hash_of_text};
pub use java::{double_text, float_text};
pub use kll::{Kll, KllDoubles, KllFloats};
pub use quantiles::QuantilesDoubles;
pub use recipe::{Answers, Finished, Form, Item, Prepared, Recipe};
pub use summary::{Kind, Summary, to_base64};
pub use tdigest::TDigest;
pub use theta::Theta;
pub use tuple::ArrayOfDoubles;
pub use variance::{Estimator, Variance};

/// An estimate, and the bounds it lies between so many standard deviations away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The estimate.
    pub estimate: f64,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}
