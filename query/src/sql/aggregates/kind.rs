//! Which aggregates of Druid's are there, and how many arguments do they take?

use super::summarized::Summarized;

/// One of Druid's aggregates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `APPROX_COUNT_DISTINCT(x)`
    Distinct,
    /// A sketch, a histogram or another summary, or an answer of one.
    Summary(Summarized),
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
        matches!(self, Self::Distinct | Self::ExactDistinct)
    }

    /// Whether it picks one of the values.
    pub(crate) fn picks(self) -> bool {
        matches!(self, Self::Earliest | Self::Latest | Self::Any)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Distinct => "approx_count_distinct",
            Self::Summary(summary) => summary.name(),
            Self::ExactDistinct => "count distinct",
            Self::Quantile => "approx_quantile_ds",
            Self::Earliest => "earliest_by",
            Self::Latest => "latest_by",
            Self::Any => "any_value",
        }
    }

    /// Other names.
    pub(super) fn aliases(self) -> Vec<String> {
        match self {
            Self::Summary(summary) => summary.aliases(),
            Self::Distinct => vec!["approx_count_distinct_builtin".to_owned()],
            _ => Vec::new(),
        }
    }

    /// Fewest and most arguments.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::Distinct | Self::ExactDistinct => (1, 1),
            Self::Summary(summary) => summary.arity(),
            Self::Quantile => (2, 3),
            Self::Any => (1, 3),
            Self::Earliest | Self::Latest => (2, 3),
        }
    }
}
