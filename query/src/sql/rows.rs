//! How does an answer come as plain values? In blocks of rows, made as they are asked for.

use super::answer::{SqlColumn, SqlValue, columns, rows};
use super::fault::from_datafusion;
use super::run::Flow;
use crate::QueryError;

/// The rows of an answer on their way; the query ends when this is dropped.
pub struct SqlRows {
    columns: Vec<SqlColumn>,
    flow: Flow,
}

impl std::fmt::Debug for SqlRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlRows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl SqlRows {
    pub(super) fn new(flow: Flow) -> Self {
        Self { columns: columns(&flow.schema), flow }
    }

    /// The id the query runs under.
    #[must_use]
    pub fn sql_query_id(&self) -> &str {
        &self.flow.settings.query_id
    }

    /// The columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[SqlColumn] {
        &self.columns
    }

    /// The next rows, at least one and at most a few thousand, each with a value a column; `None` at the end.
    ///
    /// # Errors
    /// When the query fails on the way, is cancelled, or its time is over.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<SqlValue>>>, QueryError> {
        let Some(batch) = self.flow.next().await? else { return Ok(None) };
        let rows = rows(&batch, self.flow.settings.zone);
        rows.map(Some).map_err(|e| self.flow.failed(from_datafusion(e.into())))
    }
}
