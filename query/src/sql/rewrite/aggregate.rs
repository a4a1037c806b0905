//! Which aggregate is meant? `COUNT(DISTINCT x)` is approximate by default, `EARLIEST(x)` is by `__time`.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, ObjectName, OrderByExpr, OrderByOptions, Value,
};

use super::build::{call, identifier, name_of, plain_args, recall, text};
use crate::QueryError;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// The call that replaces an aggregate's, if any.
pub(super) fn rewrite(function: &Function, settings: &Settings) -> Result<Option<Expr>, QueryError> {
    let name = name_of(function);
    let args = || plain_args(function).ok_or_else(|| invalid(format!("{name} needs plain arguments")));
    Ok(match name.as_str() {
        "count" if settings.approximate_distinct && function.over.is_none() && is_distinct(function) => {
            match args()?.as_slice() {
                [one] => Some(recall(function, "approx_count_distinct", vec![one.clone()])),
                _ => None,
            }
        }
        "earliest" | "latest" => {
            let mut args = args()?;
            if args.is_empty() || args.len() > 2 {
                return Err(invalid(format!("{} needs a column and at most a size", name.to_uppercase())));
            }
            args.insert(1, Expr::Identifier(identifier("__time")));
            Some(recall(function, &format!("{name}_by"), args))
        }
        "sum" | "avg" if is_json_value(args()?.as_slice()) => {
            Some(with_args(function, args()?.into_iter().map(|arg| call("cast_double", vec![arg])).collect()))
        }
        "sum" if function.over.is_none() && !is_distinct(function) => match args()?.as_slice() {
            [Expr::Case { operand: None, conditions, else_result: Some(other), .. }] => {
                match (conditions.as_slice(), is_zero(other)) {
                    ([only], true) if !matches!(only.result, Expr::Value(_)) => {
                        let function = filtered(function, only.condition.clone());
                        Some(with_args(&function, vec![only.result.clone()]))
                    }
                    _ => None,
                }
            }
            _ => None,
        },
        // The last argument is how many bytes Druid keeps in memory; here the memory pool limits them.
        "string_agg" | "listagg" => match args()?.as_slice() {
            [value, rest @ ..] if rest.len() <= 2 => {
                let value = call("cast_varchar", vec![value.clone(), text(settings.zone.name())]);
                let separator = rest.first().map_or_else(|| text(""), Clone::clone);
                Some(in_order(with_args(function, vec![value.clone(), separator]), &value))
            }
            _ => None,
        },
        "array_agg" => match args()?.as_slice() {
            [value] | [value, _] => Some(in_order(with_args(function, vec![value.clone()]), value)),
            _ => None,
        },
        "array_concat_agg" => match args()?.as_slice() {
            [value] | [value, _] => {
                let function = filtered(function, Expr::IsNotNull(Box::new(value.clone())));
                let lists = in_order(recall(&function, "array_agg", vec![value.clone()]), value);
                Some(call("flatten", vec![lists]))
            }
            _ => None,
        },
        "grouping" | "grouping_id" if function.over.is_none() => {
            let mut function = function.clone();
            function.name = ObjectName::from(vec![Ident::new("grouping")]);
            Some(call("cast_bigint", vec![Expr::Function(function)]))
        }
        "approx_count_distinct_builtin" => {
            let first = args()?.into_iter().next();
            let first = first.ok_or_else(|| invalid(format!("{} needs a column", name.to_uppercase())))?;
            Some(recall(function, "approx_count_distinct", vec![first]))
        }
        _ => None,
    })
}

/// The same call, of the rows for which a condition is true.
fn filtered(function: &Function, condition: Expr) -> Function {
    let mut function = function.clone();
    function.filter = Some(Box::new(match function.filter.take() {
        Some(own) => Expr::BinaryOp { left: own, op: BinaryOperator::And, right: Box::new(condition) },
        None => condition,
    }));
    function
}

fn is_json_value(args: &[Expr]) -> bool {
    matches!(args, [Expr::Function(function)] if name_of(function) == "json_value")
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits == "0"))
}

/// The same call, `DISTINCT` and `ORDER BY` included, of other arguments.
fn with_args(function: &Function, args: Vec<Expr>) -> Expr {
    let mut function = function.clone();
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args.into_iter().map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a))).collect();
    }
    Expr::Function(function)
}

/// A call whose values, where each counts once, come in their order, null first.
fn in_order(call: Expr, value: &Expr) -> Expr {
    let Expr::Function(mut function) = call else { return call };
    if is_distinct(&function)
        && let FunctionArguments::List(list) = &mut function.args
        && list.clauses.is_empty()
    {
        let options = OrderByOptions { asc: None, nulls_first: Some(true) };
        let order = OrderByExpr { expr: value.clone(), options, with_fill: None };
        list.clauses.push(FunctionArgumentClause::OrderBy(vec![order]));
    }
    Expr::Function(function)
}

fn is_distinct(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    let star = |a: &FunctionArg| matches!(a, FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    list.duplicate_treatment == Some(DuplicateTreatment::Distinct) && !list.args.iter().any(star)
}
