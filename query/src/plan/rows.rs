//! Which columns of rows are returned, and in which order?

use alluvium_expression::Expr;
use alluvium_segments::{ColumnType, TIME_COLUMN};
use serde::{Deserialize, Serialize};

/// Rows as they lie, or ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowsPlan {
    /// Columns to return, `__time` and virtual ones included.
    pub columns: Vec<RowColumn>,
    /// Sort keys; empty: segment after segment, each in its order.
    pub order: Vec<RowOrderBy>,
    /// Rows to skip.
    pub offset: u64,
    /// Rows to return.
    pub limit: Option<u64>,
}

impl RowsPlan {
    /// Whether rows of the same time come the other way round: a walk back through time.
    pub(crate) fn is_backwards(&self) -> bool {
        matches!(self.order.as_slice(), [by] if by.descending && by.column == TIME_COLUMN)
    }
}

/// A column of row results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowColumn {
    /// Its name.
    pub name: String,
    /// The type to return; `None`: the type each segment stores (lists stay lists).
    pub output_type: Option<ColumnType>,
    /// What is shown of a computed column instead of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// What rows show of a computed column: results of an expression, each of a type of its own, as JSON text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The expression.
    pub expression: Expr,
    /// How lists are shown.
    pub lists: Lists,
}

/// How lists are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lists {
    /// As they come.
    AsTheyAre,
    /// A list of one value as the value.
    OneStandsAlone,
    /// What is made of each value of a column that may have several is a list, of one value too.
    OfEachValue,
    /// Not at all: the results are single values of this type.
    Refused(ColumnType),
}

/// A sort key of row results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowOrderBy {
    /// Column name; need not be returned.
    pub column: String,
    /// Whether larger values come first (nulls are smallest).
    pub descending: bool,
}
