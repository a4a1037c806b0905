//! The function that asks a registered lookup.

use super::{Body, Function, Prepared, STRING};
use crate::{Expr, ExprError, Value};

pub(crate) const LOOKUP: &str = "lookup";

pub(super) const TABLE: &[Function] =
    &[Function::new(LOOKUP, (2, 3), STRING, Body::Values(lookup)).prepare(check)];

/// Which lookup it is must be known before there are rows.
fn check(args: &[Expr]) -> Result<Prepared, ExprError> {
    let constant = |at: usize| matches!(args.get(at), None | Some(Expr::Literal(_)));
    match args.get(1) {
        Some(Expr::Literal(Value::String(_))) if constant(2) => Ok(Prepared::None),
        Some(Expr::Literal(Value::String(_))) => {
            Err(ExprError::argument(LOOKUP, "the third argument must be a constant"))
        }
        _ => Err(ExprError::argument(LOOKUP, "the second argument must be the name of a registered lookup")),
    }
}

fn lookup(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Prepared::Lookup(lookup) = prepared else {
        let name = args.get(1).and_then(Value::as_string).unwrap_or_default();
        return Err(ExprError::UnknownLookup(crate::UnknownLookup(name.to_string())));
    };
    let key = args.first().and_then(Value::as_string);
    let found = key.and_then(|key| lookup.get(&key).map(Value::from));
    let otherwise = || args.get(2).and_then(Value::as_string).map(Value::String);
    Ok(found.or_else(otherwise).unwrap_or_default())
}
