//! Does the timeline show at each instant what looking at that instant alone shows?

use proptest::prelude::*;

use super::*;
use crate::{Schema, SegmentId};

fn record(start: i64, end: i64, version: &str, partition: u32, core_partitions: u32) -> SegmentRecord {
    SegmentRecord {
        id: SegmentId {
            datasource: "test".to_owned(),
            interval: Interval::new(start, end),
            version: version.to_owned(),
            partition,
        },
        core_partitions,
        minor_version: 0,
        root_start: 0,
        root_end: 0,
        upgraded_from: None,
        schema: Schema::new(vec![]),
        rows: 1,
        size_bytes: 1,
        time_bounds: None,
        location: String::new(),
        checksum: 0,
        created_ms: 0,
    }
}

fn minor(mut record: SegmentRecord, minor_version: u32, roots: Range<u32>) -> SegmentRecord {
    record.minor_version = minor_version;
    (record.root_start, record.root_end) = (roots.start, roots.end);
    record
}

fn shown(parts: &[(i64, i64)]) -> Vec<Interval> {
    parts.iter().map(|(start, end)| Interval::new(*start, *end)).collect()
}

#[test]
fn newer_versions_cut_older_ones() {
    let records = [record(0, 30, "a", 0, 1), record(10, 20, "b", 0, 1), record(0, 30, "a", 1, 1)];
    let around = shown(&[(0, 10), (20, 30)]);
    let expected = vec![(0, around.clone()), (1, shown(&[(10, 20)])), (2, around)];
    assert_eq!(visible(&records), Timeline { visible: expected, ..Timeline::default() });
}

#[test]
fn incomplete_versions_wait() {
    let mut records = vec![record(0, 10, "a", 0, 1), record(0, 10, "b", 0, 2), record(0, 10, "b", 7, 2)];
    let timeline = visible(&records);
    assert_eq!(timeline.visible, vec![(0, shown(&[(0, 10)]))]);
    assert_eq!((timeline.overshadowed, timeline.incomplete), (vec![], vec![1, 2]));
    records.push(record(0, 10, "b", 1, 2));
    let timeline = visible(&records);
    assert_eq!(timeline.visible.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((timeline.overshadowed, timeline.incomplete), (vec![0], vec![]));
}

#[test]
fn appended_only_is_complete() {
    let timeline = visible(&[record(0, 10, "a", 5, 0), record(0, 10, "a", 9, 0)]);
    assert_eq!(timeline.visible.len(), 2);
}

#[test]
fn covered_by_several_newer_ones() {
    let records = [record(0, 20, "a", 1, 2), record(0, 10, "b", 0, 1), record(10, 20, "c", 0, 1)];
    let timeline = visible(&records);
    assert_eq!((timeline.overshadowed, timeline.incomplete), (vec![0], vec![]));
}

#[test]
fn minor_versions_replace_their_roots() {
    let of = |partition| record(0, 10, "a", partition, 3);
    let records = [of(0), of(1), of(2), minor(of(32_768), 1, 0..2), minor(of(32_769), 1, 0..2)];
    let timeline = visible(&records);
    assert_eq!(timeline.visible.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(timeline.overshadowed, [0, 1]);
    // The replaced ones may be gone.
    assert_eq!(visible(&records[2..]).visible.len(), 3);
}

/// The same by looking at one instant after the other.
fn slow(records: &[SegmentRecord]) -> Timeline {
    let root = |r: &SegmentRecord| match r.minor_version {
        0 => r.id.partition..r.id.partition + 1,
        _ => r.root_start..r.root_end,
    };
    let together =
        |a: &SegmentRecord, b: &SegmentRecord| a.id.interval == b.id.interval && a.id.version == b.id.version;
    let complete = |r: &SegmentRecord| {
        let core = records.iter().filter(|o| together(r, o)).map(|o| o.core_partitions).max().unwrap();
        (0..core).all(|p| records.iter().any(|o| together(r, o) && root(o).contains(&p)))
    };
    let superseded = |r: &SegmentRecord| {
        let inside = |o: &SegmentRecord| root(o).start <= root(r).start && root(o).end >= root(r).end;
        records.iter().any(|o| together(r, o) && o.minor_version > r.minor_version && inside(o))
    };
    let newest = |t| {
        let there = records.iter().filter(|r| r.id.interval.contains(t) && complete(r));
        there.map(|r| r.id.version.as_str()).max()
    };
    let mut timeline = Timeline::default();
    for (i, record) in records.iter().enumerate() {
        let instants = || record.id.interval.start..record.id.interval.end;
        let seen = |t: &i64| newest(*t) == Some(record.id.version.as_str());
        if superseded(record) {
            timeline.overshadowed.push(i);
        } else if complete(record) && instants().any(|t| seen(&t)) {
            let parts = instants().filter(seen).map(|t| Interval::new(t, t + 1)).collect();
            timeline.visible.push((i, crate::time::condense(parts)));
        } else if instants().all(|t| newest(t) > Some(record.id.version.as_str())) {
            timeline.overshadowed.push(i);
        } else {
            timeline.incomplete.push(i);
        }
    }
    timeline
}

fn records() -> impl Strategy<Value = Vec<SegmentRecord>> {
    let minors = prop_oneof![4 => Just((0, 0, 0)), 1 => (1u32..3, 0u32..2, 1u32..3)];
    let one = (0i64..10, 1i64..6, prop::sample::select(vec!["1", "2", "3"]), 0u32..3, 0u32..3, minors);
    let one = one.prop_map(|(start, length, version, partition, core, (minor_version, first, count))| {
        let record = record(start, start + length, version, partition, core);
        minor(record, minor_version, first..first + count)
    });
    // Few intervals, so that partitions of one version meet.
    let aligned = (0i64..4, prop::sample::select(vec!["1", "2", "3"]), 0u32..3, 0u32..3).prop_map(
        |(slot, version, partition, core)| record(slot * 3, slot * 3 + 3, version, partition, core),
    );
    prop::collection::vec(prop_oneof![one, aligned], 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equals_instant_by_instant(records in records()) {
        prop_assert_eq!(visible(&records), slow(&records));
    }
}
