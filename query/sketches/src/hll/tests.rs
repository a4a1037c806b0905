//! Do HLL sketches count right, merge in any order, and write and read the bytes of the C++ library?

use proptest::prelude::*;

use super::*;
use crate::fixtures::{self, abuse, hex};

const TARGETS: [HllTarget; 3] = [HllTarget::Hll4, HllTarget::Hll6, HllTarget::Hll8];

fn of(lg_k: u8, target: HllTarget, values: std::ops::Range<i64>) -> HllSketch {
    let mut sketch = HllSketch::new(lg_k, target).unwrap();
    values.for_each(|value| sketch.update_long(value));
    sketch
}

#[test]
fn counts_lie_within_their_bounds() {
    for target in TARGETS {
        for (lg_k, count) in [(4, 3), (4, 1000), (12, 1), (12, 100), (12, 5000), (12, 200_000), (14, 50_000)]
        {
            let sketch = of(lg_k, target, 0..count);
            let bounds = sketch.bounds(3).unwrap();
            assert!(
                bounds.lower <= count as f64 + 1e-6 && count as f64 <= bounds.upper,
                "{bounds:?} of {count}"
            );
            assert!(bounds.lower <= bounds.estimate && bounds.estimate <= bounds.upper);
            assert_eq!(sketch.bounds(3).unwrap().estimate.round() as i64, sketch.rounded());
        }
    }
    let none = of(12, HllTarget::Hll4, 0..0);
    assert!(none.is_empty() && none.estimate() == 0.0);
    assert!(HllSketch::new(3, HllTarget::Hll4).is_err() && HllSketch::new(22, HllTarget::Hll4).is_err());
    assert!(none.bounds(4).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn parts_are_worth_the_whole(
        cuts in prop::collection::vec(0i64..30_000, 1..5), target in 0usize..3, other in 0usize..3,
    ) {
        let parts: Vec<HllSketch> =
            cuts.iter().map(|cut| of(11, TARGETS[(target + *cut as usize) % 3], *cut..cut + 8000)).collect();
        let forth = HllSketch::union(11, TARGETS[other], &parts).unwrap();
        let back = HllSketch::union(11, TARGETS[other], parts.iter().rev()).unwrap();
        prop_assert!((forth.estimate() - back.estimate()).abs() <= 1e-9 * forth.estimate());
        let mut seen: Vec<i64> = cuts.iter().flat_map(|cut| *cut..cut + 8000).collect();
        seen.sort_unstable();
        seen.dedup();
        let bounds = forth.bounds(3).unwrap();
        let slack = 0.03 * seen.len() as f64;
        prop_assert!(bounds.lower - slack <= seen.len() as f64 && seen.len() as f64 <= bounds.upper + slack);
        let read = HllSketch::from_bytes(&forth.to_bytes()).unwrap();
        prop_assert_eq!((read.estimate(), read.target()), (forth.estimate(), forth.target()));
    }
}

#[test]
fn values_after_a_merge_count() {
    let mut sketch = of(12, HllTarget::Hll8, 0..10);
    sketch.merge(&of(12, HllTarget::Hll4, 5..20)).unwrap();
    sketch.update_long(100);
    assert_eq!(sketch.rounded(), 21);
    assert_eq!(sketch.target(), HllTarget::Hll8);
    let mut smaller = of(12, HllTarget::Hll4, 0..10_000);
    smaller.merge(&of(8, HllTarget::Hll4, 0..10_000)).unwrap();
    assert_eq!(smaller.lg_k(), 8);
}

#[test]
fn texts_are_hashed_by_their_encoding() {
    let mut sketch = HllSketch::new(12, HllTarget::Hll4).unwrap();
    sketch.update_text("", TextEncoding::Utf16Le);
    assert!(sketch.is_empty());
    sketch.update_text("caf\u{e9}", TextEncoding::Utf16Le);
    sketch.update_text("caf\u{e9}", TextEncoding::Utf16Le);
    assert_eq!(sketch.rounded(), 1);
    sketch.update_text("caf\u{e9}", TextEncoding::Utf8);
    assert_eq!(sketch.rounded(), 2);
    sketch.update_double(0.0);
    sketch.update_double(-0.0);
    assert_eq!(sketch.rounded(), 3);
}

#[test]
fn bytes_are_those_of_the_reference() {
    for (lg_k, target, count, estimate, bytes) in fixtures::HLL {
        let target = HllTarget::from_name(target).unwrap();
        let mut sketch = HllSketch::new(*lg_k, target).unwrap();
        for value in 0..*count {
            sketch.update_long(value);
            sketch.update_double(value as f64 + 0.5);
            sketch.update_text(&format!("text {value}"), TextEncoding::Utf8);
        }
        let read = HllSketch::from_bytes(&hex(bytes)).unwrap();
        for known in [&read, &sketch] {
            assert!(
                (known.estimate() - estimate).abs() <= 1e-12 * estimate,
                "{} {estimate}",
                known.estimate()
            );
        }
        assert_eq!(HllSketch::from_bytes(&sketch.to_bytes()).unwrap().estimate(), sketch.estimate());
        // Sets are written in the order of their tables, which is not the same in both.
        let in_order = |mut bytes: Vec<u8>| {
            if bytes[7] & 3 == 1 {
                bytes[12..].as_chunks_mut::<4>().0.sort_unstable();
            }
            fixtures::to_hex(&bytes)
        };
        let wanted = in_order(hex(bytes));
        assert_eq!(in_order(sketch.to_bytes()), wanted, "{lg_k} {target:?} {count}");
        assert_eq!(in_order(read.to_bytes()), wanted);
    }
}

#[test]
fn updatable_bytes_are_read() {
    for (estimate, bytes) in fixtures::HLL_UPDATABLE {
        let read = HllSketch::from_bytes(&hex(bytes)).unwrap();
        assert!((read.estimate() - estimate).abs() <= 1e-12 * estimate);
        abuse(&hex(bytes), HllSketch::from_bytes, |sketch| drop(sketch.to_bytes()));
    }
}

#[test]
fn damaged_bytes_are_told() {
    for (_, _, _, _, bytes) in fixtures::HLL {
        abuse(&hex(bytes), HllSketch::from_bytes, |mut sketch| {
            sketch.update_long(7);
            let twin = sketch.clone();
            let _ = (sketch.merge(&twin), sketch.bounds(2), sketch.to_bytes(), sketch.to_text());
        });
    }
}

#[test]
fn text_is_javas() {
    let text = of(12, HllTarget::Hll4, 0..2).to_text();
    let start = "### HLL SKETCH SUMMARY: \n  Log Config K   : 12\n  Hll Target     : HLL_4\n  Current Mode   : LIST\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.ends_with("  Coupon Count   : 2\n"), "{text}");
    assert!(of(4, HllTarget::Hll8, 0..2000).to_text().contains("  CurMin         : "));
}
