//! How does a day number become year, month and day, and back? The proleptic Gregorian calendar over
//! the whole range of 64-bit milliseconds (Howard Hinnant, "chrono-compatible low-level date algorithms"; for most days
//! Cassio Neri and Lorenz Schneider, "Euclidean affine functions and their application to calendar algorithms").

/// Milliseconds in a day without time-zone changes.
pub const DAY_MS: i64 = 86_400_000;

/// Year, month (1 to 12) and day of month (1 to 31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilDate {
    /// Astronomical year (0 is 1 BC).
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

/// Days from 0000-03-01 to 1970-01-01.
const MARCH_OF_YEAR_0: i64 = 719_468;

/// The date of a day number (0 is 1970-01-01).
#[must_use]
pub fn civil_from_days(days: i64) -> CivilDate {
    let since = days + MARCH_OF_YEAR_0;
    if (0..1 << 30).contains(&since) { near_date(since as u32) } else { any_date(days) }
}

/// The date so many days, less than 2^30, after 0000-03-01.
#[inline]
fn near_date(since: u32) -> CivilDate {
    let quarters = 4 * since + 3;
    let (century, day_of_century) = (quarters / 146_097, quarters % 146_097 / 4);
    // High and low half of a product: the year of the century, and the day of the year as a part of 2^32.
    let product = 2_939_745 * u64::from(4 * day_of_century + 3);
    let (year, day_of_year) = ((product >> 32) as u32, product as u32 / 2_939_745 / 4);
    let months = 2141 * day_of_year + 197_913;
    let (month, day) = (months >> 16, (months & 0xFFFF) / 2141 + 1);
    let (year, next) = (i64::from(100 * century + year), day_of_year >= 306);
    if next { CivilDate { year: year + 1, month: month - 12, day } } else { CivilDate { year, month, day } }
}

fn any_date(days: i64) -> CivilDate {
    let z = days + MARCH_OF_YEAR_0;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    let year = yoe + era * 400 + i64::from(month <= 2);
    CivilDate { year, month, day }
}

/// The day number of a date (0 is 1970-01-01). `month` and `day` are not checked.
#[must_use]
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - MARCH_OF_YEAR_0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_dates_are_those_of_the_whole_range() {
        let whole_eras = -MARCH_OF_YEAR_0 - 3..2 * 146_097;
        let far = (1 << 30) - MARCH_OF_YEAR_0 - 146_100..(1 << 30) - MARCH_OF_YEAR_0 + 3;
        for days in whole_eras.chain(far) {
            let date = civil_from_days(days);
            assert_eq!(date, any_date(days), "{days}");
            assert_eq!(days_from_civil(date.year, date.month, date.day), days);
        }
        assert_eq!(near_date(719_468), CivilDate { year: 1970, month: 1, day: 1 });
    }
}
