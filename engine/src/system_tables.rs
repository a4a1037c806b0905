//! What do the tables of schema `sys` hold? Published and live segments, this node in each of Druid's roles,
//! supervisors, tasks, configuration.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::config::Config;

/// The configuration as a flat map, under Druid's names where clients look for them.
#[must_use]
pub fn properties(config: &Config, address: SocketAddr) -> Map<String, Value> {
    let text = |path: &std::path::Path| path.display().to_string();
    let pairs = [
        ("druid.host", address.ip().to_string()),
        ("druid.plaintextPort", address.port().to_string()),
        ("druid.service", "alluvium".to_owned()),
        ("druid.router.managementProxy.enabled", "true".to_owned()),
        ("druid.sql.enable", "true".to_owned()),
        ("druid.storage.type", "local".to_owned()),
        ("druid.storage.storageDirectory", text(&config.deep_storage_dir())),
        ("alluvium.data_dir", text(&config.data_dir)),
        ("alluvium.http.max_body_bytes", config.http.max_body_bytes.to_string()),
        ("alluvium.query.timeout_ms", config.query.timeout_ms.to_string()),
        ("alluvium.ingest.commit_period_ms", config.ingest.commit_period_ms.to_string()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

/// Druid's description of a segment's place in its chunk.
#[must_use]
pub fn shard_spec(partition: u32, core_partitions: u32) -> Value {
    json!({ "type": "numbered", "partitionNum": partition, "partitions": core_partitions })
}
