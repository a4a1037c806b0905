//! What is a literal, or a name that stands for a value? A number with an exponent is a double, one with a point a
//! decimal, others are integers.

use datafusion::sql::sqlparser::ast::{Expr, Value};

use super::build::{call, null};
use crate::QueryError;
use crate::sql::fault::invalid;

/// What a number becomes; `None`: it stays.
pub(super) fn number(digits: &str) -> Result<Option<Expr>, QueryError> {
    let out_of_range = || invalid(format!("Numeric literal '{}' out of range", digits.to_uppercase()));
    let plain = |digits: &str| Expr::Value(Value::Number(digits.to_owned(), false).with_empty_span());
    if digits.contains(['e', 'E']) {
        let value: f64 = digits.parse().map_err(|_| out_of_range())?;
        return if value.is_finite() {
            Ok(Some(call("cast_double", vec![plain(digits)])))
        } else {
            Err(out_of_range())
        };
    }
    if let Some(whole) = digits.strip_suffix('.') {
        return Ok(Some(plain(whole)));
    }
    // The smallest long is written as the negative of a number that is none.
    let beyond = |digits: &str| digits.parse::<i64>().is_err() && digits != "9223372036854775808";
    if !digits.contains('.') && beyond(digits) {
        return Err(out_of_range());
    }
    Ok(None)
}

/// The whole number of a literal that has a fraction: so many rows are wanted.
pub(super) fn whole(expr: &Expr) -> Option<Expr> {
    let Expr::Value(value) = expr else { return None };
    let Value::Number(digits, _) = &value.value else { return None };
    let (whole, _) = digits.split_once('.')?;
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(Expr::Value(Value::Number(whole.to_owned(), false).with_empty_span()))
}

/// What a bare name stands for, if it is no column.
pub(super) fn named(name: &str) -> Option<Expr> {
    match name.to_ascii_uppercase().as_str() {
        "PI" => Some(call("pi", Vec::new())),
        "UNKNOWN" => Some(call("cast_boolean", vec![null()])),
        _ => None,
    }
}
