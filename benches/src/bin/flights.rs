//! How do timeseries, topN, groupBy and scans over 3 million real flights compare with DuckDB in the same run?
//!
//! `cargo run --release -p alluvium-benches --bin flights -- PARQUET [--python PATH] [--server PATH] [--json FILE]`

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use alluvium_benches::node::Node;
use alluvium_benches::peer::DuckDb;
use alluvium_benches::report::{Measurement, table, to_json};
use serde_json::{Value, json};

/// Interleaved runs; in each, every query is asked `REPEATS` times on each side.
const RUNS: usize = 3;
const REPEATS: usize = 7;

struct Query {
    name: &'static str,
    path: &'static str,
    body: Value,
    /// How our answer becomes rows comparable with DuckDB's.
    rows: fn(&Value) -> Vec<Value>,
    duckdb: &'static str,
}

fn main() {
    if let Err(error) = run() {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let options = Options::read()?;
    let folder = std::env::temp_dir().join(format!("alluvium-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let node = Node::start(&options.server, &folder)?;
    let seconds = node.run_task(&load_task(&options.parquet))?;
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/duckdb_peer.py");
    let mut duckdb = DuckDb::start(&options.python, &driver, &options.parquet, "date")?;
    println!("loaded in {seconds:.1} s; peer: DuckDB {}", duckdb.version);

    let queries = queries();
    for query in &queries {
        check(query, &node, &mut duckdb)?;
    }
    println!("{} queries give equal answers; timing {RUNS} interleaved runs of {REPEATS}", queries.len());
    let mut all: Vec<Measurement> = queries
        .iter()
        .map(|q| Measurement { name: q.name.to_owned(), ours_ms: Vec::new(), peer_ms: Vec::new() })
        .collect();
    for _ in 0..RUNS {
        for (query, measured) in queries.iter().zip(&mut all) {
            for _ in 0..REPEATS {
                measured.ours_ms.push(node.post(query.path, &query.body)?.1.as_secs_f64() * 1000.0);
                measured.peer_ms.push(duckdb.query(query.duckdb)?.1);
            }
        }
    }
    print!("{}", table("duckdb", &all));
    if let Some(path) = &options.json {
        std::fs::write(path, to_json("duckdb", &all).to_string()).map_err(|e| e.to_string())?;
    }
    drop(node);
    std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())
}

struct Options {
    parquet: PathBuf,
    python: PathBuf,
    server: PathBuf,
    json: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut flags = HashMap::new();
        let mut parquet = None;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            if let Some(flag) = word.strip_prefix("--") {
                flags.insert(flag.to_owned(), words.next().ok_or(format!("--{flag} takes a value"))?);
            } else {
                parquet = Some(PathBuf::from(word));
            }
        }
        let beside = std::env::current_exe().map_err(|e| e.to_string())?.with_file_name("alluvium");
        Ok(Self {
            parquet: parquet.ok_or("which parquet file of flights?")?,
            python: flags.remove("python").map_or_else(|| PathBuf::from("python3"), PathBuf::from),
            server: flags.remove("server").map_or(beside, PathBuf::from),
            json: flags.remove("json").map(PathBuf::from),
        })
    }
}

fn load_task(parquet: &Path) -> Value {
    let folder = parquet.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let file = parquet.file_name().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": "flights",
                "timestampSpec": {"column": "date", "format": "auto"},
                "dimensionsSpec": {"dimensions": [
                    "origin", "destination", {"type": "long", "name": "delay"}, {"type": "long", "name": "distance"}
                ]},
                "granularitySpec": {"segmentGranularity": "MONTH", "queryGranularity": "NONE", "rollup": false}
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": {"type": "local", "baseDir": folder, "filter": file},
                "inputFormat": {"type": "parquet"}
            },
            "tuningConfig": {"type": "index_parallel"}
        }
    })
}

fn check(query: &Query, node: &Node, duckdb: &mut DuckDb) -> Result<(), String> {
    let (text, _) = node.post(query.path, &query.body).map_err(|e| format!("{}: {e}", query.name))?;
    let answer = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", query.name))?;
    let ours = canonical((query.rows)(&answer));
    let theirs = canonical(duckdb.query(query.duckdb).map_err(|e| format!("{}: {e}", query.name))?.0);
    if ours == theirs && !ours.is_empty() {
        return Ok(());
    }
    let first = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    Err(format!(
        "{}: {} rows and DuckDB's {}; first difference {first:?}",
        query.name,
        ours.len(),
        theirs.len()
    ))
}

/// Rows as sorted texts, numbers to nine significant digits.
fn canonical(rows: Vec<Value>) -> Vec<String> {
    let cell = |value: &Value| value.as_f64().map_or_else(|| value.to_string(), |n| format!("{n:.8e}"));
    let row = |row: &Value| row.as_array().map(|cells| cells.iter().map(cell).collect::<Vec<_>>().join("|"));
    let mut rows: Vec<String> = rows.iter().filter_map(row).collect();
    rows.sort_unstable();
    rows
}

fn objects<'v>(rows: impl Iterator<Item = &'v Value>) -> Vec<Value> {
    rows.filter_map(Value::as_object).map(|o| Value::Array(o.values().cloned().collect())).collect()
}

fn timeseries_rows(answer: &Value) -> Vec<Value> {
    objects(answer.as_array().into_iter().flatten().map(|bucket| &bucket["result"]))
}

fn top_n_rows(answer: &Value) -> Vec<Value> {
    objects(answer[0]["result"].as_array().into_iter().flatten())
}

fn group_by_rows(answer: &Value) -> Vec<Value> {
    objects(answer.as_array().into_iter().flatten().map(|row| &row["event"]))
}

fn scan_rows(answer: &Value) -> Vec<Value> {
    let batches = answer.as_array().into_iter().flatten();
    batches.flat_map(|batch| batch["events"].as_array().into_iter().flatten()).cloned().collect()
}

fn sql_rows(answer: &Value) -> Vec<Value> {
    answer.as_array().cloned().unwrap_or_default()
}

fn native(query_type: &str, granularity: &str, rest: Value) -> Value {
    let mut query = json!({
        "queryType": query_type, "dataSource": "flights", "granularity": granularity,
        "intervals": ["2000-01-01/2003-01-01"], "context": {"useCache": false}
    });
    if let (Some(query), Value::Object(rest)) = (query.as_object_mut(), rest) {
        query.extend(rest);
    }
    query
}

fn sums() -> Value {
    json!([
        {"type": "count", "name": "n"},
        {"type": "longSum", "name": "delay", "fieldName": "delay"},
        {"type": "longSum", "name": "distance", "fieldName": "distance"}
    ])
}

fn sql(text: &str) -> Value {
    json!({"query": text, "resultFormat": "array", "context": {"useCache": false}})
}

fn queries() -> Vec<Query> {
    let mut all = series_and_tops();
    all.extend(groups_and_scans());
    all
}

fn series_and_tops() -> Vec<Query> {
    let atlanta = json!({"type": "selector", "dimension": "origin", "value": "ATL"});
    vec![
        Query {
            name: "timeseries: day",
            path: "/druid/v2",
            body: native("timeseries", "day", json!({"aggregations": sums()})),
            rows: timeseries_rows,
            duckdb: "SELECT count(*), sum(delay), sum(distance) FROM flights GROUP BY date_trunc('day', t)",
        },
        Query {
            name: "timeseries: hour, one origin",
            path: "/druid/v2",
            body: native(
                "timeseries",
                "hour",
                json!({
                    "aggregations": sums(), "filter": atlanta, "context": {"skipEmptyBuckets": true}
                }),
            ),
            rows: timeseries_rows,
            duckdb: "SELECT count(*), sum(delay), sum(distance) FROM flights WHERE origin = 'ATL' \
                     GROUP BY date_trunc('hour', t)",
        },
        Query {
            name: "topN: origin by flights",
            path: "/druid/v2",
            body: native(
                "topN",
                "all",
                json!({
                    "dimension": "origin", "metric": "n", "threshold": 10, "aggregations": sums()
                }),
            ),
            rows: top_n_rows,
            duckdb: "SELECT origin, count(*) n, sum(delay), sum(distance) FROM flights \
                     GROUP BY origin ORDER BY n DESC LIMIT 10",
        },
    ]
}

fn groups_and_scans() -> Vec<Query> {
    let late = json!({"type": "and", "fields": [
        {"type": "equals", "column": "origin", "matchValueType": "STRING", "matchValue": "SFO"},
        {"type": "range", "column": "delay", "matchValueType": "LONG", "lower": 180}
    ]});
    vec![
        Query {
            name: "groupBy: origin, destination",
            path: "/druid/v2",
            body: native(
                "groupBy",
                "all",
                json!({
                    "dimensions": ["origin", "destination"], "aggregations": sums()
                }),
            ),
            rows: group_by_rows,
            duckdb: "SELECT origin, destination, count(*), sum(delay), sum(distance) FROM flights \
                     GROUP BY origin, destination",
        },
        Query {
            name: "groupBy: month, origin, late",
            path: "/druid/v2/sql",
            body: sql("SELECT TIME_EXTRACT(__time, 'MONTH'), origin, COUNT(*), MAX(delay) FROM flights \
                       WHERE delay > 60 GROUP BY 1, 2"),
            rows: sql_rows,
            duckdb: "SELECT month(t), origin, count(*), max(delay) FROM flights WHERE delay > 60 GROUP BY 1, 2",
        },
        Query {
            name: "SQL: count with IN and range",
            path: "/druid/v2/sql",
            body: sql(
                "SELECT COUNT(*), SUM(distance) FROM flights WHERE destination IN ('LAX', 'JFK', 'ORD') \
                       AND delay BETWEEN 10 AND 30",
            ),
            rows: sql_rows,
            duckdb: "SELECT count(*), sum(distance) FROM flights WHERE destination IN ('LAX', 'JFK', 'ORD') \
                     AND delay BETWEEN 10 AND 30",
        },
        Query {
            name: "scan: filtered",
            path: "/druid/v2",
            body: native(
                "scan",
                "all",
                json!({
                    "columns": ["__time", "origin", "destination", "delay"], "filter": late,
                    "resultFormat": "compactedList"
                }),
            ),
            rows: scan_rows,
            duckdb: "SELECT t, origin, destination, delay FROM flights WHERE origin = 'SFO' AND delay >= 180",
        },
    ]
}
