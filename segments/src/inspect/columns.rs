//! What is each column: type, encodings, bytes, dictionary, index, bounds?

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::dump::{double_json, time_json};
use crate::file::{BitmapKind, ColumnEntry, ColumnKind, SectionKind};
use crate::mapped::{ColumnBytes, MappedSegment};
use crate::{Column, ColumnType, MetricFunction, Role, Segment, SegmentError, StringColumn, TIME_COLUMN};

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnSummary {
    /// Name.
    pub name: String,
    /// `LONG`, `FLOAT`, `DOUBLE` or `STRING`.
    #[serde(rename = "type")]
    pub column_type: &'static str,
    /// `time`, `dimension`, or the metric's function (`count`, `sum`, `min`, `max`).
    pub role: &'static str,
    /// Whether rows may have several values.
    pub multi_value: bool,
    /// Number of distinct texts, null left out (strings only).
    pub cardinality: Option<u32>,
    /// Number of blocks by encoding of its values or ids.
    pub encodings: BTreeMap<String, u64>,
    /// Bytes of its values without any encoding.
    pub bytes_before: u64,
    /// Bytes of its sections.
    pub bytes_after: u64,
    /// Of these, bytes of the dictionary.
    pub dictionary_bytes: u64,
    /// `none`, `roaring` or `postings` (strings only).
    pub bitmap: Option<&'static str>,
    /// Of `bytes_after`, bytes of the index.
    pub bitmap_bytes: u64,
    /// Rows that are null, or hold a null.
    pub nulls: u64,
    /// Smallest value.
    pub min: Value,
    /// Largest value.
    pub max: Value,
    /// Some texts of the dictionary, spread over it.
    pub samples: Vec<String>,
    /// The values at each path of a nested column, where they are stored by themselves; their names are the paths. Their bytes
    /// are not in those of the column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Self>,
}

/// Describes every column, `__time` first, with up to `samples` texts of each dictionary.
///
/// # Errors
/// When block directories or dictionaries are corrupt.
pub fn columns(segment: &MappedSegment, samples: usize) -> Result<Vec<ColumnSummary>, SegmentError> {
    segment.column_bytes()?.iter().map(|bytes| describe(segment, bytes, samples)).collect()
}

fn describe(
    segment: &MappedSegment,
    bytes: &ColumnBytes<'_>,
    samples: usize,
) -> Result<ColumnSummary, SegmentError> {
    let entry = bytes.entry;
    let spec = segment.schema().find(&entry.name).map(|(_, spec)| spec);
    let text = match segment.column(&entry.name)? {
        Some(Column::String(column)) => Some(column),
        _ => None,
    };
    let (min, max) = match text {
        Some(column) => (text_json(column, 1)?, text_json(column, column.cardinality() - 1)?),
        None => bounds(entry),
    };
    let size = |kinds: &[SectionKind]| {
        let of_kind = |kind: Option<SectionKind>| kind.is_some_and(|k| kinds.contains(&k));
        bytes.sections.iter().filter(|s| of_kind(s.kind())).map(|s| s.bytes).sum()
    };
    Ok(ColumnSummary {
        name: entry.name.clone(),
        column_type: spec.map_or(ColumnType::Long, |s| s.column_type).druid_name(),
        role: role(&entry.name, spec.map(|s| &s.role)),
        multi_value: entry.multi,
        cardinality: text.map(|c| c.cardinality() - 1),
        encodings: bytes.encodings.clone(),
        bytes_before: entry.bytes_before,
        bytes_after: bytes.sections.iter().map(|s| s.bytes).sum(),
        dictionary_bytes: size(&[
            SectionKind::TextOffsets,
            SectionKind::TextBytes,
            SectionKind::TextPages,
            SectionKind::TextPageBytes,
        ]),
        bitmap: text.map(|_| match entry.bitmap {
            BitmapKind::None => "none",
            BitmapKind::Roaring => "roaring",
            BitmapKind::Postings => "postings",
        }),
        bitmap_bytes: size(&[
            SectionKind::BitmapOffsets,
            SectionKind::BitmapBytes,
            SectionKind::PostingStartBlocks,
            SectionKind::PostingStartData,
            SectionKind::PostingRowBlocks,
            SectionKind::PostingRowData,
        ]),
        nulls: entry.nulls,
        min,
        max,
        samples: text.map(|column| sample(column, samples)).transpose()?.unwrap_or_default(),
        leaves: match segment.leaves_of(&entry.name)? {
            // Its times stand for nothing.
            Some(leaves) => columns(leaves, samples)?.split_off(1),
            None => Vec::new(),
        },
    })
}

fn role(name: &str, role: Option<&Role>) -> &'static str {
    match role {
        _ if name == TIME_COLUMN => "time",
        None | Some(Role::Dimension(_)) => "dimension",
        Some(Role::Metric { function, .. }) => match function {
            MetricFunction::Count => "count",
            MetricFunction::Sum => "sum",
            MetricFunction::Min => "min",
            MetricFunction::Max => "max",
            MetricFunction::Merge => "merge",
        },
    }
}

fn text_json(column: &dyn StringColumn, id: u32) -> Result<Value, SegmentError> {
    if id == 0 || id >= column.cardinality() {
        return Ok(Value::Null);
    }
    Ok(column.value(id)?.map_or(Value::Null, Value::from))
}

fn bounds(entry: &ColumnEntry) -> (Value, Value) {
    let show = |word: u64| match entry.kind {
        ColumnKind::Time => time_json(word as i64),
        ColumnKind::Float => double_json(f64::from(f32::from_bits(word as u32))),
        ColumnKind::Double => double_json(f64::from_bits(word)),
        ColumnKind::Long
        | ColumnKind::String
        | ColumnKind::Array
        | ColumnKind::Nested
        | ColumnKind::Complex => Value::from(word as i64),
    };
    entry.bounds.map_or((Value::Null, Value::Null), |(low, high)| (show(low), show(high)))
}

/// Texts at even distances, the first and the last included.
fn sample(column: &dyn StringColumn, count: usize) -> Result<Vec<String>, SegmentError> {
    let texts = column.cardinality() as usize - 1;
    let count = count.min(texts);
    let mut out = Vec::with_capacity(count);
    for i in 0..count {
        let id = if count == 1 { 1 } else { 1 + i * (texts - 1) / (count - 1) };
        out.extend(column.value(id as u32)?.map(str::to_owned));
    }
    Ok(out)
}
