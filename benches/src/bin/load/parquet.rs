//! How long does a parquet file take through an `index_parallel` task, and through the peers' own loads?

use std::path::Path;

use alluvium_benches::node::Node;
use alluvium_segments::{ColumnType, TIME_COLUMN};
use serde_json::{Value, json};

use super::peers::{self, Loaded};
use super::{Folder, Options};

/// Cores the peers may use.
const THREADS: usize = 2;

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let file = Path::new(options.subject("parquet file")?);
    let time = options.text("time").ok_or("--time names the column of the rows' time")?;
    let sum = options.text("sum").ok_or("--sum names a whole-number column to compare")?;
    let dimensions = options.text("dimensions").ok_or("--dimensions: NAME or NAME:long, by commas")?;
    let granularity = options.text("granularity").unwrap_or("MONTH");
    let folder = Folder::new()?;
    let mut node = Node::start(&options.server()?, &folder.0)?;
    let seconds = node.run_task(&task(file, time, dimensions, granularity))?;
    let ours = answer(&mut node, seconds, sum)?;
    println!("parquet: ours       {seconds:>7.2} s, {} bytes", bytes(&mut node)?);
    let Some(python) = options.text("python") else { return Ok(()) };
    for engine in ["clickhouse", "duckdb"] {
        let what = format!("parquet:{time}:{sum}");
        let loaded = peers::load(Path::new(python), engine, &what, file, THREADS)?;
        if (loaded.rows, loaded.sum) != (ours.rows, ours.sum) {
            return Err(format!("{engine} has {loaded:?}, ours has {ours:?}"));
        }
        let ratio = seconds / loaded.seconds;
        println!("parquet: {engine:<10} {:>7.2} s, ours takes {ratio:.2} times that", loaded.seconds);
    }
    Ok(())
}

fn task(file: &Path, time: &str, dimensions: &str, granularity: &str) -> Value {
    let dimension = |text: &str| match text.split_once(':') {
        Some((name, kind)) => json!({"name": name, "type": kind}),
        None => json!({"name": text, "type": ColumnType::String.druid_name().to_lowercase()}),
    };
    let dimensions: Vec<Value> = dimensions.split(',').map(dimension).collect();
    json!({"type": "index_parallel", "spec": {
        "dataSchema": {
            "dataSource": "t",
            "timestampSpec": {"column": time, "format": "millis"},
            "dimensionsSpec": {"dimensions": dimensions},
            "granularitySpec": {
                "segmentGranularity": granularity, "queryGranularity": "none", "rollup": false
            }
        },
        "ioConfig": {
            "type": "index_parallel",
            "inputSource": {"type": "local", "files": [file]},
            "inputFormat": {"type": "parquet"}
        },
        "tuningConfig": {"type": "index_parallel"}
    }})
}

fn answer(node: &mut Node, seconds: f64, sum: &str) -> Result<Loaded, String> {
    let row = sql(node, &format!("SELECT COUNT({TIME_COLUMN}), SUM(\"{sum}\") FROM t"))?;
    let number = |at: usize| row.get(at).and_then(Value::as_i64).unwrap_or_default();
    Ok(Loaded { seconds, rows: number(0).unsigned_abs(), sum: number(1) })
}

fn bytes(node: &mut Node) -> Result<i64, String> {
    let row = sql(node, "SELECT SUM(\"size\") FROM sys.segments WHERE datasource = 't' AND is_active = 1")?;
    Ok(row.first().and_then(Value::as_i64).unwrap_or_default())
}

/// The first row of an answer.
pub(crate) fn sql(node: &mut Node, query: &str) -> Result<Vec<Value>, String> {
    let (body, _) = node.post("/druid/v2/sql", &json!({"query": query, "resultFormat": "array"}))?;
    let text: &[u8] = body;
    let rows: Vec<Vec<Value>> = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    rows.into_iter().next().ok_or_else(|| format!("no row for `{query}`"))
}
