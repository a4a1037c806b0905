//! Which instants do texts in ISO form name? Those of calendar dates, of weeks (`2024-W13-6`) and of days of the year
//! (`2024-090`); nothing may stand around them.

use alluvium_segments::time::{civil_from_days, days_from_civil, parse_iso_in};
use chrono_tz::Tz;

/// The instant of a text; one without an offset is in `zone`.
pub(super) fn read(text: &str, zone: Tz) -> Option<i64> {
    if text.trim() != text || is_basic(text) {
        return None;
    }
    parse_iso_in(text, zone).ok().or_else(|| parse_iso_in(&as_calendar(text)?, zone).ok())
}

/// `20240330T120000Z`, which is no form Druid reads here.
fn is_basic(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 && text.as_bytes().get(8) == Some(&b'T')
}

/// A date by week or by day of the year, as one by month.
fn as_calendar(text: &str) -> Option<String> {
    let (date, time) = text.find('T').map_or((text, ""), |at| text.split_at(at));
    let (year, rest) = date.split_once('-')?;
    let year: i64 = (year.len() == 4).then(|| year.parse().ok())??;
    let first = days_from_civil(year, 1, 1);
    let day = match rest.strip_prefix('W') {
        Some(week) => {
            let (week, day) = week.split_once('-').unwrap_or((week, "1"));
            let (week, day) = (number(week, 2, 53)?, number(day, 1, 7)?);
            // The first week is that of the fourth of January; day 0 of the epoch was a Thursday.
            let fourth = first + 3;
            let monday = fourth - (fourth + 3).rem_euclid(7);
            monday + (week - 1) * 7 + day - 1
        }
        None => first + number(rest, 3, 366)? - 1,
    };
    let date = civil_from_days(day);
    Some(format!("{:04}-{:02}-{:02}{time}", date.year, date.month, date.day))
}

/// A number of so many digits, from 1 to `most`.
fn number(text: &str, digits: usize, most: i64) -> Option<i64> {
    let value: i64 = (text.len() == digits).then(|| text.parse().ok())??;
    (1..=most).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use alluvium_segments::time::DAY_MS;

    use super::*;

    #[test]
    fn forms_of_dates() {
        let day = |year, month, day| Some(days_from_civil(year, month, day) * DAY_MS);
        for (text, wanted) in [
            ("2024-W13-6", day(2024, 3, 30)),
            ("2020-W53-5", day(2021, 1, 1)),
            ("2024-W01", day(2024, 1, 1)),
            ("2024-090", day(2024, 3, 30)),
            ("2024-090T12", day(2024, 3, 30).map(|t| t + DAY_MS / 2)),
            ("2024-03", day(2024, 3, 1)),
            ("20240330T120000Z", None),
            (" 2024-03-30", None),
            ("2024-W54", None),
            ("2024-367", None),
        ] {
            assert_eq!(read(text, Tz::UTC), wanted, "{text}");
        }
    }
}
