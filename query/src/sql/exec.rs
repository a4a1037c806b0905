//! How does segment work run inside a DataFusion plan? `execute` awaits the engine's answer and hands its columns
//! on as record batches.

use std::fmt;
use std::sync::Arc;

use alluvium_segments::ColumnType;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::UserDefinedLogicalNodeCore;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, TryStreamExt};

use super::access::{Access, Rows};
use super::arrays::into_array;
use super::fault::outside;
use super::lower::{Lowered, lower};
use super::node::{Part, SegmentNode, Shown};
use super::prepare::Values;
use crate::QueryError;
use crate::column::ColumnData;
use crate::plan::Operator;

/// Rows a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// A query, and what of its result is shown.
#[derive(Debug)]
struct Piece {
    work: Lowered,
    shown: Vec<Shown>,
}

/// Segment work, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct SegmentExec {
    access: Access,
    pieces: Arc<[Piece]>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl SegmentExec {
    /// The work of a node with these values.
    pub(crate) fn new(node: &SegmentNode, access: Access, values: &Values) -> Result<Self> {
        let schema = Arc::clone(node.schema().inner());
        let piece = |part: &Part| {
            let work = lower(&part.query).and_then(|work| part.filled(work, &node.table, values));
            let seen = part.shown.iter().filter_map(|shown| match shown {
                Shown::Result(column) => Some(*column),
                Shown::Constant(_) => None,
            });
            let seen: Vec<usize> = seen.collect();
            let mut work = work.map_err(outside)?.seen(&seen);
            work.subtotal = node.parts.len() > 1;
            Ok(Piece { work, shown: part.shown.clone() })
        };
        let pieces = node.parts.iter().map(piece).collect::<Result<_>>()?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { access, pieces, schema, properties: Arc::new(properties) })
    }
}

impl SegmentExec {
    /// Whether its rows are groups.
    pub(crate) fn is_groups(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece.work.plan.operator, Operator::Aggregate(_)))
    }
}

impl DisplayAs for SegmentExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SegmentExec: {} queries", self.pieces.len())
    }
}

impl ExecutionPlan for SegmentExec {
    fn name(&self) -> &str {
        "SegmentExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (access, pieces, schema) =
            (self.access.clone(), Arc::clone(&self.pieces), Arc::clone(&self.schema));
        let numbers = 0..pieces.len();
        let batches = futures::stream::iter(numbers)
            .then(move |i| {
                let (access, pieces, schema) = (access.clone(), Arc::clone(&pieces), Arc::clone(&schema));
                async move {
                    let Some(piece) = pieces.get(i) else { return Ok(futures::stream::iter(Vec::new())) };
                    let mut batches = Vec::new();
                    for rows in access.run(piece.work.clone()).await.map_err(outside)? {
                        slice(&record_batch(rows, &piece.shown, &schema)?, &mut batches);
                    }
                    Ok::<_, DataFusionError>(futures::stream::iter(batches))
                }
            })
            .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}

/// Cuts a batch into pieces of at most [`BATCH_ROWS`].
fn slice(batch: &RecordBatch, pieces: &mut Vec<Result<RecordBatch>>) {
    let rows = batch.num_rows();
    pieces.extend((0..rows).step_by(BATCH_ROWS).map(|at| Ok(batch.slice(at, BATCH_ROWS.min(rows - at)))));
}

fn record_batch(rows: Rows, shown: &[Shown], schema: &SchemaRef) -> Result<RecordBatch> {
    let Rows { count, mut columns } = rows;
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (at, (shown_here, field)) in shown.iter().zip(schema.fields()).enumerate() {
        arrays.push(match shown_here {
            Shown::Constant(value) => value.to_array_of_size(count)?,
            Shown::Result(i) => {
                let column = columns
                    .get_mut(*i)
                    .ok_or_else(|| outside(QueryError::Internal(format!("result column {i} is missing"))))?;
                let again = shown.iter().skip(at + 1).any(|later| later == shown_here);
                let column = match again {
                    true => column.clone(),
                    false => std::mem::replace(column, ColumnData::empty(ColumnType::Long)),
                };
                into_array(column, field.data_type())?
            }
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}
