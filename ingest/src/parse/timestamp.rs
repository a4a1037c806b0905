//! When did a row happen? The timestamp field, by the spec's format.

use super::interim::TimestampFormat;
use alluvium_segments::time::{DAY_MS, Interval, Millis, days_from_civil};

/// Whether a format can be read.
pub(crate) fn check_timestamp_format(format: &str) -> Result<(), String> {
    TimestampFormat::parse(format).map(|_| ()).map_err(|e| e.to_string())
}

/// Reads the values of the timestamp field.
#[derive(Debug, Clone)]
pub(crate) struct TimestampReader {
    format: TimestampFormat,
    /// Whether ISO text is among what the format takes.
    iso: bool,
    /// Milliseconds a unit of a number; 0 where numbers are read as text.
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
    FractionalSeconds,
    AsText,
}

impl TimestampReader {
    /// For a format that was checked.
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        let lower = format.to_ascii_lowercase();
        let unit = match lower.as_str() {
            "auto" | "millis" => Unit::Millis,
            "posix" => Unit::Seconds,
            "micro" => Unit::Micros,
            "nano" => Unit::Nanos,
            "ruby" => Unit::FractionalSeconds,
            _ => Unit::AsText,
        };
        let iso = matches!(lower.as_str(), "auto" | "iso");
        let format = TimestampFormat::parse(format).map_err(|e| e.to_string())?;
        Ok(Self { format, iso, unit })
    }

    /// Text as an instant.
    pub(crate) fn text(&self, text: &str) -> Option<Millis> {
        if self.iso
            && let Some(t) = plain_iso(text.as_bytes())
        {
            return Some(t);
        }
        let text = text.trim();
        let text = match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            Some(inner) => inner.trim(),
            None => text,
        };
        if text.is_empty() {
            return None;
        }
        known(self.format.parse_text(text)?)
    }

    /// A whole number as an instant.
    pub(crate) fn long(&self, value: i64) -> Option<Millis> {
        let t = match self.unit {
            Unit::Millis => value,
            Unit::Seconds | Unit::FractionalSeconds => value.checked_mul(1000)?,
            Unit::Micros => value / 1000,
            Unit::Nanos => value / 1_000_000,
            Unit::AsText => return self.text(&value.to_string()),
        };
        known(t)
    }

    /// Another number as an instant.
    pub(crate) fn double(&self, value: f64) -> Option<Millis> {
        match self.unit {
            Unit::FractionalSeconds => known((value * 1000.0) as i64),
            Unit::AsText => self.text(&super::interim::double_text(value)),
            _ if value.is_nan() => None,
            _ => self.long(value as i64),
        }
    }
}

/// Instants Druid can represent.
fn known(t: Millis) -> Option<Millis> {
    Interval::ETERNITY.contains(t).then_some(t)
}

/// The usual ISO form, `YYYY-MM-DD[T ]HH:MM:SS[.mmm][Z]`, without a detour; `None`: look closer.
fn plain_iso(b: &[u8]) -> Option<Millis> {
    let b = b.strip_suffix(b"Z").unwrap_or(b);
    let number = |from: usize, to: usize| {
        b.get(from..to)?
            .iter()
            .try_fold(0u32, |n, c| c.is_ascii_digit().then(|| n * 10 + u32::from(c - b'0')))
    };
    let fits = matches!(b.len(), 19 | 23)
        && b[4] == b'-'
        && b[7] == b'-'
        && matches!(b[10], b'T' | b' ')
        && b[13] == b':'
        && b[16] == b':'
        && (b.len() == 19 || b[19] == b'.');
    if !fits {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let millis = if b.len() == 23 { number(20, 23)? } else { 0 };
    // Days 29 to 31 and odd hours are checked by the careful reader.
    if !(1..=12).contains(&month) || !(1..=28).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let clock = i64::from(hour) * 3_600_000 + i64::from(minute) * 60_000 + i64::from(second) * 1000;
    Some(days_from_civil(i64::from(year), month, day) * DAY_MS + clock + i64::from(millis))
}
