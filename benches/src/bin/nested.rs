//! What do the leaves of a nested column save? The same rows are asked by paths into documents that were shredded when
//! the segment was sealed, by paths into such as were not, and by plain columns of the same values.
//!
//! `cargo run --release -p alluvium-benches --bin nested [-- ROWS]`. The answers must be equal.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use alluvium_benches::options::exit;
use alluvium_query::{EngineOptions, QueryEngine};
use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::{
    BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, SegmentId, SegmentRef, StringBatch,
};
use fastrand::Rng;
use serde_json::{Value, json};

/// 2024-03-01.
const START: i64 = 1_709_251_200_000;
const RUNS: usize = 9;

fn main() -> ExitCode {
    exit(run())
}

fn run() -> Result<(), String> {
    let rows = std::env::args().nth(1).map_or(Ok(200_000), |n| n.parse()).map_err(|_| "ROWS is a number")?;
    let folder = std::env::temp_dir().join(format!("alluvium-nested-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let result = compare(&folder, rows);
    std::fs::remove_dir_all(&folder).map_err(|e| e.to_string())?;
    result
}

fn compare(folder: &Path, rows: usize) -> Result<(), String> {
    let batch = batch(rows);
    let catalog = Arc::new(Catalog::default());
    for (name, leaves) in [("shredded", true), ("documents", false)] {
        let started = Instant::now();
        let segment = sealed(&folder.join(name), name, &batch, leaves)?;
        println!("{name}: sealed in {:.2} s, {} bytes", started.elapsed().as_secs_f64(), segment.1);
        catalog.update_datasource(name, |datasource| {
            datasource.columns = batch.schema.columns.clone();
            datasource.sealed = vec![SegmentRef::whole(Arc::new(segment.0))];
        });
    }
    let engine = QueryEngine::new(catalog, EngineOptions::default()).map_err(|e| e.to_string())?;
    println!("{rows} rows; minimum of {RUNS} runs, ms");
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>16} {:>14}",
        "query", "documents", "leaves", "columns", "documents/leaves", "leaves/columns"
    );
    for (name, query) in queries() {
        let forms = [("documents", true), ("shredded", true), ("shredded", false)];
        let mut best = [f64::INFINITY; 3];
        let mut answers = Vec::new();
        for _ in 0..RUNS {
            for (best, (table, nested)) in best.iter_mut().zip(forms) {
                let started = Instant::now();
                let asked = engine.native(of(&query, table, nested), 0);
                let answer = futures::executor::block_on(asked).map_err(|e| e.to_string())?;
                *best = best.min(started.elapsed().as_secs_f64() * 1e3);
                answers.push(answer.body);
            }
        }
        if answers.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(format!("{name}: the answers are not the same"));
        }
        let [documents, leaves, columns] = best;
        println!(
            "{name:<28} {documents:>9.2} {leaves:>9.2} {columns:>9.2} {:>16.1} {:>14.2}",
            documents / leaves,
            leaves / columns
        );
    }
    Ok(())
}

/// A query of a table, over paths or over the columns of the same values.
fn of(query: &Value, table: &str, nested: bool) -> Value {
    let field = |name: &str, path: &str, expected: &str| json!({"type": "nested-field", "columnName": "doc", "outputName": name, "path": path, "expectedType": expected});
    let mut query = query.clone();
    query["dataSource"] = json!(table);
    query["intervals"] = json!("2024/2025");
    query["granularity"] = json!("all");
    if nested {
        query["virtualColumns"] = json!([
            field("user", "$.user.name", "STRING"),
            field("amount", "$.amount", "LONG"),
            field("rate", "$.detail.rate", "DOUBLE"),
        ]);
    }
    query
}

fn queries() -> Vec<(&'static str, Value)> {
    let count = json!([{"type": "count", "name": "n"}]);
    let sum = json!([{"type": "longSum", "name": "n", "fieldName": "amount"}]);
    let is = json!({"type": "selector", "dimension": "user", "value": "user 17"});
    let range =
        json!({"type": "range", "column": "amount", "matchValueType": "LONG", "lower": 100, "upper": 120});
    vec![
        ("filter of one text", json!({"queryType": "timeseries", "filter": is, "aggregations": count})),
        ("filter of a range", json!({"queryType": "timeseries", "filter": range, "aggregations": count})),
        ("sum of longs", json!({"queryType": "timeseries", "aggregations": sum})),
        (
            "maximum of doubles",
            json!({"queryType": "timeseries", "aggregations": [{"type": "doubleMax", "name": "n", "fieldName": "rate"}]}),
        ),
        ("group by texts", json!({"queryType": "groupBy", "dimensions": ["user"], "aggregations": sum})),
        (
            "topN of filtered texts",
            json!({"queryType": "topN", "dimension": "user", "metric": "n", "threshold": 5, "filter": range, "aggregations": sum}),
        ),
    ]
}

/// Documents, and what is in them as columns.
fn batch(rows: usize) -> RowBatch {
    let schema = Schema::new(vec![
        ColumnSpec::dimension("doc", ColumnType::Json),
        ColumnSpec::dimension("user", ColumnType::String),
        ColumnSpec::dimension("amount", ColumnType::Long),
        ColumnSpec::dimension("rate", ColumnType::Double),
    ]);
    let mut rng = Rng::with_seed(1);
    let (mut doc, mut user) = (StringBatch::default(), StringBatch::default());
    let (mut amount, mut rate) = (NumericBatch::default(), NumericBatch::default());
    for row in 0..rows {
        let name = format!("user {}", rng.u16(..500));
        let (a, r) = (rng.i64(..10_000), f64::from(rng.u16(..1000)) / 4.0);
        let text = json!({"id": row, "user": {"name": name, "tags": ["a", "b"]}, "amount": a, "detail": {"rate": r, "note": "as before"}});
        doc.push(Some(&text.to_string()));
        user.push(Some(&name));
        amount.push(Some(a));
        rate.push(Some(r));
    }
    let columns = vec![
        BatchColumn::String(doc),
        BatchColumn::String(user),
        BatchColumn::Long(amount),
        BatchColumn::Double(rate),
    ];
    RowBatch { schema: Arc::new(schema), time: (0..rows as i64).map(|row| START + row).collect(), columns }
}

fn sealed(path: &Path, name: &str, batch: &RowBatch, leaves: bool) -> Result<(MappedSegment, u64), String> {
    let interval = Interval::new(START, START + 86_400_000);
    let id = SegmentId { datasource: name.to_owned(), interval, version: "v1".to_owned(), partition: 0 };
    let (live, mut writer) = LiveSegment::open(id.clone(), Arc::clone(&batch.schema), LiveOptions::default())
        .map_err(|e| e.to_string())?;
    writer.append(batch).map_err(|e| e.to_string())?;
    writer.publish();
    let sealed = seal(&SealRequest {
        id,
        path: path.to_owned(),
        inputs: vec![SegmentRef::whole(live.published())],
        schema: None,
        projections: leaves,
        combining: alluvium_segments::combines_nothing,
    })
    .map_err(|e| e.to_string())?;
    Ok((MappedSegment::open(path).map_err(|e| e.to_string())?, sealed.size_bytes))
}
