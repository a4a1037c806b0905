//! Which instants and spans do we speak of? Milliseconds since the epoch, half-open intervals,
//! ISO-8601 text, calendar periods and the granularities that cut time into buckets.

mod civil;
mod granularity;
mod interval;
mod iso;
mod period;

pub use civil::{CivilDate, DAY_MS, civil_from_days, days_from_civil};
pub use granularity::Granularity;
pub use interval::{Interval, condense};
pub use iso::{format_iso, format_iso_in, parse_iso, parse_iso_in};
pub use period::{Period, local_millis, utc_millis};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// A text that does not name an instant, a span, a period or a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read `{text}` as {what}")]
pub struct TimeError {
    /// What was given.
    pub text: String,
    /// What it should have been.
    pub what: &'static str,
}

impl TimeError {
    pub(crate) fn new(text: &str, what: &'static str) -> Self {
        Self { text: text.to_owned(), what }
    }
}

/// Offsets that are no whole hours, and zones that had them all the time since 1970 (Nepal: since 1986).
const ODD_OFFSETS: [(&str, chrono_tz::Tz); 6] = [
    ("+0430", chrono_tz::Tz::Asia__Kabul),
    ("+0530", chrono_tz::Tz::Asia__Kolkata),
    ("+0545", chrono_tz::Tz::Asia__Kathmandu),
    ("+0630", chrono_tz::Tz::Asia__Yangon),
    ("+0930", chrono_tz::Tz::Australia__Darwin),
    ("-0930", chrono_tz::Tz::Pacific__Marquesas),
];

/// Finds a time zone by IANA name, or a fixed offset such as `+05:00` (mapped to `Etc/GMT-5`) or `+05:30` (to a zone that has it).
///
/// # Errors
/// When no such zone is known.
pub fn parse_zone(text: &str) -> Result<chrono_tz::Tz, TimeError> {
    if let Ok(zone) = text.parse() {
        return Ok(zone);
    }
    let unknown = || TimeError::new(text, "a time zone");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sign = text.chars().next().ok_or_else(unknown)?;
    let written = format!("{sign}{digits}");
    if let Some((_, zone)) = ODD_OFFSETS.iter().find(|(offset, _)| *offset == written) {
        return Ok(*zone);
    }
    if !matches!(sign, '+' | '-') || digits.len() < 2 || digits[2..].chars().any(|c| c != '0') {
        return Err(unknown());
    }
    let hours: u32 = digits[..2].parse().map_err(|_| unknown())?;
    // POSIX names count westwards, ISO eastwards.
    let flipped = if sign == '+' { '-' } else { '+' };
    format!("Etc/GMT{flipped}{hours}").parse().map_err(|_| unknown())
}
