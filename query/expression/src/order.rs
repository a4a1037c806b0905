//! In which order do texts come? Druid's orders: UTF-16 code units, alphanumeric, numeric, length, version.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// Order of UTF-16 code units, which is Druid's order of strings everywhere. It differs from Rust's order of
/// `str` for characters beyond the basic plane: these come before U+E000.
#[must_use]
pub fn compare_text(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).position(|(x, y)| x != y) {
        // Only lead bytes reach 0xEE; four-byte sequences (surrogate pairs) sort before 0xEE and 0xEF.
        Some(at) => utf16_rank(a[at]).cmp(&utf16_rank(b[at])),
        None => a.len().cmp(&b.len()),
    }
}

fn utf16_rank(lead: u8) -> u8 {
    match lead {
        0xF0..=0xFF => lead - 2,
        0xEE | 0xEF => lead + 0x10,
        _ => lead,
    }
}

/// The same with null first.
#[must_use]
pub fn compare_nullable(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => compare_text(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// A way to order texts, by Druid's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StringOrdering {
    /// UTF-16 code units.
    #[default]
    Lexicographic,
    /// Runs of digits compare as numbers.
    Alphanumeric,
    /// As decimal numbers, text that is none first.
    Numeric,
    /// By length in UTF-16 code units, then lexicographic.
    Strlen,
    /// As Maven versions: parts between dots and hyphens, numbers by value, known qualifiers by age.
    Version,
    /// Lexicographic for texts (the natural order of the values' type).
    Natural,
}

impl StringOrdering {
    /// By Druid's name in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "lexicographic" => Self::Lexicographic,
            "alphanumeric" => Self::Alphanumeric,
            "numeric" => Self::Numeric,
            "strlen" => Self::Strlen,
            "version" => Self::Version,
            "natural" => Self::Natural,
            _ => return None,
        })
    }

    /// Druid's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lexicographic => "lexicographic",
            Self::Alphanumeric => "alphanumeric",
            Self::Numeric => "numeric",
            Self::Strlen => "strlen",
            Self::Version => "version",
            Self::Natural => "natural",
        }
    }

    /// Orders two texts.
    #[must_use]
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Self::Lexicographic | Self::Natural => compare_text(a, b),
            Self::Alphanumeric => alphanumeric(a, b),
            Self::Numeric => numeric(a, b),
            Self::Strlen => utf16_len(a).cmp(&utf16_len(b)).then_with(|| compare_text(a, b)),
            Self::Version => version(a, b),
        }
    }

    /// Orders two texts, null first.
    #[must_use]
    pub fn compare_nullable(self, a: Option<&str>, b: Option<&str>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
}

/// Number of UTF-16 code units.
#[must_use]
pub fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Digit runs as numbers of any length, what lies between them whatever its case; digits before others, and more leading
/// zeros after fewer where all else is equal.
fn alphanumeric(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    while let (Some(p), Some(q)) = (x.chars().next(), y.chars().next()) {
        let (run_x, rest_x) = run(x, digit(p).is_some());
        let (run_y, rest_y) = run(y, digit(q).is_some());
        let order = match (digit(p).is_some(), digit(q).is_some()) {
            (true, true) => decimal_order(run_x, run_y),
            (false, false) => run_x.chars().map(without_case).cmp(run_y.chars().map(without_case)),
            (is_digit, _) => return if is_digit { Ordering::Less } else { Ordering::Greater },
        };
        if order != Ordering::Equal {
            return order;
        }
        (x, y) = (rest_x, rest_y);
    }
    utf16_len(a).cmp(&utf16_len(b))
}

/// A character as those compare that differ in case only: those that become several keep their case.
fn without_case(c: char) -> char {
    fn alone(mut chars: impl Iterator<Item = char>, c: char) -> char {
        chars.next().filter(|_| chars.next().is_none()).unwrap_or(c)
    }
    let upper = alone(c.to_uppercase(), c);
    alone(upper.to_lowercase(), upper)
}

/// What a digit is worth.
fn digit(c: char) -> Option<u32> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{ff10}'];
    zeros.iter().filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero))).find(|worth| *worth < 10)
}

/// The digits, or all but digits, that a text begins with, and the rest.
fn run(text: &str, digits: bool) -> (&str, &str) {
    text.split_at(text.find(|c| digit(c).is_some() != digits).unwrap_or(text.len()))
}

fn decimal_order(a: &str, b: &str) -> Ordering {
    let worth = |text: &str| -> (usize, Vec<u32>) {
        let all: Vec<u32> = text.chars().filter_map(digit).collect();
        let zeros = all.iter().take_while(|worth| **worth == 0).count();
        (zeros, all[zeros..].to_vec())
    };
    let ((zeros_a, a), (zeros_b, b)) = (worth(a), worth(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(&b)).then_with(|| zeros_a.cmp(&zeros_b))
}

fn numeric(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|d| d.is_finite());
    match (number(a), number(b)) {
        (Some(x), Some(y)) => {
            // Longs beyond 2^53 must not collapse.
            if let (Ok(m), Ok(n)) = (a.trim().parse::<i128>(), b.trim().parse::<i128>()) {
                return m.cmp(&n);
            }
            x.partial_cmp(&y).unwrap_or(Ordering::Equal)
        }
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => compare_text(a, b),
    }
}

/// A part of a version, as Maven's `ComparableVersion` ranks them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A qualifier by rank; unknown ones after all known ones.
    Qualifier(u8, String),
    /// A number without leading zeros: length, then digits.
    Number(usize, String),
}

const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

impl Part {
    fn release() -> Self {
        Self::Qualifier(5, String::new())
    }

    fn read(text: &str) -> Self {
        if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            let digits = text.trim_start_matches('0');
            if digits.is_empty() {
                return Self::release();
            }
            return Self::Number(digits.len(), digits.to_owned());
        }
        let name = match text {
            "ga" | "final" | "release" => "",
            "cr" => "rc",
            "a" => "alpha",
            "b" => "beta",
            "m" => "milestone",
            other => other,
        };
        match QUALIFIERS.iter().position(|q| *q == name) {
            Some(rank) => Self::Qualifier(rank as u8, String::new()),
            None => Self::Qualifier(QUALIFIERS.len() as u8, name.to_owned()),
        }
    }
}

fn version_parts(text: &str) -> Vec<Part> {
    let lower = text.to_lowercase();
    let mut parts = Vec::new();
    let mut token = String::new();
    let mut digits = None;
    for c in lower.chars() {
        let separator = matches!(c, '.' | '-' | '_');
        if separator || digits.is_some_and(|d| d != c.is_ascii_digit()) {
            parts.push(Part::read(&token));
            token.clear();
        }
        digits = (!separator).then_some(c.is_ascii_digit());
        if !separator {
            token.push(c);
        }
    }
    parts.push(Part::read(&token));
    while parts.last() == Some(&Part::release()) {
        parts.pop();
    }
    parts
}

fn version(a: &str, b: &str) -> Ordering {
    let (x, y) = (version_parts(a), version_parts(b));
    let release = Part::release();
    for i in 0..x.len().max(y.len()) {
        let order = x.get(i).unwrap_or(&release).cmp(y.get(i).unwrap_or(&release));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending(ordering: StringOrdering, texts: &[&str]) {
        for pair in texts.windows(2) {
            assert_eq!(ordering.compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(ordering.compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
    }

    #[test]
    fn utf16_order() {
        let texts = ["", "a", "ab", "b", "\u{d7ff}", "\u{1f600}", "\u{e000}", "\u{ffff}"];
        ascending(StringOrdering::Lexicographic, &texts);
        for a in texts {
            for b in texts {
                let units = a.encode_utf16().cmp(b.encode_utf16());
                assert_eq!(compare_text(a, b), units);
            }
        }
    }

    #[test]
    fn other_orders() {
        ascending(StringOrdering::Alphanumeric, &["1", "2", "10", "a1", "a2", "a10", "a10b2", "a10b11", "b"]);
        ascending(StringOrdering::Numeric, &["a", "b", "-3", "-2.5", "0", "1e1", "11", "9007199254740993"]);
        ascending(StringOrdering::Strlen, &["b", "aa", "ab", "aaa"]);
        ascending(
            StringOrdering::Version,
            &["1.0-alpha", "1.0-beta", "1.0-rc1", "1.0-snapshot", "1.0", "1.0.1", "1.2", "1.10", "2"],
        );
        assert_eq!(StringOrdering::Version.compare("1.0", "1.0.0"), Ordering::Equal);
        assert_eq!(StringOrdering::Version.compare("1-ga", "1"), Ordering::Equal);
    }
}
