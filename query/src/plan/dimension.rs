//! What is a group key made of?

use std::collections::BTreeSet;

use alluvium_expression::ExtractionFn;
use alluvium_segments::ColumnType;
use serde::{Deserialize, Serialize};

use super::Input;

/// A group key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DimensionPlan {
    /// Output name.
    pub name: String,
    /// Where values come from. Rows with several values are in one group a value.
    pub input: Input,
    /// What is done to each value, in order.
    pub transforms: Vec<DimensionTransform>,
    /// Type of the key in the result.
    pub output_type: ColumnType,
    /// Whether rows whose values are all dropped by a filter are in no group (otherwise they are null).
    pub drop_empty: bool,
    /// Whether a row is in the group of a value once, however often it has the value.
    #[serde(default)]
    pub once: bool,
}

impl DimensionPlan {
    /// A column as it is.
    #[must_use]
    pub fn column(column: &str, name: &str, output_type: ColumnType) -> Self {
        Self {
            name: name.to_owned(),
            input: Input::Column(column.to_owned()),
            transforms: Vec::new(),
            output_type,
            drop_empty: false,
            once: false,
        }
    }
}

/// What is done to a value before grouping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DimensionTransform {
    /// It is replaced by what a function makes of its text.
    Extract(ExtractionFn),
    /// It is dropped unless it passes.
    Keep(ValueFilter),
}

/// Which of a row's values pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ValueFilter {
    /// Those in the list (`None` is null), or those that are not.
    List {
        /// The list.
        values: BTreeSet<Option<String>>,
        /// Whether those in the list pass.
        allow: bool,
    },
    /// Those that a regular expression matches whole.
    Regex(String),
    /// Those that start so.
    Prefix(String),
}
