//! What does a query cost that has next to nothing to do? One small segment, one keep-alive connection, many times.

use std::process::ExitCode;

use alluvium_benches::generate::{self, Uniform};
use alluvium_benches::http::{Connection, request};
use alluvium_benches::options::{OursOptions, exit};
use alluvium_benches::report::percentile;
use alluvium_benches::workload::batch_task;
use clap::Parser;
use fastrand::Rng;
use serde_json::{Value, json};

/// The header in which the server tells its own time, in microseconds from the request read to the answer ready.
const SERVER_TIME: &str = "x-alluvium-time-us";
const TABLE: &str = "fixed";
const KEYS: u64 = 100;

/// Fixed cost of queries over a table of one segment, result caches off.
#[derive(Debug, Parser)]
struct Options {
    /// Rows of the segment.
    #[arg(long, default_value_t = 10_000)]
    rows: u64,
    /// Requests of each kind.
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
    #[command(flatten)]
    node: OursOptions,
}

/// A kind of request: a method, a path, and bodies that differ by draw.
struct Kind {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    body: fn(&mut Rng) -> String,
}

const KINDS: [Kind; 4] = [
    Kind { name: "GET /status/health", method: "GET", path: "/status/health", body: |_| String::new() },
    Kind { name: "native timeseries", method: "POST", path: "/druid/v2", body: timeseries },
    Kind { name: "SQL, changing parameters", method: "POST", path: "/druid/v2/sql", body: parameters },
    Kind { name: "SQL, changing literals", method: "POST", path: "/druid/v2/sql", body: literals },
];

fn main() -> ExitCode {
    exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), String> {
    let mut scratch = options.node.start()?;
    let parquet = scratch.folder.join("fixed.parquet");
    generate::write(&parquet, || Box::new(Uniform::new(options.rows, 1.0, &[KEYS])))?;
    let dimensions = Uniform::dimensions(&[KEYS]);
    scratch.node.run_task(&batch_task(TABLE, "t", dimensions, "DAY", &parquet))?;
    let mut connection = Connection::open(scratch.node.url())?;
    println!(
        "{} rows in one segment, {} requests of each kind over one connection",
        options.rows, options.requests
    );
    println!(
        "{:<28}{:>12}{:>12}{:>12}{:>14}{:>12}",
        "us", "client p50", "p99", "minimum", "server p50", "p99"
    );
    let mut measured = Vec::new();
    for kind in &KINDS {
        ask(&mut connection, kind, options.requests / 10)?;
        let (client, server) = ask(&mut connection, kind, options.requests)?;
        let us = |times: &[f64], part| percentile(times, part);
        let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |us| format!("{us:.0}"));
        println!(
            "{:<28}{:>12}{:>12}{:>12}{:>14}{:>12}",
            kind.name,
            cell(us(&client, 0.5)),
            cell(us(&client, 0.99)),
            cell(us(&client, 0.0)),
            cell(us(&server, 0.5)),
            cell(us(&server, 0.99))
        );
        measured.push(json!({
            "kind": kind.name, "requests": client.len(),
            "client_us": {"p50": us(&client, 0.5), "p99": us(&client, 0.99), "minimum": us(&client, 0.0)},
            "server_us": {"p50": us(&server, 0.5), "p99": us(&server, 0.99)}
        }));
    }
    options.node.write_json(&Value::from(measured))
}

/// Microseconds of each request: as the client sees them, and as the server tells, where it does.
fn ask(connection: &mut Connection, kind: &Kind, requests: usize) -> Result<(Vec<f64>, Vec<f64>), String> {
    let mut rng = Rng::with_seed(4);
    let (mut client, mut server) = (Vec::with_capacity(requests), Vec::new());
    for _ in 0..requests {
        let bytes = request(kind.method, kind.path, &(kind.body)(&mut rng));
        let answer = connection.send(&bytes).map_err(|e| format!("{}: {e}", kind.name))?;
        if answer.status != 200 {
            return Err(format!("{}: {}", kind.name, String::from_utf8_lossy(answer.body)));
        }
        client.push(answer.elapsed.as_secs_f64() * 1e6);
        server.extend(answer.header(SERVER_TIME).and_then(|us| us.parse::<f64>().ok()));
    }
    Ok((client, server))
}

fn timeseries(_: &mut Rng) -> String {
    json!({
        "queryType": "timeseries", "dataSource": TABLE, "granularity": "hour",
        "intervals": ["2024-01-01/2024-01-02"],
        "aggregations": [
            {"type": "count", "name": "n"}, {"type": "longSum", "name": "sum", "fieldName": "v"}
        ],
        "context": no_caches()
    })
    .to_string()
}

fn parameters(rng: &mut Rng) -> String {
    let (key, hour) = draw(rng);
    json!({
        "query": format!(
            "SELECT FLOOR(__time TO HOUR) AS h, SUM(v) AS total FROM {TABLE} WHERE s{KEYS} = ? AND __time >= ? \
             GROUP BY FLOOR(__time TO HOUR) ORDER BY h"
        ),
        "parameters": [
            {"type": "VARCHAR", "value": key},
            {"type": "TIMESTAMP", "value": format!("2024-01-01 {hour:02}:00:00")}
        ],
        "resultFormat": "array", "context": no_caches()
    })
    .to_string()
}

fn literals(rng: &mut Rng) -> String {
    let (key, hour) = draw(rng);
    json!({
        "query": format!(
            "SELECT FLOOR(__time TO HOUR) AS h, SUM(v) AS total FROM {TABLE} WHERE s{KEYS} = '{key}' \
             AND __time >= TIMESTAMP '2024-01-01 {hour:02}:00:00' GROUP BY FLOOR(__time TO HOUR) ORDER BY h"
        ),
        "resultFormat": "array", "context": no_caches()
    })
    .to_string()
}

fn draw(rng: &mut Rng) -> (String, u32) {
    (format!("key-{:08}", rng.u64(..KEYS)), rng.u32(..24))
}

fn no_caches() -> Value {
    alluvium_benches::engine::NO_CACHES.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect()
}
