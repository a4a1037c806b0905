//! How is an aggregation run? Each worker adds the groups of its tasks to a merger of its own, taken from those of
//! the query; at the end these few are merged.

use std::sync::Arc;

use parking_lot::Mutex;

use super::cached::Cached;
use super::runner::Task;
use super::{Control, Pool, guarded};
use crate::QueryError;
use crate::filter::Verdicts;
use crate::partial::{Groups, Merger, Spaces};
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
) -> Result<Groups, QueryError> {
    let query = Query::new((plan, scope), verdicts, spaces, &tasks, control)?;
    let Some(pool) = pool else {
        return guarded(|| {
            let mut merger = query.merger();
            tasks.into_iter().try_for_each(|task| query.add(&task, &mut merger))?;
            merger.finish(&query.aggregate)
        });
    };
    let query = Arc::new(query);
    let mergers = query.on_workers(tasks, pool).await?;
    let groups: usize = mergers.iter().map(Merger::len).sum();
    if mergers.len() <= 1 || groups < FEW_GROUPS {
        return guarded(|| query.merge(mergers));
    }
    // Merging is work as well: it goes to the pool when there is much of it.
    let merge: Box<dyn FnOnce() -> Result<Groups, QueryError> + Send> =
        Box::new(move || query.merge(mergers));
    let lost = || QueryError::Internal("the merge gave nothing".to_owned());
    pool.run(vec![merge]).await?.pop().ok_or_else(lost)
}

/// Fewer groups than this are merged at once.
const FEW_GROUPS: usize = 4096;

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
        })
    }

    fn merger(&self) -> Merger {
        Merger::new(&self.aggregate, Arc::clone(&self.spaces))
    }

    fn add(&self, task: &Task, merger: &mut Merger) -> Result<(), QueryError> {
        match &task.cached {
            None => self.scan(task, merger),
            Some(Cached::Known(bytes)) => merger.add_bytes(&self.aggregate, bytes),
            Some(Cached::Piece(whole, at)) => {
                let mut own = self.merger();
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
                let mut merger = idle.unwrap_or_else(|| query.merger());
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

    fn merge(&self, mergers: Vec<Merger>) -> Result<Groups, QueryError> {
        let mut all = mergers.into_iter();
        let mut merged = all.next().unwrap_or_else(|| self.merger());
        for merger in all {
            self.control.check()?;
            merged.append(&self.aggregate, merger)?;
        }
        merged.finish(&self.aggregate)
    }
}

/// Whether rows that come first may decide.
fn depends_on_order(function: &AggregateFunction) -> bool {
    use AggregateFunction as F;
    matches!(function, F::First { .. } | F::Last { .. } | F::Any { .. })
}
