//! What is segment work in Druid's native language?

use alluvium_segments::TIME_COLUMN;
use alluvium_segments::catalog::lookup_of_table;
use datafusion::arrow::datatypes::{DataType, Schema};
use serde_json::{Map, Value, json};

use super::aggregations::aggregation;
use super::filters::shown_filter;
use super::outline::Shape;
use super::virtuals::{UNNESTED, column, dimension};
use crate::sql::metadata::sql_type;
use crate::sql::table::DatasourceTable;
use crate::sql::translate::{
    Aggregator, ComputedColumn, Dimension, Field, Function, NativeType, Restriction, SegmentQuery, Work,
    native_type,
};

/// The native name of an SQL type.
pub(crate) fn native_name(data_type: &DataType) -> &'static str {
    match sql_type(data_type).0 {
        "BIGINT" | "INTEGER" | "TIMESTAMP" | "DATE" | "BOOLEAN" => "LONG",
        "DOUBLE" => "DOUBLE",
        "FLOAT" => "FLOAT",
        "ARRAY" => "ARRAY<STRING>",
        _ => "STRING",
    }
}

/// What is added to a query by the operators above it.
#[derive(Debug)]
pub(super) struct Above<'s> {
    pub(super) shape: &'s Shape,
    /// The columns that are shown, for a scan.
    pub(super) columns: Vec<String>,
    pub(super) context: Map<String, Value>,
    /// What is read, where that is no table.
    pub(super) source: Option<Value>,
}

/// The query as Druid's native language has it, with nothing above it.
pub(crate) fn native_json(query: &SegmentQuery, table: &DatasourceTable) -> Value {
    let columns = match &query.work {
        Work::Rows { columns, .. } => columns.clone(),
        Work::Groups { .. } => Vec::new(),
    };
    let above = Above { shape: &Shape::default(), columns, context: Map::new(), source: None };
    native(query, table.arrow_schema(), above)
}

/// The query as Druid's native language has it.
pub(super) fn native(query: &SegmentQuery, table: &Schema, mut above: Above<'_>) -> Value {
    let Restriction { intervals, filter } = &query.rows;
    let intervals: Vec<String> = intervals.iter().map(ToString::to_string).collect();
    let place = json!({"type": "intervals", "intervals": intervals});
    let mut filter = filter.as_ref().and_then(|filter| shown_filter(filter, table));
    let mut source = above.source.take().unwrap_or_else(|| data_source(&query.datasources));
    if let Work::Groups { dimensions, .. } = &query.work
        && let Some(array) = dimensions.iter().find(|key| key.unnested)
    {
        (source, filter) = unnested(array, source, filter);
    }
    match &query.work {
        Work::Groups { dimensions, aggregators } => {
            groups(Place { source, intervals: place, filter }, dimensions, aggregators, above)
        }
        Work::Rows { computed, descending, offset, limit, .. } => {
            let place = Place { source, intervals: place, filter };
            rows(place, (table, computed), (*descending, *offset, *limit), above)
        }
    }
}

/// Tables as a data source.
pub(super) fn data_source(tables: &[String]) -> Value {
    match tables {
        [one] => match lookup_of_table(one) {
            Some(lookup) => json!({"type": "lookup", "lookup": lookup}),
            None => json!({"type": "table", "name": one}),
        },
        many => json!({"type": "union", "dataSources": many}),
    }
}

/// A source whose rows come once for each element of an array, and a filter without the test of whether there are any.
fn unnested(array: &Dimension, base: Value, filter: Option<Value>) -> (Value, Option<Value>) {
    let text = array.field.text();
    let text = text.strip_prefix("mv_to_array(").and_then(|text| text.strip_suffix(')')).unwrap_or(&text);
    let has_elements = json!({"type": "expression", "expression": format!("(array_length({text}) > 0)")});
    let filter = filter.filter(|filter| *filter != has_elements).map(|mut filter| {
        if let Some(fields) = filter["fields"].as_array_mut() {
            fields.retain(|field| *field != has_elements);
        }
        match filter["fields"].as_array().map(Vec::as_slice) {
            Some([only]) => only.clone(),
            _ => filter,
        }
    });
    let output = format!("ARRAY<{}>", array.output.druid_name());
    let column = json!({"type": "expression", "name": UNNESTED, "expression": text, "outputType": output});
    (json!({"type": "unnest", "base": base, "virtualColumn": column, "unnestFilter": null}), filter)
}

/// Which rows are asked.
struct Place {
    source: Value,
    intervals: Value,
    filter: Option<Value>,
}

fn rows(
    place: Place,
    (table, computed): (&Schema, &[ComputedColumn]),
    order: (Option<bool>, u64, Option<u64>),
    above: Above<'_>,
) -> Value {
    let (descending, offset, limit) = order;
    let Shape { offset: skipped, limit: wanted, .. } = *above.shape;
    let descending = descending.or_else(|| above.shape.order.first().map(|(_, descending)| *descending));
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("queryType", json!("scan"));
    put("dataSource", place.source);
    put("intervals", place.intervals);
    if !computed.is_empty() {
        let shown = |made: &ComputedColumn| column(&made.name, &made.expression, made.output);
        put("virtualColumns", computed.iter().map(shown).collect());
    }
    put("resultFormat", json!("compactedList"));
    if offset + skipped > 0 {
        put("offset", json!(offset + skipped));
    }
    if let Some(limit) = wanted.or(limit) {
        put("limit", json!(limit));
    }
    if let Some(descending) = descending {
        put("order", json!(if descending { "descending" } else { "ascending" }));
    }
    if let Some(filter) = place.filter {
        put("filter", filter);
    }
    let kind = |name: &String| {
        let made = computed.iter().find(|column| column.name == *name).map(|column| column.output);
        let stored = || native_type(table.field_with_name(name).ok()?.data_type());
        made.or_else(stored).map_or("STRING", NativeType::druid_name)
    };
    put("columns", json!(above.columns));
    put("context", Value::Object(above.context));
    put("columnTypes", above.columns.iter().map(kind).collect());
    put("granularity", json!({"type": "all"}));
    put("legacy", json!(false));
    Value::Object(json)
}

fn groups(place: Place, dimensions: &[Dimension], aggregators: &[Aggregator], above: Above<'_>) -> Value {
    let Above { shape, mut context, .. } = above;
    // Over another query Druid prefers this one.
    let kind = if place.source["type"] == "query" { Kind::Groups } else { shape.kind(dimensions) };
    if let Some(boundary) = boundary(&place, dimensions, aggregators, &context) {
        return boundary;
    }
    let mut virtuals = Vec::new();
    let mut posts = Vec::new();
    let keys: Vec<Value> = match kind {
        Kind::Series => Vec::new(),
        _ => dimensions.iter().map(|d| dimension(d, &mut virtuals)).collect(),
    };
    let aggregations: Vec<Value> =
        aggregators.iter().flat_map(|a| aggregation(a, &mut virtuals, &mut posts)).collect();
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("queryType", json!(kind.name()));
    put("dataSource", place.source);
    if !virtuals.is_empty() && kind == Kind::Top {
        put("virtualColumns", json!(virtuals));
    }
    if let (Kind::Top, Some(key), Some((metric, descending))) = (kind, keys.first(), shape.order.first()) {
        put("dimension", key.clone());
        put("metric", by_metric(metric, *descending));
        put("threshold", json!(shape.limit));
    }
    put("intervals", place.intervals);
    let descends = kind == Kind::Series && shape.order.first().is_some_and(|(_, descending)| *descending);
    if descends {
        put("descending", json!(true));
    }
    if !virtuals.is_empty() && kind != Kind::Top {
        put("virtualColumns", json!(virtuals));
    }
    if let Some(filter) = place.filter {
        put("filter", filter);
    }
    let bucket = dimensions.first().filter(|_| kind == Kind::Series);
    put("granularity", bucket.map_or_else(|| json!({"type": "all"}), |d| granularity(&d.field)));
    if kind == Kind::Groups {
        put("dimensions", json!(keys));
    }
    if !aggregations.is_empty() || kind != Kind::Groups {
        put("aggregations", json!(aggregations));
    }
    posts.extend(shape.posts.iter().map(post));
    if !posts.is_empty() {
        put("postAggregations", json!(posts));
    }
    if kind == Kind::Groups {
        if let Some(having) = &shape.having {
            put("having", json!({"type": "filter", "filter": having, "finalize": true}));
        }
        put("limitSpec", limit_spec(shape, dimensions, aggregators));
        if let Some(sets) = &shape.subtotals {
            put("subtotalsSpec", json!(sets));
        }
    }
    if let (Kind::Series, Some(limit)) = (kind, shape.limit) {
        put("limit", json!(limit));
    }
    if let Some(bucket) = bucket {
        context.insert("skipEmptyBuckets".to_owned(), json!(true));
        context.insert("timestampResultField".to_owned(), json!(bucket.name));
    }
    put("context", sorted(context));
    Value::Object(json)
}

/// The order of a topN.
fn by_metric(metric: &str, descending: bool) -> Value {
    let numeric = json!({"type": "numeric", "metric": metric});
    if descending { numeric } else { json!({"type": "inverted", "metric": numeric}) }
}

/// What is computed of a group.
fn post((name, expression, output): &(String, String, NativeType)) -> Value {
    json!({"type": "expression", "name": name, "expression": expression, "outputType": output.druid_name()})
}

/// The query for the first or last time alone, where the context allows it.
fn boundary(
    place: &Place,
    dimensions: &[Dimension],
    aggregators: &[Aggregator],
    context: &Map<String, Value>,
) -> Option<Value> {
    let allowed = context.get("enableTimeBoundaryPlanning") == Some(&Value::Bool(true));
    let ([], [Aggregator { name, function, filter: None }]) = (dimensions, aggregators) else { return None };
    let (bound, key, field) = match function {
        Function::Max(_, field) => ("maxTime", "maxTimeArrayOutputName", field),
        Function::Min(_, field) => ("minTime", "minTimeArrayOutputName", field),
        _ => return None,
    };
    let is_time = matches!(field, Field::Column(column) if column == TIME_COLUMN);
    if !allowed || !is_time || place.source["type"] != "table" {
        return None;
    }
    let mut context = context.clone();
    context.insert(key.to_owned(), json!(name));
    let mut json = json!({"queryType": "timeBoundary", "dataSource": place.source, "intervals": place.intervals,
        "bound": bound});
    if let Some(filter) = &place.filter {
        json["filter"] = filter.clone();
    }
    json["context"] = sorted(context);
    json["granularity"] = json!({"type": "all"});
    Some(json)
}

/// In the order of keys, as Druid writes contexts.
pub(super) fn sorted(context: Map<String, Value>) -> Value {
    let ordered: std::collections::BTreeMap<String, Value> = context.into_iter().collect();
    Value::Object(ordered.into_iter().collect())
}

/// The type of a query over groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Series,
    Top,
    Groups,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Series => "timeseries",
            Self::Top => "topN",
            Self::Groups => "groupBy",
        }
    }
}

fn limit_spec(shape: &Shape, dimensions: &[Dimension], aggregators: &[Aggregator]) -> Value {
    if shape.order.is_empty() && shape.limit.is_none() && shape.offset == 0 {
        return json!({"type": "NoopLimitSpec"});
    }
    let is_text = |name: &str| {
        let key = dimensions.iter().find(|d| d.name == name).map(|d| d.output == NativeType::String);
        key.unwrap_or_else(|| !aggregators.iter().any(|a| a.name == name))
    };
    let column = |(name, descending): &(String, bool)| {
        json!({"dimension": name, "direction": if *descending { "descending" } else { "ascending" },
            "dimensionOrder": {"type": if is_text(name) { "lexicographic" } else { "numeric" }}})
    };
    let columns: Vec<Value> = shape.order.iter().map(column).collect();
    let mut spec = json!({"type": "default", "columns": columns});
    if shape.offset > 0 {
        spec["offset"] = json!(shape.offset);
    }
    if let Some(limit) = shape.limit {
        spec["limit"] = json!(limit);
    }
    spec
}

/// The buckets of a field; usual ones in UTC have names.
fn granularity(field: &Field) -> Value {
    let Field::TimeFloor { period, zone } = field else { return json!({"type": "all"}) };
    let names = [
        ("PT1S", "SECOND"),
        ("PT1M", "MINUTE"),
        ("PT1H", "HOUR"),
        ("P1D", "DAY"),
        ("P1W", "WEEK"),
        ("P1M", "MONTH"),
        ("P3M", "QUARTER"),
        ("P1Y", "YEAR"),
    ];
    match names.iter().find(|(known, _)| known == period) {
        Some((_, name)) if zone == "UTC" => json!(name),
        _ => json!({"type": "period", "period": period, "timeZone": zone, "origin": null}),
    }
}
