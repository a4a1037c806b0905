//! How is an aggregation run? Each worker adds the groups of its tasks to a merger of its own, taken from those of
//! the query; at the end these few are merged, in parts and by all workers where groups are very many.

use std::sync::Arc;

use alluvium_segments::BLOCK_ROWS;
use parking_lot::Mutex;

use super::cached::Cached;
use super::runner::Task;
use super::{Control, Pool, guarded};
use crate::QueryError;
use crate::filter::Verdicts;
use crate::partial::{AnySpread, Groups, Merger, Pairs, Spaces};
use crate::plan::{AggregateFunction, AggregatePlan, Operator, Plan, Scope};
use crate::scan::aggregate;

/// The groups of all tasks (`scope`: that of groups of projections); without a pool on the calling thread.
pub(super) async fn run(
    (plan, scope): (Plan, Option<Scope>),
    verdicts: Verdicts,
    spaces: Arc<Spaces>,
    tasks: Vec<Task>,
    pool: Option<&Pool>,
    control: &Control,
) -> Result<Vec<Groups>, QueryError> {
    let mut query = Query::new((plan, scope), verdicts, spaces, &tasks, control)?;
    let Some(pool) = pool else {
        return guarded(|| {
            let mut merger = query.merger(query.spaces.rows);
            tasks.into_iter().try_for_each(|task| query.add(&task, &mut merger))?;
            Ok(vec![merger.finish(&query.aggregate, &query.plan.unseen)?])
        });
    };
    query.workers = pool.threads();
    query.pairs = Pairs::of(&query.aggregate, &query.spaces).filter(|_| tasks.iter().all(Task::is_plain));
    if let Some(pairs) = &query.pairs {
        (query.aggregate, query.spaces) = (pairs.plan.clone(), Arc::clone(&pairs.spaces));
    }
    query.spread = AnySpread::new(&query.aggregate, &query.spaces, control);
    let query = Arc::new(query);
    let mergers = query.on_workers(tasks, pool).await?;
    let groups: usize = mergers.iter().map(Merger::len).sum();
    // Those of one worker need no merging.
    let several = if mergers.len() > 1 { groups } else { 0 };
    if let Some(spread) = query.spread.as_ref().filter(|spread| spread.takes(several)) {
        if let Some(pairs) = &query.pairs {
            let count = |query: &Query, merger| match &query.pairs {
                Some(pairs) => pairs.count(merger),
                None => Ok(merger),
            };
            let counted = query.in_parts(spread, mergers, pool, count).await?;
            return guarded(|| query.merge(&pairs.counting, counted));
        }
        return query.in_parts(spread, mergers, pool, Query::finish).await;
    }
    if mergers.len() <= 1 || groups < FEW_GROUPS {
        return guarded(|| query.merge_all(mergers));
    }
    // Merging is work as well: it goes to the pool when there is much of it.
    let merge: Vec<Part<Vec<Groups>>> = vec![Box::new(move || query.merge_all(mergers))];
    Ok(pool.run(merge).await?.into_iter().flatten().collect())
}

/// Fewer groups than this are merged at once.
const FEW_GROUPS: usize = 4096;
/// Pieces that merging is cut into for each worker.
const PIECES_A_THREAD: usize = 4;

/// A part of the merge.
type Part<T> = Box<dyn FnOnce() -> Result<T, QueryError> + Send>;

/// A task as the pool takes it; gives a merger where the order of rows matters.
type Work = Box<dyn FnOnce() -> Result<Option<Merger>, QueryError> + Send>;

/// What all tasks of a query share.
struct Query {
    plan: Plan,
    aggregate: AggregatePlan,
    verdicts: Verdicts,
    spaces: Arc<Spaces>,
    control: Control,
    /// The scope of the groups of projections.
    projected: Option<Scope>,
    /// What is asked of such groups: what verdicts are known by must stay where it is while the query runs.
    _asked: Vec<Arc<AggregatePlan>>,
    /// Mergers that no task has now.
    idle: Mutex<Vec<Merger>>,
    /// Where they leave groups that are too many.
    spread: Option<AnySpread>,
    /// The steps of a count of distinct values, the first of which is what the groups are of.
    pairs: Option<Pairs>,
    /// How many share the work.
    workers: usize,
}

impl Query {
    fn new(
        (plan, projected): (Plan, Option<Scope>),
        verdicts: Verdicts,
        spaces: Arc<Spaces>,
        tasks: &[Task],
        control: &Control,
    ) -> Result<Self, QueryError> {
        let Operator::Aggregate(aggregate) = plan.operator.clone() else {
            return Err(QueryError::Internal("rows are no groups".to_owned()));
        };
        let asked = tasks.iter().filter_map(|task| task.part.1.clone()).collect();
        Ok(Self {
            plan,
            aggregate,
            verdicts,
            spaces,
            control: control.clone(),
            projected,
            _asked: asked,
            idle: Mutex::default(),
            spread: None,
            pairs: None,
            workers: 1,
        })
    }

    /// For about so many rows.
    fn merger(&self, rows: usize) -> Merger {
        Merger::new(&self.aggregate, Arc::clone(&self.spaces), rows)
    }

    /// The merger of a worker.
    fn worker(&self) -> Merger {
        self.merger(self.spaces.rows / self.workers.max(1)).spreading(self.spread.clone())
    }

    fn add(&self, task: &Task, merger: &mut Merger) -> Result<(), QueryError> {
        match &task.cached {
            None => self.scan(task, merger),
            Some(Cached::Known(bytes)) => merger.add_bytes(&self.aggregate, bytes),
            Some(Cached::Piece(whole, at)) => {
                let mut own = self.merger(task.blocks.len() * BLOCK_ROWS);
                self.scan(task, &mut own)?;
                whole.done((*at, own), &self.aggregate, merger)
            }
        }
    }

    fn scan(&self, task: &Task, merger: &mut Merger) -> Result<(), QueryError> {
        let (segment, asked) = &task.part;
        let (scope, plan) = match (asked, &self.projected) {
            (Some(asked), Some(scope)) => (scope, asked.as_ref()),
            _ => (&self.plan.scope, &self.aggregate),
        };
        let scope = (scope, &self.verdicts);
        aggregate(scope, plan, segment, task.blocks.clone(), &self.control, merger)
    }

    /// The mergers after all tasks: one a task, in their order, where the order of rows matters; else about one a
    /// worker.
    async fn on_workers(self: &Arc<Self>, tasks: Vec<Task>, pool: &Pool) -> Result<Vec<Merger>, QueryError> {
        let ordered = self.aggregate.aggregators.iter().any(|a| depends_on_order(&a.function));
        let mut work: Vec<Work> = Vec::new();
        for task in tasks {
            let query = Arc::clone(self);
            work.push(Box::new(move || {
                let idle = if ordered { None } else { query.idle.lock().pop() };
                let mut merger = idle.unwrap_or_else(|| query.worker());
                query.add(&task, &mut merger)?;
                if ordered {
                    return Ok(Some(merger));
                }
                query.idle.lock().push(merger);
                Ok(None)
            }));
        }
        let in_order: Vec<Merger> = pool.run(work).await?.into_iter().flatten().collect();
        let idle = std::mem::take(&mut *self.idle.lock());
        Ok(in_order.into_iter().chain(idle).collect())
    }

    /// The groups of the mergers and those that they have left elsewhere, merged on all workers.
    async fn in_parts<T: Send + 'static>(
        self: &Arc<Self>,
        spread: &AnySpread,
        mergers: Vec<Merger>,
        pool: &Pool,
        finish: fn(&Self, Merger) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let mut rest: Vec<Part<()>> = Vec::new();
        for mut merger in mergers {
            let query = Arc::clone(self);
            rest.push(Box::new(move || merger.hand_on(&query.aggregate)));
        }
        pool.run(rest).await?;
        let (batches, pieces) = spread.pieces(pool.threads() * PIECES_A_THREAD);
        let mut merges: Vec<Part<T>> = Vec::new();
        for parts in pieces {
            let (query, spread, batches) = (Arc::clone(self), spread.clone(), batches.clone());
            merges.push(Box::new(move || {
                let (plan, spaces) = (&query.aggregate, Arc::clone(&query.spaces));
                let merger = Merger::of_parts(plan, spaces, &spread, (&batches, parts))?;
                finish(&query, merger)
            }));
        }
        drop(batches);
        pool.run(merges).await
    }

    fn finish(&self, merger: Merger) -> Result<Groups, QueryError> {
        merger.finish(&self.aggregate, &self.plan.unseen)
    }

    /// All groups, of pairs counted where that is what is done.
    fn merge_all(&self, mergers: Vec<Merger>) -> Result<Vec<Groups>, QueryError> {
        let merged = self.merged(&self.aggregate, mergers)?;
        match &self.pairs {
            Some(pairs) => self.merge(&pairs.counting, vec![pairs.count(merged)?]),
            None => Ok(vec![self.finish(merged)?]),
        }
    }

    fn merge(&self, plan: &AggregatePlan, mergers: Vec<Merger>) -> Result<Vec<Groups>, QueryError> {
        Ok(vec![self.merged(plan, mergers)?.finish(plan, &self.plan.unseen)?])
    }

    fn merged(&self, plan: &AggregatePlan, mergers: Vec<Merger>) -> Result<Merger, QueryError> {
        let mut all = mergers.into_iter();
        let mut merged = all.next().map_or_else(|| self.merger(0), |merger| merger.spreading(None));
        for merger in all {
            self.control.check()?;
            merged.append(plan, merger)?;
        }
        Ok(merged)
    }
}

/// Whether rows that come first may decide.
fn depends_on_order(function: &AggregateFunction) -> bool {
    use AggregateFunction as F;
    matches!(function, F::First { .. } | F::Last { .. } | F::Any { .. })
}
