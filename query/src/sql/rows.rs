//! How does an answer come as plain values? In blocks of rows, made as they are asked for.

use chrono_tz::Tz;

use super::answer::{SqlColumn, SqlValue, columns, rows};
use super::fault::from_datafusion;
use super::run::Flow;
use crate::QueryError;

/// The rows of an answer on their way; the query ends when this is dropped.
pub struct SqlRows {
    columns: Vec<SqlColumn>,
    /// Where the clock hangs that times are read from.
    clock: Tz,
    flow: Flow,
}

impl std::fmt::Debug for SqlRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlRows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl SqlRows {
    pub(super) fn new(flow: Flow) -> Self {
        Self { columns: columns(&flow.schema), clock: flow.settings.zone, flow }
    }

    /// With times as instants: milliseconds since 1970-01-01T00:00:00Z, whatever the session's zone.
    #[must_use]
    pub fn with_instants(mut self) -> Self {
        self.clock = Tz::UTC;
        self
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
        let rows = rows(&batch, self.clock);
        rows.map(Some).map_err(|e| self.flow.failed(from_datafusion(e.into())))
    }
}
