//! Which filters must stay above an aggregation of all rows? Those without columns: below it they would leave the one
//! group, of no rows, which they were to remove. The optimizer pushes them down but through a limit.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Limit, LogicalPlan, lit};

/// Puts a limit of the one row that there is between such a filter and the aggregation.
pub(super) fn keep_filters(plan: LogicalPlan) -> Result<LogicalPlan> {
    let changed = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Filter(mut filter)
            if split_conjunction(&filter.predicate).iter().any(|test| test.column_refs().is_empty())
                && is_one_group(&filter.input) =>
        {
            let fetch = Some(Box::new(lit(1_i64)));
            let below = Limit { skip: None, fetch, input: filter.input };
            filter.input = Arc::new(LogicalPlan::Limit(below));
            Ok(Transformed::yes(LogicalPlan::Filter(filter)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(changed.data)
}

fn is_one_group(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::Projection(projection) => is_one_group(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_one_group(&alias.input),
        LogicalPlan::Filter(filter) => is_one_group(&filter.input),
        _ => false,
    }
}
