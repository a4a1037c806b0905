//! What do timeBoundary, dataSourceMetadata and segmentMetadata answer?

use std::cmp::Ordering;
use std::collections::BTreeSet;

use alluvium_expression::{compare_nullable, compare_text};
use alluvium_segments::time::{Interval, condense, format_iso};
use alluvium_segments::{
    Column, ColumnSpec, ColumnType, MetricFunction, Projection, ProjectionSpec, Role, Segment, SegmentRef,
    TIME_COLUMN,
};
use serde_json::{Map, Value, json};

use super::TimeFormat;
use crate::QueryError;
use crate::request::{Analysis, SegmentMetadata, Strategy, TimeBoundary};
use crate::run::Control;

/// `timeBoundary`.
pub(crate) fn time_boundary(query: &TimeBoundary, bounds: Option<(i64, i64)>, times: TimeFormat) -> Vec<u8> {
    let Some((min, max)) = bounds else { return Vec::from(*b"[]") };
    let mut out = Vec::from(*b"[{\"timestamp\":");
    times.write(if query.min { min } else { max }, &mut out);
    out.extend(b",\"result\":{");
    if query.min {
        out.extend(b"\"minTime\":");
        times.write(min, &mut out);
    }
    if query.max {
        out.extend(if query.min { b",\"maxTime\":".as_slice() } else { b"\"maxTime\":" });
        times.write(max, &mut out);
    }
    out.extend(b"}}]");
    out
}

/// `dataSourceMetadata`.
pub(crate) fn data_source_metadata(segments: &[SegmentRef], times: TimeFormat) -> Vec<u8> {
    let last = segments.iter().filter_map(|s| s.segment.time_bounds()).map(|(_, max)| max).max();
    let Some(last) = last else { return Vec::from(*b"[]") };
    let mut out = Vec::from(*b"[{\"timestamp\":");
    times.write(last, &mut out);
    out.extend(b",\"result\":{\"maxIngestedEventTime\":");
    times.write(last, &mut out);
    out.extend(b"}}]");
    out
}

/// What is known of one segment, or of several together.
struct Analyzed {
    id: String,
    intervals: Vec<Interval>,
    columns: Map<String, Value>,
    size: u64,
    rows: u64,
    aggregators: Option<Map<String, Value>>,
    projections: Option<Map<String, Value>>,
    granularity: Option<Value>,
    rollup: Option<bool>,
}

/// `segmentMetadata`.
pub(crate) fn segment_metadata(
    query: &SegmentMetadata,
    segments: &[SegmentRef],
    control: &Control,
) -> Result<Vec<u8>, QueryError> {
    let mut found: Vec<Analyzed> = Vec::with_capacity(segments.len());
    for segment in segments {
        control.check()?;
        let next = analyze(query, segment.segment.as_ref())?;
        match found.last_mut() {
            Some(known) if query.merge => merge(query, known, next),
            _ => found.push(next),
        }
    }
    if query.merge {
        let tables: BTreeSet<&str> = segments.iter().map(|s| s.segment.id().datasource.as_str()).collect();
        let last = segments.iter().map(|s| s.segment.id()).max_by_key(|id| id.interval.end);
        for analyzed in &mut found {
            analyzed.id = match last {
                Some(id) if tables.len() == 1 => {
                    let (start, end) = (format_iso(id.interval.start), format_iso(id.interval.end));
                    format!("{}_{start}_{end}_merged", id.datasource)
                }
                _ => "merged".to_owned(),
            };
        }
    }
    let list: Vec<Value> = found.into_iter().map(|analyzed| analyzed.into_json(query)).collect();
    Ok(Value::Array(list).to_string().into_bytes())
}

impl Analyzed {
    fn into_json(self, query: &SegmentMetadata) -> Value {
        let intervals = query.wants(Analysis::Interval).then(|| condense(self.intervals));
        let intervals = intervals.map(|list| list.iter().map(Interval::to_string).collect::<Vec<_>>());
        let mut json = json!({
            "id": self.id,
            "intervals": intervals,
            "columns": self.columns,
            "size": self.size,
            "numRows": self.rows,
            "aggregators": self.aggregators.filter(|all| !all.is_empty()),
            "timestampSpec": null,
            "queryGranularity": self.granularity,
            "rollup": self.rollup,
        });
        if let Some(projections) = self.projections {
            json["projections"] = Value::Object(projections);
        }
        json
    }
}

fn analyze(query: &SegmentMetadata, segment: &dyn Segment) -> Result<Analyzed, QueryError> {
    let schema = segment.schema();
    let mut columns = Map::new();
    let wanted = |name: &str| query.columns.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
    if wanted(TIME_COLUMN) {
        columns
            .insert(TIME_COLUMN.to_owned(), column_json(ColumnType::Long, false, false, None, (None, None)));
    }
    for spec in schema.columns.iter().filter(|spec| wanted(&spec.name)) {
        columns.insert(spec.name.clone(), analyze_column(query, segment, spec)?);
    }
    let metrics = schema.columns.iter().filter_map(|spec| Some((spec.name.clone(), aggregator_json(spec)?)));
    Ok(Analyzed {
        id: segment.id().to_string(),
        intervals: vec![segment.id().interval],
        columns,
        size: if query.wants(Analysis::Size) { segment.size_bytes() } else { 0 },
        rows: segment.rows() as u64,
        aggregators: query.wants(Analysis::Aggregators).then(|| metrics.collect()),
        projections: query.wants(Analysis::Projections).then(|| projections_json(segment)),
        granularity: query.wants(Analysis::QueryGranularity).then(|| json!(schema.query_granularity)),
        rollup: query.wants(Analysis::Rollup).then_some(schema.rollup),
    })
}

fn column_json(
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

fn analyze_column(
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

/// A metric as the aggregator that combines it.
fn aggregator_json(spec: &ColumnSpec) -> Option<Value> {
    let Role::Metric { function, recipe, .. } = &spec.role else { return None };
    if let Some(recipe) = recipe {
        return serde_json::from_str(recipe).ok();
    }
    let prefix = match spec.column_type {
        ColumnType::Long => "long",
        ColumnType::Float => "float",
        ColumnType::Double => "double",
        ColumnType::String | ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_) => return None,
    };
    let suffix = match function {
        MetricFunction::Count | MetricFunction::Sum => "Sum",
        MetricFunction::Min => "Min",
        MetricFunction::Max => "Max",
        MetricFunction::Merge => return None,
    };
    Some(json!({"type": format!("{prefix}{suffix}"), "name": spec.name, "fieldName": spec.name}))
}

/// The projections of a segment by name: what they hold, and how large they are.
fn projections_json(segment: &dyn Segment) -> Map<String, Value> {
    let one = |projection: &Projection| {
        let ProjectionSpec { name, granularity, columns } = projection.spec();
        let dimensions: Vec<&str> =
            columns.iter().filter(|c| !c.is_metric()).map(|c| c.name.as_str()).collect();
        let metrics: Vec<Value> = columns.iter().filter_map(aggregator_json).collect();
        let schema = json!({
            "type": "aggregate", "name": name, "granularity": granularity, "groupingColumns": dimensions,
            "aggregators": metrics,
        });
        (name.clone(), json!({"schema": schema, "numRows": projection.rows(), "size": projection.bytes()}))
    };
    segment.projections().iter().map(one).collect()
}

/// Adds the sizes of projections that have the same schema in all segments that have them; others become null.
fn merge_projections(
    known: Option<Map<String, Value>>,
    next: Option<Map<String, Value>>,
) -> Option<Map<String, Value>> {
    let (mut known, next) = (known?, next?);
    for (name, projection) in next {
        let Some(merged) = known.get_mut(&name) else {
            known.insert(name, projection);
            continue;
        };
        if merged["schema"] != projection["schema"] {
            *merged = Value::Null;
            continue;
        }
        for size in ["numRows", "size"] {
            let sum = merged[size].as_u64().unwrap_or(0) + projection[size].as_u64().unwrap_or(0);
            merged[size] = json!(sum);
        }
    }
    Some(known)
}

fn merge(query: &SegmentMetadata, known: &mut Analyzed, next: Analyzed) {
    for (name, column) in next.columns {
        match known.columns.get_mut(&name) {
            Some(merged) => merge_column(merged, &column),
            None => drop(known.columns.insert(name, column)),
        }
    }
    known.intervals.extend(next.intervals);
    known.size += next.size;
    known.rows += next.rows;
    known.aggregators = merge_aggregators(query.strategy, known.aggregators.take(), next.aggregators);
    known.projections = merge_projections(known.projections.take(), next.projections);
    known.granularity = known.granularity.take().filter(|g| Some(g) == next.granularity.as_ref());
    known.rollup = known.rollup.filter(|r| Some(*r) == next.rollup);
}

fn merge_aggregators(
    strategy: Strategy,
    known: Option<Map<String, Value>>,
    next: Option<Map<String, Value>>,
) -> Option<Map<String, Value>> {
    let (mut known, next) = (known?, next?);
    match strategy {
        Strategy::Strict => {
            for (name, aggregator) in next {
                if *known.entry(name).or_insert_with(|| aggregator.clone()) != aggregator {
                    return None;
                }
            }
        }
        Strategy::Lenient => {
            for (name, aggregator) in next {
                let slot = known.entry(name).or_insert_with(|| aggregator.clone());
                if *slot != aggregator {
                    *slot = Value::Null;
                }
            }
        }
        Strategy::Earliest => {
            for (name, aggregator) in next {
                known.entry(name).or_insert(aggregator);
            }
        }
        Strategy::Latest => known.extend(next),
    }
    Some(known)
}

/// Adds what another segment says of a column.
fn merge_column(known: &mut Value, next: &Value) {
    let types = (known["type"].clone(), next["type"].clone());
    if types.0 != types.1 {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let message = format!("error:cannot_merge_diff_types: [{}] and [{}]", text(&types.0), text(&types.1));
        *known = column_json(ColumnType::String, false, false, None, (None, None));
        known["errorMessage"] = json!(message);
        return;
    }
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
