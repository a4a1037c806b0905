//! Lambdas applied to the elements of arrays.

use super::{ALL, ANY, Body, Function, Gives, LONG};
use crate::ast::{Call, ColumnTypes, Lambda};
use crate::eval::{Bindings, Overlay, for_each_combination, node};
use crate::{Expr, ExprError, ExprType, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("map", (2, 2), Gives::Custom(map_type), Body::Lazy(map)).arrays(ALL),
    Function::new("cartesian_map", (2, ANY), Gives::Custom(map_type), Body::Lazy(map)).arrays(ALL),
    Function::new("filter", (2, 2), Gives::Custom(filter_type), Body::Lazy(filter)).arrays(ALL),
    Function::new("fold", (3, 3), Gives::Custom(fold_type), Body::Lazy(fold)).arrays(ALL),
    Function::new("cartesian_fold", (3, ANY), Gives::Custom(fold_type), Body::Lazy(fold)).arrays(ALL),
    Function::new("any", (2, 2), LONG, Body::Lazy(|call, row| quantified(call, row, true))).arrays(ALL),
    Function::new("all", (2, 2), LONG, Body::Lazy(|call, row| quantified(call, row, false))).arrays(ALL),
];

/// A lambda has a parameter for each argument after it (folds: the last is the accumulator).
pub(super) fn check_lambda(function: &'static str, params: usize, given: usize) -> Result<(), ExprError> {
    let wanted = given - 1;
    if params == wanted {
        return Ok(());
    }
    let message = format!("the lambda needs {wanted} parameters to go with the arguments, it has {params}");
    Err(ExprError::argument(function, message))
}

fn lambda(call: &Call) -> Result<&Lambda, ExprError> {
    match call.args.first() {
        Some(Expr::Lambda(lambda)) => Ok(lambda),
        _ => Err(ExprError::argument(call.function.name, "the first argument must be a lambda")),
    }
}

/// The type of a lambda's body where each parameter is an element of its argument.
fn body_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    let Some(Expr::Lambda(lambda)) = call.args.first() else { return None };
    let typed = |name: &str| match lambda.params.iter().rposition(|p| p.as_ref() == name) {
        Some(i) => {
            let arg = call.args.get(i + 1).and_then(|a| a.output_type(columns))?;
            let accumulator = call.function.name.ends_with("fold") && i + 2 == call.args.len();
            Some(if accumulator { arg } else { arg.element() })
        }
        None => columns(name),
    };
    lambda.body.output_type(&typed)
}

fn map_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    body_type(call, columns).map(ExprType::array)
}

fn filter_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    call.args.get(1).and_then(|a| a.output_type(columns)).map(ExprType::array)
}

fn fold_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    body_type(call, columns)
}

fn with(lambda: &Lambda, values: &[Value], row: &dyn Bindings) -> Result<Value, ExprError> {
    node(&lambda.body, &Overlay { names: &lambda.params, values, outer: row })
}

/// The elements of some arguments; `None` when one is null.
fn lists(args: &[Expr], row: &dyn Bindings) -> Result<Option<Vec<Vec<Value>>>, ExprError> {
    let mut lists = Vec::with_capacity(args.len());
    for arg in args {
        let value = node(arg, row)?;
        if value.is_null() {
            return Ok(None);
        }
        lists.push(value.elements());
    }
    Ok(Some(lists))
}

fn map(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let lambda = lambda(call)?;
    let Some(lists) = lists(&call.args[1..], row)? else { return Ok(Value::Null) };
    let mut results = Vec::new();
    for_each_combination(&lists, &mut |values| {
        results.push(with(lambda, values, row)?);
        Ok(true)
    })?;
    Ok(Value::array_from(&results))
}

fn filter(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let lambda = lambda(call)?;
    let array = node(&call.args[1], row)?;
    let Some(element) = array.value_type().map(ExprType::element) else { return Ok(Value::Null) };
    let mut kept = Vec::new();
    for item in array.elements() {
        if with(lambda, std::slice::from_ref(&item), row)?.as_bool() == Some(true) {
            kept.push(item);
        }
    }
    Ok(if kept.is_empty() { Value::Null } else { Value::array_of(element, &kept) })
}

fn fold(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let lambda = lambda(call)?;
    let last = call.args.len() - 1;
    let mut accumulator = node(&call.args[last], row)?;
    let Some(lists) = lists(&call.args[1..last], row)? else { return Ok(Value::Null) };
    if lists.len() > 1 && lists.iter().any(Vec::is_empty) {
        // There is no combination of elements at all.
        return Ok(Value::array_of(ExprType::String, &[]));
    }
    let mut bytes = 0usize;
    for_each_combination(&lists, &mut |values| {
        let mut values = values.to_vec();
        values.push(std::mem::take(&mut accumulator));
        accumulator = with(lambda, &values, row)?;
        bytes += size(&accumulator);
        if bytes > 1 << 30 {
            return Err(ExprError::argument(call.function.name, "the accumulator grows too large"));
        }
        Ok(true)
    })?;
    Ok(accumulator)
}

/// Rough size, to stop folds that double their accumulator.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        other => other.array_len().unwrap_or(0) * 16,
    }
}

fn quantified(call: &Call, row: &dyn Bindings, decisive: bool) -> Result<Value, ExprError> {
    let lambda = lambda(call)?;
    let array = node(&call.args[1], row)?;
    if array.is_null() {
        return Ok(Value::from_bool(false));
    }
    for item in array.elements() {
        let truth = with(lambda, std::slice::from_ref(&item), row)?.as_bool() == Some(true);
        if truth == decisive {
            return Ok(Value::from_bool(decisive));
        }
    }
    Ok(Value::from_bool(!decisive))
}
