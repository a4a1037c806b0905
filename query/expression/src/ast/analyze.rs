//! What is known of an expression before any row is seen: columns, types, constants?

use std::sync::Arc;

use alluvium_segments::time::Granularity;

use super::{BinaryOp, Call, Expr, Lambda, UnaryOp};
use crate::functions::{Prepared, TIMESTAMP_FLOOR};
use crate::{ExprType, Value};

/// What is known of the types of columns; `None` for a column that does not exist (always null).
pub type ColumnTypes<'t> = dyn Fn(&str) -> Option<ExprType> + 't;

impl Expr {
    /// The type of the result, as far as types decide it. `None`: always null, or only rows can tell.
    ///
    /// A scalar function of a multi-value column gives its element type here; row evaluation may give an array.
    #[must_use]
    pub fn output_type(&self, columns: &ColumnTypes<'_>) -> Option<ExprType> {
        match self {
            Self::Literal(value) => value.value_type(),
            Self::Column(name) => columns(name),
            Self::Unary(UnaryOp::Not, _) | Self::Logical(..) => Some(ExprType::Long),
            Self::Unary(UnaryOp::Minus, operand) => match operand.output_type(columns) {
                Some(ExprType::String) => Some(ExprType::Double),
                other => other,
            },
            Self::Binary(op, ..) if op.is_comparison() => Some(ExprType::Long),
            Self::Binary(op, left, right) => {
                let types = (left.output_type(columns), right.output_type(columns));
                if *op == BinaryOp::Add && types == (Some(ExprType::String), Some(ExprType::String)) {
                    return Some(ExprType::String);
                }
                math_type(types.0, types.1)
            }
            Self::Lambda(lambda) => lambda.body.output_type(columns),
            Self::Call(call) => call.function.output_type(call, columns),
        }
    }

    /// The type of the result, where every result that is not null has this one.
    #[must_use]
    pub fn exact_type(&self, columns: &ColumnTypes<'_>) -> Option<ExprType> {
        match self {
            Self::Unary(UnaryOp::Minus, operand) => operand.exact_type(columns).filter(|t| t.is_numeric()),
            Self::Binary(op, left, right) if !op.is_comparison() => {
                match (left.exact_type(columns)?, right.exact_type(columns)?) {
                    (ExprType::String, ExprType::String) if *op == BinaryOp::Add => Some(ExprType::String),
                    (left, right) if left.is_numeric() && right.is_numeric() => {
                        math_type(Some(left), Some(right))
                    }
                    _ => None,
                }
            }
            Self::Lambda(_) => None,
            Self::Call(call) => call.function.exact_type(call, columns),
            other => other.output_type(columns),
        }
    }

    /// Whether a column is read where a single value is wanted.
    #[must_use]
    pub fn reads_single(&self, column: &str) -> bool {
        let mut found = false;
        self.visit_columns(false, &mut Vec::new(), &mut |name, in_array| {
            found |= !in_array && **name == *column;
        });
        found
    }

    /// Columns that are read, each once, in order of first use; parameters of lambdas are not columns.
    #[must_use]
    pub fn required_columns(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        self.visit_columns(false, &mut Vec::new(), &mut |name, _| {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        });
        names
    }

    /// The column and the granularity, when this is `timestamp_floor` of a column and all else in it is constant.
    #[must_use]
    pub fn as_time_floor(&self) -> Option<(&str, &Granularity)> {
        let Self::Call(Call { function, args, prepared: Prepared::Granularity(granularity) }) = self else {
            return None;
        };
        let column = args.first().and_then(Self::as_column)?;
        (function.name == TIMESTAMP_FLOOR).then_some((column, granularity.as_ref()))
    }

    /// Whether no column is read: the value is the same for all rows. (No function of the language depends on
    /// anything but its arguments, and `lookup` on what its name stands for.)
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.required_columns().is_empty()
    }

    /// Calls `visit` for each use of a column, with whether it stands where an array is wanted.
    pub(crate) fn visit_columns<'e>(
        &'e self,
        in_array: bool,
        hidden: &mut Vec<&'e str>,
        visit: &mut dyn FnMut(&Arc<str>, bool),
    ) {
        match self {
            Self::Literal(_) => {}
            Self::Column(name) => {
                if !hidden.contains(&name.as_ref()) {
                    visit(name, in_array);
                }
            }
            Self::Unary(_, operand) => operand.visit_columns(false, hidden, visit),
            Self::Binary(_, left, right) => {
                left.visit_columns(false, hidden, visit);
                right.visit_columns(false, hidden, visit);
            }
            Self::Logical(_, terms) => {
                for term in terms {
                    term.visit_columns(false, hidden, visit);
                }
            }
            Self::Lambda(Lambda { params, body }) => {
                let outer = hidden.len();
                hidden.extend(params.iter().map(AsRef::as_ref));
                body.visit_columns(false, hidden, visit);
                hidden.truncate(outer);
            }
            Self::Call(Call { function, args, .. }) => {
                for (i, arg) in args.iter().enumerate() {
                    arg.visit_columns(function.wants_array(i, args.len()), hidden, visit);
                }
            }
        }
    }

    /// Replaces constant parts by their values. A part whose evaluation fails stays, to fail for rows only.
    #[must_use]
    pub fn fold(self) -> Self {
        let folded = match self {
            Self::Unary(op, operand) => Self::unary(op, operand.fold()),
            Self::Binary(op, left, right) => Self::binary(op, left.fold(), right.fold()),
            Self::Logical(op, terms) => Self::Logical(op, terms.into_iter().map(Self::fold).collect()),
            Self::Call(mut call) => {
                call.args = call.args.into_iter().map(Self::fold).collect();
                // What its name stood for when it was bound is no constant to be read again.
                let bound = matches!(call.prepared, Prepared::Lookup(_));
                match crate::functions::check(call.function, &call.args) {
                    Ok(_) if bound => {}
                    Ok(prepared) => call.prepared = prepared,
                    Err(_) => return Self::Call(call),
                }
                Self::Call(call)
            }
            Self::Lambda(mut lambda) => {
                lambda.body = Box::new(lambda.body.fold());
                Self::Lambda(lambda)
            }
            leaf => leaf,
        };
        if !folded.has_constant_operands() {
            return folded;
        }
        match crate::eval(&folded, &crate::NoColumns) {
            // Nested values have no literal.
            Ok(Value::Json(_)) | Err(_) => folded,
            Ok(value) => Self::Literal(value),
        }
    }

    fn has_constant_operands(&self) -> bool {
        let literal = |e: &Self| matches!(e, Self::Literal(_));
        match self {
            Self::Literal(_) | Self::Column(_) | Self::Lambda(_) => false,
            Self::Unary(_, operand) => literal(operand),
            Self::Binary(_, left, right) => literal(left) && literal(right),
            Self::Logical(_, terms) => terms.iter().all(literal),
            Self::Call(call) => call.args.iter().all(literal),
        }
    }

    /// A copy with columns renamed or replaced; parameters of lambdas are left alone.
    ///
    /// # Errors
    /// When a replaced argument does not fit its function (a constant of the wrong kind).
    pub fn substitute(&self, replace: &dyn Fn(&str) -> Option<Self>) -> Result<Self, crate::ExprError> {
        Ok(match self {
            Self::Literal(_) => self.clone(),
            Self::Column(name) => replace(name).unwrap_or_else(|| self.clone()),
            Self::Unary(op, operand) => Self::unary(*op, operand.substitute(replace)?),
            Self::Binary(op, left, right) => {
                Self::binary(*op, left.substitute(replace)?, right.substitute(replace)?)
            }
            Self::Logical(op, terms) => Self::logical(*op, substitute_all(terms, replace)?),
            Self::Lambda(Lambda { params, body }) => {
                let hidden = |name: &str| params.iter().any(|p| p.as_ref() == name);
                let inner = |name: &str| if hidden(name) { None } else { replace(name) };
                let body = Box::new(body.substitute(&inner)?);
                Self::Lambda(Lambda { params: params.clone(), body })
            }
            Self::Call(call) => {
                let mut copy = Self::call(call.name(), substitute_all(&call.args, replace)?)?;
                if let (Self::Call(copy), Prepared::Lookup(_)) = (&mut copy, &call.prepared) {
                    copy.prepared = call.prepared.clone();
                }
                copy
            }
        })
    }
}

fn substitute_all(
    exprs: &[Expr],
    replace: &dyn Fn(&str) -> Option<Expr>,
) -> Result<Vec<Expr>, crate::ExprError> {
    exprs.iter().map(|e| e.substitute(replace)).collect()
}

/// The type of arithmetic: longs stay longs, everything else becomes a double.
pub(crate) fn math_type(left: Option<ExprType>, right: Option<ExprType>) -> Option<ExprType> {
    match (left, right) {
        (None, None) => None,
        (Some(ExprType::Long), None | Some(ExprType::Long)) | (None, Some(ExprType::Long)) => {
            Some(ExprType::Long)
        }
        _ => Some(ExprType::Double),
    }
}

impl Default for Expr {
    fn default() -> Self {
        Self::Literal(Value::Null)
    }
}
