//! Which columns are computed, and how?

use alluvium_expression::Expr;
use alluvium_segments::ColumnType;
use serde::{Deserialize, Serialize};

use super::ValueFilter;

/// A computed column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VirtualColumn {
    /// Its name.
    pub name: String,
    /// How it is computed.
    pub source: VirtualSource,
}

/// How a computed column is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VirtualSource {
    /// By an expression, cast to `output_type` (`None`: as it comes).
    Expression {
        /// The expression.
        expression: Expr,
        /// Type of the column.
        output_type: Option<ColumnType>,
    },
    /// By an expression whose type follows from the columns it reads, in a native query.
    Declared {
        /// The expression.
        expression: Expr,
        /// The type it is declared as, if any.
        hint: Option<ColumnType>,
        /// What rows show instead, where the expression casts what they show.
        shown: Option<Expr>,
    },
    /// The first of some columns that a segment has.
    Existing {
        /// Their names.
        columns: Vec<String>,
    },
    /// The values of a string column that pass.
    Values {
        /// The string column.
        column: String,
        /// Which values pass.
        keep: ValueFilter,
    },
}

impl VirtualSource {
    /// Names of the columns that it reads.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        match self {
            Self::Expression { expression, .. } | Self::Declared { expression, .. } => {
                expression.required_columns().iter().map(ToString::to_string).collect()
            }
            Self::Existing { columns } => columns.clone(),
            Self::Values { column, .. } => vec![column.clone()],
        }
    }
}
