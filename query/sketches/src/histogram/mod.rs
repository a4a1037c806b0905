//! How are values spread? Druid's two histograms: one whose bins follow the values, one whose bins are given.

mod approximate;
mod fixed;

pub use approximate::{ApproximateHistogram, Bars};
pub use fixed::{FixedBuckets, OutlierMode};
