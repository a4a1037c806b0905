//! Is the node there, well, and which version does it claim to be (`/status`, load status, leadership)?

use hyper::StatusCode;
use serde_json::json;

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use crate::about::{DRUID_VERSION, memory_bytes};
use crate::node::Node;
use crate::system_tables;

/// `/status`: version, modules, memory in whole bytes.
pub(crate) fn status(node: &Node, _request: &Request) -> Outcome {
    let module =
        |name: &str, artifact: &str| json!({ "name": name, "artifact": artifact, "version": DRUID_VERSION });
    let (used, total, free) = memory_bytes();
    Ok(Reply::json(&json!({
        "version": DRUID_VERSION,
        "modules": [module(
            "org.apache.druid.indexing.kafka.KafkaIndexTaskModule",
            "druid-kafka-indexing-service",
        )],
        "memory": {
            "maxMemory": total, "totalMemory": total, "freeMemory": free, "usedMemory": used,
            "directMemory": total,
        },
        "alluvium": { "version": env!("CARGO_PKG_VERSION"), "uptimeMs": uptime_ms(node) },
    })))
}

fn uptime_ms(node: &Node) -> u64 {
    u64::try_from(node.uptime().as_millis()).unwrap_or(u64::MAX)
}

/// `/status/health`: `true` as long as the process answers.
pub(crate) fn health(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&true))
}

/// `/status/ready`: `true`, or 503 while the node stops.
pub(crate) fn ready(node: &Node, _request: &Request) -> Outcome {
    let ready = !node.is_stopping();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(Reply::json(&ready).with_status(status))
}

/// `/status/properties`: the configuration as a flat map.
pub(crate) fn properties(node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&system_tables::properties(node.config(), node.address())))
}

/// `/status/selfDiscovered`.
pub(crate) fn self_discovered(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&json!({ "selfDiscovered": true })))
}

/// The broker has seen all segments.
pub(crate) fn inventory_initialized(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&json!({ "inventoryInitialized": true })))
}

/// The historical has opened all segments.
pub(crate) fn cache_initialized(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&json!({ "cacheInitialized": true })))
}

/// 200 without a body worth reading.
pub(crate) fn readiness(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::text(""))
}

/// The leader's address: this node's.
pub(crate) fn leader(node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::text(format!("http://{}", node.address())))
}

/// One node is always the leader.
pub(crate) fn is_leader(_node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&json!({ "leader": true })))
}
