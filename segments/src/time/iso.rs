//! How is an instant written and read as ISO-8601 text? Any prefix of a date-time is accepted, with or
//! without zone, with `T` or a space: `2015`, `2015-09`, `2015-09-12T00Z`, `2015-09-12 00:00:00.000000`.

use chrono_tz::Tz;

use super::civil::{DAY_MS, civil_from_days, days_from_civil};
use super::period::{local_millis, utc_millis};
use super::{Millis, TimeError};

/// `2015-09-12T00:00:00.000Z`; years beyond four digits are written in full, negative ones with a sign.
#[must_use]
pub fn format_iso(t: Millis) -> String {
    let mut text = format_local(t);
    text.push('Z');
    text
}

/// The same in a time zone: `2015-09-12T00:00:00.000-07:00`, and `Z` where the offset is nothing.
#[must_use]
pub fn format_iso_in(t: Millis, zone: Tz) -> String {
    let local = local_millis(t, zone);
    let offset_minutes = (local - t) / 60_000;
    if offset_minutes == 0 {
        return format_iso(t);
    }
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.abs();
    format!("{}{sign}{:02}:{:02}", format_local(local), minutes / 60, minutes % 60)
}

fn format_local(t: Millis) -> String {
    let date = civil_from_days(t.div_euclid(DAY_MS));
    let ms = t.rem_euclid(DAY_MS);
    let (sign, year) = if date.year < 0 { ("-", -date.year) } else { ("", date.year) };
    format!(
        "{sign}{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}",
        date.month,
        date.day,
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    )
}

/// Reads an ISO-8601 date or date-time; without a zone it is UTC.
///
/// # Errors
/// When the text is no such thing.
pub fn parse_iso(text: &str) -> Result<Millis, TimeError> {
    parse_iso_in(text, Tz::UTC)
}

/// Reads an ISO-8601 date or date-time; without a zone in the text it is local to `zone`.
///
/// # Errors
/// When the text is no such thing.
pub fn parse_iso_in(text: &str, zone: Tz) -> Result<Millis, TimeError> {
    let mut cursor = Cursor { bytes: text.trim().as_bytes(), at: 0 };
    cursor.instant(zone).ok_or_else(|| TimeError::new(text, "an ISO-8601 date-time"))
}

struct Cursor<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, wanted: &[u8]) -> bool {
        let found = self.peek().is_some_and(|b| wanted.contains(&b));
        self.at += usize::from(found);
        found
    }

    /// At least `min` and at most `max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<i64> {
        let start = self.at;
        let mut value = 0i64;
        while self.at - start < max {
            let Some(digit) = self.peek().filter(u8::is_ascii_digit) else { break };
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        (self.at - start >= min).then_some(value)
    }

    fn instant(&mut self, zone: Tz) -> Option<Millis> {
        let local = self.date()?.checked_mul(DAY_MS)?.checked_add(self.time_of_day()?)?;
        let offset = self.zone()?;
        if self.at != self.bytes.len() {
            return None;
        }
        match offset {
            Some(offset_ms) => local.checked_sub(offset_ms),
            None if zone == Tz::UTC => Some(local),
            None => Some(utc_millis(local, zone)),
        }
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.eat(b"-");
        if !negative {
            self.eat(b"+");
        }
        let year = self.number(1, 9)?;
        let year = if negative { -year } else { year };
        let mut month = 1;
        let mut day = 1;
        if self.bytes.get(self.at..self.at + 2) == Some(b"-W") {
            self.at += 2;
            return self.week_date(year);
        }
        if self.eat(b"-") {
            month = self.number(1, 2)?;
            if self.eat(b"-") {
                day = self.number(1, 2)?;
            }
        }
        let month_ok = (1..=12).contains(&month);
        let days_in_month = if month_ok { days_in_month(year, month as u32) } else { 0 };
        (1..=days_in_month).contains(&day).then(|| days_from_civil(year, month as u32, day as u32))
    }

    /// The rest of `2015-W37-6`: a week, counted from that of January 4th, and a day from Monday on.
    fn week_date(&mut self, year: i64) -> Option<i64> {
        let week = self.number(1, 2).filter(|week| (1..=53).contains(week))?;
        let day = if self.eat(b"-") { self.number(1, 1)? } else { 1 };
        let fourth = days_from_civil(year, 1, 4);
        let first_monday = fourth - (fourth + 3).rem_euclid(7);
        (1..=7).contains(&day).then_some(first_monday + (week - 1) * 7 + day - 1)
    }

    fn time_of_day(&mut self) -> Option<i64> {
        if !self.eat(b"Tt ") {
            return Some(0);
        }
        if self.at == self.bytes.len() {
            return Some(0);
        }
        let hour = self.number(1, 2)?;
        let (mut minute, mut second, mut millis) = (0, 0, 0);
        if self.eat(b":") {
            minute = self.number(1, 2)?;
            if self.eat(b":") {
                second = self.number(1, 2)?;
                if self.eat(b".,") {
                    millis = self.fraction()?;
                }
            }
        }
        let valid = hour <= 24 && minute < 60 && second < 60;
        let end_of_day = hour == 24 && (minute, second, millis) != (0, 0, 0);
        (valid && !end_of_day).then_some(hour * 3_600_000 + minute * 60_000 + second * 1000 + millis)
    }

    /// Digits after the point, cut to milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let start = self.at;
        let value = self.number(1, 3)?;
        let scaled = value * [100, 10, 1][self.at - start - 1];
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Some(scaled)
    }

    /// `Some(None)`: no zone given; `Some(Some(ms))`: offset east of UTC.
    fn zone(&mut self) -> Option<Option<i64>> {
        if self.at == self.bytes.len() {
            return Some(None);
        }
        if self.eat(b"Zz") {
            return Some(Some(0));
        }
        let rest = std::str::from_utf8(self.bytes.get(self.at..)?).ok()?;
        if matches!(rest.trim(), "UTC" | "GMT") {
            self.at = self.bytes.len();
            return Some(Some(0));
        }
        let west = self.eat(b"-");
        if !west && !self.eat(b"+") {
            return None;
        }
        let hours = self.number(2, 2)?;
        self.eat(b":");
        let minutes = self.number(2, 2).unwrap_or(0);
        let ms = hours * 3_600_000 + minutes * 60_000;
        Some(Some(if west { -ms } else { ms }))
    }
}

fn days_in_month(year: i64, month: u32) -> i64 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next, 1) - days_from_civil(year, month, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_zones() {
        let midnight = 1_442_016_000_000;
        for text in [
            "2015-09-12",
            "2015-09-12T00Z",
            "2015-09-12T00:00:00.000Z",
            "2015-09-12 00:00:00.000000",
            "2015-09-12T02:00+02:00",
            "2015-09-11T24:00:00",
        ] {
            assert_eq!(parse_iso(text), Ok(midnight), "{text}");
        }
        assert_eq!(format_iso(midnight), "2015-09-12T00:00:00.000Z");
        for bad in ["", "x", "2015-13", "2015-02-30", "2015-09-12T25", "2015-09-12Q", "12/3"] {
            assert!(parse_iso(bad).is_err(), "{bad}");
        }
        let la: Tz = "America/Los_Angeles".parse().unwrap();
        assert_eq!(format_iso_in(midnight, la), "2015-09-11T17:00:00.000-07:00");
        assert_eq!(parse_iso_in("2015-09-11T17:00:00", la), Ok(midnight));
    }

    #[test]
    fn eternity_round_trips() {
        for t in [i64::MIN / 2, i64::MAX / 2, -1, 0, 253_402_300_800_000] {
            assert_eq!(parse_iso(&format_iso(t)), Ok(t));
        }
        assert_eq!(format_iso(i64::MIN / 2), "-146136543-09-08T08:23:32.096Z");
    }
}
