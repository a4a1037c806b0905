//! What would PostgreSQL's catalogue say about the tables here? Its clients ask it, in PostgreSQL's dialect, before they ask
//! anything else: `pg_catalog` and `information_schema` as tables, and the functions that go with them.
//!
//! `rewrite` tells which statements these are and makes plain SQL of them, `tables` has the rows, `bare` the tables that
//! have none (`empty` cuts short what asks them), `functions` the functions, `types` the numbers of types. In `answer`
//! DataFusion alone plans and runs what comes out: nothing here is Druid SQL, and no datasource is read.

mod answer;
mod bare;
mod empty;
mod functions;
mod rewrite;
mod tables;
mod types;

use super::answer::{SqlColumn, SqlValue};
pub(crate) use answer::{answer, describe};

/// A statement about PostgreSQL's catalogue.
#[derive(Debug, Clone)]
pub struct CatalogStatement {
    parsed: rewrite::Parsed,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogAnswer {
    /// The columns, in order.
    pub columns: Vec<SqlColumn>,
    /// The rows, with a value a column.
    pub rows: Vec<Vec<SqlValue>>,
}

impl CatalogStatement {
    /// Reads a text; `None` when it is not about the catalogue.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        rewrite::parse(text).map(|parsed| Self { parsed })
    }
}

#[cfg(test)]
mod tests;
