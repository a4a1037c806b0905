//! What is asked of which rows? A table, how each engine takes it, and its queries, each in one text for all.

mod column;
pub mod events;
pub mod flights;
pub mod ssb;
mod ssb_queries;

use std::path::Path;

use serde_json::{Value, json};

pub use column::{Column, ColumnKind};

use crate::answer::Shape;
use crate::dialect::Table;

/// Rows and what is asked of them.
#[derive(Debug)]
pub struct Workload {
    /// Its name, and the start of the names of its files.
    pub name: String,
    /// Name of the table.
    pub table: &'static str,
    /// The time column of the Parquet file.
    pub time: &'static str,
    /// All columns in the order of the file.
    pub columns: Vec<Column>,
    /// `PARTITION BY` and `ORDER BY` of ClickHouse's table.
    pub clickhouse: [&'static str; 2],
    /// Druid's `segmentGranularity`, for Druid and for us.
    pub granularity: String,
    /// `projections` of our spec.
    pub projections: Vec<Value>,
    /// The queries.
    pub queries: Vec<Query>,
    /// Groups of queries that get a geometric mean of their own: a label and the start of their names.
    pub groups: &'static [(&'static str, &'static str)],
    /// Times of engines that are not run here.
    pub published: Vec<Published>,
}

/// Minimal times measured elsewhere, on 2 cores.
#[derive(Debug)]
pub struct Published {
    /// Whose.
    pub engine: &'static str,
    /// Query and milliseconds.
    pub minimum_ms: Vec<(&'static str, f64)>,
}

/// One query.
#[derive(Debug)]
pub struct Query {
    /// Its name.
    pub name: &'static str,
    /// Columns of its answer, see [`Shape`].
    pub kinds: &'static str,
    /// See [`Shape`].
    pub cut: Option<usize>,
    /// SQL with the markers of [`crate::dialect`].
    pub sql: String,
    /// A lazy frame as a Python expression over `f` (the table), `t` (its time), `c` (a column by name),
    /// `between(a, b)` (dates), `start(unit)` and `pl`; engines without one are left out.
    pub polars: Option<String>,
    /// Keys of the query's context that Druid needs for an exact answer.
    pub context: &'static [(&'static str, bool)],
    /// A native query for us and Druid in place of the SQL.
    pub native: Option<Native>,
}

/// A native query.
#[derive(Debug)]
pub struct Native {
    /// The query.
    pub body: Value,
    /// How its answer becomes rows.
    pub rows: fn(&Value) -> Vec<Value>,
}

impl Query {
    /// A query in SQL.
    #[must_use]
    pub fn new(name: &'static str, kinds: &'static str, sql: impl Into<String>) -> Self {
        Self { name, kinds, cut: None, sql: sql.into(), polars: None, context: &[], native: None }
    }

    /// With Polars' form.
    #[must_use]
    pub fn polars(self, expression: impl Into<String>) -> Self {
        Self { polars: Some(expression.into()), ..self }
    }

    /// With a limit that cuts rows ordered by a column, descending.
    #[must_use]
    pub fn cut_by(self, column: usize) -> Self {
        Self { cut: Some(column), ..self }
    }

    /// With keys for Druid's context.
    #[must_use]
    pub fn context(self, context: &'static [(&'static str, bool)]) -> Self {
        Self { context, ..self }
    }

    /// With a native form for us and Druid.
    #[must_use]
    pub fn native(self, body: Value, rows: fn(&Value) -> Vec<Value>) -> Self {
        Self { native: Some(Native { body, rows }), ..self }
    }

    /// What its answers look like.
    #[must_use]
    pub fn shape(&self) -> Shape<'_> {
        Shape { kinds: self.kinds, cut: self.cut }
    }
}

impl Workload {
    /// The table as queries see it.
    #[must_use]
    pub fn table(&self) -> Table<'_> {
        Table { name: self.table, time: self.time }
    }

    /// The batch task that loads a Parquet file into us.
    #[must_use]
    pub fn task(&self, parquet: &Path) -> Value {
        let dimensions = self.columns.iter().filter_map(Column::dimension).collect();
        let mut task = batch_task(self.table, self.time, dimensions, &self.granularity, parquet);
        if !self.projections.is_empty() {
            task["spec"]["dataSchema"]["projections"] = Value::from(self.projections.clone());
        }
        task
    }

    /// What a Python driver needs to load a Parquet file.
    #[must_use]
    pub fn driver_table(&self) -> Value {
        let columns: Vec<String> = self.columns.iter().map(Column::clickhouse).collect();
        let [partition, order] = self.clickhouse;
        json!({
            "name": self.table, "time": self.time,
            "clickhouse": {"columns": columns, "partition": partition, "order": order}
        })
    }
}

/// A batch task of ours that loads a Parquet file as it is.
#[must_use]
pub fn batch_task(
    table: &str,
    time: &str,
    dimensions: Vec<Value>,
    granularity: &str,
    parquet: &Path,
) -> Value {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
    json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": table,
                "timestampSpec": {"column": time, "format": "auto"},
                "dimensionsSpec": {"dimensions": dimensions},
                "granularitySpec": {
                    "segmentGranularity": granularity, "queryGranularity": "NONE", "rollup": false
                }
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": {
                    "type": "local", "baseDir": text(parquet.parent().map(Path::as_os_str)),
                    "filter": text(parquet.file_name())
                },
                "inputFormat": {"type": "parquet"}
            },
            "tuningConfig": {"type": "index_parallel"}
        }
    })
}
