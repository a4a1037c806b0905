//! What is asked of which rows? A table, how each engine takes it, and its queries, each in one text for all.

mod column;
pub mod events;
pub mod flights;
mod query;
pub mod ssb;
mod ssb_queries;

use std::path::Path;

use serde_json::{Value, json};

pub use column::{Column, ColumnKind};
pub use query::{Native, Query};

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
