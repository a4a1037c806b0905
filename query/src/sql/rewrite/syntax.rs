//! Which special syntax is a call? `POSITION(x IN y)`, `SUBSTRING(x FROM 1)`, `TRIM(..)`, `CAST(..)`.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, Expr, Function, UnaryOperator, Value};

use super::build::{call, name_of, plain_args, recall};
use super::{Rewriter, aggregate, build, cast, literal, nested, operators, time};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::dialect::SYMMETRIC;
use crate::sql::fault::invalid;

impl Rewriter<'_> {
    /// What an expression becomes; `None`: it stays.
    pub(super) fn replacement(&self, expr: &mut Expr) -> Result<Option<Expr>, QueryError> {
        use datafusion::sql::sqlparser::ast::BinaryOperator::{Divide, Minus, Multiply, Plus};
        Ok(match expr {
            Expr::Function(function) => return self.called(function),
            Expr::BinaryOp { left, op, right } => {
                operators::check_binary(op)?;
                if matches!(op, Plus | Minus | Multiply | Divide)
                    && (nested::is_value(left) || nested::is_value(right))
                {
                    nested::as_number(left, right);
                    return Ok(None);
                }
                return time::rewrite_syntax(expr, self.settings);
            }
            Expr::Floor { .. } | Expr::Ceil { .. } | Expr::Extract { .. } | Expr::TypedString(_) => {
                return time::rewrite_syntax(expr, self.settings);
            }
            Expr::Position { expr, r#in } => Some(call("position", vec![*expr.clone(), *r#in.clone()])),
            Expr::Between { expr, negated, low, high } => between(expr, *negated, low, high),
            Expr::Substring { substring_from: None, .. } => {
                return Err(invalid("Received an unexpected token [)]: SUBSTRING needs a position"));
            }
            Expr::Like { escape_char: Some(escape), .. } if operators::is_long(&escape.value) => {
                let message = "Escape must be null or a single character";
                return Err(QueryError::refused(Refusal::Planning, message));
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let from = substring_from.as_ref().map_or_else(|| build::integer(1), |e| *e.clone());
                let mut args = vec![*expr.clone(), from];
                args.extend(substring_for.as_ref().map(|e| *e.clone()));
                Some(call("substring", args))
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                use datafusion::sql::sqlparser::ast::TrimWhereField::{Leading, Trailing};
                let name = match trim_where {
                    Some(Leading) => "ltrim",
                    Some(Trailing) => "rtrim",
                    _ => "btrim",
                };
                let mut args = vec![*expr.clone()];
                args.extend(trim_what.as_ref().map(|e| *e.clone()));
                args.extend(trim_characters.iter().flatten().cloned());
                Some(call(name, args))
            }
            Expr::Value(literal) => match &literal.value {
                Value::Number(digits, _) => literal::number(digits)?,
                _ => None,
            },
            Expr::Identifier(name) if name.quote_style.is_none() => literal::named(&name.value),
            Expr::UnaryOp { op, expr } => operators::unary(*op, expr)?,
            Expr::ILike { .. } => return Err(operators::no_match("ILIKE")),
            Expr::SimilarTo { .. } => return Err(operators::no_match("SIMILAR TO")),
            Expr::IsUnknown(_) => return Err(operators::no_match("IS UNKNOWN")),
            Expr::IsNotUnknown(_) => return Err(operators::no_match("IS NOT UNKNOWN")),
            Expr::Overlay { .. } => return Err(operators::no_match("OVERLAY")),
            Expr::Cast { kind: CastKind::TryCast, .. } => return Err(operators::no_match("TRY_CAST")),
            Expr::Cast { kind: CastKind::SafeCast, .. } => return Err(operators::no_match("SAFE_CAST")),
            Expr::Cast { expr, data_type, .. } => {
                Some(cast::rewrite(*expr.clone(), data_type, self.settings)?)
            }
            _ => None,
        })
    }

    /// What a call becomes.
    fn called(&self, function: &mut Function) -> Result<Option<Expr>, QueryError> {
        if function.uses_odbc_syntax {
            return Ok(Some(escaped(function)));
        }
        operators::check_call(function)?;
        if let Some(new) = aggregate::rewrite(function, self.settings)? {
            return Ok(Some(new));
        }
        if let Some(new) = nested::rewrite(function, self.settings)? {
            return Ok(Some(new));
        }
        time::rewrite_call(function, self.settings)
    }
}

/// `BETWEEN SYMMETRIC`: between the bounds in either order.
fn between(expr: &Expr, negated: bool, low: &Expr, high: &Expr) -> Option<Expr> {
    let Expr::Function(function) = low else { return None };
    let [low] = plain_args(function).filter(|_| name_of(function) == SYMMETRIC)?.try_into().ok()?;
    let ordered = |low: &Expr, high: &Expr| Expr::Between {
        expr: Box::new(expr.clone()),
        negated: false,
        low: Box::new(low.clone()),
        high: Box::new(high.clone()),
    };
    let either = Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(ordered(&low, high)),
        op: BinaryOperator::Or,
        right: Box::new(ordered(high, &low)),
    }));
    Some(if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(either) } } else { either })
}

/// `{fn NAME(..)}`: some functions have names of their own there.
fn escaped(function: &Function) -> Expr {
    let mut plain = function.clone();
    plain.uses_odbc_syntax = false;
    let name = match name_of(function).as_str() {
        "ucase" => "upper",
        "lcase" => "lower",
        _ => return Expr::Function(plain),
    };
    plain_args(function).map_or(Expr::Function(plain), |args| recall(function, name, args))
}
