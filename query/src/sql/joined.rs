//! Which joins does Druid fail at when they run? Those whose left key is a column in which a row has several values.

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::access::Access;
use super::fault::outside;
use super::lower::lower;
use super::node::{SegmentNode, Shown};
use super::translate::Work;
use crate::plan::KnownColumns;
use crate::{QueryError, Segments};

/// Refuses a plan that is about to run.
pub(crate) fn check_joins(plan: &LogicalPlan, access: &Access) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = node {
            for (key, _) in &join.on {
                check_key(key, &join.left, access)?;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn check_key(key: &Expr, plan: &LogicalPlan, access: &Access) -> Result<()> {
    let Some((node, column)) = stored(key, plan) else { return Ok(()) };
    let [part] = node.parts.as_slice() else { return Ok(()) };
    let Work::Rows { columns, computed, .. } = &part.query.work else { return Ok(()) };
    let Some(Shown::Result(at)) = part.shown.get(column) else { return Ok(()) };
    let Some(name) = columns.get(*at).filter(|name| computed.iter().all(|made| made.name != **name)) else {
        return Ok(());
    };
    let scope = lower(&part.query).map_err(outside)?.plan.scope;
    let segments = Segments::of(&scope, &access.snapshot, true).map_err(outside)?;
    let known =
        KnownColumns { columns: &[], timed: true, in_memory: false, segments: &segments.list, virtuals: &[] };
    match known.has_several(name) {
        true => Err(outside(QueryError::failed("Joining against a multi-value dimension is not supported."))),
        false => Ok(()),
    }
}

/// The node that gives the column that an expression names, and its number there.
fn stored<'p>(expr: &Expr, plan: &'p LogicalPlan) -> Option<(&'p SegmentNode, usize)> {
    let column = match expr {
        Expr::Alias(alias) => return stored(&alias.expr, plan),
        Expr::Column(column) => column,
        _ => return None,
    };
    find(plan.schema().maybe_index_of_column(column)?, plan)
}

fn find(at: usize, plan: &LogicalPlan) -> Option<(&SegmentNode, usize)> {
    match plan {
        LogicalPlan::Extension(extension) => {
            Some((extension.node.as_any().downcast_ref::<SegmentNode>()?, at))
        }
        LogicalPlan::SubqueryAlias(alias) => find(at, &alias.input),
        LogicalPlan::Filter(filter) => find(at, &filter.input),
        LogicalPlan::Projection(projection) => stored(projection.expr.get(at)?, &projection.input),
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            if at < left { find(at, &join.left) } else { find(at - left, &join.right) }
        }
        _ => None,
    }
}
