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

/// `Double.toString`: at least one digit after the point, scientific from 10^7 and below 10^-3.
#[must_use]
pub fn double_text(value: f64) -> String {
    if value.is_nan() || value.is_infinite() || value == 0.0 {
        return special(value);
    }
    let digits = whole(value, f64::MANTISSA_DIGITS).unwrap_or_else(|| format!("{value:e}"));
    plain_or_scientific(&digits, value.abs())
}

/// `Float.toString`: the same with the fewest digits that tell apart floats.
#[must_use]
pub fn float_text(value: f32) -> String {
    if value.is_nan() || value.is_infinite() || value == 0.0 {
        return special(f64::from(value));
    }
    let digits = whole(f64::from(value), f32::MANTISSA_DIGITS).unwrap_or_else(|| format!("{value:e}"));
    plain_or_scientific(&digits, f64::from(value.abs()))
}

/// How many decimal digits so many binary ones that a whole number has beyond its precision make insignificant.
const INSIGNIFICANT: [usize; 40] = [
    0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10,
    10, 10, 11, 11, 11,
];

/// Java writes the digits of a large whole number without looking for the fewest that tell it apart: it leaves out those
/// that its precision of so many bits cannot hold.
fn whole(value: f64, precision: u32) -> Option<String> {
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i64 - 1023;
    if exponent <= i64::from(precision) || exponent > 62 {
        return None;
    }
    let beyond = usize::try_from(exponent - i64::from(precision) - 1).ok()?;
    let dropped = INSIGNIFICANT.get(beyond).copied()?;
    let unit = 10u64.checked_pow(dropped as u32)?;
    let number = value.abs() as u64;
    let rounded = number / unit + u64::from(number % unit >= (unit / 2).max(1));
    let digits = rounded.to_string();
    let exponent = digits.len() - 1 + dropped;
    let digits = digits.trim_end_matches('0');
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if value < 0.0 { "-" } else { "" };
    Some(format!("{sign}{first}{point}{rest}e{exponent}"))
}

fn special(value: f64) -> String {
    let text = if value.is_nan() {
        "NaN"
    } else if value == 0.0 {
        if value.is_sign_negative() { "-0.0" } else { "0.0" }
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    text.to_owned()
}

/// From Rust's `d.ddde-n`.
fn plain_or_scientific(scientific: &str, magnitude: f64) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    if !(1e-3..1e7).contains(&magnitude) {
        let point = if mantissa.contains('.') { "" } else { ".0" };
        return format!("{mantissa}{point}E{exponent}");
    }
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    if exponent < 0 {
        let zeros = "0".repeat((-exponent - 1) as usize);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        let zeros = "0".repeat(whole - digits.len());
        return format!("{sign}{digits}{zeros}.0");
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_text_of_doubles() {
        for (value, text) in [
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (1e7, "1.0E7"),
            (1.25e10, "1.25E10"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (0.1, "0.1"),
            (123.456, "123.456"),
            (-0.0, "-0.0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
            (1.7976931348623157e308, "1.7976931348623157E308"),
        ] {
            assert_eq!(double_text(value), text);
        }
        assert_eq!(float_text(0.1), "0.1");
        assert_eq!(float_text(9_007_199_254_740_993.0), "9.0071993E15");
        assert_eq!(float_text(-16_777_216.0), "-1.6777216E7");
        assert_eq!(double_text(4_611_686_018_427_387_904.0), "4.6116860184273879E18");
        assert_eq!(double_text(9_007_199_254_740_992.0), "9.007199254740992E15");
        assert_eq!(double_text(1e18), "1.0E18");
    }

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
