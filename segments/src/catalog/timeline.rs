//! Which segments answer for which instants? At each instant, those of the newest version whose core partitions
//! are all there; older versions stay visible where no newer one lies over them.
//!
//! After Apache Druid's `VersionedIntervalTimeline` and `OvershadowableManager`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::SegmentRecord;
use crate::time::{Interval, Millis};

/// What is visible of a datasource's segments. Numbers are positions in the records given; they ascend.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Visible records, with the parts of their interval no newer version covers (ascending, apart).
    pub visible: Vec<(usize, Vec<Interval>)>,
    /// Records that newer ones replace everywhere: they can be marked unused.
    pub overshadowed: Vec<usize>,
    /// Records that are not visible, but not replaced either: partitions of their version are missing.
    pub incomplete: Vec<usize>,
}

/// What is visible of the used segments of one datasource.
///
/// Segments of one interval and version are visible together, once every core partition number is there (the
/// largest `core_partitions` of them counts; those numbered above are extras). A segment with a minor version
/// replaces the older minor versions within its root partitions; all of one publication are assumed to be there.
#[must_use]
pub fn visible(records: &[SegmentRecord]) -> Timeline {
    let mut sets: BTreeMap<(Interval, &str), Vec<usize>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        sets.entry((record.id.interval, &record.id.version)).or_default().push(i);
    }
    let sets: Vec<PartitionSet<'_>> =
        sets.into_iter().map(|(key, m)| PartitionSet::new(records, key, m)).collect();
    let parts = sweep(&sets);
    let mut timeline = Timeline::default();
    for (set, Parts { shown, bare }) in sets.into_iter().zip(parts) {
        timeline.overshadowed.extend(set.superseded);
        match (set.complete, shown.is_empty(), bare) {
            (true, false, _) => timeline.visible.extend(set.members.into_iter().map(|i| (i, shown.clone()))),
            (false, _, true) => timeline.incomplete.extend(set.members),
            _ => timeline.overshadowed.extend(set.members),
        }
    }
    timeline.visible.sort_unstable_by_key(|(i, _)| *i);
    timeline.overshadowed.sort_unstable();
    timeline.incomplete.sort_unstable();
    timeline
}

/// The segments of one interval and version.
struct PartitionSet<'r> {
    interval: Interval,
    version: &'r str,
    complete: bool,
    members: Vec<usize>,
    /// Replaced by a newer minor version.
    superseded: Vec<usize>,
}

/// The partition numbers of the major version that a segment stands for.
fn root(record: &SegmentRecord) -> Range<u64> {
    if record.minor_version == 0 {
        let partition = u64::from(record.id.partition);
        return partition..partition + 1;
    }
    u64::from(record.root_start)..u64::from(record.root_end)
}

impl<'r> PartitionSet<'r> {
    fn new(records: &'r [SegmentRecord], (interval, version): (Interval, &'r str), all: Vec<usize>) -> Self {
        let core = all.iter().map(|i| u64::from(records[*i].core_partitions)).max().unwrap_or(0);
        let mut roots: Vec<Range<u64>> = all.iter().map(|i| root(&records[*i])).collect();
        roots.sort_unstable_by_key(|r| r.start);
        let reach = |end, r: &Range<u64>| if r.start <= end { r.end.max(end) } else { end };
        let complete = roots.iter().fold(0, reach) >= core;
        let minors: Vec<&SegmentRecord> =
            all.iter().map(|i| &records[*i]).filter(|r| r.minor_version > 0).collect();
        let replaced = |i: &usize| {
            let (old, old_root) = (&records[*i], root(&records[*i]));
            minors.iter().any(|new| {
                let new_root = root(new);
                let within = new_root.start <= old_root.start && old_root.end <= new_root.end;
                within && new.minor_version > old.minor_version
            })
        };
        let (superseded, members) = all.into_iter().partition(replaced);
        Self { interval, version, complete, members, superseded }
    }
}

/// What becomes of a set of partitions.
#[derive(Debug, Clone, Default)]
struct Parts {
    /// Where it is visible.
    shown: Vec<Interval>,
    /// Whether at some instant no newer complete version lies over it.
    bare: bool,
}

/// Goes through time from border to border; between two borders nothing changes.
fn sweep(sets: &[PartitionSet<'_>]) -> Vec<Parts> {
    let mut borders: BTreeMap<Millis, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (i, set) in sets.iter().enumerate().filter(|(_, set)| !set.interval.is_empty()) {
        borders.entry(set.interval.start).or_default().0.push(i);
        borders.entry(set.interval.end).or_default().1.push(i);
    }
    let mut parts = vec![Parts::default(); sets.len()];
    let mut complete: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut incomplete: BTreeSet<usize> = BTreeSet::new();
    let ends: Vec<Millis> = borders.keys().skip(1).copied().collect();
    for ((start, (begin, end)), next) in borders.into_iter().zip(ends) {
        for i in end {
            incomplete.remove(&i);
            if let Some(same) = complete.get_mut(sets[i].version) {
                same.remove(&i);
            }
        }
        complete.retain(|_, same| !same.is_empty());
        for i in begin {
            if sets[i].complete {
                complete.entry(sets[i].version).or_default().insert(i);
            } else {
                incomplete.insert(i);
            }
        }
        let newest = complete.last_key_value();
        for i in newest.iter().flat_map(|(_, same)| same.iter()) {
            let part = &mut parts[*i];
            part.bare = true;
            match part.shown.last_mut() {
                Some(last) if last.end == start => last.end = next,
                _ => part.shown.push(Interval { start, end: next }),
            }
        }
        for i in &incomplete {
            parts[*i].bare |= newest.is_none_or(|(version, _)| *version <= sets[*i].version);
        }
    }
    parts
}

#[cfg(test)]
mod tests;
