//! How is a call of Flight SQL answered? A question is described and given a ticket, a ticket is answered with rows.

use std::sync::Arc;

use alluvium_query::sql::{ArrowDescription, ArrowMessage, SqlRequest, parameters};
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandGetCatalogs, CommandGetDbSchemas, CommandGetPrimaryKeys,
    CommandGetTableTypes, CommandGetTables, CommandPreparedStatementQuery, CommandStatementQuery,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{Action, FlightDescriptor, FlightEndpoint, FlightInfo, Ticket};
use futures::StreamExt;
use prost::Message;
use serde_json::{Map, Value};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use super::messages::{Messages, Shape, messages, refused};
use super::metadata;
use super::prepared::Statements;
use crate::clock::now_ms;
use crate::node::Node;

/// Headers of a call that start so are context of its query: `x-druid-context-timeout: 5000`.
const CONTEXT_HEADER: &str = "x-druid-context-";

/// Answers Flight SQL.
#[derive(Debug)]
pub(super) struct FlightSql {
    node: Arc<Node>,
    statements: Statements,
}

type Info = Result<Response<FlightInfo>, Status>;
type Rows = Result<Response<Messages>, Status>;

impl FlightSql {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node, statements: Statements::default() }
    }

    /// What a question will be answered with, and the ticket for it.
    async fn info(&self, request: SqlRequest, ticket: impl ProstMessageExt, asked: FlightDescriptor) -> Info {
        let described = self.describe(request).await?;
        let ticket = Ticket::new(ticket.as_any().encode_to_vec());
        Ok(Response::new(FlightInfo {
            schema: described.columns.into(),
            ..FlightInfo::new()
                .with_descriptor(asked)
                .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        }))
    }

    /// The ticket for a question about tables, whose answers Flight SQL prescribes.
    fn ticket(query: impl ProstMessageExt, asked: Request<FlightDescriptor>) -> Info {
        let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(query.as_any().encode_to_vec()));
        let info = FlightInfo::new().with_descriptor(asked.into_inner()).with_endpoint(endpoint);
        Ok(Response::new(info))
    }

    async fn describe(&self, request: SqlRequest) -> Result<ArrowDescription, Status> {
        let engine = Arc::clone(self.node.sql());
        let work = async move { engine.describe_arrow(&request, now_ms()) };
        let described = self.node.query_threads().spawn(work).await;
        let described = described.map_err(|panic| Status::internal(panic.to_string()))?;
        described.map_err(|error| refused(&error))
    }

    fn rows(&self, request: SqlRequest) -> Rows {
        Ok(Response::new(messages(&self.node, request, Shape::Rows)))
    }

    /// The answer to a question about tables.
    fn told(&self, text: &str, shape: Shape) -> Rows {
        Ok(Response::new(messages(&self.node, SqlRequest::text(text), shape)))
    }
}

/// The context of a call's query.
fn context(headers: &MetadataMap) -> Map<String, Value> {
    let own = headers.iter().filter_map(|header| match header {
        tonic::metadata::KeyAndValueRef::Ascii(key, value) => {
            let key = key.as_str().strip_prefix(CONTEXT_HEADER)?;
            Some((context_key(key), Value::from(value.to_str().ok()?)))
        }
        tonic::metadata::KeyAndValueRef::Binary(..) => None,
    });
    own.collect()
}

/// Headers are in small letters; Druid's keys have capitals.
fn context_key(header: &str) -> String {
    let mut parts = header.split('-');
    let mut key = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        key.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        key.push_str(letters.as_str());
    }
    key
}

fn request_of<T>(text: &str, asked: &Request<T>) -> SqlRequest {
    SqlRequest { context: context(asked.metadata()), ..SqlRequest::text(text) }
}

#[tonic::async_trait]
impl FlightSqlService for FlightSql {
    type FlightService = Self;

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        let request = request_of(&query.query, &asked);
        let ticket = TicketStatementQuery { statement_handle: query.query.into() };
        self.info(request, ticket, asked.into_inner()).await
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        let request = self.statements.get(&query.prepared_statement_handle)?;
        self.info(request, query, asked.into_inner()).await
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        Self::ticket(query, asked)
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        Self::ticket(query, asked)
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        Self::ticket(query, asked)
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        Self::ticket(query, asked)
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        asked: Request<FlightDescriptor>,
    ) -> Info {
        Self::ticket(query, asked)
    }

    async fn do_get_statement(&self, ticket: TicketStatementQuery, asked: Request<Ticket>) -> Rows {
        let text = std::str::from_utf8(&ticket.statement_handle)
            .map_err(|_| Status::invalid_argument("the ticket is not one of this server"))?;
        self.rows(request_of(text, &asked))
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        asked: Request<Ticket>,
    ) -> Rows {
        let mut request = self.statements.get(&query.prepared_statement_handle)?;
        request.context.append(&mut context(asked.metadata()));
        self.rows(request)
    }

    async fn do_get_catalogs(&self, _query: CommandGetCatalogs, _asked: Request<Ticket>) -> Rows {
        self.told(metadata::CATALOGS, Shape::Prescribed(metadata::ONE_NAME))
    }

    async fn do_get_schemas(&self, query: CommandGetDbSchemas, _asked: Request<Ticket>) -> Rows {
        self.told(&metadata::schemas(&query), Shape::Prescribed(metadata::SCHEMA_NULLS))
    }

    async fn do_get_tables(&self, query: CommandGetTables, _asked: Request<Ticket>) -> Rows {
        let shape = match query.include_schema {
            true => Shape::TablesWithSchemas(metadata::TABLE_NULLS),
            false => Shape::Prescribed(metadata::TABLE_NULLS),
        };
        self.told(&metadata::tables(&query), shape)
    }

    async fn do_get_table_types(&self, _query: CommandGetTableTypes, _asked: Request<Ticket>) -> Rows {
        self.told(metadata::TABLE_TYPES, Shape::Prescribed(metadata::ONE_NAME))
    }

    async fn do_get_primary_keys(&self, _query: CommandGetPrimaryKeys, _asked: Request<Ticket>) -> Rows {
        self.told(metadata::KEYS, Shape::Prescribed(metadata::KEY_NULLS))
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        asked: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let mut given = Vec::new();
        let mut stream = asked.into_inner();
        while let Some(data) = stream.next().await {
            let data = data?;
            given.push(ArrowMessage { header: data.data_header.to_vec(), body: data.data_body.to_vec() });
        }
        let values = parameters(&given).map_err(|error| refused(&error))?;
        self.statements.bind(&query.prepared_statement_handle, values)?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(query.prepared_statement_handle) })
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        asked: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let request = request_of(&query.query, &asked);
        let described = self.describe(request.clone()).await?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: self.statements.keep(request).into(),
            dataset_schema: described.columns.into(),
            parameter_schema: described.parameters.into(),
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        query: ActionClosePreparedStatementRequest,
        _asked: Request<Action>,
    ) -> Result<(), Status> {
        self.statements.close(&query.prepared_statement_handle);
        Ok(())
    }

    async fn register_sql_info(&self, _id: i32, _result: &SqlInfo) {}
}
