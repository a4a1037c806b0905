//! What does a value count as in a column of another type? Druid's rules, which differ between dimensions
//! and metrics: a dimension takes exact numbers, a metric also `1,234` and `+5`.

use super::field::Field;

/// Why a value does not fit.
pub(crate) type Misfit = &'static str;

const NOT_LONG: Misfit = "is not a long";
const NOT_DOUBLE: Misfit = "is not a number";
const MANY: Misfit = "has several values, and numbers have one a row";
const NESTED: Misfit = "is nested, and numbers are not";

/// A number column's kind of reader: numbers pass, texts are parsed.
pub(crate) trait Numeric: Copy + Default {
    fn from_long(value: i64) -> Self;
    fn from_double(value: f64) -> Self;
    /// Text of a dimension.
    fn exact(text: &str) -> Option<Self>;
    /// Text of a metric's input.
    fn loose(text: &str) -> Option<Self>;
    const WHAT: Misfit;
    /// What a truth value counts as, in a dimension.
    fn from_bool(value: bool) -> Option<Self>;
}

impl Numeric for i64 {
    fn from_long(value: i64) -> Self {
        value
    }

    fn from_double(value: f64) -> Self {
        value as Self
    }

    fn exact(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| exact_decimal(text))
    }

    fn loose(text: &str) -> Option<Self> {
        let text = plain(text);
        text.parse().ok().or_else(|| java_double(&text).map(|d| d as Self))
    }

    const WHAT: Misfit = NOT_LONG;

    fn from_bool(value: bool) -> Option<Self> {
        Some(Self::from(value))
    }
}

impl Numeric for f64 {
    fn from_long(value: i64) -> Self {
        value as Self
    }

    fn from_double(value: f64) -> Self {
        value
    }

    fn exact(text: &str) -> Option<Self> {
        java_double(text)
    }

    fn loose(text: &str) -> Option<Self> {
        java_double(&plain(text))
    }

    const WHAT: Misfit = NOT_DOUBLE;

    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

impl Numeric for f32 {
    fn from_long(value: i64) -> Self {
        value as Self
    }

    fn from_double(value: f64) -> Self {
        value as Self
    }

    fn exact(text: &str) -> Option<Self> {
        java_double(text).map(|_| ()).and_then(|()| java_text(text)?.parse().ok())
    }

    fn loose(text: &str) -> Option<Self> {
        java_double(&plain(text)).map(|d| d as Self)
    }

    const WHAT: Misfit = NOT_DOUBLE;

    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

/// A text as a number.
pub(crate) fn text_to<T: Numeric>(text: &str, metric: bool) -> Result<T, Misfit> {
    if metric { T::loose(text) } else { T::exact(text) }.ok_or(T::WHAT)
}

/// Any value as a number; `None` for null.
pub(crate) fn field_to<T: Numeric>(field: &Field<'_>, metric: bool) -> Result<Option<T>, Misfit> {
    match field {
        Field::Null => Ok(None),
        Field::Long(v) => Ok(Some(T::from_long(*v))),
        Field::Double(v) => Ok(Some(T::from_double(*v))),
        Field::Text(text) => text_to(text, metric).map(Some),
        Field::Bool(v) if !metric => T::from_bool(*v).map(Some).ok_or(T::WHAT),
        Field::Bool(_) => Err(T::WHAT),
        Field::List(_) => Err(MANY),
        Field::Map(_) => Err(NESTED),
    }
}

/// Trimmed, without thousands separators and without a leading plus.
fn plain(text: &str) -> String {
    let mut text = text.trim().replace(',', "");
    if text.starts_with('+') && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
        text.remove(0);
    }
    text
}

/// What `Double.valueOf` accepts, in Rust's spelling: no `inf`, no `nan`, a type letter at the end may be.
fn java_text(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(digits, "NaN" | "Infinity") {
        return Some(text);
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    Some(text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text))
}

fn java_double(text: &str) -> Option<f64> {
    java_text(text)?.parse().ok()
}

/// A decimal number without a fraction: `12.00`, `1.2e1`, `-5.`.
fn exact_decimal(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        None => (text, 0),
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
    };
    if !(-400..=400).contains(&exponent) {
        return None;
    }
    let negative = mantissa.starts_with('-');
    let digits = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if all.is_empty() || all.len() > 400 || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let point = whole.len() as i32 + exponent;
    let mut value: i64 = 0;
    for at in 0..point.max(all.len() as i32) {
        let digit = usize::try_from(at).ok().and_then(|i| all.get(i)).map_or(0, |b| i64::from(b - b'0'));
        if at >= point {
            if digit != 0 {
                return None;
            }
            continue;
        }
        let signed = if negative { -digit } else { digit };
        value = value.checked_mul(10)?.checked_add(signed)?;
    }
    // Digits before the first, when the exponent is far below zero.
    if point < 0 && all.iter().any(|b| *b != b'0') {
        return None;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_longs() {
        for (text, exact, loose) in [
            ("12", Some(12), Some(12)),
            ("-9223372036854775808", Some(i64::MIN), Some(i64::MIN)),
            ("12.00", Some(12), Some(12)),
            ("12.5", None, Some(12)),
            ("1.2e1", Some(12), Some(12)),
            ("1e-1", None, Some(0)),
            ("0e-5", Some(0), Some(0)),
            ("1,234", None, Some(1234)),
            (" 7 ", None, Some(7)),
            ("+7", Some(7), Some(7)),
            ("9223372036854775808", None, Some(i64::MAX)),
            ("1e400", None, Some(i64::MAX)),
            ("", None, None),
            ("abc", None, None),
            ("nan", None, None),
            ("0x10", None, None),
            ("1e999999999999", None, Some(i64::MAX)),
        ] {
            assert_eq!(i64::exact(text), exact, "exact {text}");
            assert_eq!(i64::loose(text), loose, "loose {text}");
        }
    }

    #[test]
    fn texts_as_doubles() {
        for (text, exact) in [
            ("1.5", Some(1.5)),
            ("-.5", Some(-0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("2f", Some(2.0)),
            ("Infinity", Some(f64::INFINITY)),
            ("inf", None),
            ("infinity", None),
            ("", None),
            ("x", None),
            ("1,5", None),
        ] {
            assert_eq!(f64::exact(text), exact, "{text}");
            assert_eq!(f32::exact(text), exact.map(|d| d as f32), "{text}");
        }
        assert!(f64::exact("NaN").is_some_and(f64::is_nan));
        assert_eq!(f32::exact("0.1"), Some(0.1));
    }

    #[test]
    fn other_values() {
        assert_eq!(field_to::<i64>(&Field::Double(-1.9), false), Ok(Some(-1)));
        assert_eq!(field_to::<i64>(&Field::Double(1e30), false), Ok(Some(i64::MAX)));
        assert_eq!(field_to::<i64>(&Field::Bool(true), false), Ok(Some(1)));
        assert!(field_to::<i64>(&Field::Bool(true), true).is_err());
        assert_eq!(field_to::<f64>(&Field::Null, true), Ok(None));
        assert!(field_to::<f32>(&Field::List(vec![Field::Long(1)]), false).is_err());
    }
}
