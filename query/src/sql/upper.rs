//! How does what stands above the segments run? In DataFusion, under the query's memory: joins by hash first, and by sorting,
//! which can go on in files, where hash tables are too large.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{FetchType, LogicalPlan, SkipType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream, execute_stream_partitioned};
use futures::{StreamExt, stream};

use super::access::Access;
use super::fault::from_datafusion;
use super::joined::check_joins;
use super::memory::{NOT_ENOUGH, Room};
use super::planner::Planner;
use super::prepare::Values;
use super::subqueries::limited;
use crate::{Control, QueryError};

/// How often a running query looks whether it may go on.
const LOOK: Duration = Duration::from_millis(50);

/// Runs a plan up to its first rows.
pub(super) async fn run(
    planner: &Planner,
    plan: &LogicalPlan,
    access: &Access,
    values: &Values,
) -> Result<SendableRecordBatchStream, QueryError> {
    // The first rows of a union are those of its first parts.
    let (plan, first) = match plan {
        LogicalPlan::Limit(limit) if matches!(&*limit.input, LogicalPlan::Union(_)) => {
            match (limit.get_skip_type(), limit.get_fetch_type()) {
                (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) => {
                    (&*limit.input, Some((skip, fetch.unwrap_or(usize::MAX))))
                }
                _ => (plan, None),
            }
        }
        plan => (plan, None),
    };
    check_joins(plan, access).map_err(from_datafusion)?;
    let begin = async |room: Room| {
        let physical = planner.physical(plan, access, values, room).await;
        let (physical, context) = physical.map_err(from_datafusion)?;
        let physical = match access.subquery_limit {
            Some(limit) => limited(physical, limit).map_err(from_datafusion)?,
            None => physical,
        };
        begin(physical, context, matches!(plan, LogicalPlan::Union(_)), &access.control).await
    };
    let batches = match begin(Room::Ample).await {
        // Nothing has been answered yet.
        Err(QueryError::ResourceLimit(why)) if planner.spills() && why.starts_with(NOT_ENOUGH) => {
            access.engine.counters().scarce();
            begin(Room::Scarce).await?
        }
        begun => begun?,
    };
    Ok(match first {
        Some((skip, fetch)) => cut(batches, skip, fetch),
        None => batches,
    })
}

/// The batches of a plan, of which the first is there.
async fn begin(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    parts: bool,
    control: &Control,
) -> Result<SendableRecordBatchStream, QueryError> {
    let batches = if parts { in_turn(plan, context) } else { execute_stream(plan, context) };
    let mut batches = batches.map_err(from_datafusion)?;
    let schema = batches.schema();
    let first = next(&mut batches, control).await?;
    let batches = stream::iter(first.map(Ok)).chain(batches);
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

/// The rows after `skip`, at most `fetch`.
fn cut(batches: SendableRecordBatchStream, skip: usize, fetch: usize) -> SendableRecordBatchStream {
    let schema = batches.schema();
    let cut = batches.scan((skip, fetch), |(skip, fetch), batch| {
        let batch = batch.map(|batch| {
            let from = (*skip).min(batch.num_rows());
            let rows = (batch.num_rows() - from).min(*fetch);
            (*skip, *fetch) = (*skip - from, *fetch - rows);
            batch.slice(from, rows)
        });
        let over = *fetch == 0 && batch.as_ref().is_ok_and(|batch| batch.num_rows() == 0);
        futures::future::ready((!over).then_some(batch))
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, cut))
}

/// The parts of a union one after the other, as Druid answers them.
fn in_turn(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> datafusion::common::Result<SendableRecordBatchStream> {
    let schema = plan.schema();
    let parts = execute_stream_partitioned(plan, context)?;
    let batches = stream::iter(parts).flatten();
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
}

/// The next batch that has rows, as long as the query may go on.
pub(super) async fn next(
    batches: &mut SendableRecordBatchStream,
    control: &Control,
) -> Result<Option<RecordBatch>, QueryError> {
    loop {
        control.check()?;
        match tokio::time::timeout(LOOK, batches.next()).await {
            Err(_) => {}
            Ok(None) => return Ok(None),
            Ok(Some(Ok(batch))) if batch.num_rows() == 0 => {}
            Ok(Some(Ok(batch))) => return Ok(Some(batch)),
            Ok(Some(Err(error))) => {
                control.check()?;
                return Err(from_datafusion(error));
            }
        }
    }
}
