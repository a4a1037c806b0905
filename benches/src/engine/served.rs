//! How is an engine run that is a server? Over one keep-alive connection; ours and Druid alike, with all result
//! caches off.

use serde_json::{Map, Value, json};

use super::{Engine, Facts};
use crate::dialect::{Dialect, Table};
use crate::machine;
use crate::node::{Node, ScratchNode};
use crate::workload::{Query, Workload};

/// Keys of every query's context: nothing is answered from a cache.
pub const NO_CACHES: [(&str, bool); 4] = [
    ("useCache", false),
    ("populateCache", false),
    ("useResultLevelCache", false),
    ("populateResultLevelCache", false),
];

/// A server with the workload's table in it.
#[derive(Debug)]
pub struct Served {
    name: String,
    host: Host,
    facts: Facts,
    table: (&'static str, &'static str),
}

/// Whose server it is.
#[derive(Debug)]
pub enum Host {
    /// Started here, with a folder of its own.
    Scratch(ScratchNode),
    /// Started by others.
    Foreign(Node),
}

impl Host {
    /// The server.
    pub fn node(&mut self) -> &mut Node {
        match self {
            Self::Scratch(scratch) => &mut scratch.node,
            Self::Foreign(node) => node,
        }
    }
}

impl Served {
    /// Takes a server whose table is loaded; `load_seconds` when this program loaded it.
    ///
    /// # Errors
    /// When the table is not there.
    pub fn new(
        name: &str,
        mut host: Host,
        workload: &Workload,
        load_seconds: Option<f64>,
    ) -> Result<Self, String> {
        let node = host.node();
        let status = node.get("/status")?;
        // Ours says Druid's version first, and its own below.
        let version = status["alluvium"]["version"].as_str().or(status["version"].as_str());
        let version = version.unwrap_or_default().to_owned();
        let size = format!(
            "SELECT SUM(\"size\") FROM sys.segments WHERE datasource = '{}' AND is_active = 1",
            workload.table
        );
        let bytes = node.sql(&size)?.first().and_then(|row| row[0].as_u64());
        let process = node.process();
        let facts = Facts {
            version,
            load_seconds,
            bytes,
            process,
            load_peak_bytes: process.and_then(machine::peak_bytes),
        };
        Ok(Self { name: name.to_owned(), host, facts, table: (workload.table, workload.time) })
    }

    /// How many rows the table has.
    ///
    /// # Errors
    /// When the table is not there.
    pub fn count(&mut self) -> Result<u64, String> {
        count(self.host.node(), self.table.0)
    }

    /// Path and body of a query.
    fn request(&self, query: &Query) -> Result<(&'static str, Value), String> {
        let mut context: Map<String, Value> =
            NO_CACHES.map(|(k, v)| (k.to_owned(), Value::from(v))).into_iter().collect();
        context.extend(query.context.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))));
        if let Some(native) = &query.native {
            let mut body = native.body.clone();
            if let Some(own) = body["context"].as_object() {
                context.extend(own.clone());
            }
            body["context"] = Value::Object(context);
            return Ok(("/druid/v2", body));
        }
        context.insert("sqlTimeZone".to_owned(), Value::from("UTC"));
        let table = Table { name: self.table.0, time: self.table.1 };
        let text = Dialect::Druid.render(&query.sql, table)?;
        Ok(("/druid/v2/sql", json!({"query": text, "resultFormat": "array", "context": context})))
    }
}

/// How many rows a table has.
///
/// # Errors
/// When the table is not there.
pub fn count(node: &mut Node, table: &str) -> Result<u64, String> {
    let rows = node.sql(&format!("SELECT COUNT(*) FROM {table}"))?;
    rows.first().and_then(|row| row[0].as_u64()).ok_or_else(|| format!("no count of `{table}`"))
}

impl Engine for Served {
    fn name(&self) -> &str {
        &self.name
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn rows(&mut self, query: &Query) -> Result<Vec<Value>, String> {
        let (path, body) = self.request(query)?;
        let (bytes, _) = self.host.node().post(path, &body)?;
        let answer: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        Ok(match (&query.native, answer) {
            (Some(native), answer) => (native.rows)(&answer),
            (None, Value::Array(rows)) => rows,
            (None, other) => return Err(format!("not rows: {other}")),
        })
    }

    fn time_ms(&mut self, query: &Query) -> Result<f64, String> {
        let (path, body) = self.request(query)?;
        Ok(self.host.node().post(path, &body)?.1.as_secs_f64() * 1000.0)
    }
}
