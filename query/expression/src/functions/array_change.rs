//! Arrays made from arrays, and from text.

use super::array::same_element;
use super::{Body, FIRST, Function, Gives, Prepared, SECOND, STRINGS};
use crate::ast::{Call, ColumnTypes};
use crate::{ExprError, ExprType, JavaRegex, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("array_prepend", (2, 2), Gives::Custom(second_array), Body::Values(prepend))
        .arrays(SECOND)
        .alias(&["mv_prepend"]),
    Function::new("array_append", (2, 2), Gives::Custom(first_array), Body::Values(append))
        .arrays(FIRST)
        .alias(&["mv_append"]),
    Function::new("array_concat", (2, 2), Gives::Custom(first_array), Body::Values(concat))
        .arrays(FIRST | SECOND)
        .alias(&["mv_concat"]),
    Function::new("array_set_add", (2, 2), Gives::Custom(first_array), Body::Values(set_add)).arrays(FIRST),
    Function::new("array_set_add_all", (2, 2), Gives::Custom(first_array), Body::Values(set_add_all))
        .arrays(FIRST | SECOND),
    Function::new("array_slice", (2, 3), Gives::Custom(first_array), Body::Values(slice))
        .arrays(FIRST)
        .alias(&["mv_slice"]),
    Function::new("string_to_array", (2, 2), STRINGS, Body::Values(split)).alias(&["string_to_mv"]),
];

fn array_type(call: &Call, columns: &ColumnTypes<'_>, i: usize) -> Option<ExprType> {
    call.args().get(i).and_then(|a| a.output_type(columns)).map(ExprType::array)
}

fn first_array(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    array_type(call, columns, 0)
}

fn second_array(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    array_type(call, columns, 1)
}

/// The element type of what stands for an array.
fn element(array: &Value) -> ExprType {
    array.value_type().map_or(ExprType::String, ExprType::element)
}

fn prepend(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[1].is_null() {
        return Ok(Value::Null);
    }
    let mut items = vec![args[0].clone()];
    items.extend(args[1].elements());
    Ok(Value::array_of(element(&args[1]), &items))
}

fn append(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[0].is_null() {
        return Ok(Value::Null);
    }
    let mut items = args[0].elements();
    items.push(args[1].clone());
    Ok(Value::array_of(element(&args[0]), &items))
}

fn concat(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[0].is_null() || args[1].is_null() {
        return Ok(Value::Null);
    }
    let mut items = args[0].elements();
    items.extend(args[1].elements());
    Ok(Value::array_of(element(&args[0]), &items))
}

/// Each element once, in order.
fn unique(to: ExprType, items: Vec<Value>) -> Value {
    let mut seen: Vec<Value> = Vec::new();
    for item in items {
        let item = item.cast(to);
        if !seen.iter().any(|s| same_element(s, &item)) {
            seen.push(item);
        }
    }
    seen.sort_by(Value::total_order);
    Value::array_of(to, &seen)
}

fn set_add(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[0].is_null() {
        return Ok(Value::Null);
    }
    let mut items = args[0].elements();
    items.push(args[1].clone());
    Ok(unique(element(&args[0]), items))
}

fn set_add_all(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[0].is_null() || args[1].is_null() {
        return Ok(Value::Null);
    }
    let to = element(&args[0]);
    let mut items = args[0].elements();
    items.extend(args[1].elements());
    Ok(unique(to, items))
}

fn slice(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(start) = args[1].as_long().filter(|_| !args[0].is_null()) else { return Ok(Value::Null) };
    let items = args[0].elements();
    let end = match args.get(2) {
        None => items.len() as i64,
        Some(end) => match end.as_long() {
            Some(end) => end,
            None => return Ok(Value::Null),
        },
    };
    if start < 0 || start > items.len() as i64 || start > end {
        return Ok(Value::Null);
    }
    // Beyond the end there are nulls, as copying a range of a Java array gives.
    let wanted = (end - start) as usize;
    if wanted > 1_000_000 {
        return Err(ExprError::argument("array_slice", "the slice is longer than 1000000 elements"));
    }
    let mut part: Vec<Value> = items.into_iter().skip(start as usize).take(wanted).collect();
    part.resize(wanted, Value::Null);
    Ok(Value::array_of(element(&args[0]), &part))
}

/// By a regular expression; an empty one splits between characters. Empty texts at the end are dropped.
fn split(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    let delimiter = args[1].as_string().unwrap_or_default();
    if text.is_empty() {
        return Ok(Value::array_of(ExprType::String, &[Value::from("")]));
    }
    if delimiter.is_empty() {
        let items: Vec<Value> = text.chars().map(|c| Value::from(c.to_string())).collect();
        return Ok(Value::array_of(ExprType::String, &items));
    }
    let regex = JavaRegex::new(&delimiter).map_err(|e| ExprError::argument("string_to_array", e))?;
    let mut items: Vec<Value> = regex.split(&text).into_iter().map(Value::from).collect();
    // Where nothing separates, the text is the only part, empty or not.
    let separated = items.len() > 1;
    while separated && items.last() == Some(&Value::from("")) {
        items.pop();
    }
    Ok(Value::array_of(ExprType::String, &items))
}
