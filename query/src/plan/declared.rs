//! Of which type is a computed column of a native query? Of the one its expression has over the columns it reads, as far as
//! that can be told: what it is declared as is no more than a hint.

use alluvium_expression::{Expr, ExprType};
use alluvium_segments::{Column, ColumnSpec, ColumnType, Element, SegmentRef, TIME_COLUMN};

use crate::inline::written;

use super::{Lists, Shown, VirtualColumn, VirtualSource};

/// What is known of the columns that computed ones read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownColumns<'k> {
    /// Columns besides `__time`.
    pub(crate) columns: &'k [ColumnSpec],
    /// Whether there is `__time`.
    pub(crate) timed: bool,
    /// Where the columns lie.
    pub(crate) segments: &'k [SegmentRef],
    /// The computed columns.
    pub(crate) virtuals: &'k [VirtualColumn],
    /// Whether the rows lie in memory, where values may be kept as they were written.
    pub(crate) in_memory: bool,
}

impl KnownColumns<'_> {
    /// The computed columns with their types.
    pub(crate) fn resolved(&self) -> Vec<VirtualColumn> {
        let resolve = |column: &VirtualColumn| {
            let VirtualSource::Declared { expression, .. } = &column.source else { return column.clone() };
            let (expression, output_type) = (expression.clone(), self.computed_type(column));
            let source = VirtualSource::Expression { expression, output_type };
            VirtualColumn { name: column.name.clone(), source }
        };
        self.virtuals.iter().map(resolve).collect()
    }

    /// The type of a column; `None` when there is no such column.
    pub(crate) fn column_type(&self, name: &str) -> Option<ColumnType> {
        if let Some(column) = self.virtuals.iter().find(|v| v.name == name) {
            return self.computed_type(column);
        }
        let stored = self.columns.iter().find(|c| c.name == name).map(|c| c.column_type);
        stored.or_else(|| (self.timed && name == TIME_COLUMN).then_some(ColumnType::Long))
    }

    /// The type of a computed column.
    fn computed_type(&self, column: &VirtualColumn) -> Option<ColumnType> {
        match &column.source {
            VirtualSource::Expression { output_type, .. } => Some(output_type.unwrap_or(ColumnType::String)),
            VirtualSource::Declared { expression, hint, shown: None } => {
                Some(self.declared_type(expression, *hint))
            }
            VirtualSource::Declared { expression, hint, shown: Some(_) } => {
                self.is_there(expression).then_some(hint.unwrap_or(ColumnType::String))
            }
            VirtualSource::Existing { columns } => {
                let existing = columns.iter().find_map(|name| self.column_type(name));
                Some(existing.unwrap_or(ColumnType::String))
            }
            VirtualSource::Values { .. } => Some(ColumnType::String),
        }
    }

    /// Whether a path can lead anywhere: not below the root of columns that hold single values.
    fn is_there(&self, expression: &Expr) -> bool {
        let Expr::Call(call) = expression else { return true };
        let (Some(column), Some(path)) = (call.args().first(), call.args().get(1)) else { return true };
        let base = column.as_column().and_then(|name| self.column_type(name));
        let root = path.as_literal().is_some_and(|path| path.as_string().as_deref() == Some("$"));
        root || base.is_none_or(ColumnType::is_coded)
    }

    fn declared_type(&self, expression: &Expr, hint: Option<ColumnType>) -> ColumnType {
        let numeric = |t: ColumnType| matches!(t, ColumnType::Long | ColumnType::Float | ColumnType::Double);
        match self.inferred(expression) {
            // Lists of texts may be the several values of a row.
            Some(inferred) if inferred.is_array() && hint == Some(ColumnType::String) => ColumnType::String,
            None => hint.unwrap_or(ColumnType::Float),
            Some(inferred) if inferred.is_numeric() && hint == Some(ColumnType::Float) => ColumnType::Float,
            Some(inferred) if !inferred.is_numeric() && hint.is_some_and(numeric) => {
                hint.unwrap_or(ColumnType::Float)
            }
            // Columns of sketches have types that expressions know nothing of.
            Some(ExprType::Json) => hint.filter(|hint| hint.is_coded()).unwrap_or(ColumnType::Json),
            Some(inferred) => of_expression(inferred),
        }
    }

    /// The type an expression has whatever the rows hold; `None` where only rows can tell.
    fn inferred(&self, expression: &Expr) -> Option<ExprType> {
        let names = expression.required_columns();
        let known = |name: &str| self.column_type(name).is_some() && !self.has_several(name);
        if !names.iter().all(|name| known(name)) {
            return None;
        }
        let types = |name: &str| self.column_type(name).map(ExprType::from);
        match expression {
            // What arithmetic makes of texts is not told beforehand, and of arrays it makes nothing.
            Expr::Binary(op, left, right) if !op.is_comparison() => {
                let operands = [left, right].map(|operand| operand.output_type(&types));
                let other = operands.into_iter().flatten().find(|operand| !operand.is_numeric());
                other.or_else(|| expression.output_type(&types))
            }
            _ => expression.output_type(&types),
        }
    }

    /// Whether a row of a column may have several values.
    pub(crate) fn has_several(&self, name: &str) -> bool {
        if self.virtuals.iter().any(|v| v.name == name) {
            return false;
        }
        self.segments.iter().any(|segment| {
            matches!(segment.segment.column(name), Ok(Some(Column::String(column))) if column.is_multi())
        })
    }

    /// What rows show of a computed column, where that is something else than values of its type.
    pub(crate) fn shown(&self, column: &VirtualColumn) -> Option<Shown> {
        let VirtualSource::Declared { expression, hint, shown } = &column.source else { return None };
        if let Some(expression) = shown {
            return Some(Shown { expression: expression.clone(), lists: Lists::AsTheyAre });
        }
        let column_type = self.declared_type(expression, *hint);
        let types = |name: &str| self.column_type(name).map(ExprType::from);
        let exact = expression.exact_type(&types);
        let several = expression.required_columns().iter().any(|name| self.has_several(name));
        let lists = match column_type {
            ColumnType::String => Lists::OneStandsAlone,
            ColumnType::Long | ColumnType::Float | ColumnType::Double => Lists::OfEachValue,
            _ => Lists::AsTheyAre,
        };
        let typed = match column_type {
            ColumnType::Json | ColumnType::Complex(_) => true,
            // Rows of several values are lists of texts already.
            ColumnType::String if several => {
                expression.as_column().is_some() || exact == Some(ExprType::String)
            }
            ColumnType::Float => expression.as_column().is_some_and(|name| self.is_float(name)),
            other => !several && exact.map(of_expression) == Some(other),
        };
        (!typed).then(|| Shown { expression: expression.clone().fold(), lists })
    }

    /// What rows show of a column of rows in memory whose values are not of its type: these, as they were written.
    pub(crate) fn written(&self, name: &str) -> Option<Shown> {
        let column = written(name);
        let kept = |segment: &SegmentRef| segment.segment.schema().find(&column).is_some();
        let is_kept = self.in_memory && self.segments.iter().any(kept);
        is_kept.then(|| Shown { expression: Expr::Column(column.into()), lists: Lists::AsTheyAre })
    }

    fn is_float(&self, name: &str) -> bool {
        self.column_type(name) == Some(ColumnType::Float)
    }
}

fn of_expression(inferred: ExprType) -> ColumnType {
    match inferred {
        ExprType::Long => ColumnType::Long,
        ExprType::Double => ColumnType::Double,
        ExprType::String => ColumnType::String,
        ExprType::LongArray => ColumnType::Array(Element::Long),
        ExprType::DoubleArray => ColumnType::Array(Element::Double),
        ExprType::StringArray => ColumnType::Array(Element::String),
        ExprType::Json => ColumnType::Json,
    }
}
