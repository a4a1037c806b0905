//! How is an engine run that is a Python package? In a process of its own, so that its threads and allocator meet
//! no other's, asked over pipes; it reports its own wall time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::{Engine, Facts};
use crate::dialect::{Dialect, Table};
use crate::machine;
use crate::workload::{Query, Workload};

/// A running Python process; ended when dropped.
#[derive(Debug)]
pub struct Embedded {
    name: String,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    facts: Facts,
    table: (&'static str, &'static str),
}

/// Names of the engines that the driver knows.
pub const EMBEDDED: [&str; 4] = ["duckdb", "clickhouse", "datafusion", "polars"];

impl Embedded {
    /// Starts an engine and has it load a Parquet file, or take the table it loaded from the same file before.
    ///
    /// # Errors
    /// When Python, the package or the file is missing.
    pub fn start(
        name: &str,
        python: &Path,
        folder: &Path,
        workload: &Workload,
        parquet: &Path,
    ) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|e| format!("`{}`: {e}", folder.display()))?;
        let mut process = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/driver.py"))
            .args([name, &folder.to_string_lossy(), &machine::cores().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start `{}`: {e}", python.display()))?;
        let requests = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let facts = Facts { process: Some(process.id()), ..Facts::default() };
        let table = (workload.table, workload.time);
        let mut engine = Self { name: name.to_owned(), process, requests, answers, facts, table };
        let loaded = engine.ask(&json!({"load": workload.driver_table(), "parquet": parquet}))?;
        loaded["version"].as_str().unwrap_or_default().clone_into(&mut engine.facts.version);
        engine.facts.load_seconds = loaded["seconds"].as_f64();
        engine.facts.bytes = loaded["bytes"].as_u64();
        engine.facts.load_peak_bytes = machine::peak_bytes(engine.process.id());
        Ok(engine)
    }

    /// The exact answer of a query, from DuckDB.
    ///
    /// # Errors
    /// When the query is refused.
    pub fn exact_rows(&mut self, query: &Query) -> Result<Vec<Value>, String> {
        let text = Dialect::Exact.render(&query.sql, self.table())?;
        self.run_rows(&text)
    }

    /// Writes the table as CSV files, one a month, from DuckDB; gives their number.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_csv(&mut self, folder: &Path) -> Result<u64, String> {
        Ok(self.ask(&json!({ "csv": folder }))?["files"].as_u64().unwrap_or_default())
    }

    fn table(&self) -> Table<'static> {
        Table { name: self.table.0, time: self.table.1 }
    }

    fn text(&self, query: &Query) -> Result<String, String> {
        let dialect = match self.name.as_str() {
            "polars" => return query.polars.clone().ok_or_else(|| "not written for it".to_owned()),
            "clickhouse" => Dialect::ClickHouse,
            "datafusion" => Dialect::DataFusion,
            _ => Dialect::DuckDb,
        };
        dialect.render(&query.sql, self.table())
    }

    fn run_rows(&mut self, text: &str) -> Result<Vec<Value>, String> {
        match self.ask(&json!({"run": text, "rows": true}))?["rows"].take() {
            Value::Array(rows) => Ok(rows),
            other => Err(format!("no rows in the answer: {other}")),
        }
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.requests, "{request}").map_err(|e| format!("{}: {e}", self.name))?;
        self.requests.flush().map_err(|e| e.to_string())?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| e.to_string())?;
        let answer: Value = serde_json::from_str(&line)
            .map_err(|e| format!("the process of {} answered {line:?}: {e}", self.name))?;
        answer["error"].as_str().map_or_else(|| Ok(answer.clone()), |error| Err(error.to_owned()))
    }
}

impl Engine for Embedded {
    fn name(&self) -> &str {
        &self.name
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn rows(&mut self, query: &Query) -> Result<Vec<Value>, String> {
        let text = self.text(query)?;
        self.run_rows(&text)
    }

    fn time_ms(&mut self, query: &Query) -> Result<f64, String> {
        let text = self.text(query)?;
        let answer = self.ask(&json!({"run": text, "rows": false}))?;
        answer["ms"].as_f64().ok_or_else(|| "no time in the answer".to_owned())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
