//! How are the peers' loads measured? In a Python process each, which reports the seconds of the load alone.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What was loaded, and how long it took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded {
    /// Of the load alone.
    pub(crate) seconds: f64,
    /// Rows in the table.
    pub(crate) rows: u64,
    /// The sum of a column.
    pub(crate) sum: i64,
}

/// Loads a file into an engine. `what` is `json` for the events of `record`, or a parquet file's sort key and sum:
/// `parquet:TIME:COLUMN`.
pub(crate) fn load(
    python: &Path,
    engine: &str,
    what: &str,
    file: &Path,
    threads: usize,
) -> Result<Loaded, String> {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/load/peers.py");
    let output = Command::new(python)
        .arg(driver)
        .args([engine, what])
        .arg(file)
        .arg(threads.to_string())
        .output()
        .map_err(|e| format!("cannot start `{}`: {e}", python.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    let answer: Value = serde_json::from_str(line)
        .map_err(|_| format!("{engine}: {line} {}", String::from_utf8_lossy(&output.stderr)))?;
    let field = |name: &str| answer.get(name).ok_or_else(|| format!("{engine} gave no {name}"));
    Ok(Loaded {
        seconds: field("seconds")?.as_f64().unwrap_or(f64::NAN),
        rows: field("rows")?.as_u64().unwrap_or_default(),
        sum: field("sum")?.as_i64().unwrap_or_default(),
    })
}
