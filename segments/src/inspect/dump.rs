//! Which rows does a file hold? One JSON object a line, in the file's order.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::rows::{Cell, read_rows};
use crate::time::format_iso;
use crate::{BLOCK_ROWS, Segment, SegmentError, TIME_COLUMN};

/// What to dump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DumpOptions {
    /// Columns in this order; empty for all, `__time` first.
    pub columns: Vec<String>,
    /// First row.
    pub offset: usize,
    /// At most so many rows; `None` for all.
    pub limit: Option<usize>,
}

/// Writes rows as JSON lines; returns how many. `__time` is ISO text, nulls are written as `null`.
///
/// # Errors
/// When a column does not exist, the file is corrupt, or `out` cannot be written.
pub fn dump(segment: &dyn Segment, options: &DumpOptions, out: &mut dyn Write) -> Result<u64, SegmentError> {
    let all: Vec<&str> = std::iter::once(TIME_COLUMN)
        .chain(segment.schema().columns.iter().map(|c| c.name.as_str()))
        .collect();
    if let Some(unknown) = options.columns.iter().find(|c| !all.contains(&c.as_str())) {
        return Err(SegmentError::NotFound { what: "column", name: unknown.clone() });
    }
    let chosen = options.columns.iter().map(String::as_str).collect();
    let columns: Vec<&str> = if options.columns.is_empty() { all } else { chosen };
    let end = options.limit.map_or(usize::MAX, |limit| options.offset.saturating_add(limit));
    let end = end.min(segment.rows());
    let mut written = 0;
    let mut start = options.offset;
    while start < end {
        let stop = end.min(start + BLOCK_ROWS);
        for row in read_rows(segment, &columns, start..stop)? {
            let line = object(&columns, row);
            writeln!(out, "{line}").map_err(|source| write_error(segment, source))?;
            written += 1;
        }
        start = stop;
    }
    out.flush().map_err(|source| write_error(segment, source))?;
    Ok(written)
}

fn write_error(segment: &dyn Segment, source: io::Error) -> SegmentError {
    SegmentError::Io { action: "write the rows of", path: segment.id().to_string().into(), source }
}

fn object(columns: &[&str], row: Vec<Cell>) -> Value {
    let json = |(name, cell): (&&str, Cell)| {
        let value = match cell {
            Cell::Null => Value::Null,
            Cell::Long(time) if *name == TIME_COLUMN => time_json(time),
            Cell::Long(v) => Value::from(v),
            Cell::Float(v) => float_json(v),
            Cell::Double(v) => double_json(v),
            Cell::String(text) => Value::from(text),
            Cell::Strings(texts) => texts.into_iter().map(|t| t.map_or(Value::Null, Value::from)).collect(),
        };
        ((*name).to_owned(), value)
    };
    Value::Object(columns.iter().zip(row).map(json).collect::<Map<_, _>>())
}

/// A time as ISO text.
pub(super) fn time_json(time: i64) -> Value {
    Value::from(format_iso(time))
}

/// A double; what JSON has no number for becomes Druid's text (`NaN`, `Infinity`).
pub(super) fn double_json(value: f64) -> Value {
    let special = || match value {
        v if v.is_nan() => "NaN",
        v if v > 0.0 => "Infinity",
        _ => "-Infinity",
    };
    serde_json::Number::from_f64(value).map_or_else(|| Value::from(special()), Value::Number)
}

/// A float, with no more digits than a float has.
fn float_json(value: f32) -> Value {
    value.to_string().parse().map_or_else(|_| double_json(f64::from(value)), double_json)
}
