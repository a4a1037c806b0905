//! Which constants does Druid's planner trip over? It takes a call of values for one that is never null, and fails where
//! it is.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use crate::QueryError;
use crate::sql::fault::invalid;

/// Refuses a call of constants that is null without one of them being so.
pub(super) fn check_folded(name: &str, args: &[Expr]) -> Result<(), QueryError> {
    let is_null = match (name, args) {
        ("repeat", [Expr::Literal(text, _), times]) => !text.is_null() && long(times).is_some_and(|n| n < 1),
        ("array_offset", [array, at]) => outside(array, at, 0),
        ("array_ordinal", [array, at]) => outside(array, at, 1),
        ("array_concat", [a, b]) => {
            length(a).is_some() && is_null_array(b) || is_null_array(a) && length(b).is_some()
        }
        _ => false,
    };
    match is_null {
        true => Err(invalid(format!(
            "Calcite assertion violated: [Cannot add expression of different type to set: {name} of these constants is null]"
        ))),
        false => Ok(()),
    }
}

fn long(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(number), _) => *number,
        Expr::Negative(inner) => long(inner).map(|number| -number),
        _ => None,
    }
}

/// How many constants an array has.
fn length(expr: &Expr) -> Option<i64> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let all = call.args.iter().all(|arg| matches!(arg, Expr::Literal(..)));
    (call.func.name() == "make_array" && all).then(|| i64::try_from(call.args.len()).unwrap_or(i64::MAX))
}

fn outside(array: &Expr, at: &Expr, first: i64) -> bool {
    match (length(array), long(at)) {
        (Some(length), Some(at)) => at < first || at - first >= length,
        _ => false,
    }
}

fn is_null_array(expr: &Expr) -> bool {
    let Expr::ScalarFunction(call) = expr else { return false };
    let is_null = |arg: &Expr| matches!(arg, Expr::Literal(value, _) if value.is_null());
    call.func.name().ends_with("_array") && call.args.iter().all(is_null)
}
