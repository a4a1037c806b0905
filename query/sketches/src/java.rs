//! How does Java print a number? What `Double.toString` and `String.format` give, where Druid shows it to users.

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

/// A double as Java's `%12.6e` gives it.
pub(crate) fn scientific(value: f64) -> String {
    if !value.is_finite() {
        return format!("{:>12}", double_text(value));
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
    fn numbers_as_java_prints_them() {
        assert_eq!(scientific(123.456), "1.234560e+02");
        assert_eq!(scientific(f64::NAN), "         NaN");
        assert_eq!([999, 1000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
        assert_eq!([2.5, -2.5, 2.4, -0.4].map(round), [3, -2, 2, 0]);
    }
}
