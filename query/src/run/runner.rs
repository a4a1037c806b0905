//! How is a plan's work cut, handed to the workers and put together again?

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::{Control, Pool, Segments, gather, guarded};
use crate::QueryError;
use crate::counters::Counters;
use crate::partial::Partial;
use crate::plan::{Operator, Plan};
use crate::scan::scan;

/// Queries over fewer rows run on the calling thread.
const INLINE_ROWS: usize = 20_000;
/// Rows of one task at least, when a segment is split.
const TASK_BLOCKS: usize = 128;

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
        let before = (control.rows_scanned(), control.live_bytes_copied());
        let tasks = self.tasks(&segments.list);
        let rows: usize = tasks.iter().map(|(_, blocks)| blocks.len() * BLOCK_ROWS).sum();
        let small: usize = segments.list.iter().map(|s| s.segment.rows()).sum();
        let result = if small <= INLINE_ROWS || rows == 0 {
            guarded(|| inline(&plan, &tasks, control))
        } else {
            self.on_workers(plan, tasks, control).await
        };
        self.counters.scanned(segments.list.len() as u64, control.rows_scanned() - before.0);
        self.counters.copied_live(control.live_bytes_copied() - before.1);
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
pub(super) fn unordered_limit(plan: &Plan) -> Option<u64> {
    match &plan.operator {
        Operator::Rows(rows) if rows.order.is_empty() => rows.limit.map(|l| l.saturating_add(rows.offset)),
        _ => None,
    }
}
