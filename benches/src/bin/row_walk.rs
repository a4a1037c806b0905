//! How fast is each door of a row's walk, on one core: JSON to typed columns, columns into a live segment, a frozen
//! segment into a sealed file, sealed files opened?
//!
//! `cargo run --release -p alluvium-benches --bin row_walk`. Beside it, in the same run: the same bytes parsed
//! into `serde_json` values, which is what a parser with a tree would pay before it has a single column.

use std::path::Path;
use std::time::Instant;

use alluvium_benches::twenty_fields::{record, spec};
use alluvium_ingest::parse::{Record, RowParser};
use alluvium_ingest::spec::SupervisorSpec;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::{RowBatch, SegmentId, SegmentRef};
use serde_json::Value;

const ROWS: usize = 200_000;
/// Records a poll, as the task loop takes them.
const BATCH: usize = 4096;
/// Files opened at the end.
const FILES: usize = 1000;
/// 2024-03-01.
const START: i64 = 1_709_251_200_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let records: Vec<String> = (0..ROWS).map(row).collect();
    let bytes: usize = records.iter().map(String::len).sum();
    println!("{ROWS} records of {} bytes, 20 fields", bytes / ROWS);

    let tree = seconds(|| records.iter().filter(|r| serde_json::from_str::<Value>(r).is_ok()).count());
    let mut batches = Vec::new();
    let started = Instant::now();
    parse(&records, &mut batches)?;
    let parse = started.elapsed().as_secs_f64();
    line("serde_json::Value (yardstick)", tree, tree);
    line("parse into columns", parse, tree);

    let folder = std::env::temp_dir().join(format!("alluvium-row-walk-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let schema = batches.last().ok_or("no rows")?.schema.clone();
    let started = Instant::now();
    let (live, mut writer) = LiveSegment::open(id(), schema, LiveOptions::default())?;
    for batch in &batches {
        writer.append(batch)?;
        writer.publish();
    }
    line("append and publish", started.elapsed().as_secs_f64(), tree);

    let started = Instant::now();
    let path = folder.join("sealed");
    let inputs = vec![SegmentRef::whole(live.published())];
    let sealed = seal(&SealRequest {
        id: id(),
        path: path.clone(),
        inputs,
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    })?;
    line("seal, fsync, verify", started.elapsed().as_secs_f64(), tree);
    println!(
        "sealed: {} bytes, {:.1} a row",
        sealed.size_bytes,
        sealed.size_bytes as f64 / sealed.rows as f64
    );

    open_many(&folder, &path)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn parse(records: &[String], batches: &mut Vec<RowBatch>) -> Result<(), Failure> {
    let spec = SupervisorSpec::from_json(&spec("walk", "day"))?;
    let mut parser = RowParser::new(&spec.data, &spec.io.input_format)?;
    let mut rejects = Vec::new();
    for poll in records.chunks(BATCH) {
        for record in poll {
            parser.parse(&Record { value: record.as_bytes(), origin: None }, &mut rejects);
        }
        batches.push(parser.take());
    }
    let rows: usize = batches.iter().map(|b| b.time.len()).sum();
    if rows == records.len() {
        Ok(())
    } else {
        Err(format!("{rows} rows of {} records", records.len()).into())
    }
}

fn open_many(folder: &Path, sealed: &Path) -> Result<(), Failure> {
    let paths: Vec<_> = (0..FILES).map(|n| folder.join(format!("copy-{n}"))).collect();
    for path in &paths {
        std::fs::hard_link(sealed, path)?;
    }
    let started = Instant::now();
    let opened: Vec<MappedSegment> =
        paths.iter().map(|p| MappedSegment::open(p)).collect::<Result<_, _>>()?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    println!("open {} sealed files: {ms:.1} ms", opened.len());
    Ok(())
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    std::hint::black_box(work());
    started.elapsed().as_secs_f64()
}

fn line(what: &str, seconds: f64, yardstick: f64) {
    let rate = ROWS as f64 / seconds;
    println!("{what:<30} {rate:>12.0} rows/s {:>8.2} of the yardstick's time", seconds / yardstick);
}

fn id() -> SegmentId {
    let interval = Interval::new(START, START + 86_400_000);
    SegmentId { datasource: "walk".to_owned(), interval, version: "v".to_owned(), partition: 0 }
}

/// Row `n`.
fn row(n: usize) -> String {
    let number = |field: usize, below: usize| {
        let factor = if field < 10 { field + 7 } else { field - 7 };
        n * factor % below
    };
    record(START + n as i64 * 400, number)
}
