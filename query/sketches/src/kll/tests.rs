//! Are ranks within the published error, and bytes those of the C++ library?

use crate::quantiles::Ranked;
use proptest::prelude::*;

use super::*;
use crate::fixtures::{self, abuse, hex, to_hex};

fn of<N: Number>(k: u16, values: impl IntoIterator<Item = N>) -> Kll<N> {
    let mut sketch = Kll::new(k).unwrap();
    values.into_iter().for_each(|value| sketch.update(value));
    sketch
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn ranks_are_close(
        seeds in prop::collection::vec(any::<u16>(), 1..20_000), parts in 1usize..5, k in 50u16..300,
    ) {
        let values: Vec<f32> = seeds.iter().map(|seed| f32::from(*seed)).collect();
        let mut sketch = KllFloats::new(k).unwrap();
        for part in values.chunks(values.len().div_ceil(parts)) {
            let part = of(k, part.iter().copied());
            prop_assert_eq!(&KllFloats::from_bytes(&part.to_bytes()).unwrap(), &part);
            sketch.merge(&part).unwrap();
        }
        prop_assert_eq!(sketch.count(), values.len() as u64);
        let kept: u64 = sketch.kept().levels.iter().enumerate().map(|(l, items)| (items.len() as u64) << l).sum();
        prop_assert_eq!(kept, sketch.count());
        let mut sorted: Vec<f64> = values.into_iter().map(f64::from).collect();
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
        }
    }
}

#[test]
fn few_values_are_exact() {
    let sketch: KllDoubles = of(200, (1..=100).map(f64::from));
    assert_eq!(sketch.quantiles(&[0.0, 0.5, 0.99, 1.0]), Ok(vec![1.0, 50.0, 99.0, 100.0]));
    assert_eq!(sketch.cdf(&[25.0, 75.0]), Ok(vec![0.25, 0.75, 1.0]));
    assert_eq!(sketch.histogram(&[25.0, 75.0]), Ok(vec![25.0, 50.0, 25.0]));
    assert_eq!(sketch.rank(50.0), 0.5);
    let none = KllDoubles::default();
    assert!(none.quantile(0.5).unwrap().is_nan() && none.min().is_nan());
    let mut nan = KllFloats::default();
    nan.update(f32::NAN);
    assert_eq!((nan.count(), nan.k()), (0, 200));
    assert!(KllDoubles::new(7).is_err());
}

fn checked<N: Number>(k: u16, count: u64, fractions: &[(f64, f64)], bytes: &[u8], number: impl Fn(u64) -> N) {
    let read = Kll::<N>::from_bytes(bytes).unwrap();
    assert_eq!((read.k(), read.count()), (k, count));
    // The C++ library has lost the least and the most of many values; Java has not.
    let exact = count <= u64::from(k);
    for (fraction, value) in fractions.iter().filter(|(fraction, _)| exact || fraction % 1.0 > 0.0) {
        assert_eq!(read.quantile(*fraction), Ok(*value), "{k} {count} {fraction}");
    }
    assert_eq!(to_hex(&read.to_bytes()), to_hex(bytes));
    if exact {
        // The C++ library sorts before it writes, which the flags say.
        let mut built = of(k, (0..count).map(|value| number(value * 7 % 31)));
        assert_eq!(built.view(), read.view());
        built = Kll::from_bytes(&built.to_bytes()).unwrap();
        assert_eq!(built.view(), read.view());
    }
    let updatable = updatable_form(&read);
    assert_eq!(Kll::<N>::from_bytes(&updatable).unwrap().to_bytes(), bytes);
    for good in [bytes, &updatable] {
        abuse(good, Kll::<N>::from_bytes, |mut sketch| {
            let twin = sketch.clone();
            sketch.update(number(3));
            let _ = (
                sketch.merge(&twin),
                sketch.quantile(0.5),
                sketch.bins(3),
                sketch.to_bytes(),
                sketch.to_text(),
            );
        });
    }
}

/// The same with room to grow, as Java writes it.
fn updatable_form<N: Number>(sketch: &Kll<N>) -> Vec<u8> {
    let (bytes, kept) = (sketch.to_bytes(), sketch.kept());
    let free = kept.capacity - sketch.retained();
    let mut updatable = vec![5, updatable::VERSION, 15, bytes[3] & 2];
    updatable.extend(&bytes[4..8]);
    updatable.extend(sketch.count().to_le_bytes());
    updatable.extend(sketch.sketch.min_k().to_le_bytes());
    updatable.extend([kept.levels.len() as u8, 0]);
    let mut offset = free as u32;
    for level in &kept.levels {
        updatable.extend(offset.to_le_bytes());
        offset += level.len() as u32;
    }
    updatable.extend(offset.to_le_bytes());
    let items = match sketch.count() {
        0 => Vec::new(),
        1 => [&bytes[8..], &bytes[8..], &bytes[8..]].concat(),
        _ => bytes[20 + 4 * kept.levels.len()..].to_vec(),
    };
    let (bounds, items) = items.split_at(items.len().min(2 * N::BYTES));
    updatable.extend(bounds);
    updatable
        .resize(updatable.len() + (free * N::BYTES) + if bounds.is_empty() { 2 * N::BYTES } else { 0 }, 0);
    updatable.extend(items);
    updatable
}

#[test]
fn bytes_are_those_of_the_reference() {
    for (k, count, fractions, bytes) in fixtures::KLL_DOUBLES {
        checked(*k, *count, fractions, &hex(bytes), |value| value as f64);
    }
    for (k, count, fractions, bytes) in fixtures::KLL_FLOATS {
        checked(*k, *count, fractions, &hex(bytes), |value| value as f32);
    }
}

#[test]
fn text_is_javas() {
    let sketch: KllFloats = of(200, [1.5f32, 2.5]);
    let text = sketch.to_text();
    assert!(
        text.starts_with("\n### KllDirectCompactFloatsSketch Summary:\n   K                      : 200\n"),
        "{text}"
    );
    assert!(
        text.contains("   Retained Items         : 2\n")
            && text.contains("   Epsilon                : 1.329%\n"),
        "{text}"
    );
    assert!(text.contains("   Max Item               : 2.5\n"), "{text}");
}
