//! What is answered? The results of Avatica's calls, before they take a form.

use alluvium_query::sql::{SqlColumn, SqlType, SqlValue};

use super::fault::Fault;
use super::request::Properties;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Response {
    ConnectionOpened,
    ConnectionClosed,
    ConnectionSynced(Properties),
    StatementCreated {
        connection: String,
        statement: u32,
    },
    StatementClosed,
    Prepared {
        connection: String,
        statement: u32,
        signature: Signature,
    },
    Executed(Box<ResultSet>),
    /// The statement to be executed is not there; the client makes it again.
    StatementMissing,
    Fetched(Fetched),
    /// The answer of a metadata call.
    ResultSet(Box<ResultSet>),
    DatabaseProperties,
    Committed,
    RolledBack,
    Failed(Fault),
}

/// The answer to a fetch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fetched {
    Frame(Frame),
    /// There is no such statement.
    NoStatement,
    /// The statement has not been executed.
    NoResults,
}

/// The columns of a result and its first rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResultSet {
    pub(super) connection: String,
    pub(super) statement: u32,
    pub(super) signature: Signature,
    pub(super) frame: Frame,
}

/// What a statement is: its text, the columns of its result, the types of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Signature {
    pub(super) sql: String,
    pub(super) columns: Vec<SqlColumn>,
    pub(super) parameters: Vec<SqlType>,
}

/// Some rows, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Frame {
    /// Rows before the first one here.
    pub(super) offset: u64,
    /// Whether there are no more.
    pub(super) done: bool,
    pub(super) rows: Vec<Vec<SqlValue>>,
}
