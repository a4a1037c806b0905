//! Conversion, and the largest and smallest of several values.

use std::cmp::Ordering;

use super::{ANY, Body, Function, Gives, Prepared};
use crate::ast::{Call, ColumnTypes};
use crate::eval::{Bindings, is_several, node};
use crate::{Expr, ExprError, ExprType, Value};

pub(crate) const CAST: &str = "cast";

pub(super) const TABLE: &[Function] = &[
    Function::new(CAST, (2, 2), Gives::Custom(cast_type), Body::Lazy(cast)).prepare(cast_target),
    Function::new(
        "greatest",
        (0, ANY),
        Gives::Common(0),
        Body::Values(|_, args| extreme(args, Ordering::Greater)),
    ),
    Function::new("least", (0, ANY), Gives::Common(0), Body::Values(|_, args| extreme(args, Ordering::Less))),
];

fn read_type(name: &str) -> Result<ExprType, ExprError> {
    name.parse().map_err(|e: crate::UnknownType| ExprError::argument(CAST, e.to_string()))
}

fn cast_target(args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        Some(Expr::Literal(Value::String(name))) => read_type(name).map(Prepared::Type),
        _ => Ok(Prepared::None),
    }
}

fn cast_type(call: &Call, _: &ColumnTypes<'_>) -> Option<ExprType> {
    match call.prepared {
        Prepared::Type(to) => Some(to),
        _ => None,
    }
}

fn cast(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let value = node(&call.args[0], row)?;
    let to = match call.prepared {
        Prepared::Type(to) => to,
        _ => match node(&call.args[1], row)?.as_string() {
            Some(name) => read_type(&name)?,
            None => return Err(ExprError::argument(CAST, "the type must not be null")),
        },
    };
    if value.is_array() && is_several(&call.args[0], row) {
        return Err(ExprError::ArrayNotAllowed(CAST));
    }
    if to != ExprType::Json
        && !to.is_array()
        && let Some(length) = value.array_len()
        && length != 1
    {
        let from = value.value_type().unwrap_or(ExprType::StringArray);
        return Err(ExprError::evaluation(format!("Invalid type, cannot cast [{from}] to [{to}]")));
    }
    Ok(value.cast(to))
}

/// By the type all arguments meet at; nulls do not count.
fn extreme(args: &[Value], wanted: Ordering) -> Result<Value, ExprError> {
    let Some(to) = args.iter().filter_map(Value::value_type).reduce(ExprType::common) else {
        return Ok(Value::Null);
    };
    let values = args.iter().filter(|v| !v.is_null()).map(|v| v.cast(to));
    let best = values.reduce(|best, v| if v.compare(&best) == Some(wanted) { v } else { best });
    Ok(best.unwrap_or_default())
}
