//! Are quantiles within the relative error, and bytes those of Datadog's message?

use proptest::prelude::*;

use super::*;
use crate::fixtures::{abuse, to_hex};

fn of(values: &[f64]) -> DdSketch {
    let mut sketch = DdSketch::new(DdSketch::DEFAULT_ERROR, DdSketch::DEFAULT_BINS).unwrap();
    values.iter().for_each(|value| sketch.update(*value));
    sketch
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn quantiles_are_close(
        values in prop::collection::vec(-1e3f64..1e3, 1..1000), fraction in 0.0f64..=1.0, cut in 0usize..1000,
    ) {
        let (first, second) = values.split_at(cut.min(values.len()));
        let [mut forth, mut back] = [of(first), of(second)];
        forth.merge(&of(second)).unwrap();
        back.merge(&of(first)).unwrap();
        prop_assert_eq!(&forth, &of(&values));
        prop_assert_eq!(&forth, &back);
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let exact = sorted[(fraction * (sorted.len() - 1) as f64) as usize];
        let found = forth.quantile(fraction).unwrap();
        prop_assert!((found - exact).abs() <= 0.010_001 * exact.abs(), "{found} for {exact}");
        prop_assert_eq!(DdSketch::from_bytes(&forth.to_bytes()), Ok(forth));
    }
}

#[test]
fn wild_values() {
    let sketch = of(&[f64::NAN, 0.0, -0.0, f64::MIN_POSITIVE / 2.0, f64::INFINITY, -1e308]);
    assert_eq!(sketch.count(), 5.0);
    assert_eq!(sketch.quantile(0.5), Ok(0.0));
    assert!(sketch.quantile(1.0).unwrap() > 1e308 && sketch.quantile(0.0).unwrap() < -0.9e308);
    assert!(of(&[]).quantile(0.5).unwrap().is_nan() && sketch.quantile(-0.1).is_err());
    assert!(DdSketch::new(0.0, 10).is_err() && DdSketch::new(0.01, 0).is_err());
    let mut other = DdSketch::new(0.1, 10).unwrap();
    assert!(other.merge(&sketch).is_err());
}

#[test]
fn the_message_is_datadogs() {
    let sketch = of(&[1.0, 1.0, 0.0]);
    let gamma = to_hex(&sketch.mapping.gamma.to_le_bytes());
    // A mapping of gamma and CUBIC, one positive bin with two values, no negative one, one zero.
    let expected = format!("0a0b09{gamma}1803120a120800000000000000401a0021000000000000f03f");
    assert_eq!(to_hex(&sketch.to_bytes()), expected);
    // Bins one by one: numbers zigzag, bin -1 with one value.
    let sparse = format!("0a0b09{gamma}1803120d0a0b080111000000000000f03f");
    let read = DdSketch::from_bytes(&crate::fixtures::hex(&sparse)).unwrap();
    assert_eq!(read.positive.bins().collect::<Vec<_>>(), [(-1, 1.0)]);
    abuse(&of(&[-3.0, 0.0, 1.0, 5.0]).to_bytes(), DdSketch::from_bytes, |mut sketch| {
        let twin = sketch.clone();
        sketch.update(2.0);
        let _ = (sketch.merge(&twin), sketch.quantile(0.3), sketch.to_bytes());
    });
}
