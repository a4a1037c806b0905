//! How is DuckDB run? In a Python process of its own, in memory, asked over pipes; it reports its own wall time.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A running DuckDB; ended when dropped.
#[derive(Debug)]
pub struct DuckDb {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Its version.
    pub version: String,
}

impl DuckDb {
    /// Starts it with a Python that has the package `duckdb`, and loads a parquet file as table `flights`.
    ///
    /// # Errors
    /// When Python, the package or the file is missing.
    pub fn start(python: &Path, driver: &Path, parquet: &Path, time_column: &str) -> Result<Self, String> {
        let mut process = Command::new(python)
            .arg(driver)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start `{}`: {e}", python.display()))?;
        let requests = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut peer = Self { process, requests, answers, version: String::new() };
        let loaded = peer.ask(&json!({"load": [parquet, "flights", time_column]}))?;
        peer.version = loaded["version"].as_str().unwrap_or_default().to_owned();
        Ok(peer)
    }

    /// Rows of a query and the milliseconds it took.
    ///
    /// # Errors
    /// When DuckDB refuses the query or its process ended.
    pub fn query(&mut self, sql: &str) -> Result<(Vec<Value>, f64), String> {
        let mut answer = self.ask(&json!({ "sql": sql }))?;
        let ms = answer["ms"].as_f64().ok_or("no time in the answer")?;
        match answer["rows"].take() {
            Value::Array(rows) => Ok((rows, ms)),
            other => Err(format!("no rows in the answer: {other}")),
        }
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.requests, "{request}").map_err(|e| e.to_string())?;
        self.requests.flush().map_err(|e| e.to_string())?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| e.to_string())?;
        serde_json::from_str(&line).map_err(|e| format!("DuckDB's process answered {line:?}: {e}"))
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
