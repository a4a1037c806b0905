//! Which datasources can be asked, with which columns, and where do their segments lie
//! (`/druid/v2/datasources`)?

use std::sync::Arc;

use alluvium_segments::catalog::Datasource;
use alluvium_segments::time::Interval;
use alluvium_segments::{Role, SegmentRef};
use serde_json::{Map, Value, json};

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

/// `["a","b"]`: datasources with at least one segment that can be asked.
pub(crate) fn names(node: &Node, _request: &Request) -> Outcome {
    let snapshot = node.catalog().snapshot();
    let served = |d: &Datasource| !(d.sealed.is_empty() && d.live.is_empty());
    let names: Vec<&String> =
        snapshot.datasources.iter().filter(|(_, d)| served(d)).map(|(name, _)| name).collect();
    Ok(Reply::json(&names))
}

/// `{"dimensions":[..],"metrics":[..]}`, over an interval when one is given; by interval with `?full`.
pub(crate) fn columns(node: &Node, request: &Request) -> Outcome {
    let segments = wanted(node, request)?;
    if !request.flag("full") {
        return Ok(Reply::json(&columns_of(segments.iter())));
    }
    let mut by_interval = Map::new();
    let mut intervals: Vec<Interval> = segments.iter().map(|s| s.visible).collect();
    intervals.sort_unstable();
    intervals.dedup();
    for interval in intervals {
        let inside = segments.iter().filter(|s| s.visible == interval);
        by_interval.insert(interval.to_string(), columns_of(inside));
    }
    Ok(Reply::json(&by_interval))
}

/// The names of dimensions.
pub(crate) fn dimensions(node: &Node, request: &Request) -> Outcome {
    let columns = columns_of(wanted(node, request)?.iter());
    Ok(Reply::json(&columns["dimensions"]))
}

/// The names of metrics.
pub(crate) fn metrics(node: &Node, request: &Request) -> Outcome {
    let columns = columns_of(wanted(node, request)?.iter());
    Ok(Reply::json(&columns["metrics"]))
}

/// Which segments a query over `?intervals=a/b,c/d` would read, and from where: from here.
pub(crate) fn candidates(node: &Node, request: &Request) -> Outcome {
    Ok(Reply::json(&located(node, &wanted(node, request)?)))
}

/// The same for the native query that is posted.
pub(crate) fn query_candidates(node: &Node, request: &Request) -> Outcome {
    let body: Value = request.json()?;
    let mut query = &body;
    let mut names = Vec::new();
    // The innermost query reads segments.
    while let Some(inner) = query["dataSource"].get("query") {
        query = inner;
    }
    tables(&query["dataSource"], &mut names);
    if names.is_empty() {
        return Err(Refusal::invalid(
            "`dataSource` must name a table, a union of tables or a query over them",
        ));
    }
    let mut intervals = Vec::new();
    match &query["intervals"] {
        Value::Null => intervals.push(Interval::ETERNITY),
        given => read_intervals(given, &mut intervals)?,
    }
    let snapshot = node.catalog().snapshot();
    let found: Vec<SegmentRef> = names
        .iter()
        .filter_map(|name| snapshot.datasource(name))
        .flat_map(|datasource| datasource.select(&intervals))
        .collect();
    let found = located(node, &found);
    match serde_json::to_vec_pretty(&found) {
        Ok(text) if request.flag("pretty") => Ok(Reply::bytes("application/json", text)),
        _ => Ok(Reply::json(&found)),
    }
}

/// The names of the tables of a data source.
fn tables<'j>(json: &'j Value, names: &mut Vec<&'j str>) {
    match json {
        Value::String(name) => names.push(name),
        Value::Array(list) => list.iter().for_each(|one| tables(one, names)),
        Value::Object(fields) => {
            let inner =
                ["name", "dataSources", "base", "left", "right"].iter().filter_map(|key| fields.get(*key));
            let lookup = fields.get("type").is_some_and(|kind| kind == "lookup" || kind == "inline");
            inner.filter(|_| !lookup).for_each(|one| tables(one, names));
        }
        _ => {}
    }
}

fn read_intervals(json: &Value, found: &mut Vec<Interval>) -> Result<(), Refusal> {
    match json {
        Value::Array(list) => list.iter().try_for_each(|one| read_intervals(one, found)),
        Value::Object(fields) => fields.get("intervals").map_or(Ok(()), |list| read_intervals(list, found)),
        Value::String(text) => {
            found.push(text.parse::<Interval>().map_err(|e| Refusal::invalid(e.to_string()))?);
            Ok(())
        }
        other => Err(Refusal::invalid(format!("`intervals` has {other}, which is no interval"))),
    }
}

fn located(node: &Node, segments: &[SegmentRef]) -> Vec<Value> {
    let address = node.address().to_string();
    let location = json!({
        "name": address, "host": address, "hostAndTlsPort": null, "maxSize": 0,
        "type": "historical", "tier": "_default_tier", "priority": 0,
    });
    let candidate = |s: &SegmentRef| {
        let id = s.segment.id();
        json!({
            "interval": s.visible, "version": id.version, "partitionNumber": id.partition,
            "size": s.segment.size_bytes(), "locations": [location],
        })
    };
    segments.iter().map(candidate).collect()
}

fn wanted(node: &Node, request: &Request) -> Result<Vec<SegmentRef>, Refusal> {
    let given = request.query("intervals").or_else(|| request.query("interval"));
    let intervals = match given {
        None => vec![Interval::ETERNITY],
        Some(text) => text
            .split(',')
            .map(|part| part.trim().replace('_', "/").parse::<Interval>())
            .collect::<Result<_, _>>()
            .map_err(|e| Refusal::invalid(e.to_string()))?,
    };
    let snapshot = node.catalog().snapshot();
    let datasource: Option<&Arc<Datasource>> = snapshot.datasource(request.param(0));
    Ok(datasource.map_or_else(Vec::new, |d| d.select(&intervals)))
}

fn columns_of<'s>(segments: impl Iterator<Item = &'s SegmentRef>) -> Value {
    let (mut dimensions, mut metrics): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for segment in segments {
        for column in &segment.segment.schema().columns {
            let list = match column.role {
                Role::Dimension(_) => &mut dimensions,
                Role::Metric { .. } => &mut metrics,
            };
            if !list.contains(&column.name.as_str()) {
                list.push(&column.name);
            }
        }
    }
    json!({ "dimensions": dimensions, "metrics": metrics })
}
