//! Which connections and statements are open? At most so many of each, and none that nobody has used for a while.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::AbortHandle;

use super::fault::Fault;
use super::frames::Frames;
use super::request::{At, Properties};
use super::response::Signature;
use crate::config::AvaticaConfig;

/// All open connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: Mutex<HashMap<String, Arc<Connection>>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Connection {
    /// The context of its queries.
    pub(super) context: Map<String, Value>,
    pub(super) properties: Mutex<Properties>,
    statements: Mutex<HashMap<u32, Arc<Statement>>>,
    next_statement: AtomicU32,
    used: Mutex<Instant>,
}

/// A statement: what it is, and what it is doing.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// Held by the call that is working on it.
    pub(super) state: AsyncMutex<State>,
    /// Ends the query that runs for it, also while a call waits for its rows.
    running: Mutex<Option<AbortHandle>>,
}

/// What a statement holds.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Since it was prepared.
    pub(super) signature: Option<Signature>,
    /// Most rows an execution gives.
    pub(super) max_rows: Option<u64>,
    /// Since it was executed.
    pub(super) frames: Option<Frames>,
}

impl Statement {
    /// Notes how the query that now runs for it is ended, and ends the one before.
    pub(super) fn runs(&self, query: AbortHandle) {
        if let Some(before) = self.running.lock().replace(query) {
            before.abort();
        }
    }

    fn stop(&self) {
        if let Some(query) = self.running.lock().take() {
            query.abort();
        }
    }
}

impl Connections {
    /// Opens a connection under an id of the client's. When there are too many, those without statements are closed.
    pub(super) fn open(
        &self,
        id: &str,
        context: Map<String, Value>,
        config: &AvaticaConfig,
    ) -> Result<(), Fault> {
        let mut open = self.open.lock();
        if open.contains_key(id) {
            return Err(Fault::new(format!("Connection[{id}] already open.")));
        }
        if open.len() >= config.max_connections {
            open.retain(|_, connection| !connection.statements.lock().is_empty());
        }
        if open.len() >= config.max_connections {
            return Err(Fault::new(format!("Too many connections, limit is [{}]", config.max_connections)));
        }
        let connection = Connection {
            context,
            properties: Mutex::new(Properties::initial()),
            statements: Mutex::default(),
            next_statement: AtomicU32::new(0),
            used: Mutex::new(Instant::now()),
        };
        open.insert(id.to_owned(), Arc::new(connection));
        Ok(())
    }

    /// A connection, which is in use from now on.
    pub(super) fn get(&self, id: &str) -> Result<Arc<Connection>, Fault> {
        let connection = self.open.lock().get(id).map(Arc::clone).ok_or_else(|| Fault::no_connection(id))?;
        *connection.used.lock() = Instant::now();
        Ok(connection)
    }

    /// Closes a connection, and ends what runs for it. One that is not open is closed already.
    pub(super) fn close(&self, id: &str) {
        if let Some(connection) = self.open.lock().remove(id) {
            connection.end();
        }
    }

    /// Closes the connections nobody has used for so long.
    pub(super) fn close_idle(&self, idle: Duration) {
        let mut open = self.open.lock();
        open.retain(|id, connection| {
            let keep = connection.used.lock().elapsed() < idle || connection.is_working();
            if !keep {
                tracing::debug!(connection = %id, "an idle JDBC connection is closed");
                connection.end();
            }
            keep
        });
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }
}

impl Connection {
    /// Makes a statement; gives its number.
    pub(super) fn create(&self, config: &AvaticaConfig) -> Result<(u32, Arc<Statement>), Fault> {
        let mut statements = self.statements.lock();
        if statements.len() >= config.max_statements {
            let limit = config.max_statements;
            return Err(Fault::new(format!("Too many open statements, limit is [{limit}]")));
        }
        let id = self.next_statement.fetch_add(1, Ordering::Relaxed);
        let statement = Arc::new(Statement::default());
        statements.insert(id, Arc::clone(&statement));
        Ok((id, statement))
    }

    /// A statement, if there is one of this number.
    pub(super) fn statement(&self, at: &At) -> Option<Arc<Statement>> {
        self.statements.lock().get(&at.statement).map(Arc::clone)
    }

    /// Closes a statement, and ends its query. One that is not there is closed already.
    pub(super) fn close(&self, statement: u32) {
        if let Some(statement) = self.statements.lock().remove(&statement) {
            statement.stop();
        }
    }

    /// Whether a call of a client is being answered.
    fn is_working(&self) -> bool {
        self.statements.lock().values().any(|statement| statement.state.try_lock().is_err())
    }

    fn end(&self) {
        self.statements.lock().drain().for_each(|(_, statement)| statement.stop());
    }
}
