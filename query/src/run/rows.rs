//! How are rows or time bounds collected? Task by task, and no further than the limit needs.

use std::sync::Arc;

use super::gather::{self, Enough};
use super::runner::Task;
use super::{Control, Horizon, Pool, guarded};
use crate::QueryError;
use crate::filter::Verdicts;
use crate::partial::Partial;
use crate::plan::{Operator, Plan};
use crate::scan::scan;

/// The result of all tasks; without a pool on the calling thread.
pub(super) async fn run(
    plan: Plan,
    verdicts: Verdicts,
    tasks: Vec<Task>,
    pool: Option<&Pool>,
    control: &Control,
) -> Result<Partial, QueryError> {
    let query = Arc::new(Query::new(plan, verdicts, tasks, control));
    let Some(pool) = pool else {
        return guarded(|| {
            let partials = query.order.iter().map(|i| query.scan(*i)).collect::<Result<Vec<_>, _>>()?;
            query.gather(partials)
        });
    };
    let mut work: Vec<Box<dyn FnOnce() -> Result<Partial, QueryError> + Send>> = Vec::new();
    for i in query.order.clone() {
        let query = Arc::clone(&query);
        work.push(Box::new(move || query.scan(i)));
    }
    let partials = pool.run(work).await?;
    // Sorting is work as well: it goes to the pool when there is something to sort.
    if partials.len() <= 1 {
        return guarded(|| query.gather(partials));
    }
    let merge: Box<dyn FnOnce() -> Result<Partial, QueryError> + Send> =
        Box::new(move || query.gather(partials));
    let lost = || QueryError::Internal("the merge gave nothing".to_owned());
    pool.run(vec![merge]).await?.pop().ok_or_else(lost)
}

/// What all tasks of a query share.
struct Query {
    plan: Plan,
    verdicts: Verdicts,
    tasks: Vec<Task>,
    /// Numbers of the tasks in the order in which they begin.
    order: Vec<usize>,
    control: Control,
    enough: Enough,
    horizon: Option<Horizon>,
}

impl Query {
    fn new(plan: Plan, verdicts: Verdicts, tasks: Vec<Task>, control: &Control) -> Self {
        let horizon = match &plan.operator {
            Operator::Rows(rows) => Horizon::of(rows),
            _ => None,
        };
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        if horizon.as_ref().is_some_and(Horizon::descending) {
            order.reverse();
        }
        let enough = Enough::new(&plan, tasks.len());
        Self { plan, verdicts, tasks, order, control: control.clone(), enough, horizon }
    }

    fn scan(&self, i: usize) -> Result<Partial, QueryError> {
        let Some(Task { part: (segment, _), blocks, .. }) =
            self.tasks.get(i).filter(|_| !self.enough.before(i))
        else {
            return Ok(Partial::empty(&self.plan.operator));
        };
        let plan = (&self.plan, &self.verdicts);
        let partial = scan(plan, segment, blocks.clone(), &self.control, self.horizon.as_ref())?;
        self.enough.done(i, &partial);
        Ok(partial)
    }

    /// Joins the partial results, which come in the order in which their tasks began.
    fn gather(&self, partials: Vec<Partial>) -> Result<Partial, QueryError> {
        let mut placed: Vec<(usize, Partial)> = self.order.iter().copied().zip(partials).collect();
        placed.sort_by_key(|(task, _)| *task);
        gather::gather(&self.plan, placed.into_iter().map(|(_, partial)| partial).collect())
    }
}

/// How many rows are enough, when a plan's rows come in no order but the segments'.
pub(super) fn unordered_limit(plan: &Plan) -> Option<u64> {
    match &plan.operator {
        Operator::Rows(rows) if rows.order.is_empty() => rows.limit.map(|l| l.saturating_add(rows.offset)),
        _ => None,
    }
}
