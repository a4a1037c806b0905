//! Which odd requests of Arrow Flight are sent? Descriptors, tickets, actions and criteria of commands of Flight SQL and of bytes.

use std::net::SocketAddr;
use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, CommandGetTables, CommandPreparedStatementQuery,
    CommandStatementQuery, ProstMessageExt, TicketStatementQuery,
};
use arrow_flight::{Action, Criteria, FlightData, FlightDescriptor, HandshakeRequest, Ticket};
use fastrand::Rng;
use futures::StreamExt;
use prost::Message;
use tonic::transport::{Channel, Endpoint};

use super::change;

/// A client, and the runtime that it needs.
pub(super) struct Calls {
    runtime: tokio::runtime::Runtime,
    client: FlightServiceClient<Channel>,
}

impl Calls {
    pub(super) fn connect(address: SocketAddr) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let endpoint =
            Endpoint::from_shared(format!("http://{address}")).unwrap().timeout(Duration::from_secs(45));
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        Self { runtime, client: FlightServiceClient::new(channel) }
    }

    /// Sends one; what it was.
    pub(super) fn call(&mut self, rng: &mut Rng, texts: &[String]) -> String {
        let command = command(rng, texts);
        let descriptor = match rng.u8(..4) {
            0 => FlightDescriptor::new_path(vec![String::from_utf8_lossy(&command).into_owned()]),
            _ => FlightDescriptor::new_cmd(command.clone()),
        };
        let kind = rng.u8(..8);
        let action =
            ["CreatePreparedStatement", "ClosePreparedStatement", "BeginTransaction", "CancelQuery", "odd"];
        let action =
            Action { r#type: action[rng.usize(..action.len())].to_owned(), body: command.clone().into() };
        let data = FlightData {
            flight_descriptor: Some(descriptor.clone()),
            data_header: command.clone().into(),
            app_metadata: command.clone().into(),
            data_body: command.clone().into(),
        };
        let client = &mut self.client;
        self.runtime.block_on(async {
            // An answer or a status: both will do.
            match kind {
                0..=2 => drained(client.do_get(Ticket { ticket: command.clone().into() }).await).await,
                3 => drop(client.get_flight_info(descriptor).await),
                4 => drop(client.get_schema(descriptor).await),
                5 => drained(client.do_action(action).await).await,
                6 => drained(client.do_put(futures::stream::iter([data])).await).await,
                _ => {
                    drained(client.list_flights(Criteria { expression: command.clone().into() }).await).await;
                    let hello = HandshakeRequest { protocol_version: 1, payload: command.clone().into() };
                    drained(client.handshake(futures::stream::iter([hello])).await).await;
                }
            }
        });
        format!("{kind} {}", String::from_utf8_lossy(&command))
    }
}

async fn drained<T>(answer: Result<tonic::Response<tonic::Streaming<T>>, tonic::Status>) {
    let Ok(answer) = answer else { return };
    let mut stream = answer.into_inner();
    while let Some(Ok(_)) = stream.next().await {}
}

fn command(rng: &mut Rng, texts: &[String]) -> Vec<u8> {
    let query = change::text(rng, texts);
    let handle = query.clone().into_bytes();
    let any = match rng.u8(..5) {
        0 => CommandStatementQuery { query, transaction_id: None }.as_any(),
        1 => ActionCreatePreparedStatementRequest { query, transaction_id: None }.as_any(),
        2 => CommandPreparedStatementQuery { prepared_statement_handle: handle.into() }.as_any(),
        3 => CommandGetTables {
            table_name_filter_pattern: Some(query),
            include_schema: true,
            ..Default::default()
        }
        .as_any(),
        _ => TicketStatementQuery { statement_handle: handle.into() }.as_any(),
    };
    let bytes = any.encode_to_vec();
    if rng.u8(..3) == 0 { change::bytes(rng, &bytes) } else { bytes }
}
