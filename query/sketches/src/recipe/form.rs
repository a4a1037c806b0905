//! Which kinds of summaries have which parameters?

use crate::{Estimator, HllTarget, Kind, OutlierMode, TextEncoding};

/// A kind with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// DataSketches' HLL.
    Hll {
        /// Registers, as a power of two.
        lg_k: u8,
        /// Bits of a register.
        target: HllTarget,
        /// How texts are hashed.
        encoding: TextEncoding,
        /// Whether the estimate is a whole number.
        round: bool,
    },
    /// DataSketches' theta sketch.
    Theta {
        /// Hashes kept.
        size: usize,
        /// Standard deviations of bounds that are shown with the estimate.
        bounds: Option<u8>,
    },
    /// DataSketches' classic quantiles sketch.
    Quantiles {
        /// The parameter `k`.
        k: usize,
        /// Said by the aggregator; without effect here.
        max_stream_length: u64,
    },
    /// DataSketches' KLL sketch.
    Kll {
        /// Of floats, not doubles.
        floats: bool,
        /// The parameter `k`.
        k: u16,
        /// Said by the aggregator; without effect here.
        max_stream_length: u64,
    },
    /// DataSketches' array of doubles.
    ArrayOfDoubles {
        /// Keys kept.
        entries: usize,
        /// Columns of the values, when the sketch is built and not merged.
        columns: Vec<String>,
        /// Values of a key.
        values: usize,
    },
    /// Druid's collector.
    HyperUnique {
        /// Whether the estimate is a whole number.
        round: bool,
    },
    /// Druid's approximate histogram.
    ApproximateHistogram {
        /// Bins at most.
        resolution: usize,
        /// Bars shown.
        buckets: usize,
        /// Where coarse bins end.
        lower_limit: f32,
        /// Where coarse bins begin.
        upper_limit: f32,
        /// Whether base64 is shown, not bars.
        base64: bool,
    },
    /// Druid's histogram of fixed buckets.
    FixedBuckets {
        /// Number of buckets.
        buckets: usize,
        /// Where the first begins.
        lower_limit: f64,
        /// Where the last ends.
        upper_limit: f64,
        /// What is done with other values.
        mode: OutlierMode,
        /// Whether base64 is shown.
        base64: bool,
    },
    /// Variance.
    Variance {
        /// Of a part or of all.
        estimator: Estimator,
    },
    /// A t-digest.
    TDigest {
        /// Centroids, about.
        compression: u32,
    },
    /// A Bloom filter.
    Bloom {
        /// Distinct values at most.
        max_entries: u64,
    },
    /// Datadog's sketch.
    DdSketch {
        /// Of quantiles.
        relative_error: f64,
        /// Bins at most.
        bins: usize,
    },
}

impl Form {
    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Hll { .. } => Kind::Hll,
            Self::Theta { .. } => Kind::Theta,
            Self::Quantiles { .. } => Kind::Quantiles,
            Self::Kll { floats: false, .. } => Kind::KllDoubles,
            Self::Kll { floats: true, .. } => Kind::KllFloats,
            Self::ArrayOfDoubles { .. } => Kind::ArrayOfDoubles,
            Self::HyperUnique { .. } => Kind::HyperUnique,
            Self::ApproximateHistogram { .. } => Kind::ApproximateHistogram,
            Self::FixedBuckets { .. } => Kind::FixedBuckets,
            Self::Variance { .. } => Kind::Variance,
            Self::TDigest { .. } => Kind::TDigest,
            Self::Bloom { .. } => Kind::Bloom,
            Self::DdSketch { .. } => Kind::DdSketch,
        }
    }
}
