//! What is a column called by each engine that wants to be told?

use serde_json::{Value, json};

/// A column of a workload's table, its time column included.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// ClickHouse's type.
    pub clickhouse: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// The time of the row.
    Time,
    /// Texts.
    Text,
    /// Whole numbers.
    Long,
    /// Whole numbers that queries look up.
    Key,
    /// A day: milliseconds since 1970 for us, a text for Druid.
    Day,
}

impl Column {
    /// A column of texts.
    #[must_use]
    pub const fn text(name: &'static str, clickhouse: &'static str) -> Self {
        Self { name, kind: ColumnKind::Text, clickhouse }
    }

    /// A column of whole numbers.
    #[must_use]
    pub const fn long(name: &'static str, clickhouse: &'static str) -> Self {
        Self { name, kind: ColumnKind::Long, clickhouse }
    }

    /// An entry of our `dimensions`; none for the time.
    #[must_use]
    pub fn dimension(&self) -> Option<Value> {
        match self.kind {
            ColumnKind::Time => None,
            ColumnKind::Text => Some(json!(self.name)),
            ColumnKind::Long | ColumnKind::Key | ColumnKind::Day => {
                Some(json!({"type": "long", "name": self.name}))
            }
        }
    }

    /// An entry of Druid's `dimensions`; none for the time. Its plain long columns have no index, hence `auto` for
    /// those that are looked up.
    #[must_use]
    pub fn druid_dimension(&self) -> Option<Value> {
        match self.kind {
            ColumnKind::Key => Some(json!({"type": "auto", "name": self.name, "castToType": "LONG"})),
            ColumnKind::Day => Some(json!(self.name)),
            ColumnKind::Time | ColumnKind::Text | ColumnKind::Long => self.dimension(),
        }
    }

    /// Name and type, as ClickHouse's `CREATE TABLE` takes them.
    #[must_use]
    pub fn clickhouse(&self) -> String {
        format!("{} {}", self.name, self.clickhouse)
    }
}
