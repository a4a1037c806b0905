//! Rounding to decimal places, and numbers for people to read.

use super::{Body, Function, Gives, Prepared, STRING};
use crate::{ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("round", (1, 2), Gives::Math, Body::Values(round)),
    Function::new(
        "human_readable_binary_byte_format",
        (1, 2),
        STRING,
        Body::Values(|_, args| {
            human(
                args,
                &Units { name: "human_readable_binary_byte_format", base: 1024, suffix: "iB", plain: "B" },
            )
        }),
    ),
    Function::new(
        "human_readable_decimal_byte_format",
        (1, 2),
        STRING,
        Body::Values(|_, args| {
            human(
                args,
                &Units { name: "human_readable_decimal_byte_format", base: 1000, suffix: "B", plain: "B" },
            )
        }),
    ),
    Function::new(
        "human_readable_decimal_format",
        (1, 2),
        STRING,
        Body::Values(|_, args| {
            human(args, &Units { name: "human_readable_decimal_format", base: 1000, suffix: "", plain: "" })
        }),
    ),
];

fn round(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let places = match args.get(1) {
        None => 0,
        Some(Value::Long(places)) => *places,
        Some(Value::Null) => return Ok(Value::Null),
        Some(_) => return Err(ExprError::argument("round", "the number of places must be an integer")),
    };
    let places = places.clamp(-400, 400) as i32;
    Ok(match &args[0] {
        Value::Long(v) => Value::Long(round_long(*v, places)),
        other => other.as_double().map(|d| round_double(d, places)).into(),
    })
}

/// Half away from zero.
fn round_long(value: i64, places: i32) -> i64 {
    if places >= 0 {
        return value;
    }
    let Some(unit) = 10i128.checked_pow(places.unsigned_abs()) else { return 0 };
    let value = i128::from(value);
    let magnitude = (value.abs() + unit / 2) / unit * unit;
    (if value < 0 { -magnitude } else { magnitude }) as i64
}

/// Half away from zero in decimal, as `BigDecimal.valueOf(d).setScale(places, HALF_UP)` does; NaN gives 0 and an
/// infinity the largest double.
pub(crate) fn round_double(value: f64, places: i32) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    if value.is_infinite() {
        return f64::MAX.copysign(value);
    }
    // The shortest digits that tell the double apart: d.ddd * 10^exponent.
    let text = format!("{:e}", value.abs());
    let Some((mantissa, exponent)) = text.split_once('e') else { return value };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    // Number of digits kept, counted from the first.
    let kept = exponent + 1 + places;
    if kept >= digits.len() as i32 {
        return value + 0.0;
    }
    if kept < 0 {
        return 0.0;
    }
    let kept = kept as usize;
    let up = digits.get(kept).is_some_and(|d| *d >= 5);
    let mut number = digits[..kept].iter().fold(0u128, |n, d| n * 10 + u128::from(*d));
    number += u128::from(up);
    let rounded: f64 = format!("{number}e{}", -places).parse().unwrap_or(value);
    // A decimal zero has no sign.
    if rounded == 0.0 { 0.0 } else { rounded.copysign(value) }
}

struct Units {
    name: &'static str,
    base: i64,
    suffix: &'static str,
    plain: &'static str,
}

fn human(args: &[Value], units: &Units) -> Result<Value, ExprError> {
    let precision = args.get(1).map_or(Some(2), Value::as_long);
    let Some(precision) = precision.filter(|p| (0..=3).contains(p)) else {
        let given = args.get(1).and_then(Value::as_long).unwrap_or_default();
        let message = format!("given precision[{given}] must be in the range of [0,3]");
        return Err(ExprError::Failed { function: units.name, message });
    };
    let Some(value) = args[0].as_long() else { return Ok(Value::Null) };
    let magnitude = value.unsigned_abs();
    let base = units.base.unsigned_abs();
    let mut scale = 1u64;
    let mut step = 0;
    while magnitude / scale >= base && step < 6 {
        scale *= base;
        step += 1;
    }
    let sign = if value < 0 { "-" } else { "" };
    if step == 0 {
        let space = if units.plain.is_empty() { "" } else { " " };
        return Ok(Value::from(format!("{sign}{magnitude}{space}{}", units.plain)));
    }
    let letter = ["", "K", "M", "G", "T", "P", "E"][step];
    // Thousands are cut as long as they are whole numbers.
    let scaled = match units.base {
        1000 => (magnitude / (scale / base)) as f64 / 1000.0,
        _ => magnitude as f64 / scale as f64,
    };
    let shown = round_double(scaled, precision as i32);
    let digits = precision as usize;
    Ok(Value::from(format!("{sign}{shown:.digits$} {letter}{}", units.suffix)))
}
