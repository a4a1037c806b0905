//! Questions about arrays; `mv_*` are the same functions on multi-value columns.

use super::{ALL, ANY, Body, FIRST, Function, Gives, LONG, Prepared, SECOND, STRING};
use crate::ast::{Call, ColumnTypes};
use crate::{ExprError, ExprType, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("array", (1, ANY), Gives::Custom(array_type), Body::Values(array)),
    Function::new("array_length", (1, 1), LONG, Body::Values(length)).arrays(FIRST).alias(&["mv_length"]),
    Function::new("array_offset", (2, 2), Gives::Custom(element_type), Body::Values(|_, a| element(a, 0)))
        .arrays(FIRST)
        .alias(&["mv_offset"]),
    Function::new("array_ordinal", (2, 2), Gives::Custom(element_type), Body::Values(|_, a| element(a, 1)))
        .arrays(FIRST)
        .alias(&["mv_ordinal"]),
    Function::new("array_offset_of", (2, 2), LONG, Body::Values(|_, args| position(args, 0)))
        .arrays(FIRST)
        .alias(&["mv_offset_of"]),
    Function::new("array_ordinal_of", (2, 2), LONG, Body::Values(|_, args| position(args, 1)))
        .arrays(FIRST)
        .alias(&["mv_ordinal_of"]),
    Function::new("array_contains", (2, 2), LONG, Body::Values(contains))
        .arrays(FIRST | SECOND)
        .alias(&["mv_contains"]),
    Function::new("array_overlap", (2, 2), LONG, Body::Values(overlap))
        .arrays(FIRST | SECOND)
        .alias(&["mv_overlap"]),
    Function::new("scalar_in_array", (2, 2), LONG, Body::Values(scalar_in_array)).arrays(SECOND),
    Function::new("array_compare", (2, 2), LONG, Body::Values(compare)).arrays(FIRST | SECOND),
    Function::new("array_to_string", (2, 2), STRING, Body::Values(to_text))
        .arrays(FIRST)
        .alias(&["mv_to_string"]),
    Function::new("mv_to_array", (1, 1), super::STRINGS, Body::Values(mv_to_array)).arrays(ALL),
    Function::new("array_to_mv", (1, 1), super::STRINGS, Body::Values(array_to_mv)).arrays(ALL),
    Function::new("mv_harmonize_nulls", (1, 1), super::STRINGS, Body::Values(harmonize_nulls)).arrays(ALL),
];

fn array_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    let types = call.args().iter().filter_map(|a| a.output_type(columns));
    Some(types.reduce(ExprType::common).unwrap_or(ExprType::String).array())
}

fn element_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    call.args().first().and_then(|a| a.output_type(columns)).map(ExprType::element)
}

/// Of the type the elements meet at.
fn array(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(Value::array_from(args))
}

/// A value that stands for an array: a single value is one of one element.
fn as_array(value: &Value) -> Option<Vec<Value>> {
    (!value.is_null()).then(|| value.elements())
}

fn length(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(as_array(&args[0]).map(|a| a.len() as i64).into())
}

fn element(args: &[Value], first: i64) -> Result<Value, ExprError> {
    let (Some(items), Some(index)) = (as_array(&args[0]), args[1].as_long()) else { return Ok(Value::Null) };
    let index = index.checked_sub(first).and_then(|i| usize::try_from(i).ok());
    Ok(index.and_then(|i| items.get(i).cloned()).unwrap_or_default())
}

/// Equal after conversion to the element type, nulls included.
pub(super) fn same_element(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::String(x), other) | (other, Value::String(x)) => other.as_string().as_deref() == Some(x),
        (a, b) => a.equals(b) == Some(true),
    }
}

fn position(args: &[Value], first: i64) -> Result<Value, ExprError> {
    let Some(items) = as_array(&args[0]) else { return Ok(Value::Null) };
    let found = items.iter().position(|i| same_element(i, &args[1]));
    Ok(found.map(|i| i as i64 + first).into())
}

fn contains(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(items) = as_array(&args[0]) else { return Ok(Value::Null) };
    let holds = |wanted: &Value| items.iter().any(|i| same_element(i, wanted));
    let all = match (args[0].value_type(), args[1].value_type()) {
        // As elements of the first.
        (Some(of), Some(wanted)) if of.is_array() && wanted.is_array() => {
            args[1].cast(of).elements().iter().all(holds)
        }
        (_, Some(wanted)) if wanted.is_array() => args[1].elements().iter().all(holds),
        _ => holds(&args[1]),
    };
    Ok(Value::from_bool(all))
}

fn overlap(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(a) = as_array(&args[0]) else { return Ok(Value::Null) };
    let b = args[1].elements();
    Ok(Value::from_bool(a.iter().any(|x| b.iter().any(|y| same_element(x, y)))))
}

/// Whether the first array comes before the second (-1), after it (1) or neither (0).
fn compare(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let to = args.iter().filter_map(Value::value_type).reduce(ExprType::common);
    let to = to.unwrap_or(ExprType::String).array();
    Ok(args[0].cast(to).compare(&args[1].cast(to)).map(|order| order as i64).into())
}

fn scalar_in_array(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(items) = as_array(&args[1]) else { return Ok(Value::Null) };
    let found = items.iter().any(|i| same_element(i, &args[0]));
    Ok(if found {
        Value::from_bool(true)
    } else if args[0].is_null() {
        Value::Null
    } else {
        Value::from_bool(false)
    })
}

fn to_text(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(items) = as_array(&args[0]) else { return Ok(Value::Null) };
    // Nothing between the elements is what a null delimiter means.
    let delimiter = args[1].as_string().unwrap_or_default();
    if matches!(items.as_slice(), [Value::Null]) {
        return Ok(Value::Null);
    }
    let texts: Vec<String> =
        items.iter().map(|i| i.as_string().map_or_else(|| "null".to_owned(), |s| s.to_string())).collect();
    Ok(Value::from(texts.join(&delimiter)))
}

fn mv_to_array(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(args[0].cast(ExprType::StringArray))
}

fn array_to_mv(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let texts = args[0].cast(ExprType::StringArray);
    Ok(if args[0].is_array() { texts } else { args[0].cast(ExprType::String) })
}

/// Null and the empty list both become `[null]`.
fn harmonize_nulls(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let items = args[0].elements();
    let items = if items.is_empty() { vec![Value::Null] } else { items };
    Ok(Value::array_of(ExprType::String, &items))
}
