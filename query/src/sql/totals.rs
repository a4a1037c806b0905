//! Which aggregations give nothing over no rows? Grouping sets, and in Druid those over tables about tables, where DataFusion
//! has the total of none.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Aggregate, Expr, GroupingSet, LogicalPlan, LogicalPlanBuilder, lit};

use super::forms::Reads;

/// The number of a group's rows, null over none, under a name that no statement has.
const ROWS: &str = "rows\u{1}";

/// Leaves the groups that have rows, wherever DataFusion makes grouping sets.
pub(super) fn without_empty(plan: LogicalPlan) -> Result<LogicalPlan> {
    with_rows_where(plan, has_total)
}

/// The same for aggregations without keys, where only tables about tables are read.
pub(super) fn without_rows(plan: LogicalPlan, reads: Reads) -> Result<LogicalPlan> {
    match reads.metadata && !reads.datasources {
        true => with_rows_where(plan, |aggregate| aggregate.group_expr.is_empty()),
        false => Ok(plan),
    }
}

fn with_rows_where(plan: LogicalPlan, is_meant: impl Fn(&Aggregate) -> bool) -> Result<LogicalPlan> {
    let changed = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Aggregate(aggregate) if is_meant(&aggregate) => {
            Ok(Transformed::yes(filtered(aggregate)?))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(changed.data)
}

fn has_total(aggregate: &Aggregate) -> bool {
    aggregate.group_expr.iter().any(|key| match key {
        Expr::GroupingSet(GroupingSet::GroupingSets(sets)) => sets.iter().any(Vec::is_empty),
        Expr::GroupingSet(_) => true,
        _ => false,
    })
}

fn filtered(aggregate: Aggregate) -> Result<LogicalPlan> {
    let columns: Vec<Expr> =
        aggregate.schema.iter().map(|(table, field)| Expr::Column(Column::from((table, field)))).collect();
    let mut calls = aggregate.aggr_expr;
    calls.push(sum(lit(1_i64)).alias(ROWS));
    let counted = Aggregate::try_new(aggregate.input, aggregate.group_expr, calls)?;
    LogicalPlanBuilder::from(LogicalPlan::Aggregate(counted))
        .filter(Expr::Column(Column::from_name(ROWS)).is_not_null())?
        .project(columns)?
        .build()
}
