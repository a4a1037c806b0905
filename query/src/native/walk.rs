//! How are rows in memory read whose order is not that of time? As [`crate::source::walked`] says.

use alluvium_segments::time::Granularity;

use super::Run;
use crate::QueryError;
use crate::partial::Partial;
use crate::plan::{Operator, Plan, Scope};
use crate::request::Body;
use crate::run::Segments;
use crate::source::{ends, walked};

impl Run<'_> {
    /// Carries out a plan of groups.
    pub(super) async fn execute_groups(&self, plan: Plan) -> Result<Partial, QueryError> {
        let granularity = match &plan.operator {
            Operator::Aggregate(groups) if self.input.walked => groups.granularity.clone(),
            _ => Granularity::All,
        };
        if matches!(granularity, Granularity::All) {
            return self.execute(plan).await;
        }
        let backwards = matches!(&self.query.body, Body::Timeseries(query) if query.descending);
        let (scope, control) = (self.resolved(&plan.scope)?, self.control.clone());
        let list = self.input.segments.list.clone();
        let verdicts = self.engine.runner.verdicts(&self.input.names, list.len());
        let one =
            move |segment: &_| walked((&scope, &verdicts), (&granularity, backwards), segment, &control);
        let list = self.engine.runner.over_each(list, one).await?;
        let lookups = std::sync::Arc::clone(&self.input.segments.lookups);
        self.execute_over(plan, &Segments { list, lookups }).await
    }

    /// The times of the first and the last row; of rows that are in the order of time the bounds.
    pub(super) async fn time_bounds(&self, scope: Scope) -> Result<Option<(i64, i64)>, QueryError> {
        if !self.input.walked {
            return Ok(match self.execute(Plan::new(scope, Operator::TimeBounds)).await? {
                Partial::TimeBounds(bounds) => bounds,
                _ => None,
            });
        }
        let (scope, control) = (self.resolved(&scope)?, self.control.clone());
        let list = self.input.segments.list.clone();
        let verdicts = self.engine.runner.verdicts(&self.input.names, list.len());
        let one = move |segment: &_| ends((&scope, &verdicts), segment, &control);
        let found = self.engine.runner.over_each(list, one).await?;
        let found: Vec<(i64, i64)> = found.into_iter().flatten().collect();
        Ok(found.first().zip(found.last()).map(|((first, _), (_, last))| (*first, *last)))
    }

    /// A scope with what its names stand for.
    fn resolved(&self, scope: &Scope) -> Result<Scope, QueryError> {
        let mut plan = Plan::new(scope.clone(), Operator::TimeBounds);
        plan.scope.virtual_columns = self.known(&plan.scope.virtual_columns).resolved();
        Ok(plan.checked()?.with_lookups(&self.input.segments.lookups)?.scope)
    }
}
