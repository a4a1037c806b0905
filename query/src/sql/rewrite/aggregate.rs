//! Which aggregate is meant? `COUNT(DISTINCT x)` is approximate by default, `EARLIEST(x)` is by `__time`.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, ObjectName, Value,
};

use super::build::{call, identifier, integer, name_of, plain_args, recall, text};
use crate::QueryError;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// Bytes that the values of a group may take together where no number is given.
const DEFAULT_BYTES: i64 = 1024;

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
        "sum" | "avg" => match args()?.as_slice() {
            [Expr::Case { operand: None, conditions, else_result: Some(other), .. }]
                if name == "sum"
                    && function.over.is_none()
                    && !is_distinct(function)
                    && conditions.len() == 1
                    && is_zero(other) =>
            {
                let only = conditions.first().filter(|only| !matches!(only.result, Expr::Value(_)));
                only.map(|only| {
                    let function = filtered(function, only.condition.clone());
                    with_args(&function, vec![number(only.result.clone())])
                })
            }
            [one] if !matches!(one, Expr::Value(_)) => Some(with_args(function, vec![number(one.clone())])),
            _ => None,
        },
        "string_agg" | "listagg" | "array_agg" | "array_concat_agg" => {
            gathered(function, &name, &args()?, settings)
        }
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

/// Values of a group as a list, or as the text of one.
fn gathered(function: &Function, name: &str, args: &[Expr], settings: &Settings) -> Option<Expr> {
    match name {
        "string_agg" | "listagg" => match args {
            [value, separator, rest @ ..] if rest.len() <= 1 => {
                let function = filtered(function, Expr::IsNotNull(Box::new(value.clone())));
                let value = call("cast_varchar", vec![value.clone(), text(settings.zone.name())]);
                let texts = recall_all(&function, "array_agg", vec![value]);
                let texts = limited(sorted(texts, is_distinct(&function)), rest.first());
                Some(call("array_to_string", vec![texts, separator.clone()]))
            }
            _ => None,
        },
        "array_agg" => match args {
            [value, rest @ ..] if rest.len() <= 1 => {
                let values = sorted(with_args(function, vec![value.clone()]), is_distinct(function));
                Some(limited(values, rest.first()))
            }
            _ => None,
        },
        "array_concat_agg" => match args {
            [value, rest @ ..] if rest.len() <= 1 => {
                let function = filtered(function, Expr::IsNotNull(Box::new(value.clone())));
                let lists = recall(&function, "array_agg", vec![value.clone()]);
                let values = call("flatten", vec![call("array_lists", vec![lists])]);
                let values = match is_distinct(&function) {
                    true => sorted(call("array_distinct", vec![values]), true),
                    false => values,
                };
                Some(limited(values, rest.first()))
            }
            _ => None,
        },
        _ => None,
    }
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

/// What is summed, where texts are read as numbers.
fn number(value: Expr) -> Expr {
    call("as_number", vec![value])
}

/// A list in the order of its values, null first, where that is asked for.
fn sorted(list: Expr, ask: bool) -> Expr {
    if ask { call("array_sort", vec![list, text("ASC"), text("NULLS FIRST")]) } else { list }
}

/// A list that may take so many bytes.
fn limited(list: Expr, bytes: Option<&Expr>) -> Expr {
    call("within_bytes", vec![list, bytes.cloned().unwrap_or_else(|| integer(DEFAULT_BYTES))])
}

/// Another aggregate of other values, of the same rows, `DISTINCT` or not.
fn recall_all(function: &Function, name: &str, args: Vec<Expr>) -> Expr {
    let mut function = function.clone();
    function.name = ObjectName::from(vec![Ident::new(name)]);
    with_args(&function, args)
}

fn is_distinct(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    let star = |a: &FunctionArg| matches!(a, FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
    list.duplicate_treatment == Some(DuplicateTreatment::Distinct) && !list.args.iter().any(star)
}
