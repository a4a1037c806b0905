//! Which columns does a segment have, of which type, and what are they for?

use serde::{Deserialize, Serialize};

use crate::ColumnType;
use crate::projection::ProjectionSpec;
use crate::time::Granularity;

/// The name of the time column, which every segment has.
pub const TIME_COLUMN: &str = "__time";

/// How the values of a multi-value row are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MultiValueHandling {
    /// Sorted, duplicates kept.
    #[default]
    SortedArray,
    /// Sorted, duplicates dropped.
    SortedSet,
    /// As given.
    Array,
}

/// Whether an index from values to rows is built when rows are sealed.
///
/// In JSON `true` (by cost: what earlier versions wrote unless an index was forbidden), `false` or `"always"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "IndexForm", into = "IndexForm")]
pub enum BitmapIndex {
    /// Where it pays.
    #[default]
    ByCost,
    /// Whatever it costs.
    Always,
    /// Not at all.
    Never,
}

/// How [`BitmapIndex`] is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum IndexForm {
    Flag(bool),
    Word(IndexWord),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum IndexWord {
    Always,
}

impl From<IndexForm> for BitmapIndex {
    fn from(form: IndexForm) -> Self {
        match form {
            IndexForm::Flag(true) => Self::ByCost,
            IndexForm::Flag(false) => Self::Never,
            IndexForm::Word(IndexWord::Always) => Self::Always,
        }
    }
}

impl From<BitmapIndex> for IndexForm {
    fn from(index: BitmapIndex) -> Self {
        match index {
            BitmapIndex::ByCost => Self::Flag(true),
            BitmapIndex::Never => Self::Flag(false),
            BitmapIndex::Always => Self::Word(IndexWord::Always),
        }
    }
}

/// Options of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct DimensionOptions {
    /// Whether an index is built (string columns).
    #[serde(default)]
    pub bitmap_index: BitmapIndex,
    /// What becomes of multi-value rows (string columns).
    pub multi_value: MultiValueHandling,
}

/// How two stored values of a metric become one when rows are rolled up. Nulls are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricFunction {
    /// Number of input rows; stored as a long, combined by adding.
    Count,
    /// Added (longs wrap).
    Sum,
    /// The smaller.
    Min,
    /// The larger.
    Max,
    /// One state made of both, as the metric's recipe says ([`crate::Combining`]).
    Merge,
}

/// What a column is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Part of a row's identity under rollup.
    Dimension(DimensionOptions),
    /// Aggregated under rollup.
    Metric {
        /// How values combine.
        function: MetricFunction,
        /// Input field, where there is one (shown by segmentMetadata).
        field: Option<String>,
        /// How states of the metric are made and become one, for metrics that are merged: the aggregator's JSON,
        /// which this crate hands on as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recipe: Option<String>,
    },
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// Case-sensitive name.
    pub name: String,
    /// Type of its values.
    pub column_type: ColumnType,
    /// What it is for.
    pub role: Role,
}

impl ColumnSpec {
    /// A dimension with default options.
    #[must_use]
    pub fn dimension(name: &str, column_type: ColumnType) -> Self {
        Self { name: name.to_owned(), column_type, role: Role::Dimension(DimensionOptions::default()) }
    }

    /// A metric.
    #[must_use]
    pub fn metric(
        name: &str,
        column_type: ColumnType,
        function: MetricFunction,
        field: Option<&str>,
    ) -> Self {
        let field = field.map(str::to_owned);
        Self { name: name.to_owned(), column_type, role: Role::Metric { function, field, recipe: None } }
    }

    /// A metric whose values are states of an aggregator.
    #[must_use]
    pub fn merged(name: &str, column_type: ColumnType, field: Option<&str>, recipe: String) -> Self {
        let function = MetricFunction::Merge;
        let role = Role::Metric { function, field: field.map(str::to_owned), recipe: Some(recipe) };
        Self { name: name.to_owned(), column_type, role }
    }

    /// How values of the metric become one, where they are merged as a recipe says.
    pub(crate) fn recipe(&self) -> Option<&str> {
        match &self.role {
            Role::Metric { recipe, .. } => recipe.as_deref(),
            Role::Dimension(_) => None,
        }
    }

    /// Whether it is a metric.
    #[must_use]
    pub fn is_metric(&self) -> bool {
        matches!(self.role, Role::Metric { .. })
    }
}

/// The columns of a segment besides `__time`, in order, and how its rows were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Dimensions and metrics in the order of the spec; discovered dimensions at the end.
    pub columns: Vec<ColumnSpec>,
    /// Whether rows with equal time and dimensions are combined.
    pub rollup: bool,
    /// What `__time` was truncated to.
    pub query_granularity: Granularity,
    /// Where the time of a row was found, as the spec of its ingestion has it: JSON, which this crate hands on as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_spec: Option<String>,
    /// What is aggregated beforehand when rows are sealed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projections: Vec<ProjectionSpec>,
}

impl Schema {
    /// A schema without rollup.
    #[must_use]
    pub fn new(columns: Vec<ColumnSpec>) -> Self {
        let (query_granularity, projections) = (Granularity::None, Vec::new());
        Self { columns, rollup: false, query_granularity, timestamp_spec: None, projections }
    }

    /// Position and spec of a column.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(usize, &ColumnSpec)> {
        self.columns.iter().enumerate().find(|(_, c)| c.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_wishes_for_an_index_are_kept_and_earlier_ones_read() {
        for (index, json) in [
            (BitmapIndex::ByCost, "true"),
            (BitmapIndex::Never, "false"),
            (BitmapIndex::Always, "\"always\""),
        ] {
            assert_eq!(serde_json::to_string(&index).unwrap(), json);
            assert_eq!(serde_json::from_str::<BitmapIndex>(json).unwrap(), index);
        }
        assert!(serde_json::from_str::<BitmapIndex>("\"never\"").is_err());
        let options: DimensionOptions = serde_json::from_str(r#"{"multi_value":"ARRAY"}"#).unwrap();
        assert_eq!(options.bitmap_index, BitmapIndex::ByCost);
    }
}
