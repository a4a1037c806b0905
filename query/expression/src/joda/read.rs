//! How does a compiled pattern read an instant?

use alluvium_segments::time::{DAY_MS, Millis, days_from_civil, local_millis, parse_zone, utc_millis};
use chrono_tz::Tz;

use super::names::{DAYS, MONTHS, ZONES, find};
use super::pattern::{Field, Piece};

/// Years of two digits are those from 1946 to 2045 (Joda-Time takes 50 years before and 49 after the year 30
/// years ago; the clock is not read here).
const PIVOT_START: i64 = 1946;

#[derive(Default)]
struct Fields {
    year: Option<i64>,
    year_of_era: Option<i64>,
    century: Option<i64>,
    before_era: bool,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    week_year: Option<i64>,
    week: Option<i64>,
    day_of_week: Option<i64>,
    hour: Option<i64>,
    halfday_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    millis: i64,
    offset_ms: Option<i64>,
    zone: Option<Tz>,
}

/// `None` when the text does not fit.
pub(super) fn read(pieces: &[Piece], text: &str, zone: Tz) -> Option<Millis> {
    let mut rest = text;
    let mut fields = Fields::default();
    for piece in pieces {
        rest = fields.take(piece, rest)?;
    }
    if rest.is_empty() { fields.instant(zone) } else { None }
}

/// Digits, at most `max`, with an optional sign where `signed`.
fn number(text: &str, max: usize, signed: bool) -> Option<(i64, &str)> {
    let negative = signed && text.starts_with('-');
    let body = if signed { text.strip_prefix(['-', '+']).unwrap_or(text) } else { text };
    let digits = body.bytes().take(max.min(18)).take_while(u8::is_ascii_digit).count();
    let value: i64 = body.get(..digits)?.parse().ok()?;
    Some((if negative { -value } else { value }, &body[digits..]))
}

impl Fields {
    /// Takes one piece from the start of the text and gives what is left.
    fn take<'t>(&mut self, piece: &Piece, text: &'t str) -> Option<&'t str> {
        match piece {
            Piece::Text(wanted) => {
                let found = text.get(..wanted.len())?;
                found.eq_ignore_ascii_case(wanted).then(|| &text[wanted.len()..])
            }
            Piece::Number { field, max, .. } => {
                let signed = matches!(field, Field::Year | Field::WeekYear);
                let (value, rest) = number(text, *max, signed)?;
                self.set(*field, value);
                Some(rest)
            }
            Piece::TwoDigits { field, lenient } => {
                let (value, rest) = two_digits(text, *lenient)?;
                self.set(*field, value);
                Some(rest)
            }
            Piece::Fraction(digits) => {
                let count = text.bytes().take(*digits).take_while(u8::is_ascii_digit).count();
                let (shown, rest) = text.split_at_checked(count).filter(|(s, _)| !s.is_empty())?;
                let millis: String = shown.chars().chain("00".chars()).take(3).collect();
                self.millis = millis.parse().ok()?;
                Some(rest)
            }
            Piece::MonthName { .. } => {
                let (index, length) = find(&MONTHS, text)?;
                self.month = Some(index as i64 + 1);
                Some(&text[length..])
            }
            Piece::DayName { .. } => {
                let (index, length) = find(&DAYS, text)?;
                self.day_of_week = Some(index as i64 + 1);
                Some(&text[length..])
            }
            Piece::Halfday => {
                let (index, length) = find(&["AM", "PM"], text)?;
                self.afternoon = Some(index == 1);
                Some(&text[length..])
            }
            Piece::Era => {
                let (index, length) = find(&["AD", "BC", "CE", "BCE"], text)?;
                self.before_era = index % 2 == 1;
                Some(&text[length..])
            }
            Piece::Offset { .. } => self.offset(text),
            Piece::ZoneId => self.zone_id(text),
            Piece::ZoneName => self.zone_name(text),
        }
    }

    fn set(&mut self, field: Field, value: i64) {
        match field {
            Field::Year => self.year = Some(value),
            Field::YearOfEra => self.year_of_era = Some(value),
            Field::Century => self.century = Some(value),
            Field::WeekYear => self.week_year = Some(value),
            Field::Week => self.week = Some(value),
            Field::DayOfWeek => self.day_of_week = Some(value),
            Field::DayOfYear => self.day_of_year = Some(value),
            Field::Month => self.month = Some(value),
            Field::Day => self.day = Some(value),
            Field::Hour => self.hour = Some(value),
            // 24 stands for 0; anything above stays out of range.
            Field::ClockHour => {
                self.hour = Some(if value == 24 { 0 } else { value + i64::from(value == 0) * 99 })
            }
            Field::HalfdayHour => self.halfday_hour = Some(value),
            Field::HalfdayClockHour => {
                self.halfday_hour = Some(if value == 12 { 0 } else { value + i64::from(value == 0) * 99 });
            }
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
        }
    }

    /// `Z`, `+01:30`, `+0130`, `+01`
    fn offset<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix(['Z', 'z']) {
            self.offset_ms = Some(0);
            return Some(rest);
        }
        let west = text.starts_with('-');
        let (hours, rest) = number(text.strip_prefix(['-', '+'])?, 2, false)?;
        let body = rest.strip_prefix(':').unwrap_or(rest);
        let (minutes, rest) = number(body, 2, false).unwrap_or((0, rest));
        if hours > 23 || minutes > 59 {
            return None;
        }
        let ms = hours * 3_600_000 + minutes * 60_000;
        self.offset_ms = Some(if west { -ms } else { ms });
        Some(rest)
    }

    /// The longest beginning that names a zone.
    fn zone_id<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+' | ':');
        let mut end = text.find(|c: char| !name(c)).unwrap_or(text.len()).min(64);
        while end > 0 {
            let zone = text.get(..end).and_then(|id| parse_zone(id).ok());
            if zone.is_some() {
                self.zone = zone;
                return text.get(end..);
            }
            end -= 1;
        }
        None
    }

    fn zone_name<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let known = |(name, _): &&(&str, &str)| text.starts_with(*name);
        let (name, zone) = ZONES.iter().find(known)?;
        self.zone = zone.parse().ok();
        text.get(name.len()..)
    }

    fn days(&self) -> Option<i64> {
        let era_year = self.year_of_era.or_else(|| self.century.map(|c| c * 100));
        let of_era = era_year.map(|y| if self.before_era { 1 - y } else { y });
        let year = self.year.or(of_era);
        if self.week_year.is_some() || (self.week.is_some() && self.month.is_none()) {
            let week_year = self.week_year.or(year).unwrap_or(1970);
            // The week of January 4th is the first.
            let fourth = days_from_civil(week_year, 1, 4);
            let first_monday = fourth - (fourth + 3).rem_euclid(7);
            let (week, day) = (self.week.unwrap_or(1), self.day_of_week.unwrap_or(1));
            let valid = (1..=53).contains(&week) && (1..=7).contains(&day);
            return valid.then_some(first_monday + (week - 1) * 7 + day - 1);
        }
        let has_date = self.month.is_some() || self.day.is_some() || self.day_of_year.is_some();
        let year = year.unwrap_or(if has_date { 2000 } else { 1970 });
        if let Some(day) = self.day_of_year {
            let first = days_from_civil(year, 1, 1);
            let length = days_from_civil(year + 1, 1, 1) - first;
            return (1..=length).contains(&day).then_some(first + day - 1);
        }
        let month = u32::try_from(self.month.unwrap_or(1)).ok().filter(|m| (1..=12).contains(m))?;
        let first = days_from_civil(year, month, 1);
        let next =
            if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
        let day = self.day.unwrap_or(1);
        (1..=next - first).contains(&day).then_some(first + day - 1)
    }

    fn instant(&self, zone: Tz) -> Option<Millis> {
        let half = self.halfday_hour.unwrap_or(0);
        let from_half = half + if self.afternoon == Some(true) { 12 } else { 0 };
        let hour = self.hour.unwrap_or(from_half);
        let valid = hour < 24 && half < 12 && self.minute < 60 && self.second < 60;
        if !valid {
            return None;
        }
        let time = hour * 3_600_000 + self.minute * 60_000 + self.second * 1000 + self.millis;
        let local = self.days()?.checked_mul(DAY_MS)?.checked_add(time)?;
        match self.offset_ms {
            Some(offset) => local.checked_sub(offset),
            None => {
                // A time that the clocks skip is none.
                let zone = self.zone.unwrap_or(zone);
                Some(utc_millis(local, zone)).filter(|t| local_millis(*t, zone) == local)
            }
        }
    }
}

/// Two digits around the pivot; other numbers of digits stand for themselves where that is allowed.
fn two_digits(text: &str, lenient: bool) -> Option<(i64, &str)> {
    let signed = text.starts_with(['-', '+']);
    let body = if signed { &text[1..] } else { text };
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    if lenient && (signed || digits != 2) {
        return number(text, 9, true);
    }
    let (value, rest) = number(text, 2, false).filter(|_| digits >= 2)?;
    let year = PIVOT_START + (value - PIVOT_START).rem_euclid(100);
    Some((year, rest))
}
