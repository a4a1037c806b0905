//! Do all kinds go to and from their bytes, merge with their like, and withstand bytes that are none?

use proptest::prelude::*;

use super::*;

fn update(summary: &mut Summary, value: i32) {
    let (long, double) = (i64::from(value), f64::from(value * 7919 % 1009));
    match summary {
        Summary::Hll(sketch) => sketch.update_long(long),
        Summary::Theta(sketch) => sketch.update_long(long),
        Summary::Quantiles(sketch) => sketch.update(double),
        Summary::KllDoubles(sketch) => sketch.update(double),
        Summary::KllFloats(sketch) => sketch.update(double as f32),
        Summary::ArrayOfDoubles(sketch) => sketch.update_long(long, &[1.0]),
        Summary::HyperUnique(sketch) => sketch.update(crate::hash_of_text(&value.to_string())),
        Summary::ApproximateHistogram(histogram) => histogram.update(double as f32),
        Summary::FixedBuckets(histogram) => histogram.update(double),
        Summary::Variance(variance) => variance.update(double),
        Summary::TDigest(digest) => digest.update(double),
        Summary::Bloom(bloom) => bloom.update_long(long),
        Summary::DdSketch(sketch) => sketch.update(double),
    }
}

/// A summary of each kind, of so many values.
fn all(count: i32) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = vec![
        HllSketch::new(6, crate::HllTarget::Hll4).unwrap().into(),
        Theta::new(32).unwrap().into(),
        QuantilesDoubles::new(8).unwrap().into(),
        KllDoubles::new(8).unwrap().into(),
        KllFloats::default().into(),
        ArrayOfDoubles::new(1024, 1).unwrap().into(),
        HyperUnique::default().into(),
        ApproximateHistogram::default().into(),
        FixedBuckets::new(0.0, 10.0, 10, crate::OutlierMode::Clip).unwrap().into(),
        Variance::default().into(),
        TDigest::default().into(),
        Bloom::new(10).unwrap().into(),
        DdSketch::new(0.01, 1000).unwrap().into(),
    ];
    summaries.iter_mut().for_each(|summary| (0..count).for_each(|value| update(summary, value)));
    summaries
}

#[test]
fn all_kinds_go_through_base64_and_merge_with_their_like() {
    let summaries = all(2);
    assert_eq!(summaries.iter().map(Summary::kind).collect::<Vec<_>>(), Kind::ALL);
    for summary in &summaries {
        let kind = summary.kind();
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
        let text = summary.to_base64();
        let mut read = Summary::from_base64(kind, &text).unwrap();
        assert_eq!(read.to_base64(), text);
        assert!(read.memory_bytes() > 0);
        for other in &summaries {
            assert_eq!(read.merge(other).is_ok(), other.kind() == kind);
        }
        assert!(Summary::from_base64(kind, "!").is_err());
        assert!(Summary::from_bytes(kind, &[255; 5]).is_err());
    }
    assert_eq!(Kind::from_name("HLLSketchMerge"), Some(Kind::Hll));
    assert_eq!(Kind::from_name("momentSketch"), None);
}

fn withstands(kind: Kind, bytes: &[u8]) {
    if let Ok(mut summary) = Summary::from_bytes(kind, bytes) {
        let twin = summary.clone();
        let _ = (summary.merge(&twin), summary.to_bytes(), summary.to_text(), summary.memory_bytes());
        assert!(Summary::from_bytes(kind, &twin.to_bytes()).is_ok(), "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_bytes_are_withstood(
        bytes in prop::collection::vec(any::<u8>(), 0..120), keep in 0usize..40,
        changes in prop::collection::vec(any::<(u16, u8)>(), 0..6),
    ) {
        for summary in [1, 400].into_iter().flat_map(all) {
            let kind = summary.kind();
            withstands(kind, &bytes);
            // The same behind a good head, and good bytes with some changed.
            let good = summary.to_bytes();
            let head = good.iter().take(keep).copied().chain(bytes.iter().copied());
            withstands(kind, &head.collect::<Vec<u8>>());
            let mut damaged = good;
            for (at, change) in &changes {
                let at = usize::from(*at) % damaged.len();
                damaged[at] = *change;
            }
            withstands(kind, &damaged);
        }
    }
}
