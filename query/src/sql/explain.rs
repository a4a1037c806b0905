//! What does EXPLAIN PLAN FOR show? The native query where segment operators answer everything, the tree of
//! operators where they do not.

use std::sync::Arc;

use alluvium_segments::TIME_COLUMN;
use alluvium_segments::catalog::lookup_of_table;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, LogicalPlan};
use serde_json::{Map, Value, json};

use super::metadata::sql_type;
use super::node::{SegmentNode, Shown};
use super::table::DatasourceTable;
use super::translate::{Aggregator, Dimension, Field, Function, NativeType, Restriction, SegmentQuery, Work};

/// Columns of the answer.
pub(crate) fn schema() -> SchemaRef {
    let column = |name: &str| ArrowField::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![column("PLAN"), column("RESOURCES"), column("ATTRIBUTES")]))
}

/// The answer's one row.
pub(crate) fn row(plan: &LogicalPlan) -> Result<RecordBatch> {
    let shown = match whole(plan) {
        Some(native) => native.to_string(),
        None => plan.display_indent().to_string(),
    };
    let mut names = Vec::new();
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source)?;
                names.extend(DatasourceTable::of(&provider).iter().flat_map(|t| t.names().to_vec()));
            }
            LogicalPlan::Extension(extension) => {
                let ours = extension.node.as_any().downcast_ref::<SegmentNode>();
                names.extend(ours.iter().flat_map(|n| n.table.names().to_vec()));
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    names.retain(|name| lookup_of_table(name).is_none());
    names.sort();
    names.dedup();
    let resources: Vec<Value> = names.iter().map(|n| json!({"name": n, "type": "DATASOURCE"})).collect();
    let attributes = json!({"statementType": "SELECT"});
    let cell = |text: String| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let cells = vec![cell(shown), cell(Value::from(resources).to_string()), cell(attributes.to_string())];
    Ok(RecordBatch::try_new(schema(), cells)?)
}

/// The native query, when nothing but renaming stands above one segment operator.
fn whole(plan: &LogicalPlan) -> Option<Value> {
    let (node, columns) = node_and_columns(plan)?;
    let [part] = node.parts.as_slice() else { return None };
    let names = result_names(&part.query);
    let mut signature = Vec::new();
    let mut mappings = Vec::new();
    for (field, at) in plan.schema().fields().iter().zip(columns) {
        let Shown::Result(result) = part.shown.get(at)? else { return None };
        let query_column = names.get(*result)?;
        signature.push(json!({"name": query_column, "type": native_name(field.data_type())}));
        mappings.push(json!({"queryColumn": query_column, "outputColumn": field.name()}));
    }
    let query = native_json(&part.query);
    Some(json!([{"query": query, "signature": signature, "columnMappings": mappings}]))
}

fn node_and_columns(plan: &LogicalPlan) -> Option<(&SegmentNode, Vec<usize>)> {
    match plan {
        LogicalPlan::Extension(extension) => {
            let node = extension.node.as_any().downcast_ref::<SegmentNode>()?;
            Some((node, (0..plan.schema().fields().len()).collect()))
        }
        LogicalPlan::SubqueryAlias(alias) => node_and_columns(&alias.input),
        LogicalPlan::Projection(projection) => {
            let (node, below) = node_and_columns(&projection.input)?;
            let schema = projection.input.schema();
            let at = |e: &Expr| match e.clone().unalias_nested().data {
                Expr::Column(column) => below.get(schema.maybe_index_of_column(&column)?).copied(),
                _ => None,
            };
            Some((node, projection.expr.iter().map(at).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn result_names(query: &SegmentQuery) -> Vec<String> {
    match &query.work {
        Work::Groups { dimensions, aggregators } => {
            let keys = dimensions.iter().map(|d| d.name.clone());
            keys.chain(aggregators.iter().map(|a| a.name.clone())).collect()
        }
        Work::Rows { columns, .. } => columns.clone(),
    }
}

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

/// A table as a data source.
fn data_source(table: &str) -> Value {
    match lookup_of_table(table) {
        Some(lookup) => json!({"type": "lookup", "lookup": lookup}),
        None => json!({"type": "table", "name": table}),
    }
}

/// The query as Druid's native language has it.
pub(crate) fn native_json(query: &SegmentQuery) -> Value {
    let mut virtuals = Vec::new();
    let mut json = Map::new();
    let source = match query.datasources.as_slice() {
        [one] => data_source(one),
        many => json!({"type": "union", "dataSources": many}),
    };
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    let Restriction { intervals, filter } = &query.rows;
    let intervals: Vec<String> = intervals.iter().map(ToString::to_string).collect();
    let place = json!({"type": "intervals", "intervals": intervals});
    match &query.work {
        Work::Groups { dimensions, aggregators } => {
            let aggregations: Vec<Value> =
                aggregators.iter().map(|a| aggregation(a, &mut virtuals)).collect();
            let granularity = match dimensions.as_slice() {
                [] => Some(json!({"type": "all"})),
                [Dimension { field: Field::TimeFloor { period, zone }, .. }] => {
                    Some(json!({"type": "period", "period": period, "timeZone": zone}))
                }
                _ => None,
            };
            let series = granularity.is_some();
            let keys: Vec<Value> = dimensions.iter().map(|d| dimension(d, &mut virtuals)).collect();
            put("queryType", json!(if series { "timeseries" } else { "groupBy" }));
            put("dataSource", source.clone());
            put("intervals", place);
            put("virtualColumns", if series && !dimensions.is_empty() { json!([]) } else { json!(virtuals) });
            put("filter", json!(filter));
            put("granularity", granularity.unwrap_or_else(|| json!({"type": "all"})));
            if !series {
                put("dimensions", json!(keys));
            }
            put("aggregations", json!(aggregations));
            if let ([only], true) = (dimensions.as_slice(), series) {
                let context = json!({"skipEmptyBuckets": true, "timestampResultField": only.name});
                put("context", context);
            }
        }
        Work::Rows { columns, computed, descending, offset, limit } => {
            put("queryType", json!("scan"));
            put("dataSource", source.clone());
            put("intervals", place);
            put("resultFormat", json!("compactedList"));
            if *offset > 0 {
                put("offset", json!(offset));
            }
            if let Some(limit) = limit {
                put("limit", json!(limit));
            }
            if let Some(descending) = descending {
                put("order", json!(if *descending { "descending" } else { "ascending" }));
            }
            put("filter", json!(filter));
            put("columns", json!(columns));
            let computed = computed.iter().map(|column| {
                json!({"type": "expression", "name": column.name, "expression": column.expression,
                    "outputType": column.output.druid_name()})
            });
            put("virtualColumns", computed.collect());
        }
    }
    Value::Object(json)
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

fn aggregation(aggregator: &Aggregator, virtuals: &mut Vec<Value>) -> Value {
    let name = &aggregator.name;
    let simple = |kind: &str, output: NativeType, field: &Field| {
        let kind = format!("{}{kind}", output.druid_name().to_ascii_lowercase());
        match field {
            Field::Column(column) => json!({"type": kind, "name": name, "fieldName": column}),
            other => json!({"type": kind, "name": name, "expression": other.text()}),
        }
    };
    let mut timed = |kind: &str, output: NativeType, field: &Field, time: &str| {
        let from = field_name(field, output, virtuals);
        let kind = format!("{}{kind}", output.druid_name().to_ascii_lowercase());
        let time = if time.is_empty() { TIME_COLUMN } else { time };
        json!({"type": kind, "name": name, "fieldName": from, "timeColumn": time})
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
        Function::First { output, field, time, .. } => timed("First", *output, field, time),
        Function::Last { output, field, time, .. } => timed("Last", *output, field, time),
        Function::Any { output, field, .. } => timed("Any", *output, field, TIME_COLUMN),
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
    match &aggregator.filter {
        Some(filter) => json!({"type": "filtered", "aggregator": native, "filter": filter, "name": name}),
        None => native,
    }
}
