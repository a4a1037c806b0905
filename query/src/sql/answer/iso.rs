//! How is an instant written fast? Digit by digit into the answer; rare years go the slow way.

use alluvium_segments::time::{DAY_MS, civil_from_days, format_iso_in, local_millis};
use chrono_tz::Tz;

/// The same text as `format_iso_in` makes.
pub(super) fn write_iso(t: i64, zone: Tz, out: &mut Vec<u8>) {
    let local = if zone == Tz::UTC { t } else { local_millis(t, zone) };
    let offset = (local - t) / 60_000;
    let shown = if offset == 0 { t } else { local };
    let date = civil_from_days(shown.div_euclid(DAY_MS));
    if !(0..10_000).contains(&date.year) {
        out.extend_from_slice(format_iso_in(t, zone).as_bytes());
        return;
    }
    let ms = shown.rem_euclid(DAY_MS);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let year = date.year as u32;
    two(&mut text, 0, year / 100);
    two(&mut text, 2, year % 100);
    two(&mut text, 5, date.month);
    two(&mut text, 8, date.day);
    if ms != 0 {
        let (ms, seconds) = ((ms % 1000) as u32, (ms / 1000) as u32);
        two(&mut text, 11, seconds / 3600);
        two(&mut text, 14, seconds / 60 % 60);
        two(&mut text, 17, seconds % 60);
        text[20] = b'0' + (ms / 100) as u8;
        two(&mut text, 21, ms % 100);
    }
    if offset == 0 {
        out.extend_from_slice(&text);
        return;
    }
    out.extend_from_slice(&text[..23]);
    let mut suffix = *b"+00:00";
    suffix[0] = if offset < 0 { b'-' } else { b'+' };
    two(&mut suffix, 1, (offset.abs() / 60) as u32);
    two(&mut suffix, 4, (offset.abs() % 60) as u32);
    out.extend_from_slice(&suffix);
}

/// The two digits of a number below 100, from place `at`.
#[inline]
fn two<const N: usize>(text: &mut [u8; N], at: usize, number: u32) {
    text[at] = b'0' + (number / 10 % 10) as u8;
    text[at + 1] = b'0' + (number % 10) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_slow_way() {
        let text = |t: i64, zone: Tz| {
            let mut out = Vec::new();
            write_iso(t, zone, &mut out);
            String::from_utf8(out).unwrap()
        };
        let zones =
            [Tz::UTC, Tz::America__Los_Angeles, Tz::Asia__Kolkata, Tz::Africa__Monrovia, Tz::Europe__Dublin];
        let spread = (-4000_i64..4000).map(|n| n * 86_399_999 * 97 + n * 1001);
        for t in
            spread.chain([0, -1, 999, i64::MIN / 2, i64::MAX / 2, 253_402_300_799_999, 253_402_300_800_000])
        {
            for zone in zones {
                assert_eq!(text(t, zone), format_iso_in(t, zone), "{t} {zone}");
            }
        }
    }
}
