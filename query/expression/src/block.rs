//! What are the values of an expression for a block of rows? Numbers go through columnar kernels; the rest is
//! evaluated row by row, once per distinct text where only one dictionary column is read.

mod compile;
mod lane;
mod normalize;
mod rows;
mod run;

use std::sync::Arc;

use alluvium_segments::NumericBlock;

use self::compile::Plan;
use crate::ast::ColumnTypes;
use crate::{Expr, ExprError, ExprType, Value};

/// The texts behind dictionary ids.
pub trait Dictionary {
    /// The text of an id; `None` for null.
    fn text(&self, id: u32) -> Option<&str>;
}

/// The values of a column for a block of rows: one value a row.
#[derive(Clone, Copy)]
pub enum InputBlock<'b> {
    /// Longs.
    Longs(&'b NumericBlock<i64>),
    /// Doubles.
    Doubles(&'b NumericBlock<f64>),
    /// Single-value texts by id.
    Ids {
        /// An id a row.
        ids: &'b [u32],
        /// What the ids stand for.
        dictionary: &'b dyn Dictionary,
    },
    /// Anything, multi-value texts as string arrays.
    Values(&'b [Value]),
    /// Arrays that are values.
    Arrays(&'b [Value]),
}

/// The columns of a block of rows.
pub trait BlockBindings {
    /// A column; `None` when there is none of this name (it is null).
    fn block(&self, name: &str) -> Option<InputBlock<'_>>;
}

/// Results for a block of rows: one a row.
#[derive(Debug, Clone)]
pub enum ExprBlock {
    /// Longs.
    Longs(NumericBlock<i64>),
    /// Doubles.
    Doubles(NumericBlock<f64>),
    /// Texts.
    Strings(Vec<Option<Arc<str>>>),
    /// Arrays, or values of several types.
    Values(Vec<Value>),
}

impl ExprBlock {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Longs(block) => block.values.len(),
            Self::Doubles(block) => block.values.len(),
            Self::Strings(texts) => texts.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of row `i`; null beyond the end.
    #[must_use]
    pub fn value(&self, i: usize) -> Value {
        match self {
            Self::Longs(block) if block.nulls.is_null(i) => Value::Null,
            Self::Longs(block) => block.values.get(i).copied().into(),
            Self::Doubles(block) if block.nulls.is_null(i) => Value::Null,
            Self::Doubles(block) => block.values.get(i).copied().into(),
            Self::Strings(texts) => texts.get(i).cloned().flatten().map_or(Value::Null, Value::String),
            Self::Values(values) => values.get(i).cloned().unwrap_or_default(),
        }
    }
}

/// An expression prepared for columns of known types.
#[derive(Debug, Clone)]
pub struct CompiledExpr {
    expr: Expr,
    plan: Plan,
    columns: Vec<Arc<str>>,
    output: Option<ExprType>,
    single_string: Option<Arc<str>>,
}

impl CompiledExpr {
    /// Prepares an expression: folds constants, and casts the branches of conditionals to the type they meet at,
    /// so that the type of a result does not depend on the row.
    #[must_use]
    pub fn compile(expr: &Expr, columns: &ColumnTypes<'_>) -> Self {
        let expr = normalize::normalize(expr.clone().fold(), columns).fold();
        let plan = compile::plan(&expr, columns);
        let required = expr.required_columns();
        let single_string = match required.as_slice() {
            [only] if columns(only) == Some(ExprType::String) => Some(Arc::clone(only)),
            _ => None,
        };
        let output = expr.output_type(columns);
        Self { plan, columns: required, output, single_string, expr }
    }

    /// The expression as it is evaluated.
    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Columns that are read.
    #[must_use]
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// The type of the results, as far as types decide it.
    #[must_use]
    pub fn output_type(&self) -> Option<ExprType> {
        self.output
    }

    /// The only column that is read, when it holds texts: results can be computed once per dictionary id.
    #[must_use]
    pub fn single_string_input(&self) -> Option<&str> {
        self.single_string.as_deref()
    }

    /// The value, when it is the same for all rows.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        self.expr.as_literal()
    }

    /// Evaluates for one row.
    ///
    /// # Errors
    /// As [`crate::eval`].
    pub fn eval_row(&self, row: &dyn crate::Bindings) -> Result<Value, ExprError> {
        crate::eval(&self.expr, row)
    }

    /// Evaluates `rows` rows. Input blocks must have that many; missing rows count as null.
    ///
    /// # Errors
    /// As [`crate::eval`], for the first row that fails.
    pub fn eval_block(&self, inputs: &dyn BlockBindings, rows: usize) -> Result<ExprBlock, ExprError> {
        let fast = match &self.plan {
            Plan::Long(node) => run::long_block(node, inputs, rows).map(ExprBlock::Longs),
            Plan::Double(node) => run::double_block(node, inputs, rows).map(ExprBlock::Doubles),
            Plan::Rows => return rows::block(&self.expr, self.output, inputs, rows),
        };
        // Kernels evaluate branches that rows may not need, and know no multi-value rows: rows decide.
        fast.or_else(|_| rows::block(&self.expr, self.output, inputs, rows))
    }
}

#[cfg(test)]
mod tests;
