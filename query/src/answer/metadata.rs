//! What do timeBoundary, dataSourceMetadata and segmentMetadata answer?

mod column;

use std::collections::BTreeSet;

use alluvium_segments::time::{Granularity, Interval, condense, format_iso};
use alluvium_segments::{
    ColumnSpec, ColumnType, MetricFunction, Projection, ProjectionSpec, Role, Segment, SegmentRef,
    TIME_COLUMN,
};
use serde_json::{Map, Value, json};

use self::column::{analyze_column, column_json, merge_column, size_of};
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
    timestamp: Option<Value>,
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
    // Those of a table are put together before those of several are.
    let mut tables: Vec<(&str, Analyzed)> = Vec::new();
    for segment in segments {
        control.check()?;
        let next = analyze(query, segment.segment.as_ref())?;
        let table = segment.segment.id().datasource.as_str();
        match tables.iter_mut().find(|(known, _)| *known == table) {
            _ if !query.merge => found.push(next),
            Some((_, known)) => merge(query, known, next),
            None => tables.push((table, next)),
        }
    }
    for (_, next) in tables {
        match found.last_mut() {
            Some(known) => merge(query, known, next),
            None => found.push(next),
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
            "timestampSpec": self.timestamp,
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
        let time = column_json(ColumnType::Long, false, false, None, (None, None));
        columns.insert(TIME_COLUMN.to_owned(), time);
    }
    for spec in schema.columns.iter().filter(|spec| wanted(&spec.name)) {
        columns.insert(spec.name.clone(), analyze_column(query, segment, spec)?);
    }
    // A blank after each value.
    let mut size = (columns.len() * segment.rows()) as u64;
    if query.wants(Analysis::Size) {
        for (name, column) in &mut columns {
            let bytes = size_of(segment, name)?;
            column["size"] = json!(bytes);
            size += bytes;
        }
    }
    let metrics = schema.columns.iter().filter_map(|spec| Some((spec.name.clone(), aggregator_json(spec)?)));
    Ok(Analyzed {
        id: segment.id().to_string(),
        intervals: vec![segment.id().interval],
        columns,
        size: if query.wants(Analysis::Size) { size } else { 0 },
        rows: segment.rows() as u64,
        aggregators: query.wants(Analysis::Aggregators).then(|| metrics.collect()),
        projections: query.wants(Analysis::Projections).then(|| projections_json(segment)),
        timestamp: match &schema.timestamp_spec {
            Some(spec) if query.wants(Analysis::TimestampSpec) => serde_json::from_str(spec).ok(),
            _ => None,
        },
        granularity: query
            .wants(Analysis::QueryGranularity)
            .then(|| granularity_json(&schema.query_granularity)),
        rollup: query.wants(Analysis::Rollup).then_some(schema.rollup),
    })
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

/// A granularity as Druid shows it: by its name where it has one.
fn granularity_json(granularity: &Granularity) -> Value {
    let json = json!(granularity);
    let plain = json["timeZone"] == "UTC" && json["origin"].is_null();
    let name = json["period"]
        .as_str()
        .filter(|_| plain)
        .and_then(|period| NAMED.iter().find(|(named, _)| *named == period).map(|(_, name)| json!(name)));
    name.unwrap_or(json)
}

/// Periods that have names.
const NAMED: [(&str, &str); 14] = [
    ("PT1S", "SECOND"),
    ("PT1M", "MINUTE"),
    ("PT5M", "FIVE_MINUTE"),
    ("PT10M", "TEN_MINUTE"),
    ("PT15M", "FIFTEEN_MINUTE"),
    ("PT30M", "THIRTY_MINUTE"),
    ("PT1H", "HOUR"),
    ("PT6H", "SIX_HOUR"),
    ("PT8H", "EIGHT_HOUR"),
    ("P1D", "DAY"),
    ("P1W", "WEEK"),
    ("P1M", "MONTH"),
    ("P3M", "QUARTER"),
    ("P1Y", "YEAR"),
];

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
    let aggregators = merge_aggregators(query.strategy, known.aggregators.take(), next.aggregators);
    // None together are as good as unknown.
    known.aggregators = aggregators.filter(|all| !all.is_empty());
    known.projections = merge_projections(known.projections.take(), next.projections);
    known.timestamp = known.timestamp.take().filter(|spec| Some(spec) == next.timestamp.as_ref());
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
