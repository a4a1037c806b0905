//! Which special syntax is a call? `POSITION(x IN y)`, `SUBSTRING(x FROM 1)`, `TRIM(..)`, `CAST(..)`.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Value};

use super::build::{call, text};
use super::{Rewriter, aggregate, build, nested, time};
use crate::QueryError;
use crate::sql::fault::invalid;

impl Rewriter<'_> {
    /// What an expression becomes; `None`: it stays.
    pub(super) fn replacement(&self, expr: &mut Expr) -> Result<Option<Expr>, QueryError> {
        use datafusion::sql::sqlparser::ast::BinaryOperator::{Divide, Minus, Multiply, Plus};
        Ok(match expr {
            Expr::Function(function) => {
                if let Some(new) = aggregate::rewrite(function, self.settings)? {
                    return Ok(Some(new));
                }
                if let Some(new) = nested::rewrite(function, self.settings)? {
                    return Ok(Some(new));
                }
                return time::rewrite_call(function, self.settings);
            }
            Expr::BinaryOp { left, op: Plus | Minus | Multiply | Divide, right }
                if nested::is_value(left) || nested::is_value(right) =>
            {
                nested::as_number(left, right);
                None
            }
            Expr::Floor { .. }
            | Expr::Ceil { .. }
            | Expr::Extract { .. }
            | Expr::TypedString(_)
            | Expr::BinaryOp { .. } => return time::rewrite_syntax(expr, self.settings),
            Expr::Position { expr, r#in } => Some(call("position", vec![*expr.clone(), *r#in.clone()])),
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
                Value::UnicodeStringLiteral(value) => Some(text(value)),
                _ => None,
            },
            Expr::Cast { expr, data_type, .. } => Some(self.cast(*expr.clone(), data_type)?),
            _ => None,
        })
    }

    fn cast(&self, expr: Expr, to: &DataType) -> Result<Expr, QueryError> {
        let zone = text(self.settings.zone.name());
        Ok(match to {
            DataType::Timestamp(..) | DataType::Datetime(_) => call("cast_timestamp", vec![expr, zone]),
            DataType::Date => {
                let instant = call("cast_timestamp", vec![expr, zone]);
                time::floor(instant, "P1D", self.settings.zone)
            }
            DataType::Varchar(_)
            | DataType::Char(_)
            | DataType::Character(_)
            | DataType::CharacterVarying(_)
            | DataType::Text
            | DataType::String(_) => call("cast_varchar", vec![expr, zone]),
            DataType::TinyInt(_)
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_) => call("cast_bigint", vec![expr]),
            DataType::Double(_)
            | DataType::DoublePrecision
            | DataType::Float(_)
            | DataType::Real
            | DataType::Decimal(_)
            | DataType::Numeric(_) => call("cast_double", vec![expr]),
            DataType::Boolean | DataType::Bool => call("cast_boolean", vec![expr]),
            DataType::Array(of) => call(nested::array_cast(of), vec![expr]),
            other => return Err(invalid(format!("cannot CAST to {other}"))),
        })
    }
}
