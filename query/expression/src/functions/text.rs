//! Questions about text: length, position, parts. Positions and lengths count UTF-16 code units.

use std::borrow::Cow;

use super::{Body, Function, LONG, Prepared, STRING};
use crate::order::utf16_len;
use crate::{ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("strlen", (1, 1), LONG, Body::Values(strlen)).alias(&["char_length", "character_length"]),
    Function::new("strpos", (2, 3), LONG, Body::Values(strpos)),
    Function::new("substring", (3, 3), STRING, Body::Values(substring)),
    Function::new("left", (2, 2), STRING, Body::Values(left)),
    Function::new("right", (2, 2), STRING, Body::Values(right)),
    Function::new("contains_string", (2, 2), LONG, Body::Values(contains)),
    Function::new("icontains_string", (2, 2), LONG, Body::Values(icontains)),
    Function::new("parse_long", (1, 2), LONG, Body::Values(parse_long)),
];

/// `length` code units from the one at `start`, or all that follow. A surrogate pair cut in two leaves U+FFFD.
pub(crate) fn utf16_slice(text: &str, start: usize, length: Option<usize>) -> Cow<'_, str> {
    let end = length.map_or(usize::MAX, |l| start.saturating_add(l));
    if text.is_ascii() {
        let end = end.min(text.len());
        return text.get(start.min(end)..end).unwrap_or_default().into();
    }
    let units: Vec<u16> = text.encode_utf16().take(end).skip(start).collect();
    String::from_utf16_lossy(&units).into()
}

fn strlen(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    Ok(args[0].as_string().map(|s| utf16_len(&s) as i64).into())
}

fn strpos(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(text), Some(wanted)) = (args[0].as_string(), args[1].as_string()) else {
        return Ok(Value::Null);
    };
    let from = match args.get(2) {
        None => 0,
        Some(from) => match from.as_long() {
            Some(from) => usize::try_from(from).unwrap_or(0),
            None => return Ok(Value::Null),
        },
    };
    // Byte offset of the code unit at `from`.
    let mut units = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices() {
        if units >= from {
            start = at;
            break;
        }
        units += c.len_utf16();
    }
    let found = text[start..].find(wanted.as_ref()).map(|at| utf16_len(&text[..start + at]) as i64);
    Ok(Value::Long(found.unwrap_or(-1)))
}

fn substring(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    let (Some(start), Some(length)) = (args[1].as_long(), args[2].as_long()) else { return Ok(Value::Null) };
    let Ok(start) = usize::try_from(start) else { return Err(ExprError::unknown("substring")) };
    if start >= utf16_len(&text) {
        return Ok(Value::Null);
    }
    // A negative length means up to the end.
    let length = usize::try_from(length).ok();
    Ok(Value::from(utf16_slice(&text, start, length).as_ref()))
}

fn natural(function: &'static str, value: &Value) -> Result<Option<usize>, ExprError> {
    match value.as_long() {
        None => Ok(None),
        Some(n) => match usize::try_from(n) {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(ExprError::argument(function, "needs a positive integer as the second argument")),
        },
    }
}

fn left(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(length), Some(text)) = (natural("left", &args[1])?, args[0].as_string()) else {
        return Ok(Value::Null);
    };
    Ok(Value::from(utf16_slice(&text, 0, Some(length)).as_ref()))
}

fn right(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(length), Some(text)) = (natural("right", &args[1])?, args[0].as_string()) else {
        return Ok(Value::Null);
    };
    let start = utf16_len(&text).saturating_sub(length);
    Ok(Value::from(utf16_slice(&text, start, None).as_ref()))
}

fn contains(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let pair = args[0].as_string().zip(args[1].as_string());
    Ok(Value::from_truth(pair.map(|(text, part)| text.contains(part.as_ref()))))
}

fn icontains(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let pair = args[0].as_string().zip(args[1].as_string());
    Ok(Value::from_truth(pair.map(|(text, part)| text.to_lowercase().contains(&part.to_lowercase()))))
}

fn parse_long(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let radix = match args.get(1) {
        None => 10,
        Some(radix) => {
            match radix.as_long().and_then(|r| u32::try_from(r).ok()).filter(|r| (2..=36).contains(r)) {
                Some(radix) => radix,
                None => return Ok(Value::Null),
            }
        }
    };
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).filter(|_| radix == 16);
    let digits = hex.unwrap_or(&text);
    Ok(i64::from_str_radix(digits, radix).ok().into())
}
