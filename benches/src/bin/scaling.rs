//! How does the cost grow with rows, segments, clients, the cardinality of the group key, and selectivity?

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use alluvium_benches::curve::Curve;
use alluvium_benches::generate::{self, R_VALUES, Uniform};
use alluvium_benches::node::Node;
use alluvium_benches::options::{OursOptions, exit, write};
use alluvium_benches::traffic::{self, SMALL};
use alluvium_benches::workload::{Workload, batch_task, ssb};
use clap::{Parser, ValueEnum};
use fastrand::Rng;
use serde_json::Value;

/// Cost curves of ours; each prints a table and draws `scaling-CURVE.svg`.
#[derive(Debug, Parser)]
struct Options {
    /// Which curves, separated by commas [default: all].
    #[arg(value_enum, value_delimiter = ',')]
    curves: Vec<Kind>,
    /// Scale factor of the Star Schema Benchmark that is multiplied for `rows`, and taken for `clients`.
    #[arg(long, default_value_t = 1.0)]
    sf: f64,
    /// Multiples of it.
    #[arg(long, value_delimiter = ',', default_value = "1,2,5,10")]
    multiples: Vec<u32>,
    /// Rows of the table for `cardinality` and `selectivity`.
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Largest number of segments.
    #[arg(long, default_value_t = 10_000)]
    segments: u64,
    /// Times each query is asked; the minimum counts.
    #[arg(long, default_value_t = 9)]
    repeats: usize,
    /// Seconds of each measurement with clients.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Folder for the plots.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    node: OursOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Rows,
    Segments,
    Clients,
    Cardinality,
    Selectivity,
}

const CLIENTS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Rows of the tables for `segments`.
const SEGMENT_ROWS: u64 = 1_000_000;
const HOURS_A_DAY: f64 = 24.0;
/// Queries of the benchmark whose cost over rows is drawn.
const OVER_ROWS: [&str; 6] = ["Q1.1", "Q2.1", "Q3.2", "S1", "S4", "S7"];

fn main() -> ExitCode {
    exit(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), String> {
    let curves = match options.curves.as_slice() {
        [] => Kind::value_variants(),
        chosen => chosen,
    };
    let mut measured = Vec::new();
    for kind in curves {
        let curves = match kind {
            Kind::Rows => vec![rows(options)?],
            Kind::Segments => vec![segments(options)?],
            Kind::Clients => clients(options)?,
            Kind::Cardinality => vec![cardinality(options)?],
            Kind::Selectivity => vec![selectivity(options)?],
        };
        for curve in curves {
            println!("{}", curve.text());
            write(&options.out.join(format!("scaling-{}.svg", curve.name)), &curve.svg())?;
            measured.push(curve.json());
        }
    }
    options.node.write_json(&Value::from(measured))
}

/// Milliseconds of an SQL text: the least of some repeats after one.
fn least_ms(node: &mut Node, text: &str, repeats: usize) -> Result<f64, String> {
    let body = serde_json::from_str(&traffic::sql_body(text)).map_err(|e| e.to_string())?;
    let mut least = f64::INFINITY;
    for repeat in 0..=repeats {
        let (_, elapsed) = node.post("/druid/v2/sql", &body).map_err(|e| format!("{text}: {e}"))?;
        if repeat > 0 {
            least = least.min(elapsed.as_secs_f64() * 1000.0);
        }
    }
    Ok(least)
}

fn load_ssb(options: &Options, scale: f64, node: &mut Node) -> Result<Workload, String> {
    let workload = ssb::workload(scale, "MONTH", false);
    let at = options.node.cache().join(&workload.name);
    let parquet = generate::ssb_file(&at, scale)?.canonicalize().map_err(|e| e.to_string())?;
    eprintln!("loading `{}`", parquet.display());
    node.run_task(&workload.task(&parquet))?;
    Ok(workload)
}

fn rows(options: &Options) -> Result<Curve, String> {
    let mut curve = Curve::new("rows", "rows of the Star Schema Benchmark", "ms");
    for multiple in &options.multiples {
        let mut scratch = options.node.start()?;
        let workload = load_ssb(options, options.sf * f64::from(*multiple), &mut scratch.node)?;
        let count = alluvium_benches::engine::count(&mut scratch.node, workload.table)? as f64;
        for query in workload.queries.iter().filter(|q| OVER_ROWS.contains(&q.name)) {
            let text = alluvium_benches::dialect::Dialect::Druid.render(&query.sql, workload.table())?;
            curve.add(query.name, count, least_ms(&mut scratch.node, &text, options.repeats)?);
        }
    }
    Ok(curve)
}

fn segments(options: &Options) -> Result<Curve, String> {
    let mut curve = Curve::new("segments", &format!("segments that {SEGMENT_ROWS} rows lie in"), "ms");
    let mut count = 1;
    while count <= options.segments {
        let mut scratch = options.node.start()?;
        let folder = scratch.folder.clone();
        let (days, keys) = (count as f64 / HOURS_A_DAY, [1000]);
        load_uniform(&mut scratch.node, &folder, "HOUR", SEGMENT_ROWS, days, &keys)?;
        let found = scratch.node.sql("SELECT COUNT(*) FROM sys.segments WHERE is_active = 1")?;
        if found.first().and_then(|row| row[0].as_u64()) != Some(count) {
            return Err(format!("{found:?} segments, expected {count}"));
        }
        let queries = [
            ("count and sum", "SELECT COUNT(*) AS c, SUM(v) AS total FROM uniform"),
            (
                "top ten of 1,000",
                "SELECT s1000, SUM(v) AS total FROM uniform GROUP BY s1000 ORDER BY total DESC LIMIT 10",
            ),
            (
                "one of 1,000",
                "SELECT COUNT(*) AS c, SUM(v) AS total FROM uniform WHERE s1000 = 'key-00000007'",
            ),
            (
                "first hour",
                "SELECT COUNT(*) AS c, SUM(v) AS total FROM uniform WHERE __time < TIMESTAMP '2024-01-01 01:00:00'",
            ),
        ];
        for (name, text) in queries {
            curve.add(name, count as f64, least_ms(&mut scratch.node, text, options.repeats)?);
        }
        count *= 10;
    }
    Ok(curve)
}

fn clients(options: &Options) -> Result<Vec<Curve>, String> {
    let mut rate = Curve::new("clients", "clients", "queries a second");
    let mut waits = Curve::new("clients-latency", "clients", "ms");
    let mut scratch = options.node.start()?;
    let workload = load_ssb(options, options.sf, &mut scratch.node)?;
    for clients in CLIENTS {
        for name in SMALL.iter().chain(&["mixed"]) {
            let ask = |rng: &mut Rng| {
                let name = if *name == "mixed" { SMALL[rng.usize(..SMALL.len())] } else { *name };
                traffic::sql_body(&traffic::small_query(name, workload.table, rng))
            };
            let length = Duration::from_secs_f64(options.seconds);
            let seen = traffic::drive(scratch.node.url(), clients, length, ask)?;
            if seen.errors > 0 {
                return Err(format!("{name}, {clients} clients: {}", seen.line()));
            }
            rate.add(name, clients as f64, seen.per_second());
            if *name == "mixed" {
                for (label, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("maximum", 1.0)] {
                    waits.add(label, clients as f64, seen.percentile_ms(part));
                }
            }
        }
    }
    Ok(vec![rate, waits])
}

/// Powers of ten from 10 to 10 million, not above `rows`.
fn cardinalities(rows: u64) -> Vec<u64> {
    (1..=7).map(|power| 10_u64.pow(power)).filter(|n| *n <= rows).collect()
}

fn cardinality(options: &Options) -> Result<Curve, String> {
    let mut curve = Curve::new("cardinality", "values that the group key is drawn from", "ms");
    for n in cardinalities(options.rows) {
        let mut scratch = options.node.start()?;
        let folder = scratch.folder.clone();
        load_uniform(&mut scratch.node, &folder, "DAY", options.rows, 10.0, &[n])?;
        for (name, key) in [("numbers", format!("k{n}")), ("texts", format!("s{n}"))] {
            // Every group counts, so that none can be left out early; the answer is one row.
            let text = format!(
                "SELECT COUNT(*) AS c, MAX(total) AS m FROM (SELECT {key}, SUM(v) AS total FROM uniform GROUP BY {key})"
            );
            curve.add(name, n as f64, least_ms(&mut scratch.node, &text, options.repeats)?);
        }
    }
    Ok(curve)
}

fn selectivity(options: &Options) -> Result<Curve, String> {
    let mut curve = Curve::new("selectivity", "part of the rows that the filter keeps", "ms");
    let mut scratch = options.node.start()?;
    let folder = scratch.folder.clone();
    let keys = 1_000_000.min(options.rows);
    load_uniform(&mut scratch.node, &folder, "DAY", options.rows, 10.0, &[keys])?;
    for part in [0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 1.0] {
        let (r, key) = ((R_VALUES as f64 * part) as u64, (keys as f64 * part) as u64);
        let queries = [
            (
                "range of a number, sum",
                format!("SELECT COUNT(*) AS c, SUM(v) AS total FROM uniform WHERE r < {r}"),
            ),
            (
                "range of a text, sum",
                format!("SELECT COUNT(*) AS c, SUM(v) AS total FROM uniform WHERE s{keys} < 'key-{key:08}'"),
            ),
            (
                "range of a number, by hour",
                format!(
                    "SELECT FLOOR(__time TO HOUR) AS h, SUM(v) AS total FROM uniform WHERE r < {r} \
                     GROUP BY FLOOR(__time TO HOUR) ORDER BY h"
                ),
            ),
        ];
        for (name, text) in queries {
            curve.add(name, part, least_ms(&mut scratch.node, &text, options.repeats)?);
        }
    }
    Ok(curve)
}

/// Loads a table `uniform`.
fn load_uniform(
    node: &mut Node,
    folder: &Path,
    granularity: &str,
    rows: u64,
    days: f64,
    keys: &[u64],
) -> Result<(), String> {
    let parquet = folder.join("uniform.parquet");
    generate::write(&parquet, || Box::new(Uniform::new(rows, days, keys)))?;
    let task = batch_task("uniform", "t", Uniform::dimensions(keys), granularity, &parquet);
    node.run_task(&task)?;
    std::fs::remove_file(&parquet).map_err(|e| e.to_string())
}
