//! Which aggregates of Druid's are there, and how many arguments do they take?

/// One of Druid's aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `APPROX_COUNT_DISTINCT(x)`
    Distinct,
    /// `APPROX_COUNT_DISTINCT_DS_HLL(x [, lgK [, type]])`
    DistinctSketch,
    /// `COUNT(DISTINCT x)` over a datasource when it is not to be approximate; nobody can write it.
    ExactDistinct,
    /// `APPROX_QUANTILE_DS(x, fraction [, k])`
    Quantile,
    /// `EARLIEST_BY(x, t [, bytes])`
    Earliest,
    /// `LATEST_BY(x, t [, bytes])`
    Latest,
    /// `ANY_VALUE(x [, bytes])`
    Any,
}

impl Kind {
    /// Whether it counts values, of any type.
    pub(super) fn counts(self) -> bool {
        matches!(self, Self::Distinct | Self::DistinctSketch | Self::ExactDistinct)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Distinct => "approx_count_distinct",
            Self::DistinctSketch => "approx_count_distinct_ds_hll",
            Self::ExactDistinct => "count distinct",
            Self::Quantile => "approx_quantile_ds",
            Self::Earliest => "earliest_by",
            Self::Latest => "latest_by",
            Self::Any => "any_value",
        }
    }

    /// Fewest and most arguments.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::Distinct | Self::ExactDistinct => (1, 1),
            Self::DistinctSketch => (1, 3),
            Self::Quantile => (2, 3),
            Self::Any => (1, 3),
            Self::Earliest | Self::Latest => (2, 3),
        }
    }
}
