//! Where do nulls stand among the first groups by the only key? First, whichever the direction: Druid answers such a
//! statement with a topN, which inverts the order of values and leaves null where it was.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, ExprSchemable, FetchType, Limit, LogicalPlan, Sort,
};

/// Most groups that a topN gives.
const MAX_TOP: usize = 100_000;

/// Puts nulls first where a topN does.
pub(super) fn nulls_of_top_n(plan: LogicalPlan) -> Result<LogicalPlan> {
    let changed = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::Limit(limit) = &node else { return Ok(Transformed::no(node)) };
        let LogicalPlan::Sort(sort) = &*limit.input else { return Ok(Transformed::no(node)) };
        if !is_top_n(limit, sort)? {
            return Ok(Transformed::no(node));
        }
        let mut sort = sort.clone();
        sort.expr.iter_mut().for_each(|key| key.nulls_first = true);
        let input = std::sync::Arc::new(LogicalPlan::Sort(sort));
        Ok(Transformed::yes(LogicalPlan::Limit(Limit { input, ..limit.clone() })))
    })?;
    Ok(changed.data)
}

fn is_top_n(limit: &Limit, sort: &Sort) -> Result<bool> {
    let few = matches!(limit.get_fetch_type()?, FetchType::Literal(Some(fetch)) if fetch <= MAX_TOP);
    let [key] = sort.expr.as_slice() else { return Ok(false) };
    let is_array = matches!(key.expr.get_type(sort.input.schema())?, DataType::List(_));
    Ok(few && limit.skip.is_none() && !key.asc && !is_array && is_only_key(&key.expr, &sort.input))
}

/// Whether an expression over a plan is the only key of the groups that the plan's rows are.
fn is_only_key(expr: &Expr, plan: &LogicalPlan) -> bool {
    let Expr::Column(column) = expr else { return false };
    let Some(at) = plan.schema().maybe_index_of_column(column) else { return false };
    match plan {
        LogicalPlan::Projection(projection) => {
            projection.expr.get(at).is_some_and(|expr| is_only_key(bare(expr), &projection.input))
        }
        LogicalPlan::Aggregate(Aggregate { group_expr, .. }) => {
            matches!(group_expr.as_slice(), [only] if at == 0 && !matches!(only, Expr::GroupingSet(_)))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => input.schema().fields().len() == 1,
        _ => false,
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}
