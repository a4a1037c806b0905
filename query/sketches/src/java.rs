//! How does Java print a number? What `Double.toString` and `String.format` give, where Druid shows it to users.

/// A double as Java's `Double.toString` gives it: shortest digits, a point always, and an exponent outside of 0.001 to
/// 10 million.
pub(crate) fn double(value: f64) -> String {
    shortest(value.is_nan(), value.abs(), &format!("{value:e}"), &format!("{value}"))
}

/// A float as Java's `Float.toString` gives it.
pub(crate) fn float(value: f32) -> String {
    let size = f64::from(value.abs());
    shortest(value.is_nan(), size, &format!("{value:e}"), &format!("{value}"))
}

fn shortest(nan: bool, size: f64, scientific: &str, plain: &str) -> String {
    if nan {
        return "NaN".into();
    }
    if size.is_infinite() {
        return if scientific.starts_with('-') { "-Infinity".into() } else { "Infinity".into() };
    }
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return if plain.contains('.') { plain.into() } else { format!("{plain}.0") };
    }
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific.into(),
    }
}

/// A double as Java's `%12.6e` gives it.
pub(crate) fn scientific(value: f64) -> String {
    if !value.is_finite() {
        return format!("{:>12}", double(value));
    }
    let text = format!("{value:.6e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("{:>12}", format!("{digits}e{sign}{exponent:0>2}"))
}

/// A whole number as Java's `%,d` gives it.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Java's `Math.round`: the nearest whole number, halves upwards, within the range of a long.
pub(crate) fn round(value: f64) -> i64 {
    let floor = value.floor();
    if value - floor >= 0.5 { (floor + 1.0) as i64 } else { floor as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_java_prints_them() {
        let printed = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.5, "100.5"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (-1.5e300, "-1.5E300"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in printed {
            assert_eq!(double(value), text);
        }
        assert_eq!(float(0.1), "0.1");
        assert_eq!(float(1.5e10), "1.5E10");
        assert_eq!(scientific(123.456), "1.234560e+02");
        assert_eq!(scientific(f64::NAN), "         NaN");
        assert_eq!([999, 1000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
        assert_eq!([2.5, -2.5, 2.4, -0.4].map(round), [3, -2, 2, 0]);
    }
}
