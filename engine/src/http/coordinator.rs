//! What is published, how big is it, and is all of it loaded (`/druid/coordinator/v1`)?

use std::collections::BTreeMap;

use alluvium_segments::catalog::{Datasource, SegmentRecord};
use alluvium_segments::time::{Interval, format_iso};
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;
use crate::system_tables::shard_spec;

/// The one tier there is.
const TIER: &str = "_default_tier";

/// A published segment as Druid writes it.
pub(crate) fn data_segment(record: &SegmentRecord) -> Value {
    let names = |metrics: bool| {
        let chosen = record.schema.columns.iter().filter(|c| c.is_metric() == metrics);
        chosen.map(|c| c.name.as_str()).collect::<Vec<_>>().join(",")
    };
    json!({
        "dataSource": record.id.datasource,
        "interval": record.id.interval,
        "version": record.id.version,
        "loadSpec": { "type": "local", "path": record.location },
        "dimensions": names(false),
        "metrics": names(true),
        "shardSpec": shard_spec(record.id.partition, record.core_partitions),
        "lastCompactionState": null,
        "binaryVersion": 9,
        "size": record.size_bytes,
        "totalRows": record.rows,
        "identifier": record.id.to_string(),
    })
}

/// `/datasources`: names; `?simple` with sizes, `?full` with segments.
pub(crate) fn datasources(node: &Node, request: &Request) -> Outcome {
    let records = by_datasource(node.metadata().segments(None)?);
    if request.flag("full") {
        let all: Vec<Value> = records.iter().map(|(name, list)| full(name, list)).collect();
        return Ok(Reply::json(&all));
    }
    if request.flag("simple") {
        let simple = |(name, list): (&String, &Vec<SegmentRecord>)| json!({ "name": name, "properties": properties(list) });
        return Ok(Reply::json(&records.iter().map(simple).collect::<Vec<_>>()));
    }
    Ok(Reply::json(&records.keys().collect::<Vec<_>>()))
}

/// `/datasources/{ds}`: sizes, or everything with `?full`.
pub(crate) fn datasource(node: &Node, request: &Request) -> Outcome {
    let records = published(node, request)?;
    let body = if request.flag("full") { full(request.param(0), &records) } else { properties(&records) };
    Ok(Reply::json(&body))
}

/// `/datasources/{ds}/intervals`: newest first; `?simple` with sizes, `?full` with segments.
pub(crate) fn intervals(node: &Node, request: &Request) -> Outcome {
    let records = published(node, request)?;
    let mut chunks: BTreeMap<Interval, Vec<SegmentRecord>> = BTreeMap::new();
    for record in records {
        chunks.entry(record.id.interval).or_default().push(record);
    }
    let newest_first = chunks.iter().rev();
    if request.flag("full") {
        let segments = |list: &[SegmentRecord]| -> Map<String, Value> {
            list.iter().map(|r| (r.id.to_string(), json!({ "metadata": data_segment(r) }))).collect()
        };
        let body: Map<String, Value> =
            newest_first.map(|(i, list)| (i.to_string(), Value::Object(segments(list)))).collect();
        return Ok(Reply::json(&body));
    }
    if request.flag("simple") {
        let sizes = |list: &[SegmentRecord]| json!({ "size": bytes(list), "count": list.len() });
        let body: Map<String, Value> = newest_first.map(|(i, list)| (i.to_string(), sizes(list))).collect();
        return Ok(Reply::json(&body));
    }
    Ok(Reply::json(&newest_first.map(|(i, _)| i.to_string()).collect::<Vec<_>>()))
}

/// `/datasources/{ds}/segments`: ids, or everything with `?full`.
pub(crate) fn segments(node: &Node, request: &Request) -> Outcome {
    let records = published(node, request)?;
    if request.flag("full") {
        return Ok(Reply::json(&records.iter().map(data_segment).collect::<Vec<_>>()));
    }
    Ok(Reply::json(&records.iter().map(|r| r.id.to_string()).collect::<Vec<_>>()))
}

/// `/datasources/{ds}/segments/{id}`.
pub(crate) fn segment(node: &Node, request: &Request) -> Outcome {
    let id = request.param(1);
    let records = published(node, request)?;
    let record = records.iter().find(|r| r.id.to_string() == id);
    let record = record.ok_or_else(|| Refusal::no_such_id(id))?;
    Ok(Reply::json(&json!({ "metadata": data_segment(record), "servers": [node.address().to_string()] })))
}

/// `/datasources/{ds}/tiers`.
pub(crate) fn tiers(node: &Node, request: &Request) -> Outcome {
    published(node, request)?;
    Ok(Reply::json(&[TIER]))
}

/// `/datasources/{ds}/loadstatus`: percent, or segments left with `?simple`.
pub(crate) fn datasource_loadstatus(node: &Node, request: &Request) -> Outcome {
    published(node, request)?;
    let snapshot = node.catalog().snapshot();
    let status = snapshot.datasource(request.param(0)).map_or(json!(100.0), |d| load(d, request));
    let mut body = Map::new();
    body.insert(request.param(0).to_owned(), status);
    Ok(Reply::json(&body))
}

/// `/loadstatus` of all datasources.
pub(crate) fn loadstatus(node: &Node, request: &Request) -> Outcome {
    let snapshot = node.catalog().snapshot();
    let each = snapshot.datasources.iter().filter(|(_, d)| !(d.sealed.is_empty() && d.broken.is_empty()));
    if request.flag("full") {
        let left: Map<String, Value> =
            each.map(|(name, d)| (name.clone(), Value::from(d.broken.len()))).collect();
        return Ok(Reply::json(&json!({ TIER: left })));
    }
    let body: Map<String, Value> = each.map(|(name, d)| (name.clone(), load(d, request))).collect();
    Ok(Reply::json(&body))
}

/// `/datasources/{ds}/handoffComplete?interval=&partitionNumber=&version=`: whether the segment is served sealed.
pub(crate) fn handoff_complete(node: &Node, request: &Request) -> Outcome {
    let need = |name: &str| {
        request.query(name).ok_or_else(|| Refusal::invalid(format!("query parameter `{name}` is missing")))
    };
    let interval: Interval = need("interval")?
        .replace('_', "/")
        .parse()
        .map_err(|e: alluvium_segments::time::TimeError| Refusal::invalid(e.to_string()))?;
    let partition: u32 = need("partitionNumber")?
        .parse()
        .map_err(|_| Refusal::invalid("query parameter `partitionNumber` is not a number"))?;
    let version = need("version")?;
    let snapshot = node.catalog().snapshot();
    let served = |d: &std::sync::Arc<Datasource>| {
        d.sealed
            .iter()
            .map(|s| s.segment.id())
            .any(|id| id.interval == interval && (id.version.as_str(), id.partition) >= (version, partition))
    };
    Ok(Reply::json(&snapshot.datasource(request.param(0)).is_some_and(served)))
}

/// `/metadata/datasources`: names, or everything with `?full`.
pub(crate) fn metadata_datasources(node: &Node, request: &Request) -> Outcome {
    if request.flag("includeUnused") {
        return Ok(Reply::json(&node.metadata().datasources()?));
    }
    let records = by_datasource(node.metadata().segments(None)?);
    if request.flag("full") {
        let all: Vec<Value> = records.iter().map(|(name, list)| full(name, list)).collect();
        return Ok(Reply::json(&all));
    }
    Ok(Reply::json(&records.keys().collect::<Vec<_>>()))
}

/// `/metadata/segments?datasources=`: every published segment.
pub(crate) fn metadata_segments(node: &Node, request: &Request) -> Outcome {
    let chosen: Vec<&str> =
        request.query.iter().filter(|(n, _)| n == "datasources").map(|(_, v)| v.as_str()).collect();
    let overshadowed = request.flag("includeOvershadowedStatus");
    let snapshot = node.catalog().snapshot();
    let visible = |record: &SegmentRecord| {
        snapshot.datasource(&record.id.datasource).is_some_and(|d| {
            d.sealed.iter().any(|s| s.segment.id() == &record.id)
                || d.broken.iter().any(|(id, _)| id == &record.id)
        })
    };
    let records = node.metadata().segments(None)?;
    let chosen = records.iter().filter(|r| chosen.is_empty() || chosen.contains(&r.id.datasource.as_str()));
    let body: Vec<Value> = chosen
        .map(|record| {
            let mut segment = data_segment(record);
            if let (true, Some(fields)) = (overshadowed, segment.as_object_mut()) {
                fields.insert("overshadowed".to_owned(), Value::from(!visible(record)));
            }
            segment
        })
        .collect();
    Ok(Reply::json(&body))
}

/// `/servers`: this node, in the role of a historical.
pub(crate) fn servers(node: &Node, request: &Request) -> Outcome {
    let address = node.address().to_string();
    if !request.flag("simple") && !request.flag("full") {
        return Ok(Reply::json(&[address]));
    }
    let size: u64 = node.metadata().segments(None)?.iter().map(|r| r.size_bytes).sum();
    Ok(Reply::json(&[json!({
        "host": address, "tier": TIER, "type": "historical", "priority": 0, "currSize": size, "maxSize": size,
    })]))
}

fn published(node: &Node, request: &Request) -> Result<Vec<SegmentRecord>, Refusal> {
    let records = node.metadata().segments(Some(request.param(0)))?;
    match records.is_empty() {
        true => Err(Refusal::status(
            StatusCode::NOT_FOUND,
            format!("datasource `{}` has no published segments", request.param(0)),
        )),
        false => Ok(records),
    }
}

fn by_datasource(records: Vec<SegmentRecord>) -> BTreeMap<String, Vec<SegmentRecord>> {
    let mut map: BTreeMap<String, Vec<SegmentRecord>> = BTreeMap::new();
    for record in records {
        map.entry(record.id.datasource.clone()).or_default().push(record);
    }
    map
}

fn bytes(records: &[SegmentRecord]) -> u64 {
    records.iter().map(|r| r.size_bytes).sum()
}

fn full(name: &str, records: &[SegmentRecord]) -> Value {
    let segments: Vec<Value> = records.iter().map(data_segment).collect();
    json!({ "name": name, "properties": {}, "segments": segments })
}

fn properties(records: &[SegmentRecord]) -> Value {
    let size = bytes(records);
    let first = records.iter().map(|r| r.id.interval.start).min().map(format_iso);
    let last = records.iter().map(|r| r.id.interval.end).max().map(format_iso);
    json!({
        "tiers": { TIER: { "size": size, "replicatedSize": size, "segmentCount": records.len() } },
        "segments": {
            "count": records.len(), "size": size, "replicatedSize": size, "minTime": first, "maxTime": last,
        },
    })
}

fn load(datasource: &Datasource, request: &Request) -> Value {
    let (served, broken) = (datasource.sealed.len(), datasource.broken.len());
    if request.flag("simple") {
        return Value::from(broken);
    }
    match served + broken {
        0 => json!(100.0),
        all => json!(served as f64 * 100.0 / all as f64),
    }
}
