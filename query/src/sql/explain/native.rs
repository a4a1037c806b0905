//! What is segment work in Druid's native language?

use alluvium_segments::TIME_COLUMN;
use alluvium_segments::catalog::lookup_of_table;
use datafusion::arrow::datatypes::{DataType, Schema};
use serde_json::{Map, Value, json};

use super::outline::Shape;
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
#[derive(Debug, Default)]
pub(super) struct Above {
    pub(super) shape: Shape,
    /// The columns that are shown, for a scan.
    pub(super) columns: Vec<String>,
    pub(super) context: Map<String, Value>,
}

/// The query as Druid's native language has it, with nothing above it.
pub(crate) fn native_json(query: &SegmentQuery, table: &DatasourceTable) -> Value {
    let columns = match &query.work {
        Work::Rows { columns, .. } => columns.clone(),
        Work::Groups { .. } => Vec::new(),
    };
    let above = Above { shape: Shape::default(), columns, context: Map::new() };
    native(query, table.arrow_schema(), above)
}

/// The query as Druid's native language has it.
pub(super) fn native(query: &SegmentQuery, table: &Schema, above: Above) -> Value {
    let Restriction { intervals, filter } = &query.rows;
    let intervals: Vec<String> = intervals.iter().map(ToString::to_string).collect();
    let place = json!({"type": "intervals", "intervals": intervals});
    let filter = filter.as_ref().and_then(|filter| shown_filter(filter, table));
    let source = match query.datasources.as_slice() {
        [one] => data_source(one),
        many => json!({"type": "union", "dataSources": many}),
    };
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

/// A table as a data source.
fn data_source(table: &str) -> Value {
    match lookup_of_table(table) {
        Some(lookup) => json!({"type": "lookup", "lookup": lookup}),
        None => json!({"type": "table", "name": table}),
    }
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
    above: Above,
) -> Value {
    let (descending, offset, limit) = order;
    let Shape { offset: skipped, limit: wanted, .. } = above.shape;
    let descending = descending.or_else(|| above.shape.order.first().map(|(_, descending)| *descending));
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("queryType", json!("scan"));
    put("dataSource", place.source);
    put("intervals", place.intervals);
    if !computed.is_empty() {
        let column = |column: &ComputedColumn| {
            json!({"type": "expression", "name": column.name, "expression": column.expression,
                "outputType": column.output.druid_name()})
        };
        put("virtualColumns", computed.iter().map(column).collect());
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

fn groups(place: Place, dimensions: &[Dimension], aggregators: &[Aggregator], above: Above) -> Value {
    let Above { shape, mut context, .. } = above;
    let kind = shape.kind(dimensions);
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
        let numeric = json!({"type": "numeric", "metric": metric});
        let inverted = || json!({"type": "inverted", "metric": numeric});
        put("dimension", key.clone());
        put("metric", if *descending { numeric.clone() } else { inverted() });
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
    if !posts.is_empty() {
        put("postAggregations", json!(posts));
    }
    if kind == Kind::Groups {
        if let Some(having) = &shape.having {
            put("having", json!({"type": "filter", "filter": having, "finalize": true}));
        }
        put("limitSpec", limit_spec(&shape, dimensions, aggregators));
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

/// In the order of keys, as Druid writes contexts.
fn sorted(context: Map<String, Value>) -> Value {
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

/// A filter as Druid plans it; `None` where intervals say all of it.
fn shown_filter(filter: &Value, table: &Schema) -> Option<Value> {
    let inner = |f: &Value| shown_filter(f, table);
    match filter["type"].as_str()? {
        "and" => {
            let mut fields: Vec<Value> = filter["fields"].as_array()?.iter().filter_map(inner).collect();
            match fields.len() {
                0 => None,
                1 => fields.pop(),
                _ => Some(json!({"type": "and", "fields": fields})),
            }
        }
        "range" | "equals" if filter["column"] == TIME_COLUMN => None,
        "or" => {
            let fields = filter["fields"].as_array()?.iter();
            let fields: Vec<Value> = fields.map(|f| inner(f).unwrap_or_else(|| f.clone())).collect();
            Some(json!({"type": "or", "fields": fields}))
        }
        "not" => {
            let field = &filter["field"];
            Some(json!({"type": "not", "field": inner(field).unwrap_or_else(|| field.clone())}))
        }
        "like" => {
            let escape = filter.get("escape").cloned().unwrap_or_default();
            Some(json!({"type": "like", "dimension": filter["dimension"], "pattern": filter["pattern"],
                "escape": escape, "extractionFn": null}))
        }
        "in" => Some(in_type(filter, table)),
        // Several of these are met by any values of a row; that is how it runs, not how it is shown.
        "selector" if filter.get("extractionFn").is_none() => {
            Some(json!({"type": "equals", "column": filter["dimension"], "matchValueType": "STRING",
                "matchValue": filter["value"]}))
        }
        _ => Some(filter.clone()),
    }
}

/// `in` over texts as the filter that knows the type of its column.
fn in_type(filter: &Value, table: &Schema) -> Value {
    let field = filter["dimension"].as_str().and_then(|name| table.field_with_name(name).ok());
    let kind = field.and_then(|f| native_type(f.data_type())).unwrap_or(NativeType::String);
    let texts = filter["values"].as_array().cloned().unwrap_or_default();
    let mut texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
    let values: Vec<Value> = if kind == NativeType::Long {
        let mut longs: Vec<i64> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        longs.sort_unstable();
        longs.into_iter().map(Value::from).collect()
    } else {
        texts.sort_unstable_by(|a, b| alluvium_expression::compare_text(a, b));
        texts.into_iter().map(Value::from).collect()
    };
    json!({"type": "inType", "column": filter["dimension"], "matchValueType": kind.druid_name(),
        "sortedValues": values})
}

/// An aggregate of texts with its limit.
fn sized(mut aggregation: Value, output: NativeType, max_bytes: Option<u32>) -> Value {
    if output == NativeType::String {
        aggregation["maxStringBytes"] = json!(max_bytes.unwrap_or(1024));
    }
    aggregation
}

/// The name of a field; an expression becomes a virtual column.
fn field_name(field: &Field, output: NativeType, virtuals: &mut Vec<Value>) -> String {
    if let Field::Column(name) = field {
        return name.clone();
    }
    let name = format!("v{}", virtuals.len());
    virtuals.push(json!({"type": "expression", "name": name, "expression": field.text(),
        "outputType": output.druid_name()}));
    name
}

fn dimension(dimension: &Dimension, virtuals: &mut Vec<Value>) -> Value {
    let from = field_name(&dimension.field, dimension.output, virtuals);
    json!({"type": "default", "dimension": from, "outputName": dimension.name,
        "outputType": dimension.output.druid_name()})
}

/// An aggregate; a mean is two, and a post-aggregator.
fn aggregation(aggregator: &Aggregator, virtuals: &mut Vec<Value>, posts: &mut Vec<Value>) -> Vec<Value> {
    let Function::Mean(field) = &aggregator.function else {
        return vec![simple_aggregation(aggregator, virtuals)];
    };
    let name = &aggregator.name;
    let part = |part: &str, function: Function| Aggregator {
        name: format!("{name}:{part}"),
        function,
        filter: aggregator.filter.clone(),
    };
    let sum = part("sum", Function::Sum(NativeType::Double, field.clone()));
    let count = part("count", Function::CountNonNull(field.clone()));
    let fields: Vec<Value> =
        [&sum, &count].map(|a| json!({"type": "fieldAccess", "fieldName": a.name})).to_vec();
    posts.push(json!({"type": "arithmetic", "name": name, "fn": "quotient", "fields": fields}));
    vec![simple_aggregation(&sum, virtuals), simple_aggregation(&count, virtuals)]
}

fn simple_aggregation(aggregator: &Aggregator, virtuals: &mut Vec<Value>) -> Value {
    let name = &aggregator.name;
    let simple = |kind: &str, output: NativeType, field: &Field| {
        let kind = format!("{}{kind}", output.druid_name().to_ascii_lowercase());
        match field {
            Field::Column(column) => json!({"type": kind, "name": name, "fieldName": column}),
            other => json!({"type": kind, "name": name, "expression": other.text()}),
        }
    };
    let count = || json!({"type": "count", "name": name});
    let not_null = |field: &Field| {
        let expression = format!("notnull({})", field.text());
        match field {
            Field::Column(c) => json!({"type": "not", "field": {"type": "null", "column": c}}),
            _ => json!({"type": "expression", "expression": expression}),
        }
    };
    let native = match &aggregator.function {
        Function::Count => count(),
        Function::CountNonNull(field) => {
            json!({"type": "filtered", "aggregator": count(), "filter": not_null(field), "name": name})
        }
        Function::Sum(kind, field) => simple("Sum", *kind, field),
        Function::Min(kind, field) => simple("Min", *kind, field),
        Function::Max(kind, field) => simple("Max", *kind, field),
        Function::Mean(field) => {
            let from = field_name(field, NativeType::Double, virtuals);
            json!({"type": "doubleMean", "name": name, "fieldName": from})
        }
        Function::First { .. } | Function::Last { .. } | Function::Any { .. } => {
            return filtered(aggregator, picked(aggregator, virtuals));
        }
        Function::Distinct(field, output) => {
            let from = field_name(field, *output, virtuals);
            let field = json!({"type": "default", "dimension": from, "outputName": from,
                "outputType": output.druid_name()});
            json!({"type": "cardinality", "name": name, "fields": [field], "byRow": false, "round": true})
        }
        Function::Summary { recipe, field, output, rest } => {
            let from = field_name(field, *output, virtuals);
            let mut json = recipe.aggregator_json(name, &from);
            if !rest.is_empty() {
                let names = rest.iter().map(|field| field_name(field, NativeType::Double, virtuals));
                json.insert("metricColumns".to_owned(), names.collect::<Vec<_>>().into());
            }
            Value::Object(json)
        }
        Function::ExactDistinct(field, output) => {
            let from = field_name(field, *output, virtuals);
            json!({"type": "distinctCount", "name": name, "fieldName": from})
        }
        Function::Quantile(field, _) => {
            let from = field_name(field, NativeType::Double, virtuals);
            json!({"type": "quantilesDoublesSketch", "name": name, "fieldName": from})
        }
    };
    filtered(aggregator, native)
}

/// An aggregate of the rows that its filter passes.
fn filtered(aggregator: &Aggregator, native: Value) -> Value {
    match &aggregator.filter {
        Some(filter) => {
            json!({"type": "filtered", "aggregator": native, "filter": filter, "name": aggregator.name})
        }
        None => native,
    }
}

/// The first, last or any value.
fn picked(aggregator: &Aggregator, virtuals: &mut Vec<Value>) -> Value {
    let name = &aggregator.name;
    let mut timed = |kind: &str, output: NativeType, field: &Field, time: &str| {
        let from = field_name(field, output, virtuals);
        let kind = format!("{}{kind}", output.druid_name().to_ascii_lowercase());
        let time = if time.is_empty() { TIME_COLUMN } else { time };
        json!({"type": kind, "name": name, "fieldName": from, "timeColumn": time})
    };
    match &aggregator.function {
        Function::First { output, field, time, max_bytes } => {
            sized(timed("First", *output, field, time), *output, *max_bytes)
        }
        Function::Last { output, field, time, max_bytes } => {
            sized(timed("Last", *output, field, time), *output, *max_bytes)
        }
        Function::Any { output, field, max_bytes } => {
            let mut any = timed("Any", *output, field, TIME_COLUMN);
            if let Some(any) = any.as_object_mut() {
                any.remove("timeColumn");
            }
            let mut any = sized(any, *output, *max_bytes);
            if *output == NativeType::String {
                any["aggregateMultipleValues"] = json!(true);
            }
            any
        }
        _ => Value::Null,
    }
}
