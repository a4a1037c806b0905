//! Text made from text: joined, replaced, trimmed, padded, in another case.

use std::sync::Arc;

use super::{ANY, Body, Function, Prepared, STRING};
use crate::order::utf16_len;
use crate::{ExprError, ExprType, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("concat", (0, ANY), STRING, Body::Values(concat)),
    Function::new("replace", (3, 3), STRING, Body::Values(replace)),
    Function::new("trim", (1, 2), STRING, Body::Values(|_, args| trim(args, true, true))).alias(&["btrim"]),
    Function::new("ltrim", (1, 2), STRING, Body::Values(|_, args| trim(args, true, false))),
    Function::new("rtrim", (1, 2), STRING, Body::Values(|_, args| trim(args, false, true))),
    Function::new("lower", (1, 1), STRING, Body::Values(|_, args| of_text(args, |s| s.to_lowercase()))),
    Function::new("upper", (1, 1), STRING, Body::Values(|_, args| of_text(args, |s| s.to_uppercase()))),
    Function::new("reverse", (1, 1), STRING, Body::Values(reverse)),
    Function::new("repeat", (2, 2), STRING, Body::Values(repeat)),
    Function::new("lpad", (3, 3), STRING, Body::Values(|_, args| pad("lpad", args, true))),
    Function::new("rpad", (3, 3), STRING, Body::Values(|_, args| pad("rpad", args, false))),
    Function::new("decode_base64_utf8", (1, 1), STRING, Body::Values(decode_base64)),
];

/// Bytes a function may make of one value.
const MAX_BYTES: usize = 64 << 20;

pub(super) fn too_long(function: &'static str) -> ExprError {
    ExprError::argument(function, format!("the result is longer than {MAX_BYTES} bytes"))
}

fn of_text(args: &[Value], f: fn(&str) -> String) -> Result<Value, ExprError> {
    Ok(args[0].as_string().map(|s| f(&s)).into())
}

/// Of texts only.
fn reverse(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    match args[0].value_type() {
        None | Some(ExprType::String) => of_text(args, |s| s.chars().rev().collect()),
        Some(other) => {
            Err(ExprError::argument("reverse", format!("needs a STRING argument but got {other} instead")))
        }
    }
}

fn concat(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    if args.is_empty() {
        return Ok(Value::Null);
    }
    let mut out = String::new();
    for arg in args {
        match arg {
            Value::Null => return Ok(Value::Null),
            Value::String(text) => out.push_str(text),
            other => out.push_str(&other.as_string().unwrap_or_default()),
        }
    }
    Ok(Value::from(out))
}

fn replace(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(text), Some(part)) = (args[0].as_string(), args[1].as_string()) else { return Ok(Value::Null) };
    let Some(with) = args[2].as_string() else { return Err(ExprError::unknown("replace")) };
    let places = if part.is_empty() { text.len() + 1 } else { text.len() / part.len() };
    if places.saturating_mul(with.len()).saturating_add(text.len()) > MAX_BYTES {
        return Err(too_long("replace"));
    }
    Ok(Value::from(text.replace(part.as_ref(), &with)))
}

fn trim(args: &[Value], start: bool, end: bool) -> Result<Value, ExprError> {
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    let chars: Arc<str> = match args.get(1) {
        None => " ".into(),
        Some(chars) => match chars.as_string() {
            Some(chars) => chars,
            None => return Ok(Value::Null),
        },
    };
    let inside = |c: char| chars.contains(c);
    let mut rest: &str = &text;
    if start {
        rest = rest.trim_start_matches(inside);
    }
    if end {
        rest = rest.trim_end_matches(inside);
    }
    Ok(Value::from(rest))
}

fn repeat(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Some(text), Some(count)) = (args[0].as_string(), args[1].as_long()) else { return Ok(Value::Null) };
    let Ok(count) = usize::try_from(count) else { return Ok(Value::Null) };
    if count == 0 {
        return Ok(Value::Null);
    }
    match text.len().checked_mul(count) {
        Some(bytes) if bytes <= MAX_BYTES => Ok(Value::from(text.repeat(count))),
        _ => Err(too_long("repeat")),
    }
}

fn pad(function: &'static str, args: &[Value], before: bool) -> Result<Value, ExprError> {
    let (Some(text), Some(length)) = (args[0].as_string(), args[1].as_long()) else { return Ok(Value::Null) };
    let Some(filler) = args[2].as_string() else { return Ok(Value::Null) };
    if length == 0 {
        return Ok(Value::Null);
    }
    // Druid cuts to nothing where the length is below zero.
    let Ok(length) = usize::try_from(length) else { return Ok(Value::from("")) };
    if length > MAX_BYTES {
        return Err(too_long(function));
    }
    let present = utf16_len(&text);
    if present >= length {
        return Ok(Value::from(super::utf16_slice(&text, 0, Some(length)).as_ref()));
    }
    let missing = length - present;
    let units: Vec<u16> = filler.encode_utf16().cycle().take(missing).collect();
    let padding = String::from_utf16_lossy(&units);
    Ok(Value::from(if before { format!("{padding}{text}") } else { format!("{text}{padding}") }))
}

fn decode_base64(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(text) = args[0].as_string() else { return Ok(Value::Null) };
    let Some(bytes) = base64_bytes(&text) else {
        return Err(ExprError::argument("decode_base64_utf8", format!("`{text}` is not base64")));
    };
    Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// RFC 4648, with or without padding.
fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0u32);
    for b in body.bytes() {
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    (count < 6).then_some(out)
}
