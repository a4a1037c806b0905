//! How is a plan's work cut into tasks, and where do they run?

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::{Control, Pool, Segments, groups, guarded, rows};
use crate::QueryError;
use crate::counters::Counters;
use crate::filter::Verdicts;
use crate::partial::{Partial, Spaces};
use crate::plan::{Operator, Plan};
use crate::projection::{Part, Route, route};
use crate::texts::Dictionaries;

/// Queries over fewer rows run on the calling thread.
const INLINE_ROWS: usize = 20_000;
/// Blocks of one task at least, when a segment is split.
const TASK_BLOCKS: usize = 32;
/// Tasks of a large query for each worker.
const TASKS_A_THREAD: usize = 8;

/// Runs plans.
#[derive(Debug)]
pub(crate) struct Runner {
    pool: Pool,
    threads: usize,
    counters: Arc<Counters>,
    dictionaries: Arc<Dictionaries>,
}

/// Some blocks of a segment, or of the groups of a projection.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) part: Part,
    pub(super) blocks: Range<usize>,
}

impl Runner {
    pub(crate) fn new(threads: usize, counters: Arc<Counters>) -> Result<Self, QueryError> {
        let pool = Pool::start(threads)?;
        Ok(Self { pool, threads: threads.max(1), counters, dictionaries: Arc::default() })
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
        let Route { parts, projected, scope } = route(&plan, &segments.list)?;
        let tasks = self.tasks(&parts);
        let small = parts.iter().map(|(s, _)| s.segment.rows()).sum::<usize>() <= INLINE_ROWS;
        let pool = (!small).then_some(&self.pool);
        let verdicts = Verdicts::new(&plan.scope.datasources, segments.list.len(), &self.dictionaries);
        let result = match &plan.operator {
            Operator::Aggregate(aggregate) => {
                let read: Vec<SegmentRef> = parts.iter().map(|(segment, _)| segment.clone()).collect();
                let spaces =
                    guarded(|| Spaces::new(&plan.scope, aggregate, &read, &self.dictionaries).map(Arc::new))?;
                groups::run((plan, scope), verdicts, spaces, tasks, pool, control).await.map(Partial::Groups)
            }
            _ => rows::run(plan, verdicts, tasks, pool, control).await,
        };
        self.counters.projected(projected);
        self.counters.scanned(segments.list.len() as u64, control.rows_scanned() - before.0);
        self.counters.copied_live(control.live_bytes_copied() - before.1);
        result
    }

    /// Segments, cut where they are large, so that all workers end at about the same time.
    fn tasks(&self, parts: &[Part]) -> Vec<Task> {
        let blocks_of = |(s, _): &Part| s.segment.rows().div_ceil(BLOCK_ROWS);
        let total: usize = parts.iter().map(blocks_of).sum();
        let size = (total / (self.threads * TASKS_A_THREAD)).max(TASK_BLOCKS);
        let mut tasks = Vec::with_capacity(parts.len());
        for part in parts {
            let blocks = blocks_of(part);
            let pieces = if self.threads == 1 { 1 } else { (blocks / size).max(1) };
            let step = blocks.div_ceil(pieces).max(1);
            for start in (0..blocks).step_by(step) {
                tasks.push(Task { part: part.clone(), blocks: start..(start + step).min(blocks) });
            }
        }
        tasks
    }
}
