//! How does the query engine hold a summary of whatever kind? As one value that knows its kind, merges with its
//! like, and goes to and from the bytes Druid's clients exchange.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::{
    ApproximateHistogram, ArrayOfDoubles, Bloom, DdSketch, FixedBuckets, HllSketch, HyperUnique, KllDoubles,
    KllFloats, QuantilesDoubles, SketchError, TDigest, Theta, Variance,
};

/// Base64 with padding, which need not be there to be read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

macro_rules! kinds {
    ($($variant:ident $type:ident $name:literal $doc:literal [$($alias:literal)*];)*) => {
        /// A kind of summary.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $doc] $variant,)*
        }

        /// A summary of any kind.
        #[derive(Debug, Clone)]
        pub enum Summary {
            $(#[doc = $doc] $variant($type),)*
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Druid's name of the complex type.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Of a name of Druid's complex types or of their aggregators.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name $(| $alias)* => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        $(
            impl From<$type> for Summary {
                fn from(summary: $type) -> Self {
                    Self::$variant(summary)
                }
            }
        )*

        impl Summary {
            /// The kind.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$variant,)*
                }
            }

            /// The bytes Druid's clients exchange.
            #[must_use]
            pub fn to_bytes(&self) -> Vec<u8> {
                match self {
                    $(Self::$variant(summary) => summary.to_bytes(),)*
                }
            }

            /// Reads a summary of a kind.
            ///
            /// # Errors
            /// When the bytes are none of the kind.
            pub fn from_bytes(kind: Kind, bytes: &[u8]) -> Result<Self, SketchError> {
                Ok(match kind {
                    $(Kind::$variant => Self::$variant($type::from_bytes(bytes)?),)*
                })
            }

            /// Bytes of memory it takes.
            #[must_use]
            pub fn memory_bytes(&self) -> usize {
                match self {
                    $(Self::$variant(summary) => summary.memory_bytes(),)*
                }
            }
        }
    };
}

kinds! {
    Hll HllSketch "HLLSketch" "Distinct values: DataSketches' HLL." ["HLLSketchBuild" "HLLSketchMerge"];
    Theta Theta "thetaSketch" "Distinct values, of sets too: DataSketches' theta sketch."
        ["thetaSketchBuild" "thetaSketchMerge"];
    Quantiles QuantilesDoubles "quantilesDoublesSketch" "Quantiles: DataSketches' classic sketch of doubles."
        ["quantilesDoublesSketchMerge"];
    KllDoubles KllDoubles "KllDoublesSketch" "Quantiles: DataSketches' KLL sketch of doubles." ["KllDoublesSketchMerge"];
    KllFloats KllFloats "KllFloatsSketch" "Quantiles: DataSketches' KLL sketch of floats." ["KllFloatsSketchMerge"];
    ArrayOfDoubles ArrayOfDoubles "arrayOfDoublesSketch" "Distinct keys with sums: DataSketches' array of doubles."
        ["arrayOfDoublesSketchBuild" "arrayOfDoublesSketchMerge"];
    HyperUnique HyperUnique "hyperUnique" "Distinct values: Druid's own collector." ["preComputedHyperUnique"];
    ApproximateHistogram ApproximateHistogram "approximateHistogram" "Druid's histogram whose bins follow the values."
        ["approxHistogram" "approxHistogramFold"];
    FixedBuckets FixedBuckets "fixedBucketsHistogram" "Druid's histogram of given buckets." [];
    Variance Variance "variance" "How far values lie apart." ["varianceFold"];
    TDigest TDigest "tDigestSketch" "Quantiles: the merging t-digest." ["buildTDigestSketch" "mergeTDigestSketch"];
    Bloom Bloom "bloom" "Which values there may be: Hive's Bloom filter." ["bloomFilter" "bloomMerge"];
    DdSketch DdSketch "ddSketch" "Quantiles of a relative error: Datadog's DDSketch." [];
}

/// Bytes in base64, as Druid writes them.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

impl Summary {
    /// Adds all values of another of the same kind.
    ///
    /// # Errors
    /// When the other is of another kind, or of parameters that do not fit.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        match (self, other) {
            (Self::Hll(mine), Self::Hll(theirs)) => mine.merge(theirs)?,
            (Self::Theta(mine), Self::Theta(theirs)) => mine.merge(theirs),
            (Self::Quantiles(mine), Self::Quantiles(theirs)) => mine.merge(theirs),
            (Self::KllDoubles(mine), Self::KllDoubles(theirs)) => mine.merge(theirs)?,
            (Self::KllFloats(mine), Self::KllFloats(theirs)) => mine.merge(theirs)?,
            (Self::ArrayOfDoubles(mine), Self::ArrayOfDoubles(theirs)) => mine.merge(theirs)?,
            (Self::HyperUnique(mine), Self::HyperUnique(theirs)) => mine.merge(theirs),
            (Self::ApproximateHistogram(mine), Self::ApproximateHistogram(theirs)) => mine.merge(theirs),
            (Self::FixedBuckets(mine), Self::FixedBuckets(theirs)) => mine.merge(theirs),
            (Self::Variance(mine), Self::Variance(theirs)) => mine.merge(theirs),
            (Self::TDigest(mine), Self::TDigest(theirs)) => mine.merge(theirs),
            (Self::Bloom(mine), Self::Bloom(theirs)) => mine.merge(theirs)?,
            (Self::DdSketch(mine), Self::DdSketch(theirs)) => mine.merge(theirs)?,
            (mine, theirs) => {
                let text = format!("it is a `{}`", theirs.kind().name());
                return Err(SketchError::mismatch(mine.kind().name(), text));
            }
        }
        Ok(())
    }

    /// The bytes in base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.to_bytes())
    }

    /// Reads a summary of a kind from base64.
    ///
    /// # Errors
    /// When the text is no base64, or the bytes are none of the kind.
    pub fn from_base64(kind: Kind, text: &str) -> Result<Self, SketchError> {
        let bytes = BASE64.decode(text.trim());
        let bytes = bytes.map_err(|e| SketchError::corrupt(kind.name(), format!("no base64: {e}")))?;
        Self::from_bytes(kind, &bytes)
    }

    /// What Druid's `...ToString` post-aggregators print, of the kinds that have one.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::Hll(sketch) => sketch.to_text(),
            Self::Theta(sketch) => sketch.to_text(),
            Self::Quantiles(sketch) => sketch.to_text(),
            Self::KllDoubles(sketch) => sketch.to_text(),
            Self::KllFloats(sketch) => sketch.to_text(),
            Self::ArrayOfDoubles(sketch) => sketch.to_text(),
            Self::FixedBuckets(histogram) => histogram.to_text(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
