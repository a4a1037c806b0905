//! Do theta sketches count sets right, and write and read the bytes of the C++ library?

use proptest::prelude::*;

use super::*;
use crate::fixtures::{self, abuse, hex, to_hex};

fn of(size: usize, values: std::ops::Range<i64>) -> Theta {
    let mut sketch = Theta::new(size).unwrap();
    values.for_each(|value| sketch.update_long(value));
    sketch
}

#[test]
fn bytes_are_those_of_the_reference() {
    for (lg_k, count, estimate, lower, upper, bytes) in fixtures::THETA {
        let mut sketch = Theta::new(1 << lg_k).unwrap();
        for value in 0..*count {
            sketch.update_long(value);
            sketch.update_double(value as f64 + 0.5);
            sketch.update_text(&format!("text {value}"));
        }
        for known in [&sketch, &Theta::from_bytes(&hex(bytes)).unwrap()] {
            assert!(
                (known.estimate() - estimate).abs() <= 1e-12 * estimate,
                "{} {estimate}",
                known.estimate()
            );
            let bounds = known.bounds(2).unwrap();
            assert!(
                (bounds.lower - lower).abs() <= 1e-9 * lower && (bounds.upper - upper).abs() <= 1e-9 * upper
            );
            // Java writes no seed for a sketch of nothing, and a sampling probability of 1 elsewhere.
            let mut written = known.to_bytes();
            if known.is_empty() {
                written[6..].copy_from_slice(&crate::sample::seed_hash().to_le_bytes());
            } else {
                written[12..16].fill(0);
            }
            assert_eq!(to_hex(&written), *bytes);
        }
    }
}

#[test]
fn compressed_bytes_and_tables_are_read() {
    for (estimate, bytes) in fixtures::THETA_COMPRESSED {
        let read = Theta::from_bytes(&hex(bytes)).unwrap();
        assert!((read.estimate() - estimate).abs() <= 1e-12 * estimate);
    }
    let sketch = of(32, 0..5);
    let hashes: Vec<u64> = sketch.sample.sorted().into_iter().map(|(hash, _)| hash).collect();
    let mut table = vec![3, 3, 2, 5, 3, 0];
    table.extend(crate::sample::seed_hash().to_le_bytes());
    table.extend([5, 0, 0, 0, 0, 0, 0x80, 0x3f]);
    table.extend(crate::sample::ALL.to_le_bytes());
    let places = hashes.into_iter().chain([0; 3]);
    places.for_each(|hash| table.extend(hash.to_le_bytes()));
    assert_eq!(Theta::from_bytes(&table).unwrap().to_bytes(), sketch.to_bytes());
    abuse(&table, Theta::from_bytes, |sketch| drop(sketch.to_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn sets_are_counted(
        a in 0i64..20_000, b in 0i64..20_000, first in 0i64..40_000, second in 0i64..40_000,
    ) {
        let (left, right) = (of(1024, a..a + first), of(1024, b..b + second));
        let both = ((a + first).min(b + second) - a.max(b)).max(0) as f64;
        let [mut forth, mut back] = [left.clone(), right.clone()];
        forth.merge(&right);
        back.merge(&left);
        prop_assert_eq!(forth.to_bytes(), back.to_bytes());
        let truths = [
            (forth, (first + second) as f64 - both),
            (Theta::intersection(&[&left, &right]), both),
            (Theta::difference(&[&left, &right]), first as f64 - both),
        ];
        for (sketch, truth) in truths {
            let bounds = sketch.bounds(3).unwrap();
            let slack = 0.02 * truth + 1e-6;
            prop_assert!(bounds.lower - slack <= truth && truth <= bounds.upper + slack, "{bounds:?} of {truth}");
            let read = Theta::from_bytes(&sketch.to_bytes()).unwrap();
            prop_assert_eq!(read.to_bytes(), sketch.to_bytes());
        }
    }
}

#[test]
fn nothing_is_nothing() {
    let none = Theta::default();
    assert_eq!(none.to_bytes(), [1, 3, 3, 0, 0, 0x1e, 0, 0]);
    assert!(none.is_empty() && none.estimate() == 0.0);
    assert!(Theta::intersection(&[&none, &of(1024, 0..10)]).is_empty());
    assert_eq!(Theta::difference(&[&of(1024, 0..10), &none]).estimate(), 10.0);
    assert!(Theta::new(1000).is_err() && Theta::new(0).is_err());
    let mut blank = Theta::default();
    blank.update_text("");
    assert!(blank.is_empty());
}

#[test]
fn damaged_bytes_are_told() {
    for (_, _, _, _, _, bytes) in fixtures::THETA {
        abuse(&hex(bytes), Theta::from_bytes, |mut sketch| {
            sketch.merge(&sketch.clone());
            let _ = (sketch.bounds(2), sketch.to_bytes(), sketch.to_text());
        });
    }
    for (_, bytes) in fixtures::THETA_COMPRESSED {
        abuse(&hex(bytes), Theta::from_bytes, |sketch| drop(sketch.to_bytes()));
    }
}

#[test]
fn text_is_javas() {
    let text = of(1024, 0..3).to_text();
    assert!(
        text.starts_with("\n### DirectCompactSketch SUMMARY: \n   Estimate                : 3.0\n"),
        "{text}"
    );
    assert!(text.contains("   Theta (long) hex        : 7fffffffffffffff\n"));
    assert!(text.ends_with("   Seed Hash               : 93cc | 37836\n### END SKETCH SUMMARY\n"));
}
