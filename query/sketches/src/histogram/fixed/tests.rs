//! Does the histogram of fixed buckets count, merge and answer as Druid's?

use proptest::prelude::*;

use super::*;
use crate::fixtures::{abuse, to_hex};

fn of(limits: (f64, f64), buckets: usize, mode: OutlierMode, values: &[f64]) -> FixedBuckets {
    let mut histogram = FixedBuckets::new(limits.0, limits.1, buckets, mode).unwrap();
    values.iter().for_each(|value| histogram.update(*value));
    histogram
}

const VALUES: [f64; 8] = [-5.0, 0.0, 1.5, 3.0, 9.99, 10.0, 25.0, f64::NAN];

#[test]
fn outliers_go_where_the_mode_says() {
    let [ignore, overflow, clip] = OutlierMode::ALL.map(|mode| of((0.0, 10.0), 5, mode, &VALUES));
    assert_eq!((ignore.buckets(), ignore.outliers()), ([2, 1, 0, 0, 1].as_slice(), (0, 0)));
    assert_eq!((overflow.count(), overflow.outliers(), overflow.missing()), (4, (1, 2), 1));
    assert_eq!((clip.buckets(), clip.count()), ([3, 1, 0, 0, 3].as_slice(), 7));
    assert_eq!((clip.min(), clip.max(), overflow.max()), (0.0, 10.0, 9.99));
    assert!(FixedBuckets::new(1.0, 1.0, 5, OutlierMode::Clip).is_err());
    assert!(FixedBuckets::new(0.0, 1.0, 0, OutlierMode::Clip).is_err());
    assert_eq!(OutlierMode::from_name("OVERFLOW"), Some(OutlierMode::Overflow));
}

#[test]
fn percentiles_are_druids() {
    let values = [10.0, 20.0, 30.0, 40.0, 50.0, 10.0, 20.0, 30.0, 40.0, 50.0];
    let histogram = of((0.0, 200.0), 200, OutlierMode::Overflow, &values);
    assert!((histogram.quantile(0.99).unwrap() - 50.95).abs() < 1e-4);
    // The example of Druid's documentation: 1, 2 and 4 values in buckets of width 2.
    let mut example = FixedBuckets::new(0.0, 10.0, 5, OutlierMode::Ignore).unwrap();
    [2.0, 4.0, 4.0, 6.0, 6.0, 6.0, 6.0].iter().for_each(|value| example.update(*value));
    assert_eq!(example.percentiles(&[75.0]), [7.125]);
    assert_eq!(of((0.0, 1.0), 4, OutlierMode::Ignore, &[]).percentiles(&[50.0]), [0.0]);
    assert!(example.quantile(1.5).is_err());
}

#[test]
fn other_buckets_are_spread() {
    let mut mine = FixedBuckets::new(0.0, 6.0, 6, OutlierMode::Overflow).unwrap();
    let theirs = of((0.0, 12.0), 4, OutlierMode::Overflow, &[0.0, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0]);
    mine.merge(&theirs);
    assert_eq!((mine.buckets(), mine.count()), ([1; 6].as_slice(), 6));
    for mode in [OutlierMode::Overflow, OutlierMode::Clip] {
        let far = of((100.0, 200.0), 3, mode, &[150.0, 160.0]);
        let mut above = FixedBuckets::new(0.0, 6.0, 6, mode).unwrap();
        above.merge(&far);
        let counted =
            if mode == OutlierMode::Clip { (above.buckets()[5], 0) } else { (2, above.outliers().0) };
        assert_eq!(counted, (2, 0));
        let mut below = FixedBuckets::new(300.0, 400.0, 6, mode).unwrap();
        below.merge(&far);
        assert_eq!(below.outliers().0 + below.buckets()[0], 2);
    }
    let mut part = FixedBuckets::new(4.0, 8.0, 4, OutlierMode::Overflow).unwrap();
    part.merge(&of((0.0, 12.0), 12, OutlierMode::Overflow, &(0..12).map(f64::from).collect::<Vec<f64>>()));
    assert_eq!((part.buckets(), part.outliers()), ([1; 4].as_slice(), (4, 4)));
}

/// Two histograms, and what becomes of the first in each mode when it takes in the second.
struct Case {
    mine: Given,
    theirs: Given,
    expected: [Expected; 3],
}
/// Limits, the number of buckets, and values.
type Given = (f64, f64, usize, &'static [f64]);
/// Buckets, the least and the most, and outliers on either side.
type Expected = (&'static [u64], (f64, f64), (u64, u64));

/// From Druid's own tests.
const CASES: [Case; 5] = [
    Case {
        mine: (10.0, 30.0, 4, &[11.0, 15.0, 21.0, 29.0]),
        theirs: (0.0, 50.0, 10, &[2.0, 18.0, 34.0, 48.0, 99.0, -100.0]),
        expected: [
            (&[1, 2, 1, 1], (11.0, 29.0), (0, 0)),
            (&[1, 2, 1, 1], (11.0, 29.0), (2, 3)),
            (&[3, 2, 1, 4], (10.0, 30.0), (0, 0)),
        ],
    },
    Case {
        mine: (0.0, 20.0, 5, &[1.0, 2.0, 7.0, 12.0, 18.0]),
        theirs: (0.0, 20.0, 7, &[3.0, 8.0, 9.0, 19.0, 99.0, -50.0]),
        expected: [
            (&[2, 3, 1, 1, 2], (1.0, 18.0), (0, 0)),
            (&[2, 3, 1, 1, 2], (1.0, 18.0), (1, 1)),
            (&[3, 3, 1, 1, 3], (0.0, 20.0), (0, 0)),
        ],
    },
    Case {
        mine: (0.0, 20.0, 5, &[1.0, 2.0, 7.0, 12.0, 19.0]),
        theirs: (12.0, 32.0, 7, &[13.0, 18.0, 25.0, 29.0, -10.0]),
        expected: [
            (&[2, 1, 0, 2, 2], (1.0, 19.0), (0, 0)),
            (&[2, 1, 0, 2, 2], (1.0, 19.0), (1, 2)),
            (&[3, 1, 0, 2, 4], (0.0, 20.0), (0, 0)),
        ],
    },
    Case {
        mine: (12.0, 32.0, 5, &[13.0, 18.0, 25.0, 29.0]),
        theirs: (0.0, 20.0, 9, &[1.0, 2.0, 7.0, 12.0, 19.0, -99.0, 100.0]),
        expected: [
            (&[2, 2, 0, 1, 1], (13.0, 29.0), (0, 0)),
            (&[2, 2, 0, 1, 1], (13.0, 29.0), (4, 1)),
            (&[6, 2, 0, 1, 2], (12.0, 32.0), (0, 0)),
        ],
    },
    Case {
        mine: (0.0, 50.0, 10, &[2.0, 18.0, 34.0, 48.0]),
        theirs: (10.0, 30.0, 7, &[11.0, 15.0, 21.0, 21.0, 29.0, -99.0, 100.0]),
        expected: [
            (&[1, 0, 2, 2, 1, 1, 1, 0, 0, 1], (2.0, 48.0), (0, 0)),
            (&[1, 0, 2, 2, 1, 1, 1, 0, 0, 1], (2.0, 48.0), (1, 1)),
            (&[2, 0, 2, 2, 1, 1, 1, 0, 0, 2], (0.0, 50.0), (0, 0)),
        ],
    },
];

#[test]
fn merges_are_druids() {
    for Case { mine, theirs, expected } in CASES {
        for (mode, (buckets, bounds, outliers)) in OutlierMode::ALL.into_iter().zip(expected) {
            let mut merged = of((mine.0, mine.1), mine.2, mode, mine.3);
            merged.merge(&of((theirs.0, theirs.1), theirs.2, OutlierMode::Overflow, theirs.3));
            assert_eq!((merged.buckets(), merged.outliers()), (buckets, outliers), "{mode:?} {mine:?}");
            assert_eq!((merged.min(), merged.max()), bounds, "{mode:?} {mine:?}");
        }
    }
}

#[test]
fn bytes_and_text_are_druids() {
    let sparse = of((0.0, 10.0), 4, OutlierMode::Overflow, &[1.0, 11.0]);
    let head = "0102000000000000000040240000000000000000000401";
    let counts = "0000000000000001000000000000000000000000000000010000000000000000";
    let tail = "3ff00000000000003ff000000000000000000001000000000000000000000001";
    assert_eq!(to_hex(&sparse.to_bytes()), format!("{head}{counts}{tail}"));
    let text = "{lowerLimit=0.0, upperLimit=10.0, numBuckets=4, upperOutlierCount=1, lowerOutlierCount=0, \
        missingValueCount=0, histogram=[1, 0, 0, 0], outlierHandlingMode=overflow, count=1, max=1.0, min=1.0}";
    assert_eq!(sparse.to_text(), text);
    let full = of((0.0, 10.0), 4, OutlierMode::Clip, &[1.0, 4.0, 6.0, 11.0]);
    assert_eq!(full.to_bytes()[1], 1);
    for histogram in [sparse, full] {
        let bytes = histogram.to_bytes();
        assert_eq!(FixedBuckets::from_bytes(&bytes), Ok(histogram.clone()));
        abuse(&bytes, FixedBuckets::from_bytes, |mut read| {
            read.merge(&histogram);
            let _ = (read.to_bytes(), read.to_text(), read.percentiles(&[50.0]));
        });
    }
}

proptest! {
    #[test]
    fn parts_are_worth_the_whole(
        values in prop::collection::vec(-20.0f64..120.0, 0..200), cut in 0usize..200, mode in 0usize..3,
    ) {
        let mode = OutlierMode::ALL[mode];
        let (first, second) = values.split_at(cut.min(values.len()));
        let whole = of((0.0, 100.0), 7, mode, &values);
        for (a, b) in [(first, second), (second, first)] {
            let mut merged = of((0.0, 100.0), 7, mode, a);
            merged.merge(&of((0.0, 100.0), 7, mode, b));
            prop_assert_eq!(&merged, &whole);
        }
        let mut others = of((10.0, 90.0), 5, mode, &[]);
        others.merge(&whole);
        let counted = others.count() + others.outliers().0 + others.outliers().1;
        let all = whole.count() + whole.outliers().0 + whole.outliers().1;
        prop_assert!(mode == OutlierMode::Ignore || counted.abs_diff(all) <= 8, "{counted} of {all}");
    }
}
