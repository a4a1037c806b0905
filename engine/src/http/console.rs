//! The one-page status view: a page without outside parts, and the one document it polls.

use alluvium_ingest::service::TaskFilter;
use alluvium_segments::catalog::Datasource;
use alluvium_segments::time::format_iso;
use serde_json::{Value, json};

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use super::supervisors;
use crate::node::Node;

const PAGE: &str = include_str!("../../console/index.html");

/// Tasks shown, newest first.
const TASKS_SHOWN: usize = 20;

/// Segments shown, newest time first.
const SEGMENTS_SHOWN: usize = 200;

/// The page.
pub(crate) fn page(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::bytes("text/html; charset=utf-8", PAGE))
}

/// `/status/overview`: what the page shows.
pub(crate) fn overview(node: &Node, _request: &Request) -> Outcome {
    let snapshot = node.catalog().snapshot();
    let datasources: Vec<Value> = snapshot.datasources.values().map(|d| datasource(d)).collect();
    let rows: u64 = datasources
        .iter()
        .map(|d| d["sealedRows"].as_u64().unwrap_or_default() + d["liveRows"].as_u64().unwrap_or_default())
        .sum();
    let mut segments: Vec<Value> = snapshot.datasources.values().flat_map(|d| segments(d)).collect();
    segments.sort_by(|a, b| b["id"].as_str().cmp(&a["id"].as_str()));
    segments.truncate(SEGMENTS_SHOWN);
    let newest = TaskFilter { max: Some(TASKS_SHOWN), ..TaskFilter::default() };
    Ok(Reply::json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeMs": u64::try_from(node.uptime().as_millis()).unwrap_or(u64::MAX),
        "queries": node.queries().counters().queries(),
        "rows": rows,
        "datasources": datasources,
        "supervisors": supervisors::overview(node),
        "tasks": node.ingest().tasks(&newest)?,
        "segments": segments,
    })))
}

fn datasource(datasource: &Datasource) -> Value {
    let sealed_rows: usize = datasource.sealed.iter().map(|s| s.segment.rows()).sum();
    let size: u64 = datasource.sealed.iter().map(|s| s.segment.size_bytes()).sum();
    let live_rows: usize = datasource.live.iter().map(|l| l.view().rows()).sum();
    let sealed = datasource.sealed.iter().filter_map(|s| s.segment.time_bounds());
    let live = datasource.live.iter().filter_map(|l| l.view().time_bounds());
    let bounds = sealed.chain(live).reduce(|(low, high), (l, h)| (low.min(l), high.max(h)));
    json!({
        "name": datasource.name,
        "sealedRows": sealed_rows,
        "liveRows": live_rows,
        "segments": datasource.sealed.len(),
        "liveSegments": datasource.live.len(),
        "sizeBytes": size,
        "minTime": bounds.map(|(low, _)| format_iso(low)),
        "maxTime": bounds.map(|(_, high)| format_iso(high)),
        "broken": datasource.broken.len(),
    })
}

fn segments(datasource: &Datasource) -> Vec<Value> {
    let sealed = datasource.sealed.iter().map(|s| {
        json!({
            "id": s.segment.id().to_string(), "state": "sealed", "rows": s.segment.rows(),
            "sizeBytes": s.segment.size_bytes(),
        })
    });
    let live = datasource.live.iter().map(|l| {
        let view = l.view();
        json!({
            "id": l.id().to_string(), "state": "live", "rows": view.rows(), "sizeBytes": view.size_bytes(),
        })
    });
    let broken = datasource
        .broken
        .iter()
        .map(|(id, reason)| json!({ "id": id.to_string(), "state": "broken", "reason": reason }));
    sealed.chain(live).chain(broken).collect()
}
