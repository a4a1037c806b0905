//! How does a statement live? Accepted with an id, run when there is room, ended by itself or from outside, removed when it
//! is old or there are too many.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use alluvium_query::QueryError;
use alluvium_query::sql::{ResultFormat, SqlColumn, SqlEngine, SqlRequest};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::folder::Folder;
use super::page::{PageWriter, Pieces, first_rows};
use super::status::{Column, Page, State, Status};
use crate::clock::now_ms;
use crate::config::StatementsConfig;

/// Rows a status shows at most.
const SAMPLE_ROWS: usize = 3000;

/// Rows a page has when a query does not say.
const ROWS_PER_PAGE: u64 = 100_000;

/// The statements of a node.
#[derive(Debug)]
pub(crate) struct Statements {
    engine: Arc<SqlEngine>,
    threads: Handle,
    folder: Folder,
    config: StatementsConfig,
    room: Arc<Semaphore>,
    /// Those that are not over.
    live: Mutex<HashMap<String, Live>>,
}

#[derive(Debug)]
struct Live {
    status: Status,
    task: Option<AbortHandle>,
}

/// What becomes of a text that is handed in.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// It is a statement; this is its status.
    Accepted(Value),
    /// It asks for a plan, which is answered at once.
    Explains,
}

/// What the end of a statement was asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// One that ran.
    Cancelled,
    /// One that was over.
    WasOver,
    /// None.
    Unknown,
}

/// How a statement is run, from its context.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// `None`: one page.
    rows_per_page: Option<u64>,
}

impl Statements {
    /// Opens the statements of a folder; those that ran when the last process ended have failed.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub(crate) fn open(
        engine: Arc<SqlEngine>,
        threads: Handle,
        root: &Path,
        config: StatementsConfig,
    ) -> io::Result<Arc<Self>> {
        let folder = Folder::open(root)?;
        for mut status in folder.all()? {
            if !status.state.has_ended() {
                let reason = "the server was stopped while the statement ran; submit it again";
                fail(&mut status, &QueryError::Internal(reason.to_owned()));
                folder.remove_pages(&status.query_id)?;
                folder.write(&status)?;
            }
        }
        let (room, live) = (Arc::new(Semaphore::new(config.slots)), Mutex::default());
        let statements = Arc::new(Self { engine, threads, folder, config, room, live });
        statements.sweep();
        Ok(statements)
    }

    /// Takes a text. Its context must ask for asynchronous execution.
    pub(crate) fn submit(self: &Arc<Self>, mut request: SqlRequest) -> Result<Submitted, QueryError> {
        let plan = Plan::of(&request)?;
        let now = now_ms();
        let described = self.engine.describe(&request, &[], now)?;
        if described.explain {
            return Ok(Submitted::Explains);
        }
        let own = request.context.get("sqlQueryId").and_then(Value::as_str).unwrap_or_default();
        let id = if own.is_empty() { uuid::Uuid::new_v4().to_string() } else { own.to_owned() };
        request.context.insert("sqlQueryId".to_owned(), Value::from(id.as_str()));
        // Nobody waits: there is no deadline unless one is asked for.
        request.context.entry("timeout").or_insert(Value::from(0));
        let id = format!("query-{id}");
        if !Folder::is_name(&id) {
            let text = format!("`sqlQueryId` [{id}] must be letters, digits, `-`, `_` and `.`");
            return Err(QueryError::Invalid(text));
        }
        let status = Status {
            query_id: id.clone(),
            state: State::Accepted,
            created_ms: now,
            duration_ms: -1,
            schema: described.columns.iter().map(Column::of).collect(),
            result_format: request.result_format.name().to_owned(),
            pages: Vec::new(),
            error: None,
        };
        match self.folder.create(&status) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(QueryError::Invalid(format!("Query [{id}] exists already.")));
            }
            Err(error) => return Err(failed_to("keep the statement", &error)),
        }
        let json = status.to_json(&[], false);
        let mut live = self.live.lock();
        live.insert(id.clone(), Live { status, task: None });
        let task = self.threads.spawn(Arc::clone(self).run(id.clone(), request, plan));
        if let Some(live) = live.get_mut(&id) {
            live.task = Some(task.abort_handle());
        }
        Ok(Submitted::Accepted(json))
    }

    /// How a statement stands, in Druid's words.
    pub(crate) fn status(&self, id: &str, detail: bool) -> Result<Value, QueryError> {
        let Some(status) = self.find(id)? else { return Err(unknown(id)) };
        let sample = match status.state {
            State::Success => first_rows(&self.paths(&status, None), SAMPLE_ROWS)
                .map_err(|error| failed_to("read the results", &error))?,
            _ => Vec::new(),
        };
        Ok(status.to_json(&sample, detail))
    }

    /// The rows of a statement that is over: of a page, or all.
    pub(crate) fn results(
        &self,
        id: &str,
        page: Option<i64>,
        format: Option<&str>,
    ) -> Result<Pieces, QueryError> {
        if page.is_some_and(|page| page < 0) {
            let text = "Page cannot be negative. Please pass a positive number.";
            return Err(QueryError::Invalid(text.to_owned()));
        }
        let Some(status) = self.find(id)? else { return Err(unknown(id)) };
        match status.state {
            State::Success => {}
            State::Failed => {
                let text = format!("Query[{id}] failed. Check the status api for more details.");
                return Err(QueryError::Invalid(text));
            }
            state => {
                let text = format!(
                    "Query[{id}] is currently in [{}] state. Please wait for it to complete.",
                    state.name()
                );
                return Err(QueryError::Invalid(text));
            }
        }
        let format = format.unwrap_or(&status.result_format);
        let known = ResultFormat::from_name(format).filter(|format| *format != ResultFormat::Arrow);
        let format = known.ok_or_else(|| {
            let known = "object, array, objectLines, arrayLines, csv";
            QueryError::Invalid(format!("`resultFormat` [{format}] is not known; use one of {known}"))
        })?;
        let page = page.map(i64::cast_unsigned);
        if let Some(page) = page.filter(|page| !status.pages.iter().any(|known| known.id == *page)) {
            return Err(QueryError::Invalid(format!("Invalid page id [{page}] passed.")));
        }
        let names: Vec<String> = status.schema.iter().map(|column| column.name.clone()).collect();
        Ok(Pieces::new(format, &names, self.paths(&status, page)))
    }

    /// Ends a statement, if it is not over.
    pub(crate) fn end(&self, id: &str) -> Result<Ended, QueryError> {
        let Some(live) = self.live.lock().remove(id) else {
            return Ok(if self.find(id)?.is_some() { Ended::WasOver } else { Ended::Unknown });
        };
        if let Some(task) = live.task {
            task.abort();
        }
        let mut status = live.status;
        fail(&mut status, &QueryError::Cancelled(id.to_owned()));
        let kept = self.folder.write(&status).and_then(|()| self.folder.remove_pages(id));
        kept.map(|()| Ended::Cancelled).map_err(|error| failed_to("keep the statement", &error))
    }

    fn find(&self, id: &str) -> Result<Option<Status>, QueryError> {
        if let Some(live) = self.live.lock().get(id) {
            return Ok(Some(live.status.clone()));
        }
        self.folder.read(id).map_err(|error| failed_to("read the statement", &error))
    }

    fn paths(&self, status: &Status, page: Option<u64>) -> Vec<std::path::PathBuf> {
        let wanted = status.pages.iter().filter(|known| page.is_none_or(|page| known.id == page));
        wanted.map(|page| self.folder.page(&status.query_id, page.id)).collect()
    }

    async fn run(self: Arc<Self>, id: String, request: SqlRequest, plan: Plan) {
        let Ok(_room) = Arc::clone(&self.room).acquire_owned().await else { return };
        self.change(&id, |status| status.state = State::Running);
        let outcome = self.write_pages(&id, request, plan).await;
        // What was ended from outside is not there any more.
        let Some(Live { mut status, .. }) = self.live.lock().remove(&id) else { return };
        let kept = match outcome {
            Ok((columns, pages)) => {
                status.schema = columns.iter().map(Column::of).collect();
                status.pages = pages;
                status.state = State::Success;
                status.duration_ms = now_ms() - status.created_ms;
                self.folder.write(&status)
            }
            Err(error) => {
                fail(&mut status, &error);
                self.folder.write(&status).and_then(|()| self.folder.remove_pages(&id))
            }
        };
        if let Err(error) = kept {
            tracing::error!(statement = %id, %error, "the end of a statement cannot be kept");
        }
        self.sweep();
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Status)) {
        if let Some(live) = self.live.lock().get_mut(id) {
            change(&mut live.status);
        }
    }

    async fn write_pages(
        &self,
        id: &str,
        request: SqlRequest,
        plan: Plan,
    ) -> Result<(Vec<SqlColumn>, Vec<Page>), QueryError> {
        let mut rows = self.engine.rows(request, now_ms()).await?.with_instants();
        let failed = |error: &io::Error| failed_to("keep the results", error);
        let create = |number: u64| {
            PageWriter::create(&self.folder.page(id, number), number).map_err(|error| failed(&error))
        };
        let mut pages: Vec<Page> = Vec::new();
        let mut page = create(0)?;
        while let Some(block) = rows.next().await? {
            for row in block {
                if plan.rows_per_page.is_some_and(|most| page.rows() >= most) {
                    let next = create(pages.len() as u64 + 1)?;
                    let full = std::mem::replace(&mut page, next);
                    pages.push(full.finish().map_err(|error| failed(&error))?);
                }
                page.write(&row).map_err(|error| failed(&error))?;
            }
            let bytes = pages.iter().map(|page| page.bytes).sum::<u64>() + page.bytes();
            if bytes > self.config.max_bytes {
                let most = self.config.max_bytes;
                let text = format!("the results have more than {most} bytes (statements.max_bytes)");
                return Err(QueryError::ResourceLimit(text));
            }
        }
        if pages.is_empty() || page.rows() > 0 {
            pages.push(page.finish().map_err(|error| failed(&error))?);
        }
        Ok((rows.columns().to_vec(), pages))
    }

    /// Removes statements that have been over for too long, then the oldest until there is room.
    pub(crate) fn sweep(&self) {
        let swept = self.folder.all().and_then(|all| {
            let mut over: Vec<Status> = all.into_iter().filter(|status| status.state.has_ended()).collect();
            over.sort_by_key(|status| status.created_ms);
            let mut bytes: u64 = over.iter().map(Status::bytes).sum();
            let keep_ms = i64::try_from(self.config.keep_ms).unwrap_or(i64::MAX);
            for status in over {
                let ended_ms = status.created_ms + status.duration_ms.max(0);
                let is_old = now_ms() - ended_ms > keep_ms;
                if is_old || bytes > self.config.max_bytes {
                    bytes -= status.bytes();
                    self.folder.remove(&status.query_id)?;
                }
            }
            Ok(())
        });
        if let Err(error) = swept {
            tracing::warn!(%error, "old statements cannot be removed");
        }
    }
}

impl Plan {
    fn of(request: &SqlRequest) -> Result<Self, QueryError> {
        let invalid = |text: String| Err(QueryError::Invalid(text));
        let text = |key: &str| request.context.get(key).filter(|value| !value.is_null());
        let ask = "Please set [executionMode] to [ASYNC] in the query context";
        match text("executionMode") {
            None => {
                return invalid(format!("Execution mode is not provided to the sql statement api. {ask}"));
            }
            Some(Value::String(mode)) if mode.eq_ignore_ascii_case("ASYNC") => {}
            Some(mode) => {
                let mode = mode.as_str().map_or_else(|| mode.to_string(), str::to_owned);
                return invalid(format!(
                    "The sql statement api currently does not support the provided execution mode [{mode}]. {ask}"
                ));
            }
        }
        let in_pages = match text("selectDestination").map(Value::as_str) {
            None => false,
            Some(Some(name)) if name.eq_ignore_ascii_case("taskReport") => false,
            Some(Some(name)) if name.eq_ignore_ascii_case("durableStorage") => true,
            Some(_) => {
                return invalid(
                    "context key `selectDestination` must be taskReport or durableStorage".to_owned(),
                );
            }
        };
        let rows = match text("rowsPerPage") {
            None => Some(ROWS_PER_PAGE),
            Some(Value::String(rows)) => rows.trim().parse().ok(),
            Some(rows) => rows.as_u64(),
        };
        match rows.filter(|rows| *rows > 0) {
            Some(rows) => Ok(Self { rows_per_page: in_pages.then_some(rows) }),
            None => invalid("context key `rowsPerPage` must be a number greater than 0".to_owned()),
        }
    }
}

fn fail(status: &mut Status, error: &QueryError) {
    status.state = State::Failed;
    status.duration_ms = now_ms() - status.created_ms;
    status.error = Some(error.to_druid_json());
    status.pages.clear();
}

fn failed_to(what: &str, error: &io::Error) -> QueryError {
    QueryError::Internal(format!("cannot {what}: {error}"))
}

fn unknown(id: &str) -> QueryError {
    QueryError::NotFound(format!(
        "Query [{id}] was not found. The query details are no longer present or might not be of the type \
         [query_controller]. Verify that the id is correct."
    ))
}
