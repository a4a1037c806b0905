//! Into which buckets is time cut? Druid's granularities: simple names, durations from an origin,
//! calendar periods in a time zone.

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::civil::{DAY_MS, civil_from_days, days_from_civil};
use super::iso::{format_iso, parse_iso};
use super::period::{local_millis, utc_millis};
use super::{Interval, Millis, Period, TimeError, parse_zone};

/// A way to cut time into buckets; each instant lies in exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// One bucket for all time.
    All,
    /// A bucket a millisecond.
    None,
    /// Buckets of equal length, one of which starts at `origin`.
    Duration {
        /// Length in milliseconds, above 0.
        millis: i64,
        /// Start of one bucket.
        origin: Millis,
    },
    /// Calendar buckets on the clock of `zone`.
    Period {
        /// Length, not zero.
        period: Period,
        /// Whose clock.
        zone: Tz,
        /// Start of one bucket; without it buckets align with the calendar.
        origin: Option<Millis>,
    },
}

const SIMPLE: [(&str, &str); 15] = [
    ("second", "PT1S"),
    ("minute", "PT1M"),
    ("five_minute", "PT5M"),
    ("ten_minute", "PT10M"),
    ("fifteen_minute", "PT15M"),
    ("thirty_minute", "PT30M"),
    ("hour", "PT1H"),
    ("six_hour", "PT6H"),
    ("eight_hour", "PT8H"),
    ("day", "P1D"),
    ("week", "P1W"),
    ("month", "P1M"),
    ("quarter", "P3M"),
    ("year", "P1Y"),
    ("decade", "P10Y"),
];

const HOUR_MS: i64 = 3_600_000;

impl Granularity {
    /// Reads a simple name (`hour`, any case), or an ISO period.
    ///
    /// # Errors
    /// When the name is unknown.
    pub fn from_name(name: &str) -> Result<Self, TimeError> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "all" => return Ok(Self::All),
            "none" | "millisecond" => return Ok(Self::None),
            _ => {}
        }
        let iso = SIMPLE.iter().find(|(simple, _)| *simple == lower).map_or(name, |(_, iso)| iso);
        let period = iso.parse::<Period>().map_err(|_| TimeError::new(name, "a granularity"))?;
        Self::period(period, Tz::UTC, None)
    }

    /// Calendar buckets of `period` on the clock of `zone`.
    ///
    /// # Errors
    /// When the period is zero or negative.
    pub fn period(period: Period, zone: Tz, origin: Option<Millis>) -> Result<Self, TimeError> {
        let positive = period.months >= 0 && period.weeks >= 0 && period.days >= 0 && period.millis >= 0;
        if period.is_zero() || !positive {
            return Err(TimeError::new(&period.to_string(), "a period longer than nothing"));
        }
        Ok(Self::Period { period, zone, origin })
    }

    /// Reads the JSON form: a name or `{"type":"all|none|duration|period",...}`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn from_json(json: &Value) -> Result<Self, TimeError> {
        let fail = || TimeError::new(&json.to_string(), "a granularity");
        if let Some(name) = json.as_str() {
            return Self::from_name(name);
        }
        let text = |key: &str| json.get(key).and_then(Value::as_str);
        let origin = match json.get("origin") {
            None | Some(Value::Null) => None,
            Some(Value::Number(n)) => Some(n.as_i64().ok_or_else(fail)?),
            Some(Value::String(s)) => Some(parse_iso(s)?),
            Some(_) => return Err(fail()),
        };
        match text("type").map(str::to_ascii_lowercase).as_deref() {
            Some("all") => Ok(Self::All),
            Some("none") => Ok(Self::None),
            Some("duration") => {
                let duration = json.get("duration").ok_or_else(fail)?;
                let millis =
                    duration.as_i64().or_else(|| duration.as_str()?.parse().ok()).ok_or_else(fail)?;
                if millis <= 0 {
                    return Err(fail());
                }
                Ok(Self::Duration { millis, origin: origin.unwrap_or(0) })
            }
            Some("period") => {
                let zone = match text("timeZone") {
                    None => Tz::UTC,
                    Some(name) => match parse_zone(name) {
                        Ok(zone) => zone,
                        // Names that nobody knows mean UTC, offsets that no zone has are another matter.
                        Err(_) if name.starts_with(char::is_alphabetic) => Tz::UTC,
                        Err(error) => return Err(error),
                    },
                };
                Self::period(text("period").ok_or_else(fail)?.parse()?, zone, origin)
            }
            _ => Err(fail()),
        }
    }

    /// Start of the bucket that holds `t`. `All` gives `i64::MIN / 2` (the start of eternity).
    #[must_use]
    pub fn bucket_start(&self, t: Millis) -> Millis {
        match self {
            Self::All => Interval::ETERNITY.start,
            Self::None => t,
            Self::Duration { millis, origin } => t - (t - origin).rem_euclid(*millis),
            Self::Period { period, zone, origin } => period_start(period, *zone, *origin, t),
        }
    }

    /// First instant after the bucket that starts at `start`.
    #[must_use]
    pub fn bucket_end(&self, start: Millis) -> Millis {
        match self {
            Self::All => Interval::ETERNITY.end,
            Self::None => start.saturating_add(1),
            Self::Duration { millis, .. } => start.saturating_add(*millis),
            Self::Period { period, zone, .. } => period.add_to(start, 1, *zone),
        }
    }

    /// On whose clock buckets are cut.
    #[must_use]
    pub fn zone(&self) -> Tz {
        match self {
            Self::Period { zone, .. } => *zone,
            Self::All | Self::None | Self::Duration { .. } => Tz::UTC,
        }
    }

    /// The bucket that holds `t`.
    #[must_use]
    pub fn bucket(&self, t: Millis) -> Interval {
        let start = self.bucket_start(t);
        Interval { start, end: self.bucket_end(start) }
    }

    /// Whether every bucket of `finer` lies in one bucket of this, as far as that can be told without looking.
    #[must_use]
    pub fn coarsens(&self, finer: &Self) -> bool {
        match (self, finer) {
            (Self::All, _) | (_, Self::None) => true,
            (coarse, fine) if coarse == fine => true,
            (
                Self::Period { period: coarse, zone, origin: None },
                Self::Period { period: fine, zone: fine_zone, origin: None },
            ) if zone == fine_zone && fine.millis == 0 => calendar_coarsens(coarse, fine),
            (coarse, fine) => {
                let Some((length, origin)) = fine.uniform() else { return false };
                let whole = |millis: i64| millis % length == 0;
                match (coarse.uniform(), coarse) {
                    (Some((millis, start)), _) => whole(millis) && whole(start - origin),
                    (None, Self::Period { zone: Tz::UTC, origin: None, .. }) => {
                        whole(DAY_MS) && whole(origin)
                    }
                    _ => false,
                }
            }
        }
    }

    /// Length of every bucket in milliseconds and the start of one, where all have the same length
    /// (UTC or durations); what a kernel can divide by.
    #[must_use]
    pub fn uniform(&self) -> Option<(i64, Millis)> {
        match self {
            Self::None => Some((1, 0)),
            Self::Duration { millis, origin } => Some((*millis, *origin)),
            Self::Period { period, zone: Tz::UTC, origin } => {
                let millis = period.fixed_millis()?;
                // Weeks start on Monday: 1970-01-05.
                let monday = if period.weeks == 1 && millis == 7 * DAY_MS { 4 * DAY_MS } else { 0 };
                Some((millis, origin.unwrap_or(monday)))
            }
            _ => None,
        }
    }
}

/// The same for periods of whole days on one clock: what either makes of a time depends on its date only.
fn calendar_coarsens(coarse: &Period, fine: &Period) -> bool {
    let months_only = |p: &Period| p.weeks == 0 && p.days == 0 && p.millis == 0;
    match (coarse.fixed_millis(), fine.fixed_millis()) {
        (None, None) => months_only(coarse) && months_only(fine) && coarse.months % fine.months == 0,
        // Months begin at any day.
        (None, Some(days)) => months_only(coarse) && days == DAY_MS,
        (Some(_), None) => false,
        (Some(coarse_days), Some(days)) => {
            // Weeks start on Monday, other periods at 1970-01-01.
            let monday = |p: &Period, length: i64| if p.weeks == 1 && length == 7 * DAY_MS { 4 } else { 0 };
            let shift = (monday(coarse, coarse_days) - monday(fine, days)) * DAY_MS;
            coarse.millis == 0 && coarse_days % days == 0 && shift % days == 0
        }
    }
}

fn period_start(period: &Period, zone: Tz, origin: Option<Millis>, t: Millis) -> Millis {
    let months_only = period.weeks == 0 && period.days == 0 && period.millis == 0;
    if origin.is_none() && zone == Tz::UTC && period.months == 0 {
        let granularity = Granularity::Period { period: *period, zone, origin };
        if let Some((millis, start)) = granularity.uniform() {
            return t - (t - start).rem_euclid(millis);
        }
    }
    if period.months == 0 && period.weeks == 0 && period.days == 0 {
        // Hours, minutes and seconds are those of the clock; other periods count elapsed time from the origin, without one
        // from local 1970-01-01T00:00.
        if origin.is_none() && matches!(period.millis, 3_600_000 | 60_000 | 1000) {
            return t - local_millis(t, zone).rem_euclid(period.millis);
        }
        let start = origin.unwrap_or_else(|| utc_millis(0, zone));
        // Hours begin where the clock shows none of their minutes, also in a zone whose offset has changed by less than one.
        let offset = |t: Millis| local_millis(t, zone) - t;
        let shift = match origin.is_none() && period.millis % HOUR_MS == 0 {
            true => (offset(t) - offset(start)) % HOUR_MS,
            false => 0,
        };
        return t - (t + shift - start).rem_euclid(period.millis);
    }
    let local = local_millis(t, zone);
    let local_origin = origin.map(|o| local_millis(o, zone));
    let local_start = if months_only {
        month_start(period.months, local_origin, local)
    } else {
        let length = period.fixed_millis().unwrap_or(DAY_MS);
        let monday = if period.weeks == 1 && length == 7 * DAY_MS { 4 * DAY_MS } else { 0 };
        local - (local - local_origin.unwrap_or(monday)).rem_euclid(length)
    };
    utc_millis(local_start, zone)
}

/// Start of the run of `months` months, counted from the origin's month and time in it, that holds `local`.
fn month_start(months: i64, origin: Option<Millis>, local: Millis) -> Millis {
    let origin = origin.unwrap_or(0);
    let base = civil_from_days(origin.div_euclid(DAY_MS));
    let date = civil_from_days(local.div_euclid(DAY_MS));
    let base_index = base.year * 12 + i64::from(base.month) - 1;
    let within = origin - days_from_civil(base.year, base.month, 1) * DAY_MS;
    let at = |index: i64| {
        days_from_civil(index.div_euclid(12), index.rem_euclid(12) as u32 + 1, 1) * DAY_MS + within
    };
    let mut index = date.year * 12 + i64::from(date.month) - 1;
    index -= (index - base_index).rem_euclid(months);
    if at(index) > local {
        index -= months;
    }
    at(index)
}

impl Serialize for Granularity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = match self {
            Self::All => serde_json::json!({"type": "all"}),
            Self::None => serde_json::json!({"type": "none"}),
            Self::Duration { millis, origin } => {
                serde_json::json!({"type": "duration", "duration": millis, "origin": format_iso(*origin)})
            }
            Self::Period { period, zone, origin } => serde_json::json!({
                "type": "period",
                "period": period.to_string(),
                "timeZone": zone.name(),
                "origin": origin.map(format_iso),
            }),
        };
        json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Granularity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        parse_iso(text).unwrap()
    }

    #[test]
    fn calendar_buckets() {
        for (name, t, start) in [
            ("week", "2015-09-12T12", "2015-09-07"),
            ("month", "2015-09-12T12", "2015-09-01"),
            ("quarter", "2015-09-12T12", "2015-07-01"),
            ("year", "1969-09-12T12", "1969-01-01"),
            ("five_minute", "2015-09-12T12:34:56", "2015-09-12T12:30"),
            ("PT6H", "1969-12-31T23", "1969-12-31T18"),
        ] {
            let granularity = Granularity::from_name(name).unwrap();
            assert_eq!(granularity.bucket_start(at(t)), at(start), "{name}");
            assert!(granularity.bucket(at(t)).contains(at(t)));
        }
    }

    #[test]
    fn hours_of_a_zone_that_moved_by_minutes() {
        let json = serde_json::json!({"type":"period","period":"PT6H","timeZone":"Asia/Kathmandu"});
        let hours = Granularity::from_json(&json).unwrap();
        assert_eq!(hours.bucket_start(at("2024-03-28T00:20:00Z")), at("2024-03-28T00:15:00Z"));
        assert_eq!(hours.bucket_start(at("2024-03-28T00:10:00Z")), at("2024-03-27T18:15:00Z"));
    }

    #[test]
    fn daylight_saving_days() {
        let json = serde_json::json!({"type":"period","period":"P1D","timeZone":"America/Los_Angeles"});
        let day = Granularity::from_json(&json).unwrap();
        let bucket = day.bucket(at("2015-03-08T12:00:00Z"));
        assert_eq!(bucket.start, at("2015-03-08T08:00:00Z"));
        assert_eq!(bucket.end - bucket.start, 23 * 3_600_000);
    }

    #[test]
    fn coarser_ones_have_whole_buckets_of_finer_ones() {
        let zone = |period: &str| {
            let json = serde_json::json!({"type":"period","period":period,"timeZone":"America/Sao_Paulo"});
            Granularity::from_json(&json).unwrap()
        };
        let names = [
            "all", "none", "second", "minute", "PT90S", "PT7M", "hour", "PT5H", "six_hour", "day", "P2D",
            "week", "P2W", "P7D", "month", "P2M", "quarter", "year", "P1M1D",
        ];
        let mut all: Vec<Granularity> =
            names.iter().map(|name| Granularity::from_name(name).unwrap()).collect();
        all.extend(["PT1H", "P1D", "P1W", "P1M", "P3M", "P2D"].map(zone));
        all.push(Granularity::Duration { millis: 3_600_000, origin: 60_000 });
        all.push(Granularity::Duration { millis: 7_200_000, origin: 3_660_000 });
        let month = serde_json::json!({"type":"period","period":"P1M","origin":"2012-01-15"});
        all.push(Granularity::from_json(&month).unwrap());
        let times: Vec<Millis> =
            (0..3000).map(|i| at("2014-12-20") + i * 10_007_333 % (400 * DAY_MS)).collect();
        let mut found = 0;
        for (coarse, fine) in all.iter().flat_map(|coarse| all.iter().map(move |fine| (coarse, fine))) {
            if !coarse.coarsens(fine) {
                continue;
            }
            found += 1;
            for t in &times {
                // A group lies at the start of its bucket, or later where its segment begins.
                let group = fine.bucket_start(*t);
                for at in [group.max(coarse.bucket_start(*t) - 1), group + (*t - group) / 2] {
                    let start = coarse.bucket_start(*t);
                    assert_eq!(coarse.bucket_start(at), start, "{coarse:?} {fine:?} {t}");
                }
            }
        }
        let coarsens = |a: &str, b: &str| {
            Granularity::from_name(a).unwrap().coarsens(&Granularity::from_name(b).unwrap())
        };
        assert!(coarsens("year", "month") && coarsens("month", "hour") && coarsens("week", "day"));
        assert!(!coarsens("month", "week") && !coarsens("day", "month") && !coarsens("hour", "PT7M"));
        assert!(zone("P1M").coarsens(&zone("P1D")) && !zone("P1D").coarsens(&zone("PT1H")));
        assert!(found > 150, "{found}");
    }

    #[test]
    fn month_origin() {
        let json = serde_json::json!({"type":"period","period":"P1M","origin":"2012-01-15"});
        let month = Granularity::from_json(&json).unwrap();
        assert_eq!(month.bucket_start(at("2015-03-08")), at("2015-02-15"));
        assert_eq!(month.bucket_start(at("2011-03-20")), at("2011-03-15"));
    }
}
