//! Which operators and functions that the parser knows are none of Druid's? They are refused as Druid refuses them.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Function, TableFactor, UnaryOperator, Value};

use super::build::name_of;
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::invalid;

/// A function or operator that has no meaning for any arguments.
pub(super) fn no_match(name: &str) -> QueryError {
    invalid(format!("No match found for function signature {name}"))
}

/// Refuses operators of other dialects.
pub(super) fn check_binary(op: &BinaryOperator) -> Result<(), QueryError> {
    match op {
        BinaryOperator::Modulo => {
            Err(invalid("Percent remainder '%' is not allowed under the current SQL conformance level"))
        }
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::StringConcat => Ok(()),
        other => Err(invalid(format!("Received an unexpected token [{other}]"))),
    }
}

/// What an operator before an expression becomes; `None`: it stays.
pub(super) fn unary(op: UnaryOperator, expr: &Expr) -> Result<Option<Expr>, QueryError> {
    let is_number = matches!(expr, Expr::Value(v) if matches!(v.value, Value::Number(..)));
    match op {
        UnaryOperator::Plus if is_number => Ok(Some(expr.clone())),
        UnaryOperator::Plus => Err(QueryError::refused(Refusal::Planning, "unary + takes literals only")),
        // A decimal zero has no sign.
        UnaryOperator::Minus if is_zero(expr) => Ok(Some(expr.clone())),
        UnaryOperator::Minus | UnaryOperator::Not => Ok(None),
        other => Err(invalid(format!("Received an unexpected token [{other}]"))),
    }
}

fn is_zero(expr: &Expr) -> bool {
    let Expr::Value(literal) = expr else { return false };
    matches!(&literal.value, Value::Number(digits, _) if digits.chars().all(|c| matches!(c, '0' | '.')))
}

/// Whether a literal is more than one character.
pub(super) fn is_long(escape: &Value) -> bool {
    matches!(escape, Value::SingleQuotedString(text) if text.chars().count() != 1)
}

/// Refuses samples of tables.
pub(super) fn check_table(table: &TableFactor) -> Result<(), QueryError> {
    match table {
        TableFactor::Table { sample: Some(_), .. } => {
            Err(QueryError::refused(Refusal::NotPlanned, "TABLESAMPLE is not supported"))
        }
        _ => Ok(()),
    }
}

/// Refuses aggregates among the keys of groups.
pub(super) fn check_keys(keys: &[Expr]) -> Result<(), QueryError> {
    const AGGREGATES: [&str; 5] = ["count", "sum", "min", "max", "avg"];
    let is_aggregate = |key: &Expr| matches!(key, Expr::Function(f) if f.over.is_none() && AGGREGATES.contains(&name_of(f).as_str()));
    match keys.iter().any(is_aggregate) {
        true => Err(invalid("Aggregate expression is illegal in GROUP BY clause")),
        false => Ok(()),
    }
}

/// Functions DataFusion has and Druid has not.
const STRANGE: [&str; 16] = [
    "now",
    "median",
    "covar",
    "covar_pop",
    "covar_samp",
    "corr",
    "cardinality",
    "approx_median",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "approx_distinct",
    "quantile_cont",
    "bool_and",
    "bool_or",
    "var",
    "mean",
];

/// Refuses calls of functions that are none of Druid's.
pub(super) fn check_call(function: &Function) -> Result<(), QueryError> {
    let name = name_of(function);
    if name == "percentile_cont" {
        return Err(QueryError::refused(Refusal::Planning, "PERCENTILE_CONT is not supported"));
    }
    if STRANGE.contains(&name.as_str()) || name.starts_with("regr_") {
        return Err(no_match(&format!("{}()", name.to_uppercase())));
    }
    Ok(())
}
