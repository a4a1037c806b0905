//! How is a call answered? Connections and statements are looked up, queries started on the query threads, frames taken
//! from them.

use std::sync::Arc;
use std::time::Duration;

use alluvium_query::QueryError;
use alluvium_query::sql::{SqlDescription, SqlEngine, SqlParameter, SqlRequest};
use serde_json::{Map, Value};
use tokio::runtime::Handle;

use super::connections::{Connection, Connections, State, Statement};
use super::fault::Fault;
use super::frames::{Frames, bounded};
use super::metadata;
use super::request::{At, Metadata, Request};
use super::response::{Fetched, Response, ResultSet, Signature};
use crate::clock::now_ms;
use crate::config::AvaticaConfig;
use crate::rows::RowFeed;

/// The number of metadata calls' results, which belong to no statement.
const NO_STATEMENT: u32 = 0;

/// Properties of a connection that are no context of its queries.
const NOT_CONTEXT: [&str; 2] = ["user", "password"];

/// Answers Avatica's calls.
#[derive(Debug)]
pub(crate) struct Service {
    engine: Arc<SqlEngine>,
    threads: Handle,
    config: AvaticaConfig,
    connections: Connections,
}

impl Service {
    /// Queries run on `threads`.
    pub(crate) fn new(engine: Arc<SqlEngine>, threads: Handle, config: AvaticaConfig) -> Arc<Self> {
        let service = Arc::new(Self { engine, threads, config, connections: Connections::default() });
        let idle = Duration::from_millis(service.config.idle_timeout_ms);
        let weak = Arc::downgrade(&service);
        service.threads.spawn(async move {
            let look = (idle / 4).clamp(Duration::from_millis(10), Duration::from_secs(30));
            loop {
                tokio::time::sleep(look).await;
                let Some(service) = weak.upgrade() else { return };
                service.connections.close_idle(idle);
            }
        });
        service
    }

    /// How many connections are open.
    pub(crate) fn open_connections(&self) -> usize {
        self.connections.count()
    }

    /// Answers a call.
    pub(super) async fn answer(&self, request: Request) -> Response {
        self.call(request).await.unwrap_or_else(Response::Failed)
    }

    async fn call(&self, request: Request) -> Result<Response, Fault> {
        Ok(match request {
            Request::OpenConnection { connection, info } => {
                self.connections.open(&connection, context(info), &self.config)?;
                Response::ConnectionOpened
            }
            Request::CloseConnection { connection } => {
                self.connections.close(&connection);
                Response::ConnectionClosed
            }
            Request::ConnectionSync { connection, wanted } => {
                let open = self.connections.get(&connection)?;
                let mut properties = open.properties.lock();
                properties.merge(wanted);
                Response::ConnectionSynced(properties.clone())
            }
            Request::CreateStatement { connection } => {
                let (statement, _) = self.connections.get(&connection)?.create(&self.config)?;
                Response::StatementCreated { connection, statement }
            }
            Request::CloseStatement(at) => {
                // A connection that is gone has no statements left.
                if let Ok(open) = self.connections.get(&at.connection) {
                    open.close(at.statement);
                }
                Response::StatementClosed
            }
            Request::Prepare { connection, sql, max_rows } => self.prepare(connection, sql, max_rows).await?,
            Request::PrepareAndExecute { at, sql, max_rows, first_frame } => {
                self.prepare_and_execute(at, sql, max_rows, first_frame).await?
            }
            Request::Execute { at, parameters, first_frame } => {
                self.execute(at, parameters, first_frame).await?
            }
            Request::Fetch { at, offset, rows } => Response::Fetched(self.fetch(at, offset, rows).await?),
            Request::Metadata { connection, wanted } => self.metadata(connection, &wanted).await?,
            Request::DatabaseProperties { connection } => {
                self.connections.get(&connection)?;
                Response::DatabaseProperties
            }
            Request::Commit { connection } => {
                self.connections.get(&connection)?;
                Response::Committed
            }
            Request::Rollback { connection } => {
                self.connections.get(&connection)?;
                Response::RolledBack
            }
            Request::Unsupported(call) => {
                return Err(Fault::new(format!("UnsupportedOperationException: {call}")));
            }
        })
    }

    async fn prepare(
        &self,
        connection: String,
        sql: String,
        max_rows: Option<u64>,
    ) -> Result<Response, Fault> {
        let open = self.connections.get(&connection)?;
        // Too many statements are refused before the work.
        let (id, statement) = open.create(&self.config)?;
        let prepared = self.signature(&open, sql).await;
        let signature = prepared.inspect_err(|_| open.close(id))?;
        let mut state = statement.state.lock().await;
        (state.signature, state.max_rows) = (Some(signature.clone()), max_rows);
        Ok(Response::Prepared { connection, statement: id, signature })
    }

    async fn prepare_and_execute(
        &self,
        at: At,
        sql: String,
        max_rows: Option<u64>,
        first_frame: i64,
    ) -> Result<Response, Fault> {
        let open = self.connections.get(&at.connection)?;
        let Some(statement) = open.statement(&at) else { return Ok(Response::StatementMissing) };
        let mut state = statement.state.lock().await;
        state.max_rows = max_rows;
        state.signature = Some(Signature { sql, ..Signature::default() });
        self.start(&open, (&statement, &mut state), at, (Vec::new(), first_frame)).await
    }

    async fn execute(
        &self,
        at: At,
        parameters: Vec<SqlParameter>,
        first_frame: i64,
    ) -> Result<Response, Fault> {
        let open = self.connections.get(&at.connection)?;
        let Some(statement) = open.statement(&at) else { return Ok(Response::StatementMissing) };
        let mut state = statement.state.lock().await;
        if state.signature.is_none() {
            return Err(Fault::new("a statement must be prepared before it is executed"));
        }
        self.start(&open, (&statement, &mut state), at, (parameters, first_frame)).await
    }

    /// Starts the query of a statement and takes its first frame.
    async fn start(
        &self,
        open: &Connection,
        (statement, state): (&Statement, &mut State),
        at: At,
        (parameters, first_frame): (Vec<SqlParameter>, i64),
    ) -> Result<Response, Fault> {
        let mut signature = state.signature.clone().unwrap_or_default();
        let request =
            SqlRequest { parameters, context: open.context.clone(), ..SqlRequest::text(&signature.sql) };
        state.frames = None;
        let feed = RowFeed::start(Arc::clone(&self.engine), &self.threads, request.clone());
        statement.runs(feed.abort_handle());
        let mut frames = Frames::new(feed, state.max_rows);
        match frames.columns().await? {
            Some(columns) => signature.columns = columns.to_vec(),
            // It takes its time; what it gives is known beforehand.
            None => signature.columns = self.describe(request).await?.columns,
        }
        let frame = frames.frame(0, bounded(first_frame, &self.config)).await?;
        state.signature = Some(signature.clone());
        state.frames = Some(frames);
        let At { connection, statement } = at;
        Ok(Response::Executed(Box::new(ResultSet { connection, statement, signature, frame })))
    }

    async fn fetch(&self, at: At, offset: u64, rows: i64) -> Result<Fetched, Fault> {
        let open = self.connections.get(&at.connection)?;
        let Some(statement) = open.statement(&at) else { return Ok(Fetched::NoStatement) };
        let mut state = statement.state.lock().await;
        let Some(frames) = &mut state.frames else { return Ok(Fetched::NoResults) };
        frames.frame(offset, bounded(rows, &self.config)).await.map(Fetched::Frame)
    }

    /// The answer of a metadata call, in one frame.
    async fn metadata(&self, connection: String, wanted: &Metadata) -> Result<Response, Fault> {
        let open = self.connections.get(&connection)?;
        let sql = metadata::sql(wanted);
        let request = SqlRequest { context: open.context.clone(), ..SqlRequest::text(&sql) };
        let mut frames = Frames::new(RowFeed::start(Arc::clone(&self.engine), &self.threads, request), None);
        let mut frame = frames.frame(0, usize::MAX).await?;
        while !frame.done {
            let next = frames.frame(frame.rows.len() as u64, usize::MAX).await?;
            frame.rows.extend(next.rows);
            frame.done = next.done;
        }
        let columns = frames.columns().await?.unwrap_or_default().to_vec();
        let signature = Signature { sql, columns, parameters: Vec::new() };
        let statement = NO_STATEMENT;
        Ok(Response::ResultSet(Box::new(ResultSet { connection, statement, signature, frame })))
    }

    async fn signature(&self, open: &Connection, sql: String) -> Result<Signature, Fault> {
        let request = SqlRequest { context: open.context.clone(), ..SqlRequest::text(&sql) };
        let SqlDescription { columns, parameters, .. } = self.describe(request).await?;
        Ok(Signature { sql, columns, parameters })
    }

    /// Plans on the query threads, whose stacks are made for it.
    async fn describe(&self, request: SqlRequest) -> Result<SqlDescription, Fault> {
        let engine = Arc::clone(&self.engine);
        let described = self.threads.spawn(async move { engine.describe(&request, &[], now_ms()) });
        let described: Result<SqlDescription, QueryError> =
            described.await.map_err(|panic| Fault::new(format!("internal error: {panic}")))?;
        Ok(described?)
    }
}

fn context(info: Vec<(String, String)>) -> Map<String, Value> {
    let info = info.into_iter().filter(|(key, _)| !NOT_CONTEXT.contains(&key.as_str()));
    info.map(|(key, value)| (key, Value::String(value))).collect()
}
