//! What should a query answer? Row by row, with maps, in no hurry.

use std::collections::BTreeMap;

use alluvium_expression::{Filter, matches};
use serde_json::{Value as Json, json};

use crate::data::Row;

/// Groups by bucket and keys: each key as Druid prints it.
pub(crate) type Groups<'r> = BTreeMap<(i64, Vec<Option<String>>), Vec<&'r Row>>;

/// Whether a row passes a filter in JSON.
pub(crate) fn passes(row: &Row, filter: &Json) -> bool {
    filter.is_null() || matches(&Filter::from_json(filter).unwrap(), row).unwrap() == Some(true)
}

/// The values of a dimension: one group each.
fn values(row: &Row, dimension: &str) -> Vec<Option<String>> {
    match dimension {
        "s" => vec![row.s.clone()],
        "m" if row.m.is_empty() => vec![None],
        "m" => row.m.clone(),
        "l" => vec![row.l.map(|l| l.to_string())],
        other => panic!("no dimension {other}"),
    }
}

/// Groups rows.
pub(crate) fn group<'r>(rows: &[&'r Row], dimensions: &[&str], bucket_ms: Option<i64>) -> Groups<'r> {
    let mut groups = Groups::new();
    for row in rows {
        let bucket = bucket_ms.map_or(0, |ms| row.t - row.t.rem_euclid(ms));
        let mut keys: Vec<Vec<Option<String>>> = vec![Vec::new()];
        for dimension in dimensions {
            let values = values(row, dimension);
            let longer = |key: &Vec<Option<String>>| {
                values.iter().map(|v| key.iter().cloned().chain([v.clone()]).collect()).collect::<Vec<_>>()
            };
            keys = keys.iter().flat_map(longer).collect();
        }
        for key in keys {
            groups.entry((bucket, key)).or_default().push(row);
        }
    }
    groups
}

/// The aggregates of a group, as `AGGREGATIONS` asks for them.
pub(crate) fn aggregate(rows: &[&Row], filter: &Json) -> Json {
    let longs = || rows.iter().filter_map(|r| r.l);
    let doubles = || rows.iter().filter_map(|r| r.d);
    let first = rows.iter().min_by_key(|r| (r.t, r.id));
    let last = rows.iter().max_by_key(|r| (r.t, r.id));
    json!({
        "n": rows.len(),
        "sum": longs().reduce(i64::wrapping_add),
        "dsum": doubles().reduce(|a, b| a + b),
        "min": longs().min(),
        "dmax": doubles().reduce(f64::max),
        "fmax": rows.iter().filter_map(|r| r.f).reduce(f32::max).map(f64::from),
        "some": rows.iter().filter(|r| passes(r, filter)).count(),
        "somesum": rows.iter().filter(|r| passes(r, filter)).filter_map(|r| r.l).reduce(i64::wrapping_add),
        "firstt": first.map(|r| r.t),
        "lastt": last.map(|r| r.t),
        // Of nothing it is 0.
        "mean": (doubles().sum::<f64>() + 0.0) / doubles().count().max(1) as f64,
    })
}

/// What `aggregate` computes, as a query writes it.
pub(crate) fn aggregations(filter: &Json) -> Json {
    let filter = if filter.is_null() { json!({"type": "true"}) } else { filter.clone() };
    json!([
        {"type": "count", "name": "n"},
        {"type": "longSum", "name": "sum", "fieldName": "l"},
        {"type": "doubleSum", "name": "dsum", "fieldName": "d"},
        {"type": "longMin", "name": "min", "fieldName": "l"},
        {"type": "doubleMax", "name": "dmax", "fieldName": "d"},
        {"type": "floatMax", "name": "fmax", "fieldName": "f"},
        {"type": "filtered", "filter": filter, "aggregator": {"type": "count", "name": "some"}},
        {"type": "filtered", "filter": filter, "aggregator": {"type": "longSum", "name": "somesum", "fieldName": "l"}},
        {"type": "longFirst", "name": "firstt", "fieldName": "__time"},
        {"type": "longLast", "name": "lastt", "fieldName": "__time"},
        {"type": "doubleMean", "name": "mean", "fieldName": "d"},
    ])
}

/// Whether two JSON values are equal, numbers by value.
pub(crate) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            x == y || (x - y).abs() <= 1e-9 * x.abs().max(y.abs())
        }
        (Json::Array(x), Json::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        (a, b) => a == b,
    }
}
