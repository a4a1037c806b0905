//! How do clients of PostgreSQL's reach the node? On an address of their own; each connection is a task, and is ended with
//! the server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pgwire::messages::startup::SecretKey;
use pgwire::tokio::process_socket;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::connection::Connection;
use crate::EngineError;
use crate::node::Node;

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// The queries that run, by the number of their connection and with the key that may end them.
#[derive(Debug, Default)]
pub(super) struct Running {
    connections: Mutex<HashMap<i32, (SecretKey, AbortHandle)>>,
}

impl Running {
    /// Notes the query of a connection.
    pub(super) fn begins(&self, (number, key): (i32, SecretKey), query: AbortHandle) {
        self.connections.lock().insert(number, (key, query));
    }

    /// Forgets a connection.
    pub(super) fn forget(&self, number: i32) {
        self.connections.lock().remove(&number);
    }

    /// Ends the query of a connection, if the key is its own.
    pub(super) fn cancel(&self, number: i32, key: &SecretKey) {
        let connections = self.connections.lock();
        if let Some((_, query)) = connections.get(&number).filter(|(own, _)| own.eq_value(key)) {
            query.abort();
        }
    }
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

    /// Answers until `stop` turns true. Connections live as long as their clients like, and are cut then.
    pub async fn serve(self, node: Arc<Node>, mut stop: watch::Receiver<bool>) {
        let running = Arc::new(Running::default());
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true);
                        let handlers = Connection::new(Arc::clone(&node), Arc::clone(&running));
                        connections.spawn(async move {
                            if let Err(error) = process_socket(stream, None, handlers).await {
                                tracing::debug!(%error, "a PostgreSQL connection ended");
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a PostgreSQL connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = stopping(&mut stop) => break,
            }
        }
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // The sender is dropped only after the stop.
    let _ = stop.wait_for(|stopping| *stopping).await;
}
