//! What does segmentMetadata say of a column?

use std::cmp::Ordering;

use alluvium_expression::{compare_nullable, compare_text};
use alluvium_segments::{BLOCK_ROWS, Column, ColumnSpec, ColumnType, MultiBlock, Segment};
use serde_json::{Value, json};

use crate::QueryError;
use crate::request::{Analysis, SegmentMetadata};

/// What is said of a column.
pub(super) fn column_json(
    column_type: ColumnType,
    multiple: bool,
    nulls: bool,
    cardinality: Option<u32>,
    (min, max): (Option<String>, Option<String>),
) -> Value {
    let name = match column_type {
        ColumnType::Array(_) => "ARRAY",
        ColumnType::Json => "json",
        plain => plain.druid_name(),
    };
    // Of complex types it is the name.
    let name = name.strip_prefix("COMPLEX<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(name);
    json!({
        "typeSignature": column_type.druid_name(), "type": name, "hasMultipleValues": multiple, "hasNulls": nulls, "size": 0,
        "cardinality": cardinality, "minValue": min, "maxValue": max, "errorMessage": null,
    })
}

/// What a segment says of a column.
pub(super) fn analyze_column(
    query: &SegmentMetadata,
    segment: &dyn Segment,
    spec: &ColumnSpec,
) -> Result<Value, QueryError> {
    let column_type = spec.column_type;
    let numeric = |nulls| Ok(column_json(column_type, false, nulls, None, (None, None)));
    match segment.column(&spec.name)? {
        None => numeric(true),
        // What states may be null is not looked for.
        Some(_) if spec.column_type.is_complex() => numeric(true),
        Some(Column::Time(column) | Column::Long(column)) => numeric(column.may_have_nulls()),
        Some(Column::Float(column)) => numeric(column.may_have_nulls()),
        Some(Column::Double(column)) => numeric(column.may_have_nulls()),
        Some(Column::String(column)) if column_type.is_coded() => numeric(column.has_nulls()),
        Some(Column::String(column)) => {
            let cardinality = column.cardinality() - u32::from(!column.has_nulls());
            let mut ends: (Option<&str>, Option<&str>) = (None, None);
            if query.wants(Analysis::MinMax) && column.cardinality() > 1 {
                let last = column.cardinality() - 1;
                let ids: Vec<u32> = if column.is_sorted() { vec![1, last] } else { (1..=last).collect() };
                for id in ids {
                    let Some(text) = column.value(id)? else { continue };
                    if ends.0.is_none_or(|min| compare_text(text, min).is_lt()) {
                        ends.0 = Some(text);
                    }
                    if ends.1.is_none_or(|max| compare_text(text, max).is_gt()) {
                        ends.1 = Some(text);
                    }
                }
            }
            let cardinality = if query.wants(Analysis::Cardinality) { cardinality } else { 0 };
            // Null lies below all texts.
            let least = ends.0.filter(|_| !column.has_nulls());
            let ends = (least.map(str::to_owned), ends.1.map(str::to_owned));
            Ok(column_json(column_type, column.is_multi(), column.has_nulls(), Some(cardinality), ends))
        }
    }
}

/// Adds what another segment says of a column.
pub(super) fn merge_column(known: &mut Value, next: &Value) {
    let types = (known["type"].clone(), next["type"].clone());
    if types.0 != types.1 {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let message = format!("error:cannot_merge_diff_types: [{}] and [{}]", text(&types.0), text(&types.1));
        let size = known["size"].as_u64().unwrap_or(0) + next["size"].as_u64().unwrap_or(0);
        *known = column_json(ColumnType::String, false, false, None, (None, None));
        known["size"] = json!(size);
        known["errorMessage"] = json!(message);
        return;
    }
    known["size"] = json!(known["size"].as_u64().unwrap_or(0) + next["size"].as_u64().unwrap_or(0));
    for flag in ["hasMultipleValues", "hasNulls"] {
        let either = known[flag] == json!(true) || next[flag] == json!(true);
        known[flag] = json!(either);
    }
    if next["cardinality"].as_u64() > known["cardinality"].as_u64() {
        known["cardinality"] = next["cardinality"].clone();
    }
    for (end, larger) in [("minValue", Ordering::Less), ("maxValue", Ordering::Greater)] {
        if compare_nullable(next[end].as_str(), known[end].as_str()) == larger {
            known[end] = next[end].clone();
        }
    }
}

/// Bytes of a column's values where each is written out: ten for a time, eight for a number, and the UTF-8 of texts.
pub(super) fn size_of(segment: &dyn Segment, name: &str) -> Result<u64, QueryError> {
    let rows = segment.rows();
    let texts = match segment.column(name)? {
        Some(Column::Time(_)) => return Ok(10 * rows as u64),
        Some(Column::Long(_) | Column::Float(_) | Column::Double(_)) => return Ok(8 * rows as u64),
        Some(Column::String(texts)) => texts,
        None => return Ok(0),
    };
    if segment.schema().find(name).is_some_and(|(_, spec)| spec.column_type.is_coded()) {
        return Ok(0);
    }
    let mut counts = vec![0u64; texts.cardinality() as usize];
    let mut count = |id: u32| {
        if let Some(known) = counts.get_mut(id as usize) {
            *known += 1;
        }
    };
    let (mut ids, mut lists) = (Vec::new(), MultiBlock::default());
    for start in (0..rows).step_by(BLOCK_ROWS) {
        let block = start..(start + BLOCK_ROWS).min(rows);
        if texts.is_multi() {
            texts.read_multi(block, &mut lists)?;
            lists.ids.iter().for_each(|id| count(*id));
        } else {
            texts.read_ids(block, &mut ids)?;
            ids.iter().for_each(|id| count(*id));
        }
    }
    let mut bytes = 0;
    for (id, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        bytes += count * texts.value(id as u32)?.map_or(0, str::len) as u64;
    }
    Ok(bytes)
}
