//! When are the groups of a projection seen whole? Where no interval of the query, and no end of what is visible of the
//! segment, cuts a time bucket that has rows on both sides.

use alluvium_segments::SegmentRef;
use alluvium_segments::time::{Granularity, Interval};

/// Which groups of a projection the query sees.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The segment has no rows for the query.
    Nothing,
    /// Some would be seen in part.
    Cut,
    /// Those whose times lie in these intervals, which are disjoint.
    Whole(Vec<Interval>),
}

/// Looks at the rows of a segment within the intervals of a query, which are disjoint.
pub(super) fn reach(segment: &SegmentRef, intervals: &[Interval], granularity: &Granularity) -> Reach {
    let Some((min, max)) = segment.segment.time_bounds() else { return Reach::Nothing };
    if segment.hidden.as_ref().is_some_and(|hidden| !hidden.is_empty()) {
        return Reach::Cut;
    }
    let mut seen = Vec::new();
    for interval in intervals.iter().filter_map(|i| i.intersect(segment.visible)) {
        if interval.start > max || min >= interval.end {
            continue;
        }
        let Interval { mut start, mut end } = interval;
        // The time of a group may lie before that of its first row: before all rows nothing is cut off.
        if start <= min {
            start = Interval::ETERNITY.start;
        } else if granularity.bucket_start(start) != start {
            return Reach::Cut;
        }
        if max < end {
            end = Interval::ETERNITY.end;
        } else if granularity.bucket_start(end) != end {
            return Reach::Cut;
        }
        seen.push(Interval { start, end });
    }
    if seen.is_empty() { Reach::Nothing } else { Reach::Whole(seen) }
}
