//! How is a plan run over all segments of its datasources? Segments that cannot matter are left out, the rest is
//! scanned on the workers (or right here when it is little), the partial results are merged in segment order.

mod control;
mod gather;
mod pool;

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use alluvium_segments::time::Interval;
use alluvium_segments::{BLOCK_ROWS, SegmentRef};

pub use control::Control;
pub(crate) use pool::{Pool, guarded};

use crate::QueryError;
use crate::counters::Counters;
use crate::partial::Partial;
use crate::plan::{Operator, Plan, Scope};
use crate::scan::scan;

/// Queries over fewer rows run on the calling thread.
const INLINE_ROWS: usize = 20_000;
/// Rows of one task at least, when a segment is split.
const TASK_BLOCKS: usize = 128;

/// The rows a plan runs over, taken from one snapshot.
#[derive(Debug, Clone, Default)]
pub struct Segments {
    /// In order of time.
    pub list: Vec<SegmentRef>,
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
        Ok(Self { list })
    }

    /// For each segment: the time between its first and last row, clipped to the intervals.
    #[must_use]
    pub fn coverage(&self, intervals: &[Interval]) -> Vec<Interval> {
        let mut covered = Vec::new();
        for segment in &self.list {
            let Some((min, max)) = segment.segment.time_bounds() else { continue };
            for wanted in intervals {
                let data = Interval { start: min, end: max.saturating_add(1) };
                covered.extend(wanted.intersect(segment.visible).and_then(|i| i.intersect(data)));
            }
        }
        covered
    }
}

/// Runs plans.
#[derive(Debug)]
pub(crate) struct Runner {
    pool: Pool,
    threads: usize,
    counters: Arc<Counters>,
}

impl Runner {
    pub(crate) fn new(threads: usize, counters: Arc<Counters>) -> Result<Self, QueryError> {
        Ok(Self { pool: Pool::start(threads)?, threads: threads.max(1), counters })
    }

    /// The merged result of a plan over segments.
    pub(crate) async fn execute(
        &self,
        plan: Plan,
        segments: &Segments,
        control: &Control,
    ) -> Result<Partial, QueryError> {
        let plan = plan.checked()?;
        let before = control.rows_scanned();
        let tasks = self.tasks(&segments.list);
        let rows: usize = tasks.iter().map(|(_, blocks)| blocks.len() * BLOCK_ROWS).sum();
        let small: usize = segments.list.iter().map(|s| s.segment.rows()).sum();
        let result = if small <= INLINE_ROWS || rows == 0 {
            guarded(|| inline(&plan, &tasks, control))
        } else {
            self.on_workers(plan, tasks, control).await
        };
        self.counters.scanned(segments.list.len() as u64, control.rows_scanned() - before);
        result
    }

    /// Segments, cut where there are too few of them to use all workers.
    fn tasks(&self, segments: &[SegmentRef]) -> Vec<(SegmentRef, Range<usize>)> {
        let blocks_of = |s: &SegmentRef| s.segment.rows().div_ceil(BLOCK_ROWS);
        let total: usize = segments.iter().map(blocks_of).sum();
        let size = (total / (self.threads * 2)).max(TASK_BLOCKS);
        let mut tasks = Vec::with_capacity(segments.len());
        for segment in segments {
            let blocks = blocks_of(segment);
            let pieces = if self.threads == 1 { 1 } else { (blocks / size).max(1) };
            let step = blocks.div_ceil(pieces).max(1);
            for start in (0..blocks).step_by(step) {
                tasks.push((segment.clone(), start..(start + step).min(blocks)));
            }
        }
        tasks
    }

    async fn on_workers(
        &self,
        plan: Plan,
        tasks: Vec<(SegmentRef, Range<usize>)>,
        control: &Control,
    ) -> Result<Partial, QueryError> {
        let plan = Arc::new(plan);
        let enough = Arc::new(gather::Enough::new(&plan, tasks.len()));
        let mut work: Vec<Box<dyn FnOnce() -> Result<Partial, QueryError> + Send>> = Vec::new();
        for (i, (segment, blocks)) in tasks.into_iter().enumerate() {
            let (plan, control, enough) = (Arc::clone(&plan), control.clone(), Arc::clone(&enough));
            work.push(Box::new(move || {
                if enough.before(i) {
                    return Ok(Partial::empty(&plan.operator));
                }
                let partial = scan(&plan, &segment, blocks, &control)?;
                enough.done(i, &partial);
                Ok(partial)
            }));
        }
        let partials = self.pool.run(work).await?;
        // Merging is work as well: it goes to the pool when there is something to merge.
        if partials.len() <= 1 {
            return guarded(|| gather::gather(&plan, partials, control));
        }
        let control = control.clone();
        let merge: Box<dyn FnOnce() -> Result<Partial, QueryError> + Send> =
            Box::new(move || gather::gather(&plan, partials, &control));
        let lost = || QueryError::Internal("the merge gave nothing".to_owned());
        self.pool.run(vec![merge]).await?.pop().ok_or_else(lost)
    }
}

fn inline(
    plan: &Plan,
    tasks: &[(SegmentRef, Range<usize>)],
    control: &Control,
) -> Result<Partial, QueryError> {
    let enough = gather::Enough::new(plan, tasks.len());
    let mut partials = Vec::with_capacity(tasks.len());
    for (i, (segment, blocks)) in tasks.iter().enumerate() {
        if enough.before(i) {
            break;
        }
        let partial = scan(plan, segment, blocks.clone(), control)?;
        enough.done(i, &partial);
        partials.push(partial);
    }
    gather::gather(plan, partials, control)
}

/// Whether a plan's rows come in no order but the segments'.
fn unordered_limit(plan: &Plan) -> Option<u64> {
    match &plan.operator {
        Operator::Rows(rows) if rows.order.is_empty() => rows.limit.map(|l| l.saturating_add(rows.offset)),
        _ => None,
    }
}
