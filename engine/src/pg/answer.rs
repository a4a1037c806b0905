//! How is a statement of a client of PostgreSQL's answered? Settings and transactions here; questions about tables by the
//! catalogue that PostgreSQL would have; all else by SQL, whose rows go out as they are made.

use std::fmt::Debug;
use std::sync::Arc;

use alluvium_query::sql::{
    CatalogAnswer, CatalogStatement, SqlColumn, SqlDescription, SqlParameter, SqlRequest, SqlType,
};
use async_trait::async_trait;
use futures::{Sink, StreamExt, stream};
use pgwire::api::portal::{Format, Portal};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{FieldInfo, QueryResponse, Response, Tag};
use pgwire::api::stmt::QueryParser;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, METADATA_USER, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;
use pgwire::messages::startup::SecretKey;

use super::command::{Command, commands};
use super::encode::row;
use super::fault::{cancelled, fault, query_failed};
use super::listener::Running;
use super::parameter::parameter;
use super::session::Session;
use super::types::{pg_type, size, sql_type};
use crate::clock::now_ms;
use crate::node::Node;
use crate::rows::{Part, RowFeed};

/// The number and key of a connection.
type Number = (i32, SecretKey);

/// A statement that has been read and described.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    command: Command,
    description: Arc<SqlDescription>,
}

/// Answers the statements of one connection.
#[derive(Debug)]
pub(super) struct Answerer {
    reader: Arc<Reader>,
    running: Arc<Running>,
    /// Under which it may be cancelled, once it has asked something.
    number: std::sync::OnceLock<i32>,
}

/// Reads and describes statements.
#[derive(Debug)]
pub(super) struct Reader {
    node: Arc<Node>,
    session: Session,
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let Some(number) = self.number.get() {
            self.running.forget(*number);
        }
    }
}

impl Answerer {
    pub(super) fn new(node: Arc<Node>, running: Arc<Running>) -> Self {
        let reader = Arc::new(Reader { node, session: Session::default() });
        Self { reader, running, number: std::sync::OnceLock::new() }
    }

    /// Answers a statement; `described` are the columns it was described with.
    async fn answer(
        &self,
        command: &Command,
        number: Number,
        parameters: Vec<SqlParameter>,
        (described, format): (Option<&[SqlColumn]>, &Format),
        user: &str,
    ) -> PgWireResult<Response> {
        let session = &self.reader.session;
        match command {
            Command::Query(text) => self.query(text, number, parameters, (described, format), user).await,
            Command::Set { name, value } => {
                session.set(name, value.clone())?;
                Ok(Response::Execution(Tag::new("SET")))
            }
            Command::ResetAll => {
                session.reset();
                Ok(Response::Execution(Tag::new("RESET")))
            }
            Command::Show(name) => {
                let fields = Arc::new(fields(&[shown_column(name)], format));
                let value = alluvium_query::sql::SqlValue::Text(session.show(name)?);
                Ok(whole(fields, &[vec![value]]))
            }
            Command::Begin => Ok(Response::TransactionStart(Tag::new("BEGIN"))),
            Command::End(word) => Ok(Response::TransactionEnd(Tag::new(word))),
            Command::Nothing(word) => Ok(Response::Execution(Tag::new(word))),
        }
    }

    async fn query(
        &self,
        text: &str,
        number: Number,
        parameters: Vec<SqlParameter>,
        (described, format): (Option<&[SqlColumn]>, &Format),
        user: &str,
    ) -> PgWireResult<Response> {
        let node = &self.reader.node;
        if let Some(statement) = CatalogStatement::read(text) {
            let CatalogAnswer { columns, rows } =
                self.reader.catalog(statement, parameters, user.to_owned(), text).await?;
            return Ok(whole(Arc::new(fields(described.unwrap_or(&columns), format)), &rows));
        }
        let request =
            SqlRequest { parameters, context: self.reader.session.context(), ..SqlRequest::text(text) };
        let mut feed = RowFeed::start(Arc::clone(node.sql()), node.query_threads(), request);
        let _ = self.number.set(number.0);
        self.running.begins(number, feed.abort_handle());
        let columns = match feed.next().await {
            Some(Part::Columns(columns)) => columns,
            Some(Part::Failed(error)) => return Err(query_failed(&error, text)),
            Some(Part::Rows(_) | Part::End) | None => return Err(cancelled()),
        };
        let fields = Arc::new(fields(described.unwrap_or(&columns), format));
        Ok(Response::Query(QueryResponse::new(Arc::clone(&fields), rows(feed, fields, text.to_owned()))))
    }
}

impl Reader {
    /// What a query is answered with, and what its parameters are.
    async fn describe(
        &self,
        text: &str,
        known: Vec<Option<SqlType>>,
        user: String,
    ) -> PgWireResult<SqlDescription> {
        let engine = Arc::clone(self.node.sql());
        let request = SqlRequest { context: self.session.context(), ..SqlRequest::text(text) };
        let described = match CatalogStatement::read(text) {
            Some(statement) => {
                let work = async move { engine.describe_catalog(&statement, &known, &user).await };
                self.node.query_threads().spawn(work).await
            }
            None => {
                let work = async move { engine.describe(&request, &known, now_ms()) };
                self.node.query_threads().spawn(work).await
            }
        };
        let described = described.map_err(|panic| fault("XX000", &panic.to_string()))?;
        described.map_err(|error| query_failed(&error, text))
    }

    /// The answer of PostgreSQL's catalogue.
    async fn catalog(
        &self,
        statement: CatalogStatement,
        parameters: Vec<SqlParameter>,
        user: String,
        text: &str,
    ) -> PgWireResult<CatalogAnswer> {
        let engine = Arc::clone(self.node.sql());
        let work = async move { engine.catalog(&statement, &parameters, &user).await };
        let answer = self.node.query_threads().spawn(work).await;
        let answer = answer.map_err(|panic| fault("XX000", &panic.to_string()))?;
        answer.map_err(|error| query_failed(&error, text))
    }
}

/// The rows of a feed, as they come.
fn rows(
    feed: RowFeed,
    fields: Arc<Vec<FieldInfo>>,
    text: String,
) -> impl futures::Stream<Item = PgWireResult<DataRow>> + Send {
    let blocks = stream::unfold(Some(feed), move |feed| {
        let (fields, text) = (Arc::clone(&fields), text.clone());
        async move {
            let mut feed = feed?;
            let (block, over) = match feed.next().await {
                Some(Part::Rows(rows)) => (rows.iter().map(|r| Ok(row(r, &fields))).collect(), false),
                Some(Part::Columns(_)) => (Vec::new(), false),
                Some(Part::End) => (Vec::new(), true),
                Some(Part::Failed(error)) => (vec![Err(query_failed(&error, &text))], true),
                None => (vec![Err(cancelled())], true),
            };
            Some((stream::iter(block), (!over).then_some(feed)))
        }
    });
    blocks.flatten()
}

/// An answer that is there.
fn whole(fields: Arc<Vec<FieldInfo>>, rows: &[Vec<alluvium_query::sql::SqlValue>]) -> Response {
    let rows: Vec<PgWireResult<DataRow>> = rows.iter().map(|values| Ok(row(values, &fields))).collect();
    Response::Query(QueryResponse::new(fields, stream::iter(rows)))
}

fn fields(columns: &[SqlColumn], format: &Format) -> Vec<FieldInfo> {
    let field = |(at, column): (usize, &SqlColumn)| {
        let pg = pg_type(column.sql_type, column.element);
        let size = size(&pg);
        FieldInfo::new(column.name.clone(), None, None, pg, format_of(format, at)).with_type_size(size)
    };
    columns.iter().enumerate().map(field).collect()
}

/// The format of a column; text where a client has named too few.
fn format_of(format: &Format, at: usize) -> pgwire::api::results::FieldFormat {
    match format {
        Format::Individual(codes) if at >= codes.len() => pgwire::api::results::FieldFormat::Text,
        format => format.format_for(at),
    }
}

fn shown_column(name: &str) -> SqlColumn {
    SqlColumn { name: name.to_owned(), sql_type: SqlType::VARCHAR, element: None, nullable: false }
}

fn user(client: &impl ClientInfo) -> String {
    client.metadata().get(METADATA_USER).cloned().unwrap_or_default()
}

#[async_trait]
impl SimpleQueryHandler for Answerer {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let commands = commands(query);
        if commands.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            let (number, user) = (client.pid_and_secret_key(), user(client));
            let wanted = (None, &Format::UnifiedText);
            match self.answer(&command, number, Vec::new(), wanted, &user).await {
                Ok(answer) => answers.push(answer),
                // What came before is answered; what comes after is not run.
                Err(PgWireError::UserError(info)) if !answers.is_empty() => {
                    answers.push(Response::Error(info));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }
}

#[async_trait]
impl QueryParser for Reader {
    type Statement = Prepared;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        types: &[Option<Type>],
    ) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let mut commands = commands(sql);
        if commands.len() > 1 {
            return Err(fault("42601", "cannot insert multiple commands into a prepared statement"));
        }
        let Some(command) = commands.pop() else { return Ok(None) };
        let known = types.iter().map(|pg| pg.as_ref().and_then(sql_type)).collect();
        let description = match &command {
            Command::Query(text) => self.describe(text, known, user(client)).await?,
            Command::Show(name) => {
                SqlDescription { columns: vec![shown_column(name)], ..SqlDescription::default() }
            }
            _ => SqlDescription::default(),
        };
        Ok(Some(Prepared { command, description: Arc::new(description) }))
    }

    fn get_parameter_types(&self, statement: &Prepared) -> PgWireResult<Vec<Type>> {
        Ok(statement.description.parameters.iter().map(|own| pg_type(*own, None)).collect())
    }

    fn get_result_schema(
        &self,
        statement: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        Ok(fields(&statement.description.columns, format.unwrap_or(&Format::UnifiedText)))
    }
}

#[async_trait]
impl ExtendedQueryHandler for Answerer {
    type Statement = Prepared;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        Arc::clone(&self.reader)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        _max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = &portal.statement.statement;
        let own = &prepared.description.parameters;
        let mut parameters = Vec::with_capacity(portal.parameters.len());
        for (at, bytes) in portal.parameters.iter().enumerate() {
            let named = portal.statement.parameter_types.get(at).cloned().flatten();
            let named = named.filter(|pg| *pg != Type::UNKNOWN);
            let pg = named.or_else(|| own.get(at).map(|own| pg_type(*own, None))).unwrap_or(Type::TEXT);
            let format = format_of(&portal.parameter_format, at);
            parameters.push(parameter(bytes.as_deref(), &pg, format)?);
        }
        let wanted = (Some(prepared.description.columns.as_slice()), &portal.result_column_format);
        let (number, user) = (client.pid_and_secret_key(), user(client));
        self.answer(&prepared.command, number, parameters, wanted, &user).await
    }
}
