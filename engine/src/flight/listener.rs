//! How is an address served with gRPC? Until the server stops; calls that run then are cut.

use std::net::SocketAddr;
use std::sync::Arc;

use arrow_flight::flight_service_server::FlightServiceServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use super::service::FlightSql;
use crate::EngineError;
use crate::node::Node;

/// Longest message of a client, in bytes: parameters and texts.
const MESSAGE_BYTES: usize = 16 << 20;

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address (`HOST:PORT`; port 0 picks a free one).
    ///
    /// # Errors
    /// When the address is not one, or is in use.
    pub async fn bind(address: &str) -> Result<Self, EngineError> {
        let failed = |source| EngineError::Listen { address: address.to_owned(), source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address: bound })
    }

    /// The address, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` turns true.
    pub async fn serve(self, node: Arc<Node>, mut stop: watch::Receiver<bool>) {
        let service = FlightServiceServer::new(FlightSql::new(node));
        let service = service.max_decoding_message_size(MESSAGE_BYTES);
        let incoming = TcpIncoming::from(self.socket).with_nodelay(Some(true));
        let serving = Server::builder().add_service(service).serve_with_incoming(incoming);
        tokio::select! {
            ended = serving => if let Err(error) = ended {
                tracing::warn!(%error, "the Flight listener ended badly");
            },
            () = stopping(&mut stop) => {}
        }
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // The sender is dropped only after the stop.
    let _ = stop.wait_for(|stopping| *stopping).await;
}
