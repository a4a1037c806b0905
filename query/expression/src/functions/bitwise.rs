//! Operations on the bits of longs; doubles are cast to longs first.

use super::{Body, DOUBLE, Function, LONG, Prepared};
use crate::{ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("bitwiseAnd", (2, 2), LONG, Body::Values(|_, args| two(args, |x, y| x & y))),
    Function::new("bitwiseOr", (2, 2), LONG, Body::Values(|_, args| two(args, |x, y| x | y))),
    Function::new("bitwiseXor", (2, 2), LONG, Body::Values(|_, args| two(args, |x, y| x ^ y))),
    Function::new(
        "bitwiseShiftLeft",
        (2, 2),
        LONG,
        Body::Values(|_, args| two(args, |x, y| x.wrapping_shl(y as u32))),
    ),
    Function::new(
        "bitwiseShiftRight",
        (2, 2),
        LONG,
        Body::Values(|_, args| two(args, |x, y| x.wrapping_shr(y as u32))),
    ),
    Function::new("bitwiseComplement", (1, 1), LONG, Body::Values(complement)),
    Function::new("bitwiseConvertDoubleToLongBits", (1, 1), LONG, Body::Values(to_bits)),
    Function::new("bitwiseConvertLongBitsToDouble", (1, 1), DOUBLE, Body::Values(from_bits)),
];

fn two(args: &[Value], f: fn(i64, i64) -> i64) -> Result<Value, ExprError> {
    Ok(args[0].as_long().zip(args[1].as_long()).map(|(x, y)| f(x, y)).into())
}

fn complement(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if let Value::Double(d) = &args[0]
        && !(-LIMIT..LIMIT).contains(d)
    {
        let message = format!("Possible data truncation, param [{d}] is out of LONG value range");
        return Err(ExprError::Failed { function: "bitwiseComplement", message });
    }
    Ok(args[0].as_long().map(|x| !x).into())
}

fn to_bits(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    // All NaN are one.
    let bits = |d: f64| if d.is_nan() { 0x7ff8_0000_0000_0000 } else { d.to_bits() as i64 };
    Ok(args[0].as_double().map(bits).into())
}

fn from_bits(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(args[0].as_long().map(|bits| f64::from_bits(bits as u64)).into())
}
