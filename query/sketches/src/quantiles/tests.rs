//! Are ranks within the published error, and bytes those of the C++ library?

use crate::quantiles::Ranked;
use proptest::prelude::*;

use super::*;
use crate::fixtures::{self, abuse, hex, to_hex};

fn of(k: usize, values: impl IntoIterator<Item = f64>) -> QuantilesDoubles {
    let mut sketch = QuantilesDoubles::new(k).unwrap();
    values.into_iter().for_each(|value| sketch.update(value));
    sketch
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn ranks_are_close(
        seeds in prop::collection::vec(any::<u32>(), 1..20_000), parts in 1usize..5, lg_k in 5u32..9, smaller in 0u32..2,
    ) {
        let values: Vec<f64> = seeds.iter().map(|seed| f64::from(*seed)).collect();
        let mut sketch = QuantilesDoubles::new(1 << lg_k).unwrap();
        for part in values.chunks(values.len().div_ceil(parts)) {
            let part = of(1 << (lg_k - smaller), part.iter().copied());
            prop_assert_eq!(QuantilesDoubles::from_bytes(&part.to_bytes()).unwrap().to_bytes(), part.to_bytes());
            sketch.merge(&part);
        }
        prop_assert_eq!(sketch.count(), values.len() as u64);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        prop_assert_eq!((sketch.min(), sketch.max()), (sorted[0], sorted[sorted.len() - 1]));
        // Three times the error that 99 % of sketches keep.
        let allowed = 3.0 * sketch.rank_error(false) + 1.0 / sorted.len() as f64;
        for step in 0..=20 {
            let value = sketch.quantile(f64::from(step) / 20.0).unwrap();
            let rank = |rank: usize| rank as f64 / sorted.len() as f64;
            let low = rank(sorted.partition_point(|v| *v < value));
            let high = rank(sorted.partition_point(|v| *v <= value));
            let wanted = f64::from(step) / 20.0;
            prop_assert!(low - allowed <= wanted && wanted <= high + allowed, "{wanted}: {low} {high}");
            prop_assert!((sketch.rank(value) - high).abs() <= allowed);
        }
    }
}

#[test]
fn few_values_are_exact() {
    let sketch = of(128, (1..=100).map(f64::from));
    assert_eq!(sketch.quantiles(&[0.0, 0.5, 0.99, 1.0]), Ok(vec![1.0, 50.0, 99.0, 100.0]));
    assert_eq!(sketch.rank(50.0), 0.5);
    assert_eq!(sketch.cdf(&[25.0, 75.0]), Ok(vec![0.25, 0.75, 1.0]));
    assert_eq!(sketch.histogram(&[25.0, 75.0]), Ok(vec![25.0, 50.0, 25.0]));
    assert_eq!(sketch.bins(3).unwrap().iter().sum::<f64>(), 100.0);
    assert_eq!(of(8, [5.0; 3]).bins(2), Ok(vec![3.0, 0.0]));
    let none = QuantilesDoubles::default();
    assert!(none.quantile(0.5).unwrap().is_nan() && none.min().is_nan() && none.rank(1.0).is_nan());
    assert!(QuantilesDoubles::new(100).is_err() && QuantilesDoubles::new(1).is_err());
}

#[test]
fn the_same_values_give_the_same_sketch() {
    let values = || (0..10_000).map(|v| f64::from(v * 7919 % 10_007));
    assert_eq!(of(32, values()), of(32, values()));
    let mut seeded = QuantilesDoubles::new(32).unwrap().with_seed(1);
    values().for_each(|value| seeded.update(value));
    assert_ne!(seeded.to_bytes(), of(32, values()).to_bytes());
}

#[test]
fn merging_keeps_the_smaller_k() {
    let many = |k| of(k, (0..5000).map(f64::from));
    for (mine, theirs) in [(64, 16), (16, 64)] {
        let mut sketch = many(mine);
        sketch.merge(&many(theirs));
        assert_eq!((sketch.k(), sketch.count()), (16, 10_000));
        assert!((sketch.quantile(0.5).unwrap() - 2500.0).abs() < 500.0);
    }
    let mut none = QuantilesDoubles::new(64).unwrap();
    none.merge(&many(16));
    assert_eq!((none.k(), none.count()), (16, 5000));
    let mut exact = many(64);
    exact.merge(&of(16, [1.0, 2.0]));
    assert_eq!((exact.k(), exact.count()), (64, 5002));
}

#[test]
fn bytes_are_those_of_the_reference() {
    for (k, count, fractions, bytes) in fixtures::QUANTILES {
        let bytes = hex(bytes);
        let read = QuantilesDoubles::from_bytes(&bytes).unwrap();
        assert_eq!((read.k(), read.count()), (*k, *count));
        // The C++ library has lost the least and the most of many values; Java has not.
        let exact = *count < 2 * *k as u64;
        for (fraction, value) in fractions.iter().filter(|(fraction, _)| exact || fraction % 1.0 > 0.0) {
            assert_eq!(read.quantile(*fraction), Ok(*value), "{k} {count} {fraction}");
        }
        // The flags apart: what of order and compactness is said differs between the libraries.
        let mut written = read.to_bytes();
        written[3] = bytes[3];
        assert_eq!(to_hex(&written), to_hex(&bytes));
        if exact {
            let mut built = of(*k, (0..*count).map(|value| (value * 7 % 31) as f64)).to_bytes();
            built[3] = bytes[3];
            assert_eq!(to_hex(&built), to_hex(&bytes));
        }
        abuse(&bytes, QuantilesDoubles::from_bytes, |mut sketch| {
            let twin = sketch.clone();
            sketch.merge(&twin);
            sketch.update(1.0);
            let _ = (sketch.quantile(0.5), sketch.bins(4), sketch.to_bytes(), sketch.to_text());
        });
    }
}

#[test]
fn older_forms_are_read() {
    let sketch = of(4, (0..21).map(f64::from));
    let compact = sketch.to_bytes();
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    // Updatable: the buffer with its free places, and both levels.
    let mut updatable = compact[..32].to_vec();
    updatable[3] = 0;
    updatable.extend(&compact[32..32 + 8 * 5]);
    updatable.extend(words(&[0; 3]));
    updatable.extend(words(&[0; 4]));
    updatable.extend(&compact[32 + 8 * 5..]);
    assert_eq!(QuantilesDoubles::from_bytes(&updatable).unwrap().to_bytes(), compact);
    let mut oldest = updatable.clone();
    oldest[..4].copy_from_slice(&[5, 1, 8, 0]);
    oldest.splice(32..32, words(&[12]));
    assert_eq!(QuantilesDoubles::from_bytes(&oldest).unwrap().to_bytes(), compact);
}

#[test]
fn text_is_javas() {
    let text = of(8, (0..100).map(f64::from)).to_text();
    assert!(text.starts_with("\n### Quantiles DirectCompactDoublesSketch SUMMARY: \n"));
    for line in [
        "   Empty                        : false\n",
        "   N                            : 100\n",
        "   Levels (Needed, Total, Valid): 3, 3, 2\n",
        "   Level Bit Pattern            : 110\n",
        "   BaseBufferCount              : 4\n",
        "   Retained Items               : 20\n",
        "   Max Item                     : 9.900000e+01\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}
