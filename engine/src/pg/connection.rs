//! How does a connection of a client of PostgreSQL's begin, and who answers which of its messages?

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::Sink;
use pgwire::api::auth::{
    DefaultServerParameterProvider, ServerParameterProvider, StartupHandler, finish_authentication,
    protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::cancel::CancelHandler;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ClientInfo, PgWireServerHandlers, PidSecretKeyGenerator, RandomPidSecretKeyGenerator};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::answer::Answerer;
use super::listener::Running;
use crate::node::Node;

/// The handlers of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    answerer: Arc<Answerer>,
    door: Arc<Door>,
}

impl Connection {
    pub(super) fn new(node: Arc<Node>, running: Arc<Running>) -> Self {
        let answerer = Arc::new(Answerer::new(node, Arc::clone(&running)));
        Self { answerer, door: Arc::new(Door { running }) }
    }
}

impl PgWireServerHandlers for Connection {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.answerer)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.answerer)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.door)
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::clone(&self.door)
    }
}

/// Lets clients in, and takes their wish to end a query.
#[derive(Debug)]
struct Door {
    running: Arc<Running>,
}

/// What a server tells of itself when a connection begins.
struct Parameters;

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let mut all = DefaultServerParameterProvider::default().server_parameters(client)?;
        all.insert("server_version".to_owned(), super::VERSION.to_owned());
        all.insert("search_path".to_owned(), "druid".to_owned());
        all.insert("is_superuser".to_owned(), "off".to_owned());
        all.insert("default_transaction_read_only".to_owned(), "on".to_owned());
        Some(all)
    }
}

/// Numbers and keys of connections.
static NUMBERS: std::sync::LazyLock<RandomPidSecretKeyGenerator> =
    std::sync::LazyLock::new(RandomPidSecretKeyGenerator::default);

#[async_trait]
impl StartupHandler for Door {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let PgWireFrontendMessage::Startup(startup) = message else { return Ok(()) };
        protocol_negotiation(client, &startup).await?;
        save_startup_parameters_to_metadata(client, &startup);
        let (number, key) = NUMBERS.generate(client);
        client.set_pid_and_secret_key(number, key);
        finish_authentication(client, &Parameters).await
    }
}

#[async_trait]
impl CancelHandler for Door {
    async fn on_cancel_request(&self, request: CancelRequest) {
        self.running.cancel(request.pid, &request.secret_key);
    }
}
