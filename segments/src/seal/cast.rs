//! What becomes of a value whose column has changed its type? Numbers convert, texts are parsed or become null,
//! numbers are written as Java writes them.

use crate::encoding::Number;

/// A number that values of other types turn into.
pub(super) trait FromOther: Number {
    /// From a long.
    fn from_long(value: i64) -> Self;

    /// From a float or a double.
    fn from_double(value: f64) -> Self;

    /// From a text; `None` when it is no number.
    fn from_text(text: &str) -> Option<Self>;
}

impl FromOther for i64 {
    fn from_long(value: i64) -> Self {
        value
    }

    fn from_double(value: f64) -> Self {
        value as Self
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse().ok().filter(|d: &f64| d.is_finite()).map(Self::from_double))
    }
}

impl FromOther for f32 {
    fn from_long(value: i64) -> Self {
        value as Self
    }

    fn from_double(value: f64) -> Self {
        value as Self
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromOther for f64 {
    fn from_long(value: i64) -> Self {
        value as Self
    }

    fn from_double(value: f64) -> Self {
        value
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Writes a double (given in its shortest form, `{:e}`) as Java's `Double.toString` does.
pub(super) fn java_text(shortest: &str, value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}Infinity");
    }
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    let (mantissa, exponent) = shortest.trim_start_matches('-').split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.replace('.', "");
    let (whole, fraction) = if (-3..7).contains(&exponent) {
        if exponent < 0 {
            ("0".to_owned(), format!("{}{digits}", "0".repeat((-exponent - 1) as usize)))
        } else {
            let point = exponent as usize + 1;
            let padded = format!("{digits:0<point$}");
            (padded[..point].to_owned(), padded[point..].to_owned())
        }
    } else {
        (digits[..1].to_owned(), digits[1..].to_owned())
    };
    let fraction = if fraction.is_empty() { "0" } else { &fraction };
    if (-3..7).contains(&exponent) {
        format!("{sign}{whole}.{fraction}")
    } else {
        format!("{sign}{whole}.{fraction}E{exponent}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_as_java_writes_them() {
        let text = |v: f64| java_text(&format!("{v:e}"), v);
        assert_eq!(text(1.0), "1.0");
        assert_eq!(text(-0.0), "-0.0");
        assert_eq!(text(123.456), "123.456");
        assert_eq!(text(9_999_999.0), "9999999.0");
        assert_eq!(text(1e7), "1.0E7");
        assert_eq!(text(1.25e-4), "1.25E-4");
        assert_eq!(text(0.001), "0.001");
        assert_eq!(text(-0.0125), "-0.0125");
        assert_eq!(text(f64::NEG_INFINITY), "-Infinity");
    }

    #[test]
    fn texts_as_numbers() {
        assert_eq!(i64::from_text("12"), Some(12));
        assert_eq!(i64::from_text("12.9"), Some(12));
        assert_eq!(i64::from_text("x"), None);
        assert_eq!(f64::from_text("1e3"), Some(1000.0));
    }
}
