//! How does an aggregate look in the native query that EXPLAIN shows?

use alluvium_segments::TIME_COLUMN;
use serde_json::{Value, json};

use super::virtuals::field_name;
use crate::sql::translate::{Aggregator, Field, Function, NativeType};

/// An aggregate; a mean is two, and a post-aggregator.
pub(super) fn aggregation(
    aggregator: &Aggregator,
    virtuals: &mut Vec<Value>,
    posts: &mut Vec<Value>,
) -> Vec<Value> {
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

/// An aggregate of texts with its limit.
fn sized(mut aggregation: Value, output: NativeType, max_bytes: Option<u32>) -> Value {
    if output == NativeType::String {
        aggregation["maxStringBytes"] = json!(max_bytes.unwrap_or(1024));
    }
    aggregation
}
