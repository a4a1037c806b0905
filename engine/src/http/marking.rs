//! Which published segments are used? Dropping a datasource, an interval or segments, and taking them back.

use alluvium_segments::SegmentId;
use alluvium_segments::time::Interval;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

/// The body of `markUnused`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    interval: Option<Interval>,
    segment_ids: Option<Vec<String>>,
    versions: Option<Vec<String>>,
}

/// Drops a datasource: its segments become unused.
pub(crate) fn drop_datasource(node: &Node, request: &Request) -> Outcome {
    mark_unused(node, request.param(0), |_| true)
}

/// Drops one segment.
pub(crate) fn drop_segment(node: &Node, request: &Request) -> Outcome {
    let wanted = request.param(1).to_owned();
    mark_unused(node, request.param(0), move |id| id.to_string() == wanted)
}

/// Drops the segments wholly inside an interval, or those named.
pub(crate) fn mark_segments_unused(node: &Node, request: &Request) -> Outcome {
    let selection: Selection = request.json()?;
    let versions = selection.versions;
    let of_version = |id: &SegmentId| versions.as_ref().is_none_or(|v| v.contains(&id.version));
    match (selection.interval, selection.segment_ids) {
        (Some(interval), None) => {
            mark_unused(node, request.param(0), |id| interval.covers(id.interval) && of_version(id))
        }
        (None, Some(ids)) => mark_unused(node, request.param(0), |id| ids.contains(&id.to_string())),
        _ => Err(Refusal::invalid("either `interval` or `segmentIds` must be given, and not both")),
    }
}

fn mark_unused(node: &Node, datasource: &str, wanted: impl Fn(&SegmentId) -> bool) -> Outcome {
    let segments = node.metadata().segments(Some(datasource))?;
    let ids: Vec<SegmentId> = segments.into_iter().map(|r| r.id).filter(|id| wanted(id)).collect();
    let changed = node.metadata().mark_segments(&ids, false)?;
    node.loader().refresh(datasource)?;
    Ok(Reply::json(&json!({ "numChangedSegments": changed })))
}
