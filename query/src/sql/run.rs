//! How is a text answered, from request to bytes? Read, rewrite, plan, run, write; the first rows are there before
//! anything is sent, so that most failures still get their status.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, execute_stream, execute_stream_partitioned};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::{Stream, StreamExt, stream};

use super::access::Access;
use super::answer::RowWriter;
use super::dialect::DruidDialect;
use super::explain;
use super::fault::{Position, from_datafusion, invalid_at};
use super::planner::{Names, Planner};
use super::request::{Settings, SqlRequest};
use super::rewrite::rewrite;
use super::statement::Text;
use super::system::SystemTables;
use crate::{Control, QueryEngine, QueryError, Running};

/// The bytes of an answer, piece by piece.
pub type SqlBody = Pin<Box<dyn Stream<Item = Result<Vec<u8>, QueryError>> + Send>>;

/// An answer.
pub struct SqlAnswer {
    /// Sent as `X-Druid-SQL-Query-Id`.
    pub sql_query_id: String,
    /// Sent as `Content-Type`.
    pub content_type: &'static str,
    /// Whether `X-Druid-SQL-Header-Included: yes` is sent.
    pub header_included: bool,
    /// The body. After an error it must be cut without its end, so that clients notice.
    pub body: SqlBody,
}

impl std::fmt::Debug for SqlAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlAnswer").field("sql_query_id", &self.sql_query_id).finish_non_exhaustive()
    }
}

impl SqlAnswer {
    /// The whole body.
    ///
    /// # Errors
    /// When the query fails on the way.
    pub async fn collect(self) -> Result<Vec<u8>, QueryError> {
        let mut body = self.body;
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok(bytes)
    }
}

/// How often a running query looks whether it may go on.
const LOOK: Duration = Duration::from_millis(50);

/// What answering needs.
pub(crate) struct Call<'q> {
    pub(crate) planner: &'q Planner,
    pub(crate) access: Access,
    pub(crate) system: &'q dyn SystemTables,
    /// Keeps the query cancellable until its last byte is written or its body dropped.
    pub(crate) running: Running<Arc<QueryEngine>>,
}

/// Answers a text that has been read.
pub(crate) async fn answer(
    call: Call<'_>,
    request: SqlRequest,
    settings: Settings,
    text: Text,
) -> Result<SqlAnswer, QueryError> {
    let control = call.access.control.clone();
    let located = |e: QueryError| locate(e, &request.query);
    let (schema, mut batches) = rows(&call, &settings, text).await.map_err(located)?;
    let mut writer = RowWriter::new(&schema, &request, settings.zone, settings.stringify_arrays);
    let mut first = Vec::new();
    writer.start(&request, &mut first);
    let more = match next(&mut batches, &control).await.map_err(located)? {
        Some(batch) => {
            writer.batch(&batch, &mut first).map_err(|e| from_datafusion(e.into()))?;
            true
        }
        None => {
            writer.end(&mut first);
            false
        }
    };
    let state = more.then_some((batches, writer, call.running));
    let rest = stream::unfold(state, |state| async move {
        let (mut batches, mut writer, running) = state?;
        let mut piece = Vec::new();
        match next(&mut batches, running.control()).await {
            Err(error) => Some((Err(error), None)),
            Ok(None) => {
                writer.end(&mut piece);
                Some((Ok(piece), None))
            }
            Ok(Some(batch)) => match writer.batch(&batch, &mut piece) {
                Ok(()) => Some((Ok(piece), Some((batches, writer, running)))),
                Err(error) => Some((Err(from_datafusion(error.into())), None)),
            },
        }
    });
    Ok(SqlAnswer {
        sql_query_id: settings.query_id,
        content_type: request.result_format.content_type(),
        header_included: request.header,
        body: Box::pin(stream::once(async move { Ok(first) }).chain(rest)),
    })
}

/// The result of a statement as batches.
async fn rows(
    call: &Call<'_>,
    settings: &Settings,
    text: Text,
) -> Result<(SchemaRef, SendableRecordBatchStream), QueryError> {
    let Text { explain, mut statement, .. } = text;
    rewrite(&mut statement, settings)?;
    let names = Names { access: &call.access, system: call.system };
    let planned = call.planner.plan(statement, &names, settings.zone, settings.outer_limit);
    let (plan, fallbacks) = planned.map_err(from_datafusion)?;
    for _ in 0..fallbacks {
        call.access.engine.counters().fallback();
    }
    if explain {
        let row = explain::row(&plan).map_err(from_datafusion)?;
        let rows = stream::once(async move { Ok(row) });
        let schema = explain::schema();
        let rows = RecordBatchStreamAdapter::new(SchemaRef::clone(&schema), rows);
        return Ok((schema, Box::pin(rows)));
    }
    let schema = SchemaRef::clone(plan.schema().inner());
    let physical = call.planner.physical(&plan).await.map_err(from_datafusion)?;
    let context = call.planner.state().task_ctx();
    let batches = if matches!(plan, LogicalPlan::Union(_)) {
        in_turn(physical, context)
    } else {
        execute_stream(physical, context)
    };
    Ok((schema, batches.map_err(from_datafusion)?))
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
async fn next(
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

/// Says where in the text the name stands that an error complains of.
fn locate(error: QueryError, text: &str) -> QueryError {
    let QueryError::Invalid(message) = &error else { return error };
    let named = message.starts_with("Object '") || message.starts_with("Column '");
    let Some(name) = message.split('\'').nth(1).filter(|_| named) else { return error };
    let Ok(tokens) = Tokenizer::new(&DruidDialect, text).tokenize_with_location() else { return error };
    let found = tokens.iter().find(|t| matches!(&t.token, Token::Word(word) if word.value == name));
    match found {
        Some(token) => {
            let at = Position::of(token.span);
            invalid_at(format!("{message}{at}"), at)
        }
        None => error,
    }
}
