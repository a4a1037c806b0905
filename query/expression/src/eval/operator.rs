//! What do the operators give for two values?

use std::cmp::Ordering;

use crate::ast::{BinaryOp, UnaryOp};
use crate::{ExprError, Value};

pub(super) fn unary(op: UnaryOp, value: &Value) -> Result<Value, ExprError> {
    if value.is_array() {
        return Err(ExprError::ArrayNotAllowed(if op == UnaryOp::Not { "!" } else { "-" }));
    }
    Ok(match (op, value) {
        (UnaryOp::Not, value) => Value::from_truth(value.as_bool().map(|b| !b)),
        (UnaryOp::Minus, Value::Long(v)) => Value::Long(v.wrapping_neg()),
        (UnaryOp::Minus, Value::String(_)) => return Err(ExprError::Arithmetic("unsupported type STRING")),
        (UnaryOp::Minus, value) => value.as_double().map(|d| -d).into(),
    })
}

/// An operator on two values; null when either is. Arrays may be compared with arrays only.
pub(crate) fn binary_values(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, ExprError> {
    if a.is_null() || b.is_null() {
        return Ok(Value::Null);
    }
    if op.is_comparison() {
        return Ok(Value::from_truth(compare(op, a, b)));
    }
    match (a, b) {
        (Value::Long(x), Value::Long(y)) => long_math(op, *x, *y).map(Value::Long),
        (Value::String(x), Value::String(y)) if op == BinaryOp::Add => {
            Ok(Value::String([x.as_ref(), y.as_ref()].concat().into()))
        }
        (Value::String(_), Value::String(_)) => {
            Err(ExprError::Arithmetic("the operator is not supported on type STRING"))
        }
        (a, b) if a.is_array() && b.is_array() => Ok(Value::Null),
        (a, b) if a.is_array() || b.is_array() => Err(ExprError::ArrayNotAllowed(op.symbol())),
        (a, b) => Ok(a.as_double().zip(b.as_double()).map(|(x, y)| double_math(op, x, y)).into()),
    }
}

fn compare(op: BinaryOp, a: &Value, b: &Value) -> Option<bool> {
    match op {
        BinaryOp::Equal => a.equals(b),
        BinaryOp::NotEqual => a.equals(b).map(|equal| !equal),
        BinaryOp::Less => a.compare(b).map(Ordering::is_lt),
        BinaryOp::LessEqual => a.compare(b).map(Ordering::is_le),
        BinaryOp::Greater => a.compare(b).map(Ordering::is_gt),
        _ => a.compare(b).map(Ordering::is_ge),
    }
}

fn long_math(op: BinaryOp, x: i64, y: i64) -> Result<i64, ExprError> {
    let by_zero = || ExprError::Arithmetic("/ by zero");
    match op {
        BinaryOp::Add => Ok(x.wrapping_add(y)),
        BinaryOp::Subtract => Ok(x.wrapping_sub(y)),
        BinaryOp::Multiply => Ok(x.wrapping_mul(y)),
        BinaryOp::Divide => {
            if y == 0 {
                Err(by_zero())
            } else {
                Ok(x.wrapping_div(y))
            }
        }
        BinaryOp::Modulo => {
            if y == 0 {
                Err(by_zero())
            } else {
                Ok(x.wrapping_rem(y))
            }
        }
        _ => long_power(x, y),
    }
}

/// `x ^ y` of longs, wrapping.
pub(crate) fn long_power(x: i64, y: i64) -> Result<i64, ExprError> {
    match u32::try_from(y) {
        Ok(exponent) if exponent <= i32::MAX as u32 => Ok(x.wrapping_pow(exponent)),
        _ => Err(ExprError::evaluation(format!(
            "{x} ^ {y}: the exponent of longs must be 0 to 2147483647; write {x}.0 for doubles"
        ))),
    }
}

fn double_math(op: BinaryOp, x: f64, y: f64) -> f64 {
    match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::Divide => x / y,
        BinaryOp::Modulo => x % y,
        _ => x.powf(y),
    }
}

/// The IEEE 754 remainder: `x - y * n` with `n` the integer nearest to `x / y`, ties to even.
pub(crate) fn remainder(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() || x.is_infinite() || y == 0.0 {
        return f64::NAN;
    }
    if y.is_infinite() {
        return x;
    }
    let y = y.abs();
    // `%` is exact, so the rest is found without rounding: r in (-y, y), and the quotient's parity from 2y.
    let rest = if y <= f64::MAX / 2.0 { x % (y + y) } else { x };
    let mut r = rest.abs();
    if y > f64::MIN_POSITIVE * 2.0 {
        let half = 0.5 * y;
        if r > half {
            r -= y;
            if r >= half {
                r -= y;
            }
        }
    } else if r + r > y {
        r -= y;
        if r + r >= y {
            r -= y;
        }
    }
    if x.is_sign_negative() { -r } else { r }
}
