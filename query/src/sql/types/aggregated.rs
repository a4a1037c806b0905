//! Which aggregations does Druid refuse by the types of what is grouped and aggregated?

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Expr};

use super::SqlType;
use super::infer::Scope;
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::{invalid, outside};

/// Refuses an aggregation over a datasource.
pub(super) fn check_aggregate(aggregate: &Aggregate, scope: &Scope<'_>) -> Result<()> {
    for key in grouping_set_to_exprlist(&aggregate.group_expr)? {
        if let kind @ SqlType::State(_) = scope.typed(key).kind {
            let native = kind.native();
            let message =
                format!("SQL requires a group-by on a column with type [{native}] that is unsupported.");
            return Err(outside(QueryError::refused(Refusal::Unplannable, message)));
        }
    }
    let sets = aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_)));
    for call in aggregate.aggr_expr.iter().filter_map(call_of) {
        if sets && call.params.distinct && call.func.name() == "count" {
            let message = "Aggregation [COUNT(DISTINCT)] is not supported";
            return Err(outside(QueryError::refused(Refusal::Unplannable, message)));
        }
        check_call(call, scope).map_err(outside)?;
    }
    Ok(())
}

fn call_of(expr: &Expr) -> Option<&AggregateFunction> {
    match expr {
        Expr::Alias(alias) => call_of(&alias.expr),
        Expr::AggregateFunction(call) => Some(call),
        _ => None,
    }
}

fn check_call(call: &AggregateFunction, scope: &Scope<'_>) -> std::result::Result<(), QueryError> {
    let Some(arg) = call.params.args.first() else { return Ok(()) };
    let kind = scope.typed(arg).kind;
    let (name, native) = (call.func.name(), kind.native());
    match name {
        "min" | "max" if kind.is_text() || kind.is_complex() || matches!(kind, SqlType::Array(_)) => {
            let shown = name.to_uppercase();
            Err(invalid(format!("Aggregation [{shown}] does not support type [{native}], column [{arg}]")))
        }
        "approx_count_distinct" if matches!(kind, SqlType::Array(_)) => Err(QueryError::refused(
            Refusal::Thrown,
            format!("Cardinality aggregator does not support[{native}] inputs"),
        )),
        "approx_quantile_ds" => check_fraction(call, scope),
        _ => Ok(()),
    }
}

/// The fraction of a quantile is the same for all rows, and one.
fn check_fraction(call: &AggregateFunction, scope: &Scope<'_>) -> std::result::Result<(), QueryError> {
    match call.params.args.get(1) {
        Some(Expr::Literal(value, _)) => {
            let fraction = value.cast_to(&DataType::Float64);
            match fraction {
                Ok(ScalarValue::Float64(Some(fraction))) if !(0.0..=1.0).contains(&fraction) => {
                    let message = format!("A normalized rank must be >= 0 and <= 1.0: {fraction}");
                    Err(QueryError::refused(Refusal::Thrown, message))
                }
                _ => Ok(()),
            }
        }
        Some(Expr::Placeholder(_)) => Ok(()),
        Some(other) if !scope.typed(other).constant => {
            Err(invalid("Argument to function 'APPROX_QUANTILE_DS' must be a literal"))
        }
        _ => Ok(()),
    }
}
