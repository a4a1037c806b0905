//! What is a calendar period (`P1M`, `PT6H`), and what does adding it to an instant of a time zone give?

use std::fmt;
use std::str::FromStr;

use chrono::{Offset, TimeZone};
use chrono_tz::Tz;

use super::civil::{DAY_MS, civil_from_days, days_from_civil};
use super::{Millis, TimeError};

/// An ISO-8601 period; months, days and milliseconds are kept apart because their lengths vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Period {
    /// Years times twelve plus months.
    pub months: i64,
    /// Whole weeks.
    pub weeks: i64,
    /// Whole days.
    pub days: i64,
    /// Hours, minutes, seconds and milliseconds in milliseconds.
    pub millis: i64,
}

impl Period {
    /// `t` plus `times` this period, on the calendar and clock of `zone`.
    #[must_use]
    pub fn add_to(&self, t: Millis, times: i64, zone: Tz) -> Millis {
        let days = (self.weeks * 7 + self.days) * times;
        let mut result = t;
        if self.months != 0 || days != 0 {
            let local = local_millis(t, zone);
            let moved = add_months(local, self.months * times).saturating_add(days.saturating_mul(DAY_MS));
            result = utc_millis(moved, zone);
        }
        result.saturating_add(self.millis.saturating_mul(times))
    }

    /// Length in milliseconds when it has no months (days count as 24 hours).
    #[must_use]
    pub fn fixed_millis(&self) -> Option<i64> {
        (self.months == 0).then_some((self.weeks * 7 + self.days) * DAY_MS + self.millis)
    }

    /// Whether it has no length at all.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Milliseconds after which the calendar is the same again: 400 years.
const CYCLE_MS: i64 = 146_097 * DAY_MS;

/// An instant of the same place in the calendar whose year is one that clocks are known of: after all changes of their rules,
/// or before them.
fn near(t: Millis) -> Millis {
    let place = t.rem_euclid(CYCLE_MS);
    if t > 0 { place + CYCLE_MS } else { place - 2 * CYCLE_MS }
}

/// Local clock of `zone` at `t`, as if it were UTC.
#[must_use]
pub fn local_millis(t: Millis, zone: Tz) -> Millis {
    if zone == Tz::UTC {
        return t;
    }
    let Some(utc) = chrono::DateTime::from_timestamp_millis(t) else {
        let near = near(t);
        return t + local_millis(near, zone) - near;
    };
    let offset = zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc();
    t + i64::from(offset) * 1000
}

/// The instant at which the clock of `zone` shows `local`: the earlier one when it shows it twice, the
/// first after the gap when it never does.
#[must_use]
pub fn utc_millis(local: Millis, zone: Tz) -> Millis {
    if zone == Tz::UTC {
        return local;
    }
    let Some(naive) = chrono::DateTime::from_timestamp_millis(local) else {
        let near = near(local);
        return local + utc_millis(near, zone) - near;
    };
    let naive = naive.naive_utc();
    match zone.from_local_datetime(&naive).earliest() {
        Some(t) => t.timestamp_millis(),
        None => {
            let before = local - 3 * 3_600_000;
            let shift = local_millis(before, zone) - before;
            local - shift
        }
    }
}

fn add_months(local: Millis, months: i64) -> Millis {
    if months == 0 {
        return local;
    }
    let date = civil_from_days(local.div_euclid(DAY_MS));
    let index = date.year * 12 + i64::from(date.month) - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) as u32 + 1);
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first = days_from_civil(year, month, 1);
    let length = days_from_civil(next_year, next, 1) - first;
    let day = i64::from(date.day).min(length);
    (first + day - 1) * DAY_MS + local.rem_euclid(DAY_MS)
}

impl FromStr for Period {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let fail = || TimeError::new(text, "an ISO-8601 period");
        let body = text.trim().strip_prefix(['P', 'p']).ok_or_else(fail)?;
        let mut period = Self::default();
        let mut in_time = false;
        let mut number = String::new();
        let mut parts = 0;
        for c in body.chars() {
            if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') {
                number.push(c);
                continue;
            }
            if matches!(c, 'T' | 't') && !in_time && number.is_empty() {
                in_time = true;
                continue;
            }
            let value: f64 = number.parse().map_err(|_| fail())?;
            let whole = value as i64;
            match (c.to_ascii_uppercase(), in_time) {
                ('Y', false) => period.months += whole * 12,
                ('M', false) => period.months += whole,
                ('W', false) => period.weeks += whole,
                ('D', false) => period.days += whole,
                ('H', true) => period.millis += whole * 3_600_000,
                ('M', true) => period.millis += whole * 60_000,
                ('S', true) => period.millis += (value * 1000.0).round() as i64,
                _ => return Err(fail()),
            }
            number.clear();
            parts += 1;
        }
        if number.is_empty() && parts > 0 { Ok(period) } else { Err(fail()) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        let parts = [(self.months / 12, 'Y'), (self.months % 12, 'M'), (self.weeks, 'W'), (self.days, 'D')];
        for (n, unit) in parts.into_iter().filter(|(n, _)| *n != 0) {
            write!(f, "{n}{unit}")?;
        }
        if self.millis != 0 || self.is_zero() {
            f.write_str("T")?;
            let (h, m, s) = (self.millis / 3_600_000, self.millis / 60_000 % 60, self.millis % 60_000);
            if h != 0 {
                write!(f, "{h}H")?;
            }
            if m != 0 {
                write!(f, "{m}M")?;
            }
            if s % 1000 != 0 {
                write!(f, "{}.{:03}S", s / 1000, s % 1000)?;
            } else if s != 0 || self.is_zero() {
                write!(f, "{}S", s / 1000)?;
            }
        }
        Ok(())
    }
}
