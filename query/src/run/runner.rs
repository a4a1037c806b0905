//! How is a plan's work cut into tasks, and where do they run?

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::cached::Cached;
use super::{Control, Pool, Segments, groups, guarded, rows};
use crate::QueryError;
use crate::cache::{Found, Partials, Session};
use crate::counters::Counters;
use crate::filter::Verdicts;
use crate::group::GroupLimits;
use crate::partial::{Partial, Spaces};
use crate::plan::{Operator, Plan, Scope};
use crate::projection::{Part, Route, route};
use crate::texts::Dictionaries;

/// Queries over fewer rows run on the calling thread.
const INLINE_ROWS: usize = 20_000;
/// Blocks of one task at least, when a segment is split.
const TASK_BLOCKS: usize = 32;
/// Tasks of a large query for each worker.
const TASKS_A_THREAD: usize = 8;
/// Bytes of a known result that are as much work as one row.
const BYTES_A_ROW: usize = 64;

/// Runs plans.
#[derive(Debug)]
pub(crate) struct Runner {
    pool: Pool,
    threads: usize,
    limits: GroupLimits,
    counters: Arc<Counters>,
    dictionaries: Arc<Dictionaries>,
    /// `None` when no query may use it.
    partials: Option<Arc<Partials>>,
}

/// Some blocks of a segment, or of the groups of a projection.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) part: Part,
    pub(super) blocks: Range<usize>,
    /// What is known of the part's result, or becomes of it, when a cache has to do with it.
    pub(super) cached: Option<Cached>,
}

impl Task {
    /// Whether it is rows of a segment, and no cache has to do with it.
    pub(super) fn is_plain(&self) -> bool {
        self.cached.is_none() && self.part.1.is_none()
    }

    /// How much work it is, in rows.
    fn weight(&self) -> usize {
        match &self.cached {
            Some(Cached::Known(bytes)) => bytes.len() / BYTES_A_ROW,
            _ => {
                let end = (self.blocks.end * BLOCK_ROWS).min(self.part.0.segment.rows());
                end.saturating_sub(self.blocks.start * BLOCK_ROWS)
            }
        }
    }
}

impl Runner {
    pub(crate) fn new(
        (threads, limits): (usize, GroupLimits),
        counters: Arc<Counters>,
        partials: Option<Arc<Partials>>,
    ) -> Result<Self, QueryError> {
        let pool = Pool::start(threads)?;
        let (threads, dictionaries) = (threads.max(1), Arc::new(Dictionaries::new(limits.texts)));
        Ok(Self { pool, threads, limits, counters, dictionaries, partials })
    }

    /// The merged result of a plan over segments.
    pub(crate) async fn execute(
        &self,
        plan: Plan,
        segments: &Segments,
        control: &Control,
    ) -> Result<Partial, QueryError> {
        let plan = plan.checked()?.with_lookups(&segments.lookups)?;
        let before = (control.rows_scanned(), control.live_bytes_copied());
        let Route { parts, projected, scope } = route(&plan, &segments.list)?;
        let session = self.partials.as_ref().and_then(|partials| partials.session(&plan));
        let tasks = self.tasks(&parts, scope.as_ref(), session)?;
        let small = tasks.iter().map(Task::weight).sum::<usize>() <= INLINE_ROWS;
        let pool = (!small).then_some(&self.pool);
        let verdicts = Verdicts::new(&plan.scope.datasources, segments.list.len(), &self.dictionaries);
        let result = match &plan.operator {
            Operator::Aggregate(aggregate) => {
                let read: Vec<SegmentRef> = parts.iter().map(|(segment, _)| segment.clone()).collect();
                let known = (self.dictionaries.as_ref(), self.limits);
                let spaces = || Spaces::new(&plan.scope, aggregate, &read, known, control).map(Arc::new);
                let spaces = guarded(spaces)?;
                groups::run((plan, scope), verdicts, spaces, tasks, pool, control).await.map(Partial::Groups)
            }
            _ => rows::run(plan, verdicts, tasks, pool, control).await,
        };
        self.counters.projected(projected);
        self.counters.scanned(segments.list.len() as u64, control.rows_scanned() - before.0);
        self.counters.copied_live(control.live_bytes_copied() - before.1);
        result
    }

    /// What work on each of some segments gives, in their order.
    pub(crate) async fn over_each<T: Send + 'static>(
        &self,
        segments: Vec<SegmentRef>,
        work: impl Fn(&SegmentRef) -> Result<T, QueryError> + Send + Sync + 'static,
    ) -> Result<Vec<T>, QueryError> {
        if segments.iter().map(|s| s.segment.rows()).sum::<usize>() <= INLINE_ROWS {
            return segments.iter().map(|segment| guarded(|| work(segment))).collect();
        }
        let work = Arc::new(work);
        let mut tasks: Vec<Box<dyn FnOnce() -> Result<T, QueryError> + Send>> = Vec::new();
        for segment in segments {
            let work = Arc::clone(&work);
            tasks.push(Box::new(move || work(&segment)));
        }
        self.pool.run(tasks).await
    }

    /// The verdicts of a piece of work over so many segments of some datasources.
    pub(crate) fn verdicts(&self, datasources: &[String], segments: usize) -> Verdicts {
        Verdicts::new(datasources, segments, &self.dictionaries)
    }

    /// Segments, cut where they are large, so that all workers end at about the same time; what the session knows of
    /// them is not read.
    fn tasks(
        &self,
        parts: &[Part],
        groups: Option<&Scope>,
        mut session: Option<Session<'_>>,
    ) -> Result<Vec<Task>, QueryError> {
        let blocks_of = |(s, _): &Part| s.segment.rows().div_ceil(BLOCK_ROWS);
        let total: usize = parts.iter().map(blocks_of).sum();
        let size = (total / (self.threads * TASKS_A_THREAD)).max(TASK_BLOCKS);
        let mut tasks = Vec::with_capacity(parts.len());
        for part in parts {
            let found = session.as_mut().map_or(Ok(Found::Nothing), |session| session.find(part, groups))?;
            let place = match found {
                Found::Known(bytes) => {
                    tasks.push(Task { part: part.clone(), blocks: 0..0, cached: Some(Cached::Known(bytes)) });
                    continue;
                }
                Found::Wanted(place) => Some(place),
                Found::Nothing => None,
            };
            let blocks = blocks_of(part);
            let pieces = if self.threads == 1 { 1 } else { (blocks / size).max(1) };
            let step = blocks.div_ceil(pieces).max(1);
            let starts = (0..blocks).step_by(step);
            let mut pieces = place.map(|place| Cached::pieces(place, starts.len()));
            for start in starts {
                let cached = pieces.as_mut().and_then(Iterator::next);
                tasks.push(Task { part: part.clone(), blocks: start..(start + step).min(blocks), cached });
            }
        }
        Ok(tasks)
    }
}
