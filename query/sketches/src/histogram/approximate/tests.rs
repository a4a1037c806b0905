//! Does the histogram whose bins follow the values answer as Druid's own tests expect?

use proptest::prelude::*;

use super::*;
use crate::fixtures::abuse;

const VALUES: [f32; 10] = [23.0, 19.0, 10.0, 16.0, 36.0, 2.0, 9.0, 32.0, 30.0, 45.0];

fn of(size: usize, values: &[f32]) -> ApproximateHistogram {
    let mut histogram = ApproximateHistogram::new(size).unwrap();
    values.iter().for_each(|value| histogram.update(*value));
    histogram
}

fn near(found: &[f32], wanted: &[f32]) {
    let close = found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 0.1);
    assert!(close, "{found:?} {wanted:?}");
}

#[test]
fn bins_follow_the_values() {
    let histogram = of(5, &VALUES);
    let (positions, counts): (Vec<f32>, Vec<u64>) = histogram.bins().into_iter().unzip();
    near(&positions, &[2.0, 9.5, 19.33, 32.67, 45.0]);
    assert_eq!(counts, [1, 2, 3, 3, 1]);
    assert_eq!((histogram.min(), histogram.max(), histogram.count()), (2.0, 45.0, 10));
}

#[test]
fn folding_joins_by_width() {
    let mut folded = of(5, &VALUES[..5]);
    folded.merge(&of(10, &VALUES[5..]));
    let (positions, counts): (Vec<f32>, Vec<u64>) = folded.bins().into_iter().unzip();
    near(&positions, &[11.2, 30.25, 45.0]);
    assert_eq!(counts, [5, 4, 1]);
    let mut equal = of(10, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    equal.merge(&of(5, &[3.0, 4.0, 5.0, 6.0]));
    let counts: Vec<u64> = equal.bins().into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [1, 1, 2, 2, 2, 2]);
    let mut none = ApproximateHistogram::default();
    none.merge(&of(5, &VALUES));
    assert_eq!(none.bins(), of(5, &VALUES).bins());
}

#[test]
fn sums_are_druids() {
    let histogram = of(5, &VALUES);
    for (value, sum) in [(0.0, 0.0), (2.0, 1.0), (5.0, 1.16), (15.0, 3.28), (45.0, 10.0), (46.0, 10.0)] {
        assert!((histogram.sum(value) - sum).abs() < 0.01, "{value}: {}", histogram.sum(value));
    }
    let other = of(5, &[23.0, 19.0, 10.0, 16.0, 36.0, 2.0, 1.0, 9.0, 32.0, 30.0, 45.0, 46.0]);
    for (value, sum) in
        [(1.0, 0.0), (1.5, 1.0), (2.0, 1.125), (5.75, 2.0625), (9.5, 3.0), (45.5, 11.0), (47.0, 12.0)]
    {
        assert!((other.sum(value) - sum).abs() < 0.01, "{value}: {}", other.sum(value));
    }
}

#[test]
fn quantiles_are_druids() {
    let ten: Vec<f32> = (1..=10).map(|value| value as f32).collect();
    for size in [10, 20] {
        let histogram = of(size, &ten);
        near(&histogram.quantiles(&[0.25, 0.5, 0.75]).unwrap(), &[2.5, 5.0, 7.5]);
        near(&histogram.quantiles(&[0.333, 0.666]).unwrap(), &[3.33, 6.67]);
    }
    let few = of(5, &ten);
    near(&few.quantiles(&[0.5]).unwrap(), &[4.5]);
    near(&few.quantiles(&[0.333, 0.666]).unwrap(), &[2.83, 6.17]);
    near(&few.quantiles(&[0.25, 0.5, 0.75]).unwrap(), &[2.0, 4.5, 7.0]);
    let many =
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 12.0, 12.0, 15.0, 20.0, 25.0, 25.0, 25.0];
    let many = of(20, &many);
    let deciles = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    near(&many.quantiles(&deciles).unwrap(), &[1.8, 3.6, 5.4, 7.2, 9.0, 11.05, 12.37, 17.0, 23.5]);
    near(&many.quantiles(&[0.05, 0.95]).unwrap(), &[1.0, 25.0]);
    assert!(many.quantiles(&[1.0]).is_err() && many.quantiles(&[0.0]).is_err());
    assert!(ApproximateHistogram::default().quantiles(&[0.5]).unwrap()[0].is_nan());
}

#[test]
fn bars_hold_all_values() {
    let histogram = of(20, &VALUES);
    let bars = histogram.equal_bars(5).unwrap();
    assert_eq!((bars.breaks.len(), bars.counts.iter().sum::<f64>()), (6, 10.0));
    let bars = histogram.custom_bars(&[0.0, 15.0, 50.0]).unwrap();
    assert_eq!(bars.counts, [3.0, 7.0]);
    let bars = histogram.wide_bars(10.0, 0.0).unwrap();
    assert_eq!(bars.breaks, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    assert_eq!(bars.counts, [3.0, 2.0, 2.0, 2.0, 1.0]);
    assert!(histogram.wide_bars(0.0, 0.0).is_err() && histogram.wide_bars(1e-9, 0.0).is_err());
    assert!(histogram.equal_bars(1).is_err() && histogram.custom_bars(&[]).is_err());
    assert!(ApproximateHistogram::default().wide_bars(1.0, 0.0).unwrap().counts.is_empty());
}

#[test]
fn limits_gather_what_is_beyond() {
    let low: Vec<f32> = (0..20).map(|value| value as f32).collect();
    let high: Vec<f32> = (20..60).map(|value| value as f32).collect();
    let mut histogram = of(20, &low).with_limits(10.0, 30.0);
    histogram.merge(&of(20, &high));
    assert_eq!(histogram.count(), 60);
    let bins = histogram.bins();
    assert!(bins[0].0 < 10.0 && bins[1].0 >= 10.0 && bins[bins.len() - 1].0 > 30.0, "{bins:?}");
}

#[test]
fn bytes_are_druids() {
    // -5 as a short, then three values one by one.
    let few = of(5, &[1.0, 2.0, 3.0]);
    let values = [1f32, 2.0, 3.0].iter().flat_map(|value| value.to_be_bytes());
    assert_eq!(few.to_bytes(), [0xff, 0xfb, 3].into_iter().chain(values).collect::<Vec<u8>>());
    let sparse = of(40, &(0..4000).map(|value| (value * 7919 % 4001) as f32).collect::<Vec<f32>>());
    assert_eq!(sparse.to_bytes()[..8], [0, 0, 0, 40, 0xff, 0xff, 0xff, 0xd8]);
    let histograms = [few.clone(), of(5, &VALUES), ApproximateHistogram::default(), sparse];
    for histogram in histograms {
        let bytes = histogram.to_bytes();
        assert_eq!(ApproximateHistogram::from_bytes(&bytes), Ok(histogram));
        abuse(&bytes, ApproximateHistogram::from_bytes, |mut histogram| {
            let twin = histogram.clone();
            histogram.update(3.5);
            histogram.merge(&twin);
            let _ = (histogram.quantiles(&[0.5]), histogram.equal_bars(7), histogram.wide_bars(10.0, 1.0));
            let _ = histogram.to_bytes();
        });
    }
    let mut dense = [0, 0, 0, 5, 0, 0, 0, 3].to_vec();
    [1f32, 2.0, 3.0, 0.0, 0.0].iter().for_each(|value| dense.extend(value.to_be_bytes()));
    [1u64, 1, 1, 0, 0].iter().for_each(|count| dense.extend(count.to_be_bytes()));
    [1f32, 3.0].iter().for_each(|value| dense.extend(value.to_be_bytes()));
    assert_eq!(ApproximateHistogram::from_bytes(&dense), Ok(few));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost(values in prop::collection::vec(-1e4f32..1e4, 1..500), size in 2usize..60, cut in 0usize..500) {
        let (first, second) = values.split_at(cut.min(values.len()));
        for (a, b) in [(first, second), (second, first)] {
            let mut merged = of(size, a);
            merged.merge(&of(size, b));
            prop_assert_eq!(merged.count(), values.len() as u64);
            let bins = merged.bins();
            prop_assert!(bins.len() <= size && bins.is_sorted_by(|a, b| a.0 <= b.0), "{bins:?}");
            let least = values.iter().copied().fold(f32::INFINITY, f32::min);
            prop_assert_eq!(merged.min(), least);
            let bars = merged.equal_bars(7).unwrap();
            // Values that are all the same lie before the first bar.
            let all = if merged.min() < merged.max() { values.len() as f64 } else { 0.0 };
            prop_assert!((bars.counts.iter().sum::<f64>() - all).abs() < 1e-2);
        }
    }
}
