//! `alluvium submit`: a supervisor or task spec to a running server; the kind is read from the spec.

use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::Client;
use crate::EngineError;
use crate::flags::SubmitOptions;

const SUPERVISORS: &str = "/druid/indexer/v1/supervisor";
const TASKS: &str = "/druid/indexer/v1/task";

/// How often a task's status is asked for.
const POLL: Duration = Duration::from_millis(100);

/// Runs the command.
///
/// # Errors
/// When the spec cannot be read, the server refuses it, or the awaited task fails.
pub fn run(options: &SubmitOptions) -> Result<(), EngineError> {
    let spec = read(&options.spec)?;
    let client = Client::new(&options.url);
    let answer = client.post_json(path_for(&spec)?, &spec)?;
    println!("{answer}");
    match answer.get("task").and_then(Value::as_str) {
        Some(task) if options.wait => await_task(&client, task),
        _ => Ok(()),
    }
}

/// Waits for a task to end.
///
/// # Errors
/// When it failed, with its own words, or the server is gone.
pub fn await_task(client: &Client, task: &str) -> Result<(), EngineError> {
    loop {
        let answer = client.get_json(&format!("{TASKS}/{task}/status"))?;
        let status = answer.get("status").cloned().unwrap_or_default();
        match status.get("statusCode").or_else(|| status.get("status")).and_then(Value::as_str) {
            Some("SUCCESS") => return Ok(()),
            Some("FAILED") => {
                let why = status.get("errorMsg").and_then(Value::as_str).unwrap_or("no reason given");
                return Err(EngineError::Failed(format!("task `{task}` failed: {why}")));
            }
            _ => thread::sleep(POLL),
        }
    }
}

fn read(path: &Path) -> Result<Value, EngineError> {
    let failed = |source| EngineError::Io { action: format!("read spec `{}`", path.display()), source };
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().read_to_string(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read_to_string(path).map_err(failed)?;
    }
    serde_json::from_str(&text)
        .map_err(|e| EngineError::Failed(format!("`{}`: not JSON: {e}", path.display())))
}

/// Where a spec goes, by its `type`.
///
/// # Errors
/// When it has none.
pub fn path_for(spec: &Value) -> Result<&'static str, EngineError> {
    let kind = spec.get("type").and_then(Value::as_str).ok_or_else(|| {
        EngineError::Failed("the spec has no `type` (kafka, index_parallel, ...)".to_owned())
    })?;
    Ok(match kind {
        "kafka" | "kinesis" | "rabbit" | "autocompact" | "scheduled_batch" => SUPERVISORS,
        _ => TASKS,
    })
}
