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
    let mut text = *b"0000-00-00T00:00:00.000";
    digits(&mut text[..4], date.year);
    digits(&mut text[5..7], i64::from(date.month));
    digits(&mut text[8..10], i64::from(date.day));
    digits(&mut text[11..13], ms / 3_600_000);
    digits(&mut text[14..16], ms / 60_000 % 60);
    digits(&mut text[17..19], ms / 1000 % 60);
    digits(&mut text[20..], ms % 1000);
    out.extend_from_slice(&text);
    if offset == 0 {
        out.push(b'Z');
        return;
    }
    let mut suffix = *b"+00:00";
    suffix[0] = if offset < 0 { b'-' } else { b'+' };
    digits(&mut suffix[1..3], offset.abs() / 60);
    digits(&mut suffix[4..], offset.abs() % 60);
    out.extend_from_slice(&suffix);
}

/// A number that is not negative, as wide as the place for it.
fn digits(place: &mut [u8], mut value: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
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
