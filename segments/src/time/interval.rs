//! What is a half-open span of time, and how is it written (`start/end`, `start/period`, `period/end`)?

use std::fmt;
use std::str::FromStr;

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::iso::{format_iso, parse_iso};
use super::{Millis, Period, TimeError};

/// `[start, end)` in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// First instant inside.
    pub start: Millis,
    /// First instant after.
    pub end: Millis,
}

impl Interval {
    /// Druid's ETERNITY: everything that can be asked for.
    pub const ETERNITY: Self = Self { start: i64::MIN / 2, end: i64::MAX / 2 };

    /// `[start, end)`; an `end` before `start` gives the empty interval at `start`.
    #[must_use]
    pub fn new(start: Millis, end: Millis) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Whether `t` lies inside.
    #[must_use]
    pub fn contains(&self, t: Millis) -> bool {
        self.start <= t && t < self.end
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn covers(&self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether no instant lies inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What the two share, if anything.
    #[must_use]
    pub fn intersect(&self, other: Self) -> Option<Self> {
        let shared = Self { start: self.start.max(other.start), end: self.end.min(other.end) };
        (!shared.is_empty()).then_some(shared)
    }
}

/// Sorts intervals, drops empty ones and joins those that touch or overlap.
#[must_use]
pub fn condense(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|i| !i.is_empty());
    intervals.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
    for next in intervals {
        match joined.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => joined.push(next),
        }
    }
    joined
}

impl FromStr for Interval {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let fail = || TimeError::new(text, "an ISO-8601 interval `start/end`");
        let (left, right) = text.split_once('/').ok_or_else(fail)?;
        let is_period = |s: &str| s.trim_start().starts_with(['P', 'p']);
        let (start, end) = match (is_period(left), is_period(right)) {
            (false, false) => (parse_iso(left)?, parse_iso(right)?),
            (false, true) => {
                let start = parse_iso(left)?;
                (start, right.parse::<Period>()?.add_to(start, 1, Tz::UTC))
            }
            (true, false) => {
                let end = parse_iso(right)?;
                (left.parse::<Period>()?.add_to(end, -1, Tz::UTC), end)
            }
            (true, true) => return Err(fail()),
        };
        if end < start {
            return Err(TimeError::new(text, "an interval whose end is not before its start"));
        }
        Ok(Self { start, end })
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", format_iso(self.start), format_iso(self.end))
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let day: Interval = "2015-09-12/2015-09-13".parse().unwrap();
        assert_eq!("2015-09-12T00Z/P1D".parse(), Ok(day));
        assert_eq!("P1D/2015-09-13".parse(), Ok(day));
        assert_eq!(day.to_string(), "2015-09-12T00:00:00.000Z/2015-09-13T00:00:00.000Z");
        assert!("-5000/5000".parse::<Interval>().is_ok());
        assert!("2016/2015".parse::<Interval>().is_err());
        assert_eq!(Interval::ETERNITY.to_string().parse(), Ok(Interval::ETERNITY));
    }
}
