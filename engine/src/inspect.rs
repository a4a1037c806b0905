//! `alluvium segment inspect|columns|dump|verify`: what is in a segment file, as tables on a terminal or as JSON.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use alluvium_segments::inspect::{self, ColumnSummary, Verification};
use alluvium_segments::mapped::MappedSegment;
use serde::Serialize;
use serde_json::{Value, json};

use crate::EngineError;
use crate::client::table;
use crate::config::Config;
use crate::flags::{DumpOptions, SegmentOptions, SegmentTarget, SegmentView};
use crate::metadata::SqliteMetadata;
use crate::node::Node;
use alluvium_segments::catalog::MetadataStore;

/// Dictionary samples shown of a column.
const SAMPLES: usize = 5;

/// Runs the command.
///
/// # Errors
/// When there is no such segment, it cannot be read, or (verify) it is damaged.
pub fn run(options: &SegmentOptions) -> Result<(), EngineError> {
    match &options.view {
        SegmentView::Inspect(target) => {
            let segment = open(target)?;
            let columns = inspect::columns(&segment, SAMPLES)?;
            let mut summary = value(&inspect::summary(&segment));
            if target.json {
                if let Some(fields) = summary.as_object_mut() {
                    fields.insert("columnDetails".to_owned(), value(&columns));
                }
                return print(&format!("{summary:#}"));
            }
            let projections = summary.as_object_mut().and_then(|fields| fields.remove("projections"));
            print(&format!("{}\n{}", fields_table(&summary), columns_table(&columns)))?;
            match projections {
                Some(Value::Array(list)) => print(&format!("\n{}", table::render_objects(&list))),
                _ => Ok(()),
            }
        }
        SegmentView::Columns(target) => {
            let columns = inspect::columns(&open(target)?, SAMPLES)?;
            match target.json {
                true => print(&format!("{:#}", value(&columns))),
                false => print(&columns_table(&columns)),
            }
        }
        SegmentView::Dump(options) => dump(options),
        SegmentView::Verify(target) => verify(target),
    }
}

/// Prints the inspection of one sealed segment of a datasource.
pub(crate) fn one_of(node: &Node, datasource: &str) -> Result<(), EngineError> {
    let records = node.metadata().segments(Some(datasource))?;
    let Some(record) = records.iter().max_by_key(|r| r.rows) else {
        return Err(EngineError::Failed(format!("datasource `{datasource}` has no sealed segment")));
    };
    let path = node.loader().cache().path(&record.location)?;
    println!("alluvium segment inspect {}", path.display());
    let target = SegmentTarget { segment: path.display().to_string(), data_dir: None, json: false };
    run(&SegmentOptions { view: SegmentView::Inspect(target) })
}

fn dump(options: &DumpOptions) -> Result<(), EngineError> {
    let segment = open(&options.target)?;
    let wanted = inspect::DumpOptions { columns: options.columns.clone(), offset: 0, limit: options.limit };
    let rows = match &options.projection {
        Some(name) => segment.projection(name)?,
        None => &segment,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    inspect::dump(rows, &wanted, &mut out)?;
    out.flush().map_err(not_written)
}

fn verify(target: &SegmentTarget) -> Result<(), EngineError> {
    let segment = open(target)?;
    let found = inspect::verify(&segment);
    match target.json {
        true => print(&format!("{:#}", value(&found)))?,
        false => print(&verification_table(&found))?,
    }
    match found.ok {
        true => Ok(()),
        false => Err(EngineError::Failed(format!(
            "segment `{}` is damaged: {} problems; restore the file from deep storage or reindex its interval",
            target.segment,
            found.problems.len()
        ))),
    }
}

fn open(target: &SegmentTarget) -> Result<MappedSegment, EngineError> {
    Ok(MappedSegment::open(&locate(target)?)?)
}

/// The file of a path, or of a segment id of the data folder: its local copy, or the one in deep storage.
fn locate(target: &SegmentTarget) -> Result<PathBuf, EngineError> {
    let given = Path::new(&target.segment);
    if given.is_file() {
        return Ok(given.to_owned());
    }
    let config = Config::default();
    let data_dir = target.data_dir.clone().unwrap_or(config.data_dir);
    let metadata = data_dir.join("metadata.db");
    let unknown = |why: String| EngineError::Failed(format!("no segment `{}`: {why}", target.segment));
    if !metadata.is_file() {
        let text = format!("it is no file, and there is no `{}` to look an id up in", metadata.display());
        return Err(unknown(text));
    }
    let records = SqliteMetadata::open_read_only(&metadata)?.segments(None)?;
    let record = records.iter().find(|r| r.id.to_string() == target.segment).ok_or_else(|| {
        unknown(format!("it is no file, and none of the {} used segments has this id", records.len()))
    })?;
    let places =
        [data_dir.join("cache").join(&record.location), data_dir.join("deep").join(&record.location)];
    let found = places.iter().find(|path| path.is_file()).cloned();
    found.ok_or_else(|| {
        unknown(format!("its file `{}` is neither cached nor in deep storage", record.location))
    })
}

fn value(item: &impl Serialize) -> Value {
    serde_json::to_value(item).unwrap_or_default()
}

fn fields_table(object: &Value) -> String {
    let rows: Vec<Vec<Value>> = object
        .as_object()
        .map(|fields| fields.iter().map(|(name, value)| vec![json!(name), value.clone()]).collect())
        .unwrap_or_default();
    table::render(&["segment".to_owned(), String::new()], &rows)
}

fn columns_table(columns: &[ColumnSummary]) -> String {
    // The leaves of a nested column follow it.
    let all = columns.iter().flat_map(|c| {
        let leaves = c.leaves.iter().map(|leaf| (format!("{} {}", c.name, leaf.name), leaf));
        std::iter::once((c.name.clone(), c)).chain(leaves)
    });
    let rows: Vec<Value> = all
        .map(|(name, c)| {
            let encodings: Vec<String> = c.encodings.iter().map(|(name, n)| format!("{name} x{n}")).collect();
            json!({
                "column": name, "type": c.column_type, "role": c.role, "multi": c.multi_value,
                "cardinality": c.cardinality, "encodings": encodings.join(", "),
                "bytes before": c.bytes_before, "after": c.bytes_after, "dictionary": c.dictionary_bytes,
                "bitmap": c.bitmap, "bitmaps": c.bitmap_bytes, "nulls": c.nulls, "min": c.min, "max": c.max,
                "samples": c.samples.join(", "),
            })
        })
        .collect();
    table::render_objects(&rows)
}

fn verification_table(found: &Verification) -> String {
    let rows: Vec<Value> = found.sections.iter().map(value).collect();
    let mut text = table::render_objects(&rows);
    for problem in &found.problems {
        text.push_str(&format!("\n{}", value(problem)));
    }
    text.push_str(if found.ok { "\nevery checksum is right" } else { "\nthe file is damaged" });
    text
}

fn print(text: &str) -> Result<(), EngineError> {
    writeln!(io::stdout().lock(), "{text}").map_err(not_written)
}

fn not_written(source: io::Error) -> EngineError {
    EngineError::Io { action: "write to standard output".to_owned(), source }
}
