//! How fast do JSON bytes in memory become queryable rows: parsed, dictionary-encoded, indexed, published in a live
//! segment? On one core, and on two with a segment each; beside the peers' inserts of the same file.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use alluvium_ingest::parse::RowParser;
use alluvium_ingest::spec::SupervisorSpec;
use alluvium_segments::live::{LiveOptions, LiveSegment, LiveView};
use alluvium_segments::time::Interval;
use alluvium_segments::{Column, NumericBlock, Segment, SegmentId};

use super::peers::{self, Loaded};
use super::record::{record, sum, supervisor};
use super::{Folder, Options};

/// Bytes of a portion: rows are published after each.
const PORTION: usize = 2 << 20;
const RUNS: usize = 3;

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let rows = options.number("rows", 2_000_000)?;
    let folder = Folder::new()?;
    let file = folder.0.join("events.json");
    let mut text: Vec<u8> = Vec::new();
    for n in 0..rows {
        text.extend_from_slice(record(n).as_bytes());
        text.push(b'\n');
    }
    std::fs::write(&file, &text).map_err(|e| e.to_string())?;
    println!("{rows} records of {} bytes, 20 fields", text.len() / rows);
    let expected = (rows as u64, sum(rows));
    for threads in [1, 2] {
        let mut best: Vec<(&str, f64)> = Vec::new();
        for _ in 0..RUNS {
            note(&mut best, "ours", ours(&text, threads)?, expected)?;
            let Some(python) = options.text("python") else { continue };
            for engine in ["clickhouse", "duckdb"] {
                let loaded = peers::load(Path::new(python), engine, "json", &file, threads)?;
                note(&mut best, engine, loaded, expected)?;
            }
        }
        for (engine, seconds) in best {
            let rate = rows as f64 / seconds;
            println!("json, {threads} threads: {engine:<10} {seconds:>7.2} s {rate:>10.0} rows/s");
        }
    }
    Ok(())
}

/// Keeps the best time of an engine whose answers are right.
fn note<'e>(
    best: &mut Vec<(&'e str, f64)>,
    engine: &'e str,
    loaded: Loaded,
    expected: (u64, i64),
) -> Result<(), String> {
    if (loaded.rows, loaded.sum) != expected {
        return Err(format!("{engine} has {loaded:?}, expected are {expected:?}"));
    }
    match best.iter_mut().find(|(known, _)| *known == engine) {
        Some((_, seconds)) => *seconds = seconds.min(loaded.seconds),
        None => best.push((engine, loaded.seconds)),
    }
    Ok(())
}

fn ours(text: &[u8], threads: usize) -> Result<Loaded, String> {
    let (low, high) = text.split_at(if threads == 1 { text.len() } else { line_end(text, text.len() / 2) });
    let started = Instant::now();
    let views: Result<Vec<Arc<LiveView>>, String> = std::thread::scope(|scope| {
        let parts: Vec<_> = [low, high].into_iter().filter(|part| !part.is_empty()).collect();
        let threads: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| load(part))).collect();
        threads.into_iter().map(|t| t.join().map_err(|_| "a thread panicked".to_owned())?).collect()
    });
    let views = views?;
    let seconds = started.elapsed().as_secs_f64();
    let sums = views.iter().map(|view| column_sum(view)).collect::<Result<Vec<i64>, String>>()?;
    let rows = views.iter().map(|view| view.rows() as u64).sum();
    Ok(Loaded { seconds, rows, sum: sums.iter().sum() })
}

/// Makes a live segment of lines and returns what queries see of it.
fn load(text: &[u8]) -> Result<Arc<LiveView>, String> {
    let spec = SupervisorSpec::from_json(&supervisor("load", "none:0", 1)).map_err(|e| e.to_string())?;
    let mut parser = RowParser::new(&spec.data, &spec.io.input_format).map_err(|e| e.to_string())?;
    let interval = Interval::ETERNITY;
    let id = SegmentId { datasource: "load".to_owned(), interval, version: "v".to_owned(), partition: 0 };
    let (live, mut writer) =
        LiveSegment::open(id, parser.schema().clone(), LiveOptions::default()).map_err(|e| e.to_string())?;
    let (mut rest, mut rejects) = (text, Vec::new());
    while !rest.is_empty() {
        let (portion, after) = rest.split_at(line_end(rest, PORTION.min(rest.len())));
        rest = after;
        parser.parse_lines(portion, &mut rejects);
        writer.append(&parser.take()).map_err(|e| e.to_string())?;
        writer.publish();
    }
    drop(writer);
    if let Some(reject) = rejects.first() {
        return Err(format!("a record was refused: {reject:?}"));
    }
    Ok(live.published())
}

/// Where the line at `at` ends.
fn line_end(text: &[u8], at: usize) -> usize {
    text.iter().skip(at).position(|byte| *byte == b'\n').map_or(text.len(), |more| at + more + 1)
}

fn column_sum(view: &LiveView) -> Result<i64, String> {
    let Ok(Some(Column::Long(column))) = view.column("n1") else { return Err("no column `n1`".to_owned()) };
    let mut block = NumericBlock::default();
    column.read(0..view.rows(), &mut block).map_err(|e| e.to_string())?;
    Ok(block.values.iter().sum())
}
