//! Do sketches of keys with doubles sum right, and write the bytes of the Java library?

use crate::quantiles::Ranked;
use proptest::prelude::*;

use super::*;
use crate::fixtures::abuse;

fn of(entries: usize, keys: std::ops::Range<i64>) -> ArrayOfDoubles {
    let mut sketch = ArrayOfDoubles::new(entries, 2).unwrap();
    keys.for_each(|key| sketch.update_long(key, &[1.0, key as f64]));
    sketch
}

#[test]
fn few_keys_are_exact() {
    let mut sketch = of(1024, 0..40);
    sketch.update_long(0, &[2.0, 0.0]);
    assert_eq!((sketch.estimate(), sketch.entries()), (40.0, 40));
    assert_eq!(sketch.sums(), [42.0, 780.0]);
    let means = sketch.means();
    assert!((means[0] - 42.0 / 40.0).abs() < 1e-12 && (means[1] - 19.5).abs() < 1e-12);
    assert!((sketch.variances()[1] - 136.666_666_666_666_66).abs() < 1e-12);
    let quantiles = sketch.quantiles(2, 128).unwrap();
    assert_eq!((quantiles.count(), quantiles.min(), quantiles.max()), (40, 0.0, 39.0));
    assert!(sketch.quantiles(0, 128).is_err() && sketch.quantiles(3, 128).is_err());
    let expected = "### DirectArrayOfDoublesCompactSketch SUMMARY: \n   Estimate                : 40.0\n   \
        Upper Bound, 95% conf   : 40.0\n   Lower Bound, 95% conf   : 40.0\n   Theta (double)          : 1.0\n   \
        Theta (long)            : 9223372036854775807\n   EstMode?                : false\n   \
        Empty?                  : false\n   Retained Entries        : 40\n   \
        Seed Hash               : 93cc | 37836\n### END SKETCH SUMMARY\n";
    assert_eq!(sketch.to_text(), expected);
}

#[test]
fn bytes_are_javas() {
    let mut sketch = ArrayOfDoubles::new(16, 1).unwrap();
    assert_eq!(sketch.to_bytes()[..8], [1, 1, 9, 3, 4, 1, 0xcc, 0x93]);
    assert_eq!(sketch.to_bytes().len(), 16);
    sketch.update_text("a", &[2.5]);
    let bytes = sketch.to_bytes();
    assert_eq!(bytes[..8], [1, 1, 9, 3, 8, 1, 0xcc, 0x93]);
    assert_eq!(bytes[8..24], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[32..], 2.5f64.to_le_bytes());
    let mut table = vec![1, 1, 9, 2, 8, 1, 0xcc, 0x93];
    table.extend(&bytes[8..16]);
    table.extend([4, 1, 3, 0, 0, 0, 0x80, 0x3f, 1, 0, 0, 0, 0, 0, 0, 0]);
    table.extend([&[0; 8], &bytes[24..32], &[0; 8], &bytes[32..40]].concat());
    assert_eq!(ArrayOfDoubles::from_bytes(&table).unwrap().to_bytes(), bytes);
    for good in [bytes, table, of(16, 0..500).to_bytes()] {
        abuse(&good, ArrayOfDoubles::from_bytes, |mut sketch| {
            let twin = sketch.clone();
            let _ = (
                sketch.merge(&twin),
                sketch.to_bytes(),
                sketch.bounds(2),
                sketch.sums(),
                sketch.t_test(&twin),
            );
        });
    }
}

#[test]
fn means_that_differ_are_found() {
    let (same, other) = (of(4096, 0..1000), of(4096, 500..1500));
    let values = same.t_test(&other).unwrap();
    assert!(values[0].is_nan() && values[1] < 1e-100);
    assert_eq!(same.t_test(&same).unwrap()[1], 1.0);
    assert!(same.t_test(&of(16, 0..1)).is_err());
    assert!(same.t_test(&ArrayOfDoubles::new(16, 1).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn sets_are_counted_and_summed(a in 0i64..20_000, first in 1i64..30_000, second in 1i64..30_000) {
        let (left, right) = (of(2048, 0..first), of(2048, a..a + second));
        let both = (first.min(a + second) - a).max(0) as f64;
        let [mut forth, mut back] = [left.clone(), right.clone()];
        forth.merge(&right).unwrap();
        back.merge(&left).unwrap();
        prop_assert_eq!(forth.to_bytes(), back.to_bytes());
        let intersection = ArrayOfDoubles::intersection(&[&left, &right]).unwrap();
        let difference = ArrayOfDoubles::difference(&[&left, &right]).unwrap();
        let (count, rest) = ((first + second) as f64, first as f64 - both);
        // The first value of each key is 1, and 2 of keys that both have.
        let truths =
            [(forth, count - both, count), (intersection, both, 2.0 * both), (difference, rest, rest)];
        for (sketch, truth, sum) in truths {
            let bounds = sketch.bounds(3).unwrap();
            let slack = 0.02 * truth + 1e-6;
            prop_assert!(bounds.lower - slack <= truth && truth <= bounds.upper + slack, "{bounds:?} of {truth}");
            let allowed = 4.0 * (bounds.upper - bounds.lower) + 0.1 * sum + 1e-6;
            prop_assert!((sketch.sums()[0] - sum).abs() <= allowed, "{:?} of {sum}", sketch.sums());
            let read = ArrayOfDoubles::from_bytes(&sketch.to_bytes()).unwrap();
            prop_assert_eq!(read.to_bytes(), sketch.to_bytes());
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(ArrayOfDoubles::new(16, 0).is_err() && ArrayOfDoubles::new(16, 128).is_err());
    let one = ArrayOfDoubles::new(16, 1).unwrap();
    assert!(of(16, 0..3).merge(&one).is_err());
    assert!(ArrayOfDoubles::intersection(&[]).is_err());
    assert!(one.means()[0].is_nan() && one.is_empty());
}
