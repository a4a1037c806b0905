//! How much longer does a query take over rows that are still live than over the same rows sealed?
//!
//! `cargo run --release -p alluvium-benches --bin live [-- SEGMENTS ROWS]`: so many segments of so many rows each, every
//! one with a dictionary of its own, once as live segments and once as sealed files, asked in turn in one process;
//! the answers must be equal.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use alluvium_benches::options::exit;
use alluvium_benches::twenty_fields::{record, spec};
use alluvium_ingest::parse::{Record, RowParser};
use alluvium_ingest::spec::SupervisorSpec;
use alluvium_query::{EngineOptions, QueryEngine};
use alluvium_segments::catalog::{Catalog, LiveHandle};
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::{SegmentId, SegmentRef};
use fastrand::Rng;
use serde_json::{Value, json};

/// 2024-03-01.
const START: i64 = 1_709_251_200_000;
/// Time of a segment.
const HOUR: i64 = 3_600_000;
/// Records a poll, as the task loop takes them.
const BATCH: usize = 4096;
const RUNS: usize = 15;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let number = |at: usize, default: usize| std::env::args().nth(at).map_or(Ok(default), |n| n.parse());
    let [segments, rows] = [number(1, 16), number(2, 125_000)].map(|n| n.map_err(|e| e.to_string()));
    let (segments, rows) = (segments?, rows?);
    let folder = std::env::temp_dir().join(format!("alluvium-live-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let result = compare(&folder, segments, rows);
    std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
    result
}

fn compare(folder: &Path, segments: usize, rows: usize) -> Result<(), String> {
    let catalog = Arc::new(Catalog::default());
    for hour in 0..segments {
        add_hour(&catalog, folder, hour, rows)?;
    }
    let engine = QueryEngine::new(catalog, EngineOptions::default()).map_err(|e| e.to_string())?;
    println!("{segments} segments of {rows} rows, 20 fields; minimum of {RUNS} runs, ms");
    println!("{:<34} {:>9} {:>9} {:>9}", "query", "live", "sealed", "ratio");
    let mut product = 1.0f64;
    let queries = queries();
    for (name, query) in &queries {
        let [mut live, mut sealed] = [f64::INFINITY; 2];
        for _ in 0..RUNS {
            let (a, live_answer) = ask(&engine, query, "live")?;
            let (b, sealed_answer) = ask(&engine, query, "sealed")?;
            if live_answer != sealed_answer {
                return Err(format!("{name}: live and sealed rows give different answers"));
            }
            (live, sealed) = (live.min(a), sealed.min(b));
        }
        product *= live / sealed;
        println!("{name:<34} {live:>9.3} {sealed:>9.3} {:>9.2}", live / sealed);
    }
    println!("geometric mean of the ratios: {:.2}", product.powf(1.0 / queries.len() as f64));
    Ok(())
}

/// Milliseconds, and the answer.
fn ask(engine: &QueryEngine, query: &Value, datasource: &str) -> Result<(f64, Vec<u8>), String> {
    let mut query = query.clone();
    query["dataSource"] = json!(datasource);
    query["intervals"] = json!("2024-03-01/2024-04-01");
    query["context"] = json!({"useCache": false, "populateCache": false});
    let started = Instant::now();
    let answer = futures::executor::block_on(engine.native(query, 0)).map_err(|e| e.to_string())?;
    Ok((started.elapsed().as_secs_f64() * 1000.0, answer.body))
}

fn queries() -> Vec<(&'static str, Value)> {
    let sums = json!([
        {"type": "longSum", "name": "sum", "fieldName": "n0"}, {"type": "count", "name": "rows"}
    ]);
    let is = |column: &str, value: &str| json!({"type": "selector", "dimension": column, "value": value});
    let order = |column: &str| json!({"type": "default", "columns": [{"dimension": column, "direction": "descending"}], "limit": 10});
    vec![
        (
            "timeseries, sum a minute",
            json!({"queryType": "timeseries", "granularity": "minute", "aggregations": sums}),
        ),
        (
            "timeseries, one of 5 values",
            json!({"queryType": "timeseries", "granularity": "hour", "filter": is("s0", "value-3"), "aggregations": sums}),
        ),
        (
            "timeseries, one of 20,000 values",
            json!({"queryType": "timeseries", "granularity": "hour", "filter": is("s3", "value-77"), "aggregations": sums}),
        ),
        (
            "timeseries, range of numbers",
            json!({
                "queryType": "timeseries", "granularity": "hour", "aggregations": sums,
                "filter": {"type": "range", "column": "n1", "matchValueType": "LONG", "lower": 1000, "upper": 2000}
            }),
        ),
        (
            "topN of 50 values",
            json!({
                "queryType": "topN", "granularity": "all", "dimension": "s1", "threshold": 10, "metric": "sum",
                "aggregations": sums
            }),
        ),
        (
            "topN of 20,000 values",
            json!({
                "queryType": "topN", "granularity": "all", "dimension": "s3", "threshold": 10, "metric": "sum",
                "aggregations": sums
            }),
        ),
        (
            "groupBy two dimensions",
            json!({
                "queryType": "groupBy", "granularity": "hour", "dimensions": ["s0", "s1"], "aggregations": sums,
                "limitSpec": order("sum")
            }),
        ),
        (
            "groupBy a number of 10,000",
            json!({
                "queryType": "groupBy", "granularity": "all",
                "dimensions": [{"type": "default", "dimension": "n2", "outputName": "n2", "outputType": "LONG"}],
                "aggregations": sums, "limitSpec": order("sum")
            }),
        ),
    ]
}

/// One hour of rows, live and sealed.
fn add_hour(catalog: &Catalog, folder: &Path, hour: usize, rows: usize) -> Result<(), String> {
    let failed = |e: alluvium_segments::SegmentError| e.to_string();
    let start = START + hour as i64 * HOUR;
    let id = |datasource: &str| SegmentId {
        datasource: datasource.to_owned(),
        interval: Interval::new(start, start + HOUR),
        version: "v".to_owned(),
        partition: 0,
    };
    let spec = SupervisorSpec::from_json(&spec("live", "hour")).map_err(|e| e.to_string())?;
    let mut parser = RowParser::new(&spec.data, &spec.io.input_format).map_err(|e| e.to_string())?;
    let (mut rng, mut opened, mut rejects) = (Rng::with_seed(hour as u64), None, Vec::new());
    for from in (0..rows).step_by(BATCH) {
        for n in from..(from + BATCH).min(rows) {
            let time = start + n as i64 * HOUR / rows as i64;
            let record = record(time, |_, below| rng.usize(..below));
            parser.parse(&Record { value: record.as_bytes(), origin: None }, &mut rejects);
        }
        let batch = parser.take();
        if opened.is_none() {
            let schema = Arc::clone(&batch.schema);
            opened = Some(LiveSegment::open(id("live"), schema, LiveOptions::default()).map_err(failed)?);
        }
        if let Some((_, writer)) = &mut opened {
            writer.append(&batch).map_err(failed)?;
            writer.publish();
        }
    }
    let (live, _) = opened.ok_or("no rows")?;
    let path = folder.join(hour.to_string());
    let inputs = vec![SegmentRef::whole(live.published())];
    let request = SealRequest {
        id: id("sealed"),
        path: path.clone(),
        inputs,
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    };
    seal(&request).map_err(failed)?;
    let sealed = SegmentRef::whole(Arc::new(MappedSegment::open(&path).map_err(failed)?));
    catalog.update_datasource("live", |datasource| {
        datasource.live.push(Arc::clone(&live) as Arc<dyn LiveHandle>);
    });
    catalog.update_datasource("sealed", |datasource| datasource.sealed.push(sealed));
    Ok(())
}
