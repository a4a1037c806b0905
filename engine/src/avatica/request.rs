//! What does a client ask? The calls of Avatica, whatever form they came in.

use alluvium_query::sql::SqlParameter;

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    OpenConnection {
        connection: String,
        /// Properties of the connection, which are the context of its queries.
        info: Vec<(String, String)>,
    },
    CloseConnection {
        connection: String,
    },
    ConnectionSync {
        connection: String,
        wanted: Properties,
    },
    CreateStatement {
        connection: String,
    },
    CloseStatement(At),
    Prepare {
        connection: String,
        sql: String,
        /// Most rows an execution gives; `None`: all.
        max_rows: Option<u64>,
    },
    PrepareAndExecute {
        at: At,
        sql: String,
        max_rows: Option<u64>,
        /// Rows of the first frame; negative: the server decides.
        first_frame: i64,
    },
    Execute {
        at: At,
        parameters: Vec<SqlParameter>,
        first_frame: i64,
    },
    Fetch {
        at: At,
        /// The row to go on with.
        offset: u64,
        /// Rows of the frame; negative: the server decides.
        rows: i64,
    },
    Metadata {
        connection: String,
        wanted: Metadata,
    },
    DatabaseProperties {
        connection: String,
    },
    /// Nothing is ever written, so there is nothing to commit.
    Commit {
        connection: String,
    },
    Rollback {
        connection: String,
    },
    /// A call that Druid does not answer either.
    Unsupported(&'static str),
}

/// A statement of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub(super) connection: String,
    pub(super) statement: u32,
}

/// What a connection is told about transactions and the like; `None`: not said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Properties {
    pub(super) auto_commit: Option<bool>,
    pub(super) read_only: Option<bool>,
    pub(super) transaction_isolation: Option<u32>,
    pub(super) catalog: Option<String>,
    pub(super) schema: Option<String>,
}

impl Properties {
    /// What a new connection has.
    pub(super) fn initial() -> Self {
        Self {
            auto_commit: Some(true),
            read_only: Some(true),
            transaction_isolation: Some(0),
            ..Self::default()
        }
    }

    /// Takes over what is said.
    pub(super) fn merge(&mut self, said: Self) {
        self.auto_commit = said.auto_commit.or(self.auto_commit);
        self.read_only = said.read_only.or(self.read_only);
        self.transaction_isolation = said.transaction_isolation.or(self.transaction_isolation);
        self.catalog = said.catalog.or_else(|| self.catalog.take());
        self.schema = said.schema.or_else(|| self.schema.take());
    }
}

/// What is asked about tables. Patterns are those of LIKE with `\` as escape; `None`: anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Metadata {
    Catalogs,
    Schemas {
        catalog: Option<String>,
        schema: Option<String>,
    },
    Tables {
        catalog: Option<String>,
        schema: Option<String>,
        table: Option<String>,
        /// Types of tables.
        types: Option<Vec<String>>,
    },
    TableTypes,
    Columns {
        catalog: Option<String>,
        schema: Option<String>,
        table: Option<String>,
        column: Option<String>,
    },
    TypeInfo,
}
