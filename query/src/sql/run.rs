//! How is a text answered once it has been read? Planned, unless there is a plan for it, run, and written piece by
//! piece as the body is asked for.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use futures::{Stream, StreamExt, stream};
use serde_json::{Map, Value};

use super::access::Access;
use super::answer::BodyWriter;
use super::dialect::DruidDialect;
use super::explain;
use super::fault::{Position, from_datafusion, invalid_at};
use super::kept::Keeping;
use super::opened::Opened;
use super::planner::{Made, Names, Planner};
use super::prepare::{Cache, Holes, Prepared, Shape, Values, loose_holes};
use super::request::{Settings, SqlRequest};
use super::rewrite::rewrite;
use super::statement::Text;
use super::system::SystemTables;
use super::translate::place_scans;
use super::types::{Typed, check_results};
use super::upper;
use crate::error::Refusal;
use crate::{QueryEngine, QueryError, Running};

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
    /// Rows that are there already, before order and limit; `None`: they come while the body is read.
    pub rows: Option<usize>,
    /// The body; nothing of it is made before it is asked for. After an error it must be cut without its end, so
    /// that clients notice.
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

/// What answering needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools<'q> {
    pub(crate) planner: &'q Planner,
    pub(crate) system: &'q dyn SystemTables,
    pub(crate) plans: &'q Cache,
}

/// Answers a text that has been read.
pub(crate) async fn answer(tools: Tools<'_>, opened: Opened) -> Result<SqlAnswer, QueryError> {
    let (content_type, header_included) =
        (opened.request.result_format.content_type(), opened.request.header);
    if let Some(kept) = opened.recall.known {
        let (settings, running) = (opened.settings, opened.running);
        let body = stream::once(async move {
            // Cancelled until the body is taken, like any other.
            running.control().check().map(|()| kept.body.clone())
        });
        let (sql_query_id, rows, body) = (settings.query_id, Some(0), Box::pin(body));
        return Ok(SqlAnswer { sql_query_id, content_type, header_included, rows, body });
    }
    let flow = begin(tools, opened).await?;
    let (sql_query_id, rows) = (flow.settings.query_id.clone(), flow.rows);
    let (zone, stringify) = (flow.settings.zone, flow.settings.stringify_arrays);
    let writer = BodyWriter::new((&flow.schema, &flow.types), &flow.request, zone, stringify)
        .map_err(|e| from_datafusion(e.into()))?;
    let pieces = Pieces { flow, writer, begun: false };
    let body = Box::pin(stream::unfold(Some(pieces), |pieces| async { pieces?.next().await }));
    Ok(SqlAnswer { sql_query_id, content_type, header_included, rows, body })
}

/// The batches of an answer on their way; ends the query when dropped.
pub(crate) struct Flow {
    pub(crate) schema: SchemaRef,
    /// The SQL types of its columns; none for a plan as text.
    types: Arc<[Typed]>,
    /// Whether no table is read: what fails is a constant.
    constant: bool,
    /// How many rows there are, if that is known already.
    pub(crate) rows: Option<usize>,
    pub(crate) settings: Settings,
    request: SqlRequest,
    batches: SendableRecordBatchStream,
    running: Running<Arc<QueryEngine>>,
    engine: Arc<QueryEngine>,
    /// Where the answer is kept, when it is.
    keeping: Option<Keeping>,
}

/// Begins to answer a text.
pub(crate) async fn begin(tools: Tools<'_>, opened: Opened) -> Result<Flow, QueryError> {
    let Opened { request, settings, text, access, running, shape, found, recall } = opened;
    let planned = match found {
        Some(found) => Ok(Planned::Runs(found.0, found.1)),
        None => prepare(tools, text, shape, (&settings, &request.context), &access),
    };
    let mut keeping = recall.keeping;
    if let (Some(keeping), Ok(Planned::Runs(prepared, _))) = (&mut keeping, &planned) {
        keeping.tables = prepared.tables();
    }
    let started = match planned {
        Ok(planned) => start(tools, planned, &access).await,
        Err(error) => Err(error),
    };
    let Started { schema, types, constant, batches, rows } =
        started.map_err(|e| locate(e, &request.query))?;
    let engine = access.engine;
    Ok(Flow { schema, types, constant, rows, settings, request, batches, running, engine, keeping })
}

impl Flow {
    /// The next batch that has rows.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let batch = upper::next(&mut self.batches, self.running.control()).await;
        batch.map_err(|e| self.failed(if self.constant { e.while_planning() } else { e }))
    }

    /// An error on the way, counted.
    pub(crate) fn failed(&self, error: QueryError) -> QueryError {
        self.engine.counters().failure();
        locate(error, &self.request.query)
    }
}

/// The body of an answer on its way.
struct Pieces {
    flow: Flow,
    writer: BodyWriter,
    begun: bool,
}

impl Pieces {
    /// The next piece, and what comes after it.
    async fn next(mut self) -> Option<(Result<Vec<u8>, QueryError>, Option<Self>)> {
        let mut piece = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            self.writer.start(&self.flow.request, &mut piece);
        }
        let batch = match self.flow.next().await {
            Ok(batch) => batch,
            Err(error) => return Some((Err(error), None)),
        };
        let written = match &batch {
            Some(batch) => self.writer.batch(batch, &mut piece),
            None => self.writer.end(&mut piece),
        };
        if let Err(error) = written {
            let error = self.flow.failed(from_datafusion(error.into()));
            return Some((Err(error), None));
        }
        let keeping = self.flow.keeping.take().and_then(|keeping| keeping.with(&piece));
        if batch.is_some() {
            self.flow.keeping = keeping;
            return Some((Ok(piece), Some(self)));
        }
        if let Some(keeping) = keeping {
            keeping.finish();
        }
        Some((Ok(piece), None))
    }
}

/// What a statement asks for.
enum Planned {
    /// The rows of a plan.
    Runs(Arc<Prepared>, Values),
    /// Its plan as text: the one row of the answer.
    Explains(RecordBatch),
}

/// A plan for a statement there is none for yet; it is kept when others may use it.
fn prepare(
    tools: Tools<'_>,
    text: Text,
    shape: Option<Shape>,
    (settings, context): (&Settings, &Map<String, Value>),
    access: &Access,
) -> Result<Planned, QueryError> {
    let explain = text.explain;
    let statement = text.parse()?;
    let snapshot = &access.snapshot;
    if let Some(shape) = &shape
        && let Some((prepared, keep)) = with_holes(tools, &statement, shape, settings, snapshot)
    {
        let values = Values::new(&shape.literals, settings.zone);
        return Ok(Planned::Runs(tools.plans.put(shape, prepared, keep), values));
    }
    let mut made = plan(tools, statement, &mut Holes::none(), Values::default(), settings, snapshot)?;
    if explain {
        (0..made.fallbacks).for_each(|_| access.engine.counters().fallback());
        let mut context = context.clone();
        context.insert("sqlQueryId".to_owned(), settings.query_id.clone().into());
        return Ok(Planned::Explains(
            explain::row(&made.plan, &made.types, &context).map_err(from_datafusion)?,
        ));
    }
    made.plan = place_scans(made.plan).map_err(from_datafusion)?;
    let keep = !made.used.metadata;
    let prepared = Prepared::new(made, snapshot);
    let prepared = match &shape {
        Some(shape) => {
            let prepared = prepared.for_shape(shape, settings.zone, BTreeMap::new());
            tools.plans.put(shape, prepared, keep)
        }
        None => Arc::new(prepared),
    };
    Ok(Planned::Runs(prepared, Values::default()))
}

/// A plan with holes, and whether it may be kept; `None` when the statement has to be planned as it is (which also
/// finds the words for what is wrong with it).
fn with_holes(
    tools: Tools<'_>,
    statement: &Statement,
    shape: &Shape,
    settings: &Settings,
    snapshot: &Snapshot,
) -> Option<(Prepared, bool)> {
    let mut but = Vec::new();
    // What stands in no condition of a datasource is a literal the second time.
    for _ in 0..2 {
        let mut statement = statement.clone();
        let mut holes = Holes::mark(&mut statement, &shape.literals, settings.zone, &but);
        let values = Values::new(&shape.literals, settings.zone);
        let mut made = plan(tools, statement, &mut holes, values, settings, snapshot).ok()?;
        made.plan = place_scans(made.plan).ok()?;
        let loose = loose_holes(&made.plan).ok()?;
        if loose.is_empty() {
            let keep = !made.used.metadata;
            let prepared = Prepared::new(made, snapshot);
            return Some((prepared.for_shape(shape, settings.zone, holes.settled()), keep));
        }
        but.extend(loose);
    }
    None
}

/// The optimised plan of a statement, and what else is known of it.
fn plan(
    tools: Tools<'_>,
    mut statement: Statement,
    holes: &mut Holes<'_>,
    values: Values,
    settings: &Settings,
    snapshot: &Snapshot,
) -> Result<Made, QueryError> {
    rewrite(&mut statement, settings)?;
    let names = Names::new(snapshot, tools.system, values);
    let planned = tools.planner.plan(statement, holes, &names, settings);
    let (plan, types, fallbacks) = planned.map_err(|e| from_datafusion(e).while_planning())?;
    check_results(&plan, &types).map_err(from_datafusion)?;
    Ok(Made { plan, types, fallbacks, used: names.used() })
}

/// The result of a statement, begun.
struct Started {
    schema: SchemaRef,
    types: Arc<[Typed]>,
    /// Whether no table is read.
    constant: bool,
    batches: SendableRecordBatchStream,
    /// How many there are, if that is known already.
    rows: Option<usize>,
}

async fn start(tools: Tools<'_>, planned: Planned, access: &Access) -> Result<Started, QueryError> {
    let (prepared, values) = match planned {
        Planned::Runs(prepared, values) => (prepared, values),
        Planned::Explains(row) => {
            let types = Arc::from([]);
            return Ok(Started::of(explain::schema(), types, std::iter::once(Ok(row)), 1));
        }
    };
    let types = Arc::clone(&prepared.types);
    (0..prepared.fallbacks).for_each(|_| access.engine.counters().fallback());
    if let Some(direct) = &prepared.direct {
        let blocks = direct.rows(access, &values).await?;
        let rows = blocks.iter().map(|block| block.count).sum();
        return Ok(Started::of(Arc::clone(direct.schema()), types, direct.batches(blocks), rows));
    }
    let schema = SchemaRef::clone(prepared.plan.schema().inner());
    let constant = prepared.reads_nothing();
    let batches = upper::run(tools.planner, &prepared.plan, access, &values).await;
    let batches = batches.map_err(|e| if constant { e.while_planning() } else { e })?;
    Ok(Started { schema, types, constant, batches, rows: None })
}

impl Started {
    fn of(
        schema: SchemaRef,
        types: Arc<[Typed]>,
        batches: impl Iterator<Item = datafusion::common::Result<RecordBatch>> + Send + 'static,
        rows: usize,
    ) -> Self {
        let batches = RecordBatchStreamAdapter::new(Arc::clone(&schema), stream::iter(batches));
        Self { schema, types, constant: false, batches: Box::pin(batches), rows: Some(rows) }
    }
}

/// What is said of `EARLIEST(x)` over rows without a time, which is not written.
const IMPLICIT_TIME: &str = "Column '__time' not found in any table";

/// Says where in the text the name stands that an error complains of.
pub(crate) fn locate(error: QueryError, text: &str) -> QueryError {
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
        None if message == IMPLICIT_TIME => QueryError::refused(
            Refusal::Unplannable,
            "LATEST and EARLIEST aggregators implicitly depend on the __time column, but the table queried doesn't \
             contain a __time column.",
        ),
        None => error,
    }
}
