//! How are numbers read from text and written to it, and how do doubles compare? As Java does it.

use std::cmp::Ordering;

use super::Value;

/// Order of `Double.compare`: -0.0 before 0.0, NaN after everything and equal to itself.
#[must_use]
pub fn compare_doubles(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (a_nan, b_nan) => a_nan.cmp(&b_nan),
    }
}

/// A decimal integer with optional sign, nothing around it.
#[must_use]
pub fn parse_long(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A decimal floating-point number, `NaN` or `Infinity`, nothing around it.
#[must_use]
pub fn parse_double(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits == "NaN" {
        return Some(f64::NAN);
    }
    if digits == "Infinity" {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    number.parse().ok()
}

/// 1 for `true` and 0 for `false`, in any case.
pub(crate) fn truth(text: &str) -> Option<u8> {
    if text.eq_ignore_ascii_case("true") { Some(1) } else { text.eq_ignore_ascii_case("false").then_some(0) }
}

/// A long where the text is one, else a double, else null.
#[must_use]
pub fn parse_number(text: &str) -> Value {
    match parse_long(text) {
        Some(long) => Value::Long(long),
        None => parse_double(text).map_or(Value::Null, Value::Double),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_text() {
        assert_eq!(parse_number("12"), Value::Long(12));
        assert_eq!(parse_number("1.5"), Value::Double(1.5));
        assert_eq!(parse_number("1e3"), Value::Double(1000.0));
        assert_eq!(parse_number("9223372036854775808"), Value::Double(9.223372036854776e18));
        for bad in ["", "x", " 1", "inf", "nan", "infinity", "1x", "-", "."] {
            assert_eq!(parse_number(bad), Value::Null, "{bad}");
        }
    }
}
