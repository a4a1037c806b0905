//! Which day is it in the calendar that was in use: the Gregorian one from 15 October 1582 on, the Julian one before?

use alluvium_segments::time::{civil_from_days, days_from_civil};

/// Days from the epoch to the first day of the Gregorian calendar.
const FIRST_GREGORIAN: i64 = -141_427;
/// Days from the beginning of Julian day numbers to the epoch.
const EPOCH: i64 = 2_440_588;

/// A day.
#[derive(Debug)]
pub(super) struct Day {
    /// Days since the epoch.
    pub(super) number: i64,
    /// 0 is 1 BC.
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
}

impl Day {
    /// The day so many days after the epoch.
    pub(super) fn of(number: i64) -> Self {
        if number >= FIRST_GREGORIAN {
            let date = civil_from_days(number);
            return Self { number, year: date.year, month: i64::from(date.month), day: i64::from(date.day) };
        }
        // Years begin in March, four years have 1461 days, and five months 153.
        let days = number + EPOCH + 32_082;
        let year = (4 * days + 3).div_euclid(1461);
        let of_year = days - (1461 * year).div_euclid(4);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        Self { number, year: year - 4800 + month / 10, month: month + 3 - 12 * (month / 10), day }
    }
}

/// Days from the epoch to a day; months beyond the year run over into others.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    // Far beyond what milliseconds can count.
    let year = year.clamp(-300_000_000, 300_000_000).saturating_add((month - 1).div_euclid(12));
    let month = (month - 1).rem_euclid(12) + 1;
    let gregorian = days_from_civil(year, month as u32, 1).saturating_add(day - 1);
    if gregorian >= FIRST_GREGORIAN {
        return gregorian;
    }
    let early = i64::from(month <= 2);
    let (year, month) = (year + 4800 - early, month + 12 * early - 3);
    day + (153 * month + 2) / 5 + 365 * year + year.div_euclid(4) - 32_083 - EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let julian = Day::of(FIRST_GREGORIAN - 1);
        assert_eq!((julian.year, julian.month, julian.day), (1582, 10, 4));
        for number in (-800_000..60_000).step_by(97) {
            let day = Day::of(number);
            assert_eq!(days_of(day.year, day.month, day.day), number);
        }
        assert_eq!(days_of(2023, 14, 1), days_of(2024, 2, 1));
    }
}
