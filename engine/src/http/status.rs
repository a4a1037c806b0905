//! Is the node there, well, and which version does it claim to be (`/status`, load status, leadership)?

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

/// The Druid release whose interface this is; clients compare it with what they need.
pub(crate) const DRUID_VERSION: &str = "31.0.0";

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
    let config = node.config();
    let address = node.address();
    let mut map = Map::new();
    let mut put = |name: &str, value: String| map.insert(name.to_owned(), Value::String(value));
    put("druid.host", address.ip().to_string());
    put("druid.plaintextPort", address.port().to_string());
    put("druid.service", "alluvium".to_owned());
    put("druid.router.managementProxy.enabled", "true".to_owned());
    put("druid.sql.enable", "true".to_owned());
    put("druid.storage.type", "local".to_owned());
    put("druid.storage.storageDirectory", config.deep_storage_dir().display().to_string());
    put("alluvium.data_dir", config.data_dir.display().to_string());
    put("alluvium.http.max_body_bytes", config.http.max_body_bytes.to_string());
    put("alluvium.query.timeout_ms", config.query.timeout_ms.to_string());
    put("alluvium.ingest.commit_period_ms", config.ingest.commit_period_ms.to_string());
    Ok(Reply::json(&map))
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

/// Resident bytes of this process, the machine's, and those free; 0 where the system does not tell.
pub(crate) fn memory_bytes() -> (u64, u64, u64) {
    let read = |path: &str, field: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|l| l.strip_prefix(field));
        let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    };
    let used = read("/proc/self/status", "VmRSS:");
    let (total, free) = (read("/proc/meminfo", "MemTotal:"), read("/proc/meminfo", "MemAvailable:"));
    (used, total, free)
}
