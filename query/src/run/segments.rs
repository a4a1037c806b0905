//! Which segments does a plan run over? Those of one snapshot that its scope touches, in order of time.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_segments::SegmentRef;
use alluvium_segments::catalog::{LoadedLookup, Snapshot};
use alluvium_segments::time::Interval;

use crate::QueryError;
use crate::plan::Scope;

/// The rows a plan runs over, taken from one snapshot.
#[derive(Debug, Clone, Default)]
pub struct Segments {
    /// In order of time.
    pub list: Vec<SegmentRef>,
    /// The lookups of the same snapshot.
    pub lookups: Arc<BTreeMap<String, LoadedLookup>>,
}

impl Segments {
    /// The segments of a scope. Unknown datasources have none.
    ///
    /// # Errors
    /// When a published segment that overlaps the scope cannot be opened, unless `partial` answers are accepted.
    pub fn of(scope: &Scope, snapshot: &Snapshot, partial: bool) -> Result<Self, QueryError> {
        let mut list = Vec::new();
        for name in &scope.datasources {
            let Some(datasource) = snapshot.datasource(name) else { continue };
            let overlaps = |i: Interval| scope.intervals.iter().any(|wanted| wanted.overlaps(i));
            if let Some((id, reason)) = datasource.broken.iter().find(|(id, _)| overlaps(id.interval))
                && !partial
            {
                return Err(QueryError::BrokenSegment { segment: id.to_string(), reason: reason.clone() });
            }
            list.extend(datasource.select(&scope.intervals));
        }
        let by_time = |s: &SegmentRef| s.segment.id().interval;
        list.sort_by(|a, b| by_time(a).cmp(&by_time(b)).then_with(|| a.segment.id().cmp(b.segment.id())));
        Ok(Self { list, lookups: Arc::clone(&snapshot.lookups) })
    }

    /// For each segment: the time it answers for, mostly that between its first and last row, clipped to the intervals.
    #[must_use]
    pub fn coverage(&self, intervals: &[Interval]) -> Vec<Interval> {
        let mut covered = Vec::new();
        for segment in &self.list {
            let Some((min, max)) = segment.segment.time_bounds() else { continue };
            for wanted in intervals {
                let data = match segment.segment.answers_for_all_time() {
                    true => Interval::ETERNITY,
                    false => Interval { start: min, end: max.saturating_add(1) },
                };
                covered.extend(wanted.intersect(segment.visible).and_then(|i| i.intersect(data)));
            }
        }
        covered
    }
}
