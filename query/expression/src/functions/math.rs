//! Mathematics of doubles and longs, as `java.lang.Math` defines it.

use std::cmp::Ordering;

use super::{Body, DOUBLE, Function, Gives, LONG, Prepared};
use crate::ast::BinaryOp;
use crate::eval::{binary_values, remainder};
use crate::value::compare_doubles;
use crate::{ExprError, Value};

const fn one(name: &'static str, f: fn(f64) -> f64) -> Function {
    Function::new(name, (1, 1), DOUBLE, Body::Math1(f))
}

const fn two(name: &'static str, f: fn(f64, f64) -> f64) -> Function {
    Function::new(name, (2, 2), DOUBLE, Body::Math2(f))
}

pub(super) const TABLE: &[Function] = &[
    one("acos", f64::acos),
    one("asin", f64::asin),
    one("atan", f64::atan),
    one("cbrt", f64::cbrt),
    one("ceil", f64::ceil),
    one("cos", f64::cos),
    one("cosh", f64::cosh),
    one("cot", |x| x.cos() / x.sin()),
    one("exp", f64::exp),
    one("expm1", f64::exp_m1),
    one("floor", f64::floor),
    one("log", f64::ln),
    one("log10", f64::log10),
    one("log1p", f64::ln_1p),
    one("nextUp", next_up),
    one("rint", f64::round_ties_even),
    one("signum", signum),
    one("sin", f64::sin),
    one("sinh", f64::sinh),
    one("sqrt", f64::sqrt),
    one("tan", f64::tan),
    one("tanh", f64::tanh),
    one("toDegrees", f64::to_degrees),
    one("toRadians", f64::to_radians),
    one("ulp", ulp),
    two("atan2", f64::atan2),
    two("copySign", f64::copysign),
    two("hypot", f64::hypot),
    two("nextAfter", next_after),
    two("pow", pow),
    two("remainder", remainder),
    two("scalb", |x, n| scalb(x, n as i32)),
    Function::new("pi", (0, 0), DOUBLE, Body::Values(|_, _| Ok(Value::Double(std::f64::consts::PI)))),
    Function::new("getExponent", (1, 1), LONG, Body::Values(get_exponent)),
    Function::new("abs", (1, 1), Gives::Math, Body::Values(abs)),
    Function::new("max", (2, 2), Gives::Math, Body::Values(|_, args| pick(args, Ordering::Greater))),
    Function::new("min", (2, 2), Gives::Math, Body::Values(|_, args| pick(args, Ordering::Less))),
    Function::new("div", (2, 2), LONG, Body::Values(div)),
    Function::new("safe_divide", (2, 2), Gives::Math, Body::Values(safe_divide)),
];

fn next_up(x: f64) -> f64 {
    x.next_up()
}

fn signum(x: f64) -> f64 {
    // Unlike Rust's, zero has the signum zero.
    if x == 0.0 { x } else { x.signum() }
}

fn ulp(x: f64) -> f64 {
    let x = x.abs();
    if x.is_infinite() || x.is_nan() {
        return x;
    }
    if x == f64::MAX { 2f64.powi(971) } else { x.next_up() - x }
}

fn next_after(x: f64, towards: f64) -> f64 {
    if x.is_nan() || towards.is_nan() {
        f64::NAN
    } else if x == towards {
        towards
    } else if towards > x {
        x.next_up()
    } else {
        x.next_down()
    }
}

fn pow(x: f64, y: f64) -> f64 {
    // Java gives NaN for 1 to an infinite or undefined power.
    if y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) { f64::NAN } else { x.powf(y) }
}

/// `x * 2^n`, rounded once.
fn scalb(x: f64, n: i32) -> f64 {
    let n = n.clamp(-2200, 2200);
    if n >= 0 {
        // Multiplying by powers of two is exact until it overflows.
        let (half, rest) = (n.min(1023), (n - n.min(1023)).min(1023));
        return x * 2f64.powi(half) * 2f64.powi(rest) * 2f64.powi(n - half - rest);
    }
    // Scaled down in one inexact step at most: the last one.
    let mut left = n;
    let mut y = x;
    while left < -1022 {
        // Keep 54 bits away from the subnormal range so that rounding happens once.
        if y.abs() < 2f64.powi(-900) && y != 0.0 {
            y *= 2f64.powi(600);
            left -= 600;
            if left < -2000 {
                return 0f64.copysign(x);
            }
            return subnormal(y, left, x);
        }
        y *= 2f64.powi(-100);
        left += 100;
    }
    y * 2f64.powi(left)
}

fn subnormal(y: f64, n: i32, sign: f64) -> f64 {
    // The integer part of y / 2^(-1074 - n), to the nearest even, counts smallest doubles.
    let shift = n + 1074;
    if shift < -1000 {
        return 0f64.copysign(sign);
    }
    let units = (y.abs() * 2f64.powi(shift.max(-1022))).round_ties_even();
    (units * f64::from_bits(1)).copysign(sign)
}

fn get_exponent(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let exponent = |x: f64| {
        let biased = (x.to_bits() >> 52 & 0x7ff) as i64;
        // NaN and the infinities give 1024, zero and subnormals -1023.
        biased - 1023
    };
    Ok(args[0].as_math().map(exponent).into())
}

fn abs(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(match &args[0] {
        Value::Long(v) => Value::Long(v.wrapping_abs()),
        other => other.as_math().map(f64::abs).into(),
    })
}

fn pick(args: &[Value], wanted: Ordering) -> Result<Value, ExprError> {
    Ok(match (&args[0], &args[1]) {
        (Value::Long(a), Value::Long(b)) => Value::Long(if a.cmp(b) == wanted { *a } else { *b }),
        (a, b) => {
            let pair = a.as_double().zip(b.as_double());
            let choose = |(x, y): (f64, f64)| {
                if x.is_nan() || y.is_nan() {
                    f64::NAN
                } else if compare_doubles(x, y) == wanted {
                    x
                } else {
                    y
                }
            };
            pair.map(choose).into()
        }
    })
}

fn div(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    match binary_values(BinaryOp::Divide, &args[0], &args[1]) {
        Ok(Value::Double(d)) => Ok(Value::Long(d as i64)),
        Err(ExprError::Arithmetic(_)) => Err(ExprError::unknown("div")),
        other => other,
    }
}

fn safe_divide(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args[1].as_double() == Some(0.0) {
        // Nothing divided by nothing is nothing, where one of them is a double.
        let doubles = args.iter().any(|arg| matches!(arg, Value::Double(_)));
        return Ok(if doubles && args[0].as_double() == Some(0.0) {
            Value::Double(0.0)
        } else {
            Value::Null
        });
    }
    binary_values(BinaryOp::Divide, &args[0], &args[1])
}
