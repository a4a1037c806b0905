//! How much may the subqueries of a statement give? What is joined with them is refused beyond `maxSubqueryRows` or
//! `maxSubqueryBytes`, where the context names one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

use super::exec::SegmentExec;
use super::fault::outside;
use crate::QueryError;
use crate::source::Limit;

/// A plan in which what joins read of subqueries is counted, all of it together.
pub(crate) fn limited(plan: Arc<dyn ExecutionPlan>, limit: Limit) -> Result<Arc<dyn ExecutionPlan>> {
    let read = Arc::new(AtomicU64::new(0));
    let changed = plan.transform_up(|node| {
        if !node.name().ends_with("JoinExec") {
            return Ok(Transformed::no(node));
        }
        let child = |child: &Arc<dyn ExecutionPlan>| match is_subquery(child) {
            true => Arc::new(Counted { input: Arc::clone(child), limit, read: Arc::clone(&read) }),
            false => Arc::clone(child),
        };
        let children = node.children().into_iter().map(child).collect();
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        Ok(Transformed::yes(node.replace_children(children, options)?))
    })?;
    Ok(changed.data)
}

/// Whether the rows of a plan are groups, or some of others: not those of a table.
fn is_subquery(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let any: &dyn std::any::Any = plan.as_ref();
    if let Some(segments) = any.downcast_ref::<SegmentExec>() {
        return segments.is_groups();
    }
    let name = plan.name();
    let makes_rows = name.contains("Aggregate") || name.contains("Limit") || name.ends_with("JoinExec");
    makes_rows || plan.children().into_iter().any(is_subquery)
}

/// Rows of a subquery on their way, counted.
#[derive(Debug)]
struct Counted {
    input: Arc<dyn ExecutionPlan>,
    limit: Limit,
    /// By all subqueries so far: rows or bytes.
    read: Arc<AtomicU64>,
}

impl DisplayAs for Counted {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Counted: {:?}", self.limit)
    }
}

impl ExecutionPlan for Counted {
    fn name(&self) -> &str {
        "Counted"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let lost = || outside(QueryError::Internal("a subquery was lost".to_owned()));
        let input = children.pop().ok_or_else(lost)?;
        Ok(Arc::new(Self { input, limit: self.limit, read: Arc::clone(&self.read) }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (limit, read) = (self.limit, Arc::clone(&self.read));
        let batches = self.input.execute(partition, context)?;
        let schema = batches.schema();
        let counted = batches.map(move |batch| {
            let batch = batch?;
            let size = match limit {
                Limit::Rows(_) => batch.num_rows(),
                Limit::Bytes(_) => batch.get_array_memory_size(),
            };
            let all = read.fetch_add(size as u64, Ordering::Relaxed) + size as u64;
            limit.check_size(all).map_err(outside)?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, counted)))
    }
}
