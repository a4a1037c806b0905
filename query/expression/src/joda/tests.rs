//! Patterns against instants worked out by hand.

use alluvium_segments::time::parse_iso;

use super::*;

fn both_ways(pattern: &str, text: &str, iso: &str) {
    let format = JodaFormat::new(pattern).unwrap();
    let t = parse_iso(iso).unwrap();
    assert_eq!(format.format(t, Tz::UTC), text, "{pattern}");
    assert_eq!(format.parse(text, Tz::UTC), Ok(t), "{pattern}");
}

#[test]
fn writes_and_reads() {
    for (pattern, text, iso) in [
        ("yyyy-MM-dd HH:mm:ss.SSS", "2015-09-12 13:04:05.678", "2015-09-12T13:04:05.678"),
        ("yyyyMMddHHmmss", "20150912130405", "2015-09-12T13:04:05"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2015-09-12T13:04:05Z", "2015-09-12T13:04:05"),
        ("dd/MMM/yyyy:HH:mm:ss Z", "12/Sep/2015:13:04:05 +0000", "2015-09-12T13:04:05"),
        ("EEE, dd MMMM yyyy hh:mm a", "Sat, 12 September 2015 01:04 PM", "2015-09-12T13:04"),
        ("M/d/yy H:m", "9/2/15 3:4", "2015-09-02T03:04"),
        ("yyyy-DDD", "2015-255", "2015-09-12"),
        ("xxxx-'W'ww-e", "2015-W37-6", "2015-09-12"),
        ("yyyy.MM.dd G ZZ", "2015.09.12 AD +00:00", "2015-09-12"),
        ("yyyy-MM-dd ZZZ", "2015-09-12 UTC", "2015-09-12"),
        ("yyyy-MM-dd z", "2015-09-12 UTC", "2015-09-12"),
        ("h 'o''clock' a yyyy-MM-dd", "12 o'clock AM 2015-09-12", "2015-09-12"),
        ("yyyy-MM-dd kk", "2015-09-12 24", "2015-09-12"),
        ("yyyy-MM-dd'T", "2015-09-12T", "2015-09-12"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2015-09-12 00:00:00.120000", "2015-09-12T00:00:00.120"),
    ] {
        both_ways(pattern, text, iso);
    }
}

#[test]
fn reads_what_it_would_not_write() {
    for (pattern, text, iso) in [
        ("yyyy-MM-dd", "2015-9-2", "2015-09-02"),
        ("dd MMM yyyy", "12 september 2015", "2015-09-12"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2015-09-12 00:00:00.1", "2015-09-12T00:00:00.1"),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2015-09-12T02:00:00+02:00", "2015-09-12"),
        ("yyyy-MM-dd'T'HH:mm:ssZZ", "2015-09-12T02:00:00+0200", "2015-09-12"),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2015-09-12T00:00:00Z", "2015-09-12"),
        ("yyyy-MM-dd HH:mm z", "2015-09-11 17:00 PDT", "2015-09-12"),
        ("yyyy-MM-dd HH:mm ZZZ", "2015-09-11 17:00 America/Los_Angeles", "2015-09-12"),
        ("MM-dd", "09-12", "2000-09-12"),
        ("HH:mm", "13:04", "1970-01-01T13:04"),
        ("yy", "2015", "2015"),
    ] {
        let format = JodaFormat::new(pattern).unwrap();
        assert_eq!(format.parse(text, Tz::UTC), Ok(parse_iso(iso).unwrap()), "{pattern} {text}");
    }
    let la: Tz = "America/Los_Angeles".parse().unwrap();
    let format = JodaFormat::new("yyyy-MM-dd HH:mm").unwrap();
    assert_eq!(format.parse("2015-09-11 17:00", la), Ok(parse_iso("2015-09-12").unwrap()));
    let shown = JodaFormat::new("yyyy-MM-dd HH:mm Z z").unwrap();
    assert_eq!(shown.format(parse_iso("2015-09-12").unwrap(), la), "2015-09-11 17:00 -0700 PDT");
}

#[test]
fn refuses() {
    for (pattern, text) in [
        ("yyyy-MM-dd", "2015-13-01"),
        ("yyyy-MM-dd", "2015-02-29"),
        ("yyyy-MM-dd", "2015-02-01x"),
        ("yyyy-MM-dd HH", "2015-02-01 24"),
        ("hh a", "13 PM"),
        ("yyyy", ""),
        ("yyyyMMdd", "201502"),
    ] {
        assert!(JodaFormat::new(pattern).unwrap().parse(text, Tz::UTC).is_err(), "{pattern} {text}");
    }
    let error = JodaFormat::new("yyyy QQ").unwrap_err().to_string();
    assert!(error.contains("`QQ`"), "{error}");
}
