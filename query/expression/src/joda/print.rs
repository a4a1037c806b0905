//! How does a compiled pattern write an instant?

use std::fmt::Write;

use alluvium_segments::time::{CivilDate, DAY_MS, Millis, civil_from_days, days_from_civil, local_millis};
use chrono::{Offset, TimeZone};
use chrono_tz::Tz;

use super::locale::Names;
use super::names::{DAYS, MONTHS};
use super::pattern::{Field, Piece};

/// An instant on the clock of a zone, taken apart.
pub(crate) struct Local {
    pub(crate) date: CivilDate,
    /// Days since the epoch.
    pub(crate) days: i64,
    /// Milliseconds since midnight.
    pub(crate) millis: i64,
}

impl Local {
    pub(crate) fn new(local: Millis) -> Self {
        let days = local.div_euclid(DAY_MS);
        Self { date: civil_from_days(days), days, millis: local.rem_euclid(DAY_MS) }
    }

    /// Monday is 1.
    pub(crate) fn day_of_week(&self) -> i64 {
        (self.days + 3).rem_euclid(7) + 1
    }

    /// From 1.
    pub(crate) fn day_of_year(&self) -> i64 {
        self.days - days_from_civil(self.date.year, 1, 1) + 1
    }

    /// ISO week and the year it belongs to: that of its Thursday.
    pub(crate) fn week(&self) -> (i64, i64) {
        let thursday = self.days - self.day_of_week() + 4;
        let year = civil_from_days(thursday).year;
        ((thursday - days_from_civil(year, 1, 1)) / 7 + 1, year)
    }

    pub(super) fn field(&self, field: Field) -> i64 {
        let year = self.date.year;
        let of_era = if year > 0 { year } else { 1 - year };
        let hour = self.millis / 3_600_000;
        let one_based = |value: i64, size: i64| if value == 0 { size } else { value };
        match field {
            Field::Year => year,
            Field::YearOfEra => of_era,
            Field::Century => of_era / 100,
            Field::WeekYear => self.week().1,
            Field::Week => self.week().0,
            Field::DayOfWeek => self.day_of_week(),
            Field::DayOfYear => self.day_of_year(),
            Field::Month => i64::from(self.date.month),
            Field::Day => i64::from(self.date.day),
            Field::Hour => hour,
            Field::ClockHour => one_based(hour, 24),
            Field::HalfdayHour => hour % 12,
            Field::HalfdayClockHour => one_based(hour % 12, 12),
            Field::Minute => self.millis / 60_000 % 60,
            Field::Second => self.millis / 1000 % 60,
        }
    }
}

pub(super) fn print(pieces: &[Piece], t: Millis, zone: Tz, names: Option<&Names>) -> String {
    let local_ms = local_millis(t, zone);
    let local = Local::new(local_ms);
    let mut out = String::with_capacity(pieces.len() * 3);
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Number { field, min, .. } => padded(&mut out, local.field(*field), *min),
            Piece::TwoDigits { field, .. } => padded(&mut out, local.field(*field).rem_euclid(100), 2),
            Piece::Fraction(digits) => {
                let millis = format!("{:03}", local.millis % 1000);
                out.push_str(&millis[..(*digits).min(3)]);
                out.extend(std::iter::repeat_n('0', digits.saturating_sub(3)));
            }
            Piece::MonthName { .. } | Piece::DayName { .. } | Piece::Halfday | Piece::Era => {
                out.push_str(name(piece, &local, names));
            }
            Piece::Offset { colon } => offset(&mut out, (local_ms - t) / 60_000, *colon),
            Piece::ZoneId => out.push_str(zone.name()),
            Piece::ZoneName => out.push_str(&zone_name(t, zone)),
        }
    }
    out
}

fn padded(out: &mut String, value: i64, min: usize) {
    if value < 0 {
        out.push('-');
    }
    // Writing to a string does not fail.
    let _ = write!(out, "{:0min$}", value.unsigned_abs());
}

/// The name a piece stands for.
fn name(piece: &Piece, local: &Local, names: Option<&Names>) -> &'static str {
    fn english(names: &[&'static str], number: i64, full: bool) -> &'static str {
        let name = usize::try_from(number - 1).ok().and_then(|i| names.get(i)).copied().unwrap_or_default();
        if full { name } else { &name[..name.len().min(3)] }
    }
    let (month, day) = (i64::from(local.date.month), local.day_of_week());
    let (afternoon, common) = (local.millis >= DAY_MS / 2, local.date.year > 0);
    match (piece, names) {
        (Piece::MonthName { full }, Some(names)) => names.month(month, *full),
        (Piece::MonthName { full }, None) => english(&MONTHS, month, *full),
        (Piece::DayName { full }, Some(names)) => names.day(day, *full),
        (Piece::DayName { full }, None) => english(&DAYS, day, *full),
        (Piece::Halfday, Some(names)) => names.halfday(afternoon),
        (Piece::Halfday, None) => ["AM", "PM"][usize::from(afternoon)],
        (Piece::Era, Some(names)) => names.era(common),
        (Piece::Era, None) => ["BC", "AD"][usize::from(common)],
        _ => "",
    }
}

fn offset(out: &mut String, minutes: i64, colon: bool) {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    let separator = if colon { ":" } else { "" };
    let _ = write!(out, "{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60);
}

fn zone_name(t: Millis, zone: Tz) -> String {
    match chrono::DateTime::from_timestamp_millis(t) {
        Some(utc) => zone.from_utc_datetime(&utc.naive_utc()).format("%Z").to_string(),
        None => zone.offset_from_utc_datetime(&chrono::DateTime::UNIX_EPOCH.naive_utc()).fix().to_string(),
    }
}
