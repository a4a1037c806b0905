//! How is the time of an input row read? The formats of a `timestampSpec`.

use std::sync::Arc;

use alluvium_segments::time::{DAY_MS, Millis, days_from_civil, parse_iso, parse_iso_in, parse_zone};
use chrono_tz::Tz;

use crate::value::double_text;
use crate::{JodaError, JodaFormat};

/// A format of a `timestampSpec`.
#[derive(Debug, Clone, PartialEq)]
pub enum TimestampFormat {
    /// ISO-8601 with `T` or a space (a zone name may follow), or milliseconds.
    Auto,
    /// ISO-8601.
    Iso,
    /// Seconds since the epoch.
    Posix,
    /// Milliseconds since the epoch.
    Millis,
    /// Microseconds since the epoch.
    Micro,
    /// Nanoseconds since the epoch.
    Nano,
    /// Seconds since the epoch with fraction.
    Ruby,
    /// A Joda-Time pattern.
    Joda(Arc<JodaFormat>),
}

/// A time that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the timestamp `{text}` in the format `{format}`")]
pub struct TimestampError {
    /// What was given (shortened when long).
    pub text: String,
    /// The format's name.
    pub format: String,
}

impl TimestampFormat {
    /// By the name of a format, or a Joda-Time pattern.
    ///
    /// # Errors
    /// When it is no name and the pattern has letters without meaning.
    pub fn from_name(name: &str) -> Result<Self, JodaError> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "iso" => Self::Iso,
            "posix" => Self::Posix,
            "millis" => Self::Millis,
            "micro" => Self::Micro,
            "nano" => Self::Nano,
            "ruby" => Self::Ruby,
            _ => Self::Joda(Arc::new(JodaFormat::new(name)?)),
        })
    }

    /// Its name, or the pattern.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Iso => "iso",
            Self::Posix => "posix",
            Self::Millis => "millis",
            Self::Micro => "micro",
            Self::Nano => "nano",
            Self::Ruby => "ruby",
            Self::Joda(format) => format.pattern(),
        }
    }

    /// Reads a time from text. Blanks around it, and one pair of double quotes, do not matter.
    ///
    /// # Errors
    /// When it cannot be read, or lies outside 64-bit milliseconds.
    pub fn parse_str(&self, text: &str) -> Result<Millis, TimestampError> {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(trimmed);
        let read = match self {
            Self::Auto => auto(bare),
            Self::Iso => fast_iso(bare).or_else(|| parse_iso(bare).ok()),
            Self::Joda(format) => format.parse(bare, Tz::UTC).ok(),
            Self::Ruby => bare.parse().ok().and_then(|s: f64| self.scale_double(s)),
            _ => bare.parse().ok().and_then(|n| self.scale(n)),
        };
        read.ok_or_else(|| self.error(text))
    }

    /// Reads a time from an integer. ISO and patterns read its decimal text.
    ///
    /// # Errors
    /// When it cannot be read, or lies outside 64-bit milliseconds.
    pub fn parse_long(&self, value: i64) -> Result<Millis, TimestampError> {
        match self {
            Self::Iso | Self::Joda(_) => self.parse_str(&value.to_string()),
            _ => self.scale(value).ok_or_else(|| self.error(&value.to_string())),
        }
    }

    /// Reads a time from a floating-point number; the fraction is cut off (but for `ruby`). ISO and patterns
    /// read its text.
    ///
    /// # Errors
    /// When it cannot be read, or lies outside 64-bit milliseconds.
    pub fn parse_double(&self, value: f64) -> Result<Millis, TimestampError> {
        match self {
            Self::Iso | Self::Joda(_) => self.parse_str(&double_text(value)),
            _ => self.scale_double(value).ok_or_else(|| self.error(&double_text(value))),
        }
    }

    fn scale(&self, value: i64) -> Option<Millis> {
        match self {
            Self::Posix | Self::Ruby => value.checked_mul(1000),
            Self::Micro => Some(value.div_euclid(1000)),
            Self::Nano => Some(value.div_euclid(1_000_000)),
            _ => Some(value),
        }
    }

    fn scale_double(&self, value: f64) -> Option<Millis> {
        let in_range = |v: f64| (v.abs() < 9.2e18).then_some(v as i64);
        match self {
            Self::Ruby => in_range(value * 1000.0),
            _ => in_range(value).and_then(|v| self.scale(v)),
        }
    }

    fn error(&self, text: &str) -> TimestampError {
        let text = text.chars().take(100).collect();
        TimestampError { text, format: self.name().to_owned() }
    }
}

fn auto(text: &str) -> Option<Millis> {
    if let Some(t) = fast_iso(text) {
        return Some(t);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    if let Ok(t) = parse_iso(text) {
        return Some(t);
    }
    // `2015-09-12 00:00:00 PST`, `... America/Los_Angeles`
    let (start, zone) = text.rsplit_once(' ')?;
    let zone = match zone {
        "PST" | "PDT" => parse_zone("America/Los_Angeles"),
        "EST" | "EDT" => parse_zone("America/New_York"),
        "CST" | "CDT" => parse_zone("America/Chicago"),
        "MST" | "MDT" => parse_zone("America/Denver"),
        name => parse_zone(name),
    };
    parse_iso_in(start.trim_end(), zone.ok()?).ok()
}

/// `yyyy-MM-ddTHH:mm:ss[.SSS]Z` and nothing else; the general reader takes what this does not.
fn fast_iso(text: &str) -> Option<Millis> {
    let b = text.as_bytes();
    let millis_shown = match b.len() {
        20 => false,
        24 if b[19] == b'.' => true,
        _ => return None,
    };
    if b.last() != Some(&b'Z') || (b[4], b[7], b[10], b[13], b[16]) != (b'-', b'-', b'T', b':', b':') {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        b[range].iter().try_fold(0i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let millis = if millis_shown { number(20..23)? } else { 0 };
    // Days 29 to 31 depend on the month: the general reader decides.
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28,
        _ => 31,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month as u32, 1) + day - 1;
    Some(days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: i64 = 1_442_016_000_000;

    #[test]
    fn formats() {
        for (format, text) in [
            ("auto", "2015-09-12T00:00:00Z"),
            ("auto", "2015-09-12T00:00:00.000Z"),
            ("auto", "2015-09-12 00:00:00"),
            ("auto", "\"2015-09-12\""),
            ("auto", "1442016000000"),
            ("auto", "2015-09-11 17:00:00 America/Los_Angeles"),
            ("auto", "2015-09-11 17:00:00 PDT"),
            ("iso", "2015-09-12"),
            ("posix", "1442016000"),
            ("millis", " 1442016000000 "),
            ("micro", "1442016000000000"),
            ("nano", "1442016000000000000"),
            ("ruby", "1442016000.0"),
            ("yyyyMMdd", "20150912"),
        ] {
            assert_eq!(TimestampFormat::from_name(format).unwrap().parse_str(text), Ok(MIDNIGHT), "{format}");
        }
        for (format, text) in
            [("auto", "yesterday"), ("auto", ""), ("iso", "2015-02-30T00:00:00Z"), ("posix", "x")]
        {
            assert!(TimestampFormat::from_name(format).unwrap().parse_str(text).is_err(), "{format} {text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(TimestampFormat::Auto.parse_long(MIDNIGHT), Ok(MIDNIGHT));
        assert_eq!(TimestampFormat::Posix.parse_double(1_442_016_000.9), Ok(MIDNIGHT));
        assert_eq!(TimestampFormat::from_name("yyyyMMdd").unwrap().parse_long(20_150_912), Ok(MIDNIGHT));
        assert!(TimestampFormat::Posix.parse_long(i64::MAX).is_err());
        assert!(TimestampFormat::Millis.parse_double(f64::NAN).is_err());
    }

    #[test]
    fn the_fast_reader_agrees() {
        for text in ["2015-09-12T13:04:05Z", "1900-02-28T00:00:00.999Z", "2016-12-31T23:59:59.001Z"] {
            assert_eq!(fast_iso(text), parse_iso(text).ok());
        }
        assert_eq!(fast_iso("2016-02-29T00:00:00Z"), None);
    }
}
