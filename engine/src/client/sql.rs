//! `alluvium sql`: a statement to a running server, its rows as a table on a terminal, as JSON when piped.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use super::{Client, table};
use crate::EngineError;
use crate::flags::SqlOptions;

const PATH: &str = "/druid/v2/sql";

/// Columns and rows of an answer.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Names.
    pub columns: Vec<String>,
    /// `columns.len()` values each.
    pub rows: Vec<Vec<Value>>,
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be reached or refuses the statement.
pub fn run(options: &SqlOptions) -> Result<(), EngineError> {
    let client = Client::new(&options.url);
    let mut out = io::stdout().lock();
    let written = |source| EngineError::Io { action: "write to standard output".to_owned(), source };
    if options.json || !out.is_terminal() {
        let answer = client.post(PATH, json!({ "query": options.sql }).to_string().as_bytes())?;
        if answer.status != 200 {
            return Err(EngineError::Refused(answer.reason()));
        }
        return out.write_all(&answer.body).map_err(written);
    }
    let rows = ask(&client, &options.sql)?;
    let text = table::render(&rows.columns, &rows.rows);
    let count = rows.rows.len();
    writeln!(out, "{text}\n{count} row{}", if count == 1 { "" } else { "s" }).map_err(written)
}

/// Sends a statement and takes the answer apart.
///
/// # Errors
/// As [`run`].
pub fn ask(client: &Client, sql: &str) -> Result<Rows, EngineError> {
    let body = json!({ "query": sql, "resultFormat": "array", "header": true });
    let answer: Vec<Vec<Value>> = serde_json::from_value(client.post_json(PATH, &body)?)
        .map_err(|e| EngineError::Refused(format!("the server's answer is not a list of rows: {e}")))?;
    let mut rows = answer.into_iter();
    let names = rows.next().unwrap_or_default();
    let columns = names.iter().map(|n| n.as_str().unwrap_or_default().to_owned()).collect();
    Ok(Rows { columns, rows: rows.collect() })
}
