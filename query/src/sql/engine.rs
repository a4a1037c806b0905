//! Who answers SQL? One planner, made once, over the engine that answers native queries too.

use std::borrow::Cow;
use std::sync::Arc;

use super::access::Access;
use super::answer::SqlType;
use super::arrow_messages::{ArrowDescription, SqlArrow};
use super::describe::{SqlDescription, describe};
use super::kept::Recall;
use super::memory::MemoryOptions;
use super::opened::Opened;
use super::pg_catalog::{self, CatalogAnswer, CatalogStatement};
use super::planner::Planner;
use super::prepare::{Cache, Shape};
use super::request::{Settings, SqlParameter, SqlRequest};
use super::rows::SqlRows;
use super::run::{SqlAnswer, Tools, answer, begin};
use super::statement;
use super::system::SystemTables;
use crate::{QueryEngine, QueryError};

/// Settings of a [`SqlEngine`].
#[derive(Debug, Clone)]
pub struct SqlOptions {
    /// Memory of the operators above the segments (joins, sorts, windows).
    pub memory: MemoryOptions,
    /// Threads such an operator may spread over.
    pub threads: usize,
}

impl Default for SqlOptions {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { memory: MemoryOptions::default(), threads }
    }
}

/// Answers SQL texts. Must be called on a tokio runtime with timers.
#[derive(Debug)]
pub struct SqlEngine {
    engine: Arc<QueryEngine>,
    planner: Planner,
    system: Arc<dyn SystemTables>,
    plans: Cache,
}

impl SqlEngine {
    /// SQL over what `engine` answers; `system` fills schema `sys`.
    ///
    /// # Errors
    /// When DataFusion cannot be set up.
    pub fn new(
        engine: Arc<QueryEngine>,
        system: Arc<dyn SystemTables>,
        options: &SqlOptions,
    ) -> Result<Self, QueryError> {
        let planner = Planner::new(options.memory.clone(), options.threads)?;
        Ok(Self { engine, planner, system, plans: Cache::default() })
    }

    /// The engine below; `cancel` with an `sqlQueryId` stops a running answer.
    #[must_use]
    pub fn engine(&self) -> &Arc<QueryEngine> {
        &self.engine
    }

    /// Answers a request.
    ///
    /// # Errors
    /// See [`QueryError`]; `to_druid_json` gives the body to answer with.
    pub async fn sql(&self, request: SqlRequest, now_ms: i64) -> Result<SqlAnswer, QueryError> {
        self.answer(self.open(request, now_ms)?).await
    }

    /// Reads a request: cheap, unless its text is very long.
    ///
    /// # Errors
    /// As [`SqlEngine::sql`].
    pub fn open(&self, request: SqlRequest, now_ms: i64) -> Result<Opened, QueryError> {
        self.engine.counters().query("sql");
        self.read(request, now_ms, true).inspect_err(|_| self.engine.counters().failure())
    }

    fn read(&self, mut request: SqlRequest, now_ms: i64, kept: bool) -> Result<Opened, QueryError> {
        let mut text = statement::read(&request.query, &request.parameters)?;
        request.context.append(&mut text.settings);
        self.engine.options.defaults.fill(&mut request.context);
        let settings = Settings::from_context(&request.context, now_ms, || self.engine.new_query_id(now_ms))?;
        let running = QueryEngine::begin_shared(&self.engine, &settings.query_id, settings.timeout_ms)?;
        let snapshot = self.engine.catalog().snapshot();
        let shape = if text.explain { None } else { Shape::of(text.tokens(), &settings) };
        // What has no shape may depend on the instant.
        let recall = shape
            .as_ref()
            .filter(|_| kept)
            .map(|_| Recall::of(&self.engine, settings.caching.results, &request, &snapshot));
        let recall = recall.unwrap_or_default();
        let found = match &recall.known {
            Some(_) => None,
            None => shape.as_ref().and_then(|shape| self.plans.get(shape, &snapshot)),
        };
        let access = Access {
            engine: Arc::clone(&self.engine),
            snapshot,
            control: running.control().clone(),
            projections: settings.projections.clone(),
            caching: settings.caching.segments,
            fills: settings.fills_buckets,
            unnests: settings.unnests_groups,
            subquery_limit: settings.subquery_limit,
            reads: recall.keeping.as_ref().map(|keeping| keeping.reads.clone()),
        };
        Ok(Opened { request, settings, text, access, running, shape, found, recall })
    }

    /// Answers a request that has been read. Errors of the segments' work are found here, those of what stands above
    /// it may come with the body.
    ///
    /// # Errors
    /// As [`SqlEngine::sql`].
    pub async fn answer(&self, opened: Opened) -> Result<SqlAnswer, QueryError> {
        answer(self.tools(), opened).await.inspect_err(|_| self.engine.counters().failure())
    }

    /// Answers a request with plain values instead of a body; its result format does not matter.
    ///
    /// # Errors
    /// As [`SqlEngine::sql`].
    pub async fn rows(&self, request: SqlRequest, now_ms: i64) -> Result<SqlRows, QueryError> {
        self.engine.counters().query("sql");
        let rows = async { Ok(SqlRows::new(begin(self.tools(), self.read(request, now_ms, false)?).await?)) };
        rows.await.inspect_err(|_| self.engine.counters().failure())
    }

    /// Says what a request would be answered with, and what its parameters are. `known` are types of parameters the
    /// client has named, in order, as far as it has.
    ///
    /// # Errors
    /// When the text cannot be planned.
    pub fn describe(
        &self,
        request: &SqlRequest,
        known: &[Option<SqlType>],
        now_ms: i64,
    ) -> Result<SqlDescription, QueryError> {
        let (snapshot, request) = (self.engine.catalog().snapshot(), self.complete(request));
        describe(self.tools(), &snapshot, &request, known, now_ms).map(SqlDescription::from)
    }

    /// Answers a request with Arrow's messages; its result format does not matter.
    ///
    /// # Errors
    /// As [`SqlEngine::sql`].
    pub async fn arrow(&self, request: SqlRequest, now_ms: i64) -> Result<SqlArrow, QueryError> {
        self.engine.counters().query("sql");
        let arrow =
            async { Ok(SqlArrow::new(begin(self.tools(), self.read(request, now_ms, false)?).await?)) };
        arrow.await.inspect_err(|_| self.engine.counters().failure())
    }

    /// Describes a request in Arrow's schemas.
    ///
    /// # Errors
    /// As [`SqlEngine::describe`].
    pub fn describe_arrow(&self, request: &SqlRequest, now_ms: i64) -> Result<ArrowDescription, QueryError> {
        let (snapshot, request) = (self.engine.catalog().snapshot(), self.complete(request));
        ArrowDescription::of(&describe(self.tools(), &snapshot, &request, &[], now_ms)?)
    }

    /// Answers a statement about PostgreSQL's catalogue for a user.
    ///
    /// # Errors
    /// When it cannot be planned or run.
    pub async fn catalog(
        &self,
        statement: &CatalogStatement,
        parameters: &[SqlParameter],
        user: &str,
    ) -> Result<CatalogAnswer, QueryError> {
        let snapshot = self.engine.catalog().snapshot();
        pg_catalog::answer(statement, parameters, &snapshot, user).await
    }

    /// Describes a statement about PostgreSQL's catalogue, as [`SqlEngine::describe`] does others.
    ///
    /// # Errors
    /// When it cannot be planned.
    pub async fn describe_catalog(
        &self,
        statement: &CatalogStatement,
        known: &[Option<SqlType>],
        user: &str,
    ) -> Result<SqlDescription, QueryError> {
        pg_catalog::describe(statement, known, &self.engine.catalog().snapshot(), user).await
    }

    /// The request with what the configuration adds to its context.
    fn complete<'r>(&self, request: &'r SqlRequest) -> Cow<'r, SqlRequest> {
        let defaults = &self.engine.options.defaults;
        let mut request = Cow::Borrowed(request);
        if !defaults.context.is_empty() {
            defaults.fill(&mut request.to_mut().context);
        }
        request
    }

    fn tools(&self) -> Tools<'_> {
        Tools { planner: &self.planner, system: self.system.as_ref(), plans: &self.plans }
    }
}
