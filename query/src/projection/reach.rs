//! When are the groups of a projection seen whole? Where no interval of the query, and no end of what is visible of the
//! segment, cuts a time bucket that has rows on both sides.

use alluvium_expression::{Filter, LongPredicate};
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{SegmentRef, TIME_COLUMN};

use crate::plan::Scope;

/// The scope of groups, which are cut to the intervals already: without these, and without tests of `__time` that hold
/// for all rows within them (SQL has its conditions on time twice).
pub(super) fn scope_of_groups(scope: &Scope) -> Scope {
    let stored = scope.virtual_columns.iter().all(|v| v.name != TIME_COLUMN);
    let filter = match &scope.filter {
        Some(filter) if stored => without_times(filter, &scope.intervals),
        other => other.clone(),
    };
    Scope {
        datasources: scope.datasources.clone(),
        intervals: vec![Interval::ETERNITY],
        virtual_columns: scope.virtual_columns.clone(),
        filter,
        lookups: scope.lookups.clone(),
    }
}

/// What is left to be tested of rows within the intervals.
fn without_times(filter: &Filter, intervals: &[Interval]) -> Option<Filter> {
    match filter {
        Filter::And(fields) => {
            let mut left: Vec<Filter> = fields.iter().filter_map(|f| without_times(f, intervals)).collect();
            if left.len() > 1 { Some(Filter::And(left)) } else { left.pop() }
        }
        Filter::Column(test) if test.column == TIME_COLUMN => {
            let predicate = LongPredicate::new(test);
            let range = predicate.range().filter(|_| predicate.range_is_exact());
            let holds = |(low, high): (i64, i64)| {
                intervals.iter().all(|i| low <= i.start && i.end.saturating_sub(1) <= high)
            };
            if range.is_some_and(holds) { None } else { Some(filter.clone()) }
        }
        other => Some(other.clone()),
    }
}

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
