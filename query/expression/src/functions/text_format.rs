//! Values put into a text, in the manner of Java's `String.format`.

use super::{ANY, Body, Function, Prepared, STRING, utf16_slice};
use crate::order::utf16_len;
use crate::{ExprError, Value};

pub(super) const TABLE: &[Function] =
    &[Function::new("format", (1, ANY), STRING, Body::Values(format_values)).alias(&["string_format"])];

const MAX_WIDTH: usize = 10_000;

fn format_values(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let Some(pattern) = args[0].as_string() else { return Ok(Value::Null) };
    let values = &args[1..];
    if values.is_empty() {
        return Ok(args[0].clone());
    }
    // What does not fit the pattern stands after it.
    let text = java_format(&pattern, values).unwrap_or_else(|_| {
        let shown = values.iter().map(|v| v.as_string().map_or_else(|| "null".to_owned(), |s| s.to_string()));
        std::iter::once(pattern.to_string()).chain(shown).collect::<Vec<_>>().join("; ")
    });
    Ok(Value::from(text))
}

/// `%[index$][flags][width][.precision]conversion`
#[derive(Default)]
struct Spec {
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(utf16_len(&text));
        let blanks = " ".repeat(missing);
        if self.has('-') { format!("{text}{blanks}") } else { format!("{blanks}{text}") }
    }

    /// Sign, zeros and digits.
    fn pad_number(&self, negative: bool, digits: String) -> String {
        let sign = match (negative, self.has('+'), self.has(' ')) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let digits = if self.has(',') { grouped(&digits) } else { digits };
        if self.has('0') && !self.has('-') {
            let missing = self.width.saturating_sub(sign.len() + digits.len());
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        self.pad(format!("{sign}{digits}"))
    }
}

fn grouped(digits: &str) -> String {
    let (whole, rest) = digits.find('.').map_or((digits, ""), |at| digits.split_at(at));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

/// Formats values; supports `% n s S d x X o f e E g b B c h`. The error says which part is wrong.
pub(crate) fn java_format(pattern: &str, args: &[Value]) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut next = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        let mut number = digits(&mut chars);
        if number.is_some() && chars.next_if_eq(&'$').is_some() {
            spec.index = number.take();
        }
        if number.is_none() {
            while let Some(flag) = chars.next_if(|c| "-#+ 0,(".contains(*c)) {
                spec.flags.push(flag);
            }
            number = digits(&mut chars);
        }
        spec.width = number.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(digits(&mut chars).ok_or("`.` needs a precision")?);
        }
        if spec.width > MAX_WIDTH || spec.precision.is_some_and(|p| p > MAX_WIDTH) {
            return Err(format!("a width or precision above {MAX_WIDTH}"));
        }
        let conversion = chars.next().ok_or("the format ends after `%`")?;
        match conversion {
            '%' => out.push_str(&spec.pad("%".to_owned())),
            'n' => out.push('\n'),
            conversion => {
                let index = match spec.index {
                    Some(0) => return Err("arguments are counted from 1".to_owned()),
                    Some(index) => index - 1,
                    None => {
                        next += 1;
                        next - 1
                    }
                };
                let value = args.get(index).ok_or_else(|| format!("no argument for `%{conversion}`"))?;
                out.push_str(&convert(conversion, &spec, value)?);
            }
        }
    }
    Ok(out)
}

/// A number that does not start with a 0 (which is a flag).
fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    if chars.peek() == Some(&'0') {
        let mut ahead = chars.clone();
        ahead.next();
        if !ahead.peek().is_none_or(|c| !c.is_ascii_digit() && *c != '$') {
            return None;
        }
    }
    let mut value: Option<usize> = None;
    while let Some(d) = chars.peek().and_then(|c| c.to_digit(10)) {
        value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(d as usize));
        chars.next();
    }
    value
}

fn convert(conversion: char, spec: &Spec, value: &Value) -> Result<String, String> {
    let cut = |text: String| match spec.precision {
        Some(precision) => utf16_slice(&text, 0, Some(precision)).into_owned(),
        None => text,
    };
    if value.is_null() && !matches!(conversion, 'b' | 'B') {
        let known = "sSdxXofeEgGcChH".contains(conversion);
        return if known { Ok(spec.pad(cut("null".to_owned()))) } else { Err(unknown(conversion)) };
    }
    let text = || value.as_string().map(|s| s.to_string()).unwrap_or_default();
    let long = || match value {
        Value::Long(v) => Ok(*v),
        other => Err(format!("`%{conversion}` needs an integer, not {other}")),
    };
    let double = || match value {
        Value::Double(v) => Ok(*v),
        other => Err(format!("`%{conversion}` needs a double, not {other}")),
    };
    Ok(match conversion {
        's' => spec.pad(cut(text())),
        'S' => spec.pad(cut(text().to_uppercase())),
        'd' => {
            let v = long()?;
            spec.pad_number(v < 0, v.unsigned_abs().to_string())
        }
        'x' => spec.pad_number(false, format!("{:x}", long()?)),
        'X' => spec.pad_number(false, format!("{:X}", long()?)),
        'o' => spec.pad_number(false, format!("{:o}", long()?)),
        'f' => {
            let v = double()?;
            let precision = spec.precision.unwrap_or(6);
            let rounded = super::decimal::round_double(v, precision as i32);
            finite(v, spec, || format!("{:.precision$}", rounded.abs()))
        }
        'e' | 'E' => {
            let v = double()?;
            let shown = finite(v, spec, || scientific(v.abs(), spec.precision.unwrap_or(6)));
            if conversion == 'E' { shown.to_uppercase() } else { shown }
        }
        'g' | 'G' => {
            let v = double()?;
            let shown = finite(v, spec, || general(v.abs(), spec.precision.unwrap_or(6)));
            if conversion == 'G' { shown.to_uppercase() } else { shown }
        }
        'b' => spec.pad(cut(truth(value).to_owned())),
        'B' => spec.pad(cut(truth(value).to_uppercase())),
        'c' => {
            let c = u32::try_from(long()?).ok().and_then(char::from_u32);
            spec.pad(c.ok_or("`%c` needs a code point")?.to_string())
        }
        other => return Err(unknown(other)),
    })
}

fn unknown(conversion: char) -> String {
    format!("`%{conversion}` is not supported; use s, d, x, o, f, e, g, b or c")
}

fn truth(value: &Value) -> &'static str {
    // Java: everything but null is true, and numbers are no booleans.
    if value.is_null() { "false" } else { "true" }
}

fn finite(value: f64, spec: &Spec, digits: impl Fn() -> String) -> String {
    if value.is_finite() {
        return spec.pad_number(value.is_sign_negative(), digits());
    }
    spec.pad(crate::value::double_text(value))
}

/// So many digits in all: without an exponent from 10^-4 up to where the digits end.
fn general(value: f64, precision: usize) -> String {
    let digits = precision.max(1);
    if value == 0.0 {
        return format!("{:.*}", digits - 1, 0.0);
    }
    let shown = scientific(value, digits - 1);
    let exponent = shown.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        return shown;
    }
    format!("{value:.*}", (digits as i32 - 1 - exponent).max(0) as usize)
}

/// At least two digits of exponent, with sign.
fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |d| ('-', d));
    format!("{mantissa}e{sign}{digits:0>2}")
}
