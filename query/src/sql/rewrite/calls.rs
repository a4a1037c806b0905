//! Which calls does Druid's validator refuse for what stands around their arguments: `DISTINCT`, `FILTER`, `OVER`, `ORDER
//! BY`?

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, UnaryOperator, Value, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec,
    WindowType,
};

use super::build::name_of;
use super::operators::no_match;
use super::refuse::{check_order, unplannable, unsupported};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::invalid;
use crate::sql::functions::definitions;
use crate::sql::request::Settings;

/// Refuses a call for its form.
pub(super) fn check(function: &Function, settings: &Settings) -> Result<(), QueryError> {
    let name = name_of(function);
    let shown = name.to_uppercase();
    if name == "row" {
        return Err(unsupported("ROW"));
    }
    let FunctionArguments::List(list) = &function.args else { return Ok(()) };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    if function.null_treatment.is_some()
        || list.clauses.iter().any(|c| matches!(c, FunctionArgumentClause::IgnoreOrRespectNulls(_)))
    {
        return Err(no_match("IGNORE NULLS"));
    }
    if distinct
        && settings.approximate_distinct
        && function.over.is_none()
        && matches!(name.as_str(), "sum" | "min" | "max" | "avg")
    {
        return Err(invalid(format!(
            "Aggregation [{shown}] with DISTINCT is not supported when useApproximateCountDistinct is enabled. Run with \
             disabling it."
        )));
    }
    if matches!(name.as_str(), "string_agg" | "listagg") && list.args.len() < 2 {
        return Err(invalid(format!(
            "Invalid number of arguments to function '{shown}'. Was expecting 2 arguments"
        )));
    }
    let ordered = list.clauses.iter().any(|c| matches!(c, FunctionArgumentClause::OrderBy(_)));
    if ordered || !function.within_group.is_empty() && name != "percentile_cont" {
        return Err(unplannable(format!("Aggregation [{shown} WITHIN GROUP] is not supported")));
    }
    if name == "count" && list.args.iter().any(is_row) {
        return Err(unsupported("ROW"));
    }
    let of_arrays = ["array_agg", "array_concat_agg"].contains(&name.as_str());
    if matches!(name.as_str(), "make_array" | "flatten")
        || name.starts_with("array_") && !of_arrays && definitions().all(|known| known.name != name)
    {
        return Err(no_match(&format!("{shown}()")));
    }
    if function.filter.is_some() && definitions().any(|scalar| scalar.name == name) {
        return Err(invalid("FILTER must be applied to aggregate function"));
    }
    match &function.over {
        None => Ok(()),
        Some(over) => check_window(function, &list.args, distinct, over),
    }
}

fn is_row(arg: &FunctionArg) -> bool {
    matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(_))))
}

fn check_window(
    function: &Function,
    args: &[FunctionArg],
    distinct: bool,
    over: &WindowType,
) -> Result<(), QueryError> {
    let name = name_of(function);
    if function.filter.is_some() {
        return Err(invalid("OVER must be applied to aggregate function"));
    }
    if distinct {
        return Err(invalid("DISTINCT is not supported for window functions"));
    }
    if name == "nth_value" {
        return Err(no_match("NTH_VALUE(<NUMERIC>, <NUMERIC>)"));
    }
    if matches!(name.as_str(), "lag" | "lead") && args.get(1).is_some_and(|offset| number(offset).is_none()) {
        return Err(QueryError::refused(Refusal::Planning, "the offset of LAG and LEAD must be a literal"));
    }
    if name == "ntile" && args.first().and_then(number) == Some(0) {
        return Err(QueryError::refused(Refusal::Planning, "numBuckets[0] must be greater than zero"));
    }
    let WindowType::WindowSpec(spec) = over else { return Ok(()) };
    check_spec(&name, spec)
}

/// Functions that number rows by their order.
fn ranks(name: &str) -> bool {
    matches!(name, "rank" | "dense_rank" | "percent_rank" | "cume_dist")
}

fn check_spec(name: &str, spec: &WindowSpec) -> Result<(), QueryError> {
    check_order(&spec.order_by)?;
    if ranks(name) && spec.order_by.is_empty() && spec.window_name.is_none() {
        return Err(invalid("RANK or DENSE_RANK functions require ORDER BY clause in window specification"));
    }
    let Some(frame) = &spec.window_frame else { return Ok(()) };
    if ranks(name) || matches!(name, "row_number" | "ntile" | "lag" | "lead") {
        return Err(invalid(
            "ROW/RANGE not allowed with RANK, DENSE_RANK, ROW_NUMBER or PERCENTILE_CONT/DISC functions",
        ));
    }
    check_frame(name, frame)
}

fn check_frame(name: &str, frame: &WindowFrame) -> Result<(), QueryError> {
    let counts = |bound: &WindowFrameBound| {
        matches!(bound, WindowFrameBound::Preceding(Some(_)) | WindowFrameBound::Following(Some(_)))
    };
    let counted = counts(&frame.start_bound) || frame.end_bound.as_ref().is_some_and(counts);
    match frame.units {
        WindowFrameUnits::Groups => Err(invalid("Received an unexpected token [GROUPS]")),
        WindowFrameUnits::Range if counted => Err(invalid(
            "Order By with RANGE clause currently supports only UNBOUNDED or CURRENT ROW. Use ROWS clause instead.",
        )),
        _ if counted && matches!(name, "first_value" | "last_value") => {
            Err(invalid("Framing of FIRST_VALUE/LAST_VALUE is only allowed with UNBOUNDED or CURRENT ROW."))
        }
        _ => Ok(()),
    }
}

/// An integer literal.
fn number(arg: &FunctionArg) -> Option<i64> {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg else { return None };
    let digits = |expr: &Expr| match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<i64>().ok(),
            // It stands for a literal.
            Value::Placeholder(_) => Some(1),
            _ => None,
        },
        _ => None,
    };
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => digits(expr).map(|n| -n),
        expr => digits(expr),
    }
}
