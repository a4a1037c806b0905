//! What do the tables of schema `sys` hold? Published and live segments, this node in each of Druid's roles,
//! supervisors, tasks, configuration.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use alluvium_ingest::service::{IngestService, SupervisorDetail, TaskFilter};
use alluvium_query::sql::SystemTables;
use alluvium_segments::catalog::{Catalog, MetadataStore, SegmentRecord};
use alluvium_segments::time::format_iso;
use alluvium_segments::{Segment, SegmentId};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::druid_properties;

/// Druid's roles that one node plays; it needs no router.
const ROLES: [&str; 5] = ["coordinator", "overlord", "broker", "historical", "indexer"];

/// The tables, filled from the parts of a node when they are asked.
#[derive(Debug)]
pub struct NodeTables {
    /// Published segments and tasks.
    pub metadata: Arc<dyn MetadataStore>,
    /// Served segments.
    pub catalog: Arc<Catalog>,
    /// Supervisors.
    pub ingest: Arc<IngestService>,
    /// Where the node listens.
    pub address: SocketAddr,
    /// What `sys.server_properties` shows.
    pub config: Config,
    /// Start of the node, in milliseconds since the epoch.
    pub started_ms: i64,
}

impl SystemTables for NodeTables {
    fn segments(&self) -> Vec<Value> {
        let snapshot = self.catalog.snapshot();
        let served: HashSet<&SegmentId> =
            snapshot.datasources.values().flat_map(|d| &d.sealed).map(|s| s.segment.id()).collect();
        let broken: HashSet<&SegmentId> =
            snapshot.datasources.values().flat_map(|d| &d.broken).map(|(id, _)| id).collect();
        let records = self.metadata.segments(None).unwrap_or_else(|error| {
            tracing::warn!(%error, "sys.segments shows no published segments");
            Vec::new()
        });
        let published: HashSet<&SegmentId> = records.iter().map(|r| &r.id).collect();
        let live = snapshot.datasources.values().flat_map(|d| &d.live);
        let live = live.filter(|l| !published.contains(l.id())).map(|l| live_row(l.view().as_ref()));
        records
            .iter()
            .map(|r| published_row(r, served.contains(&r.id), broken.contains(&r.id)))
            .chain(live)
            .collect()
    }

    fn servers(&self) -> Vec<Value> {
        let (_, total_memory, _) = crate::about::memory_bytes();
        let size: u64 = self.metadata.segments(None).unwrap_or_default().iter().map(|r| r.size_bytes).sum();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ROLES
            .iter()
            .map(|role| {
                let holds = *role == "historical";
                json!({
                    "server": self.address.to_string(),
                    "host": self.address.ip().to_string(),
                    "plaintext_port": self.address.port(),
                    "tls_port": -1,
                    "server_type": role,
                    "tier": holds.then_some("_default_tier"),
                    "curr_size": if holds { size } else { 0 },
                    "max_size": if holds { size } else { 0 },
                    "storage_size": if holds { size } else { 0 },
                    "is_leader": matches!(*role, "coordinator" | "overlord"),
                    "start_time": format_iso(self.started_ms),
                    "version": crate::about::DRUID_VERSION,
                    "available_processors": cores,
                    "total_memory": total_memory,
                })
            })
            .collect()
    }

    fn server_segments(&self) -> Vec<Value> {
        let server = self.address.to_string();
        let snapshot = self.catalog.snapshot();
        let row = |id: &SegmentId| json!({ "server": server, "segment_id": id.to_string() });
        snapshot
            .datasources
            .values()
            .flat_map(|d| {
                let live = d.live.iter().map(|l| row(l.id()));
                d.sealed.iter().map(|s| row(s.segment.id())).chain(live).collect::<Vec<_>>()
            })
            .collect()
    }

    fn supervisors(&self) -> Vec<Value> {
        let all = self.ingest.supervisors(SupervisorDetail::System);
        all.as_array().into_iter().flatten().map(supervisor_row).collect()
    }

    fn tasks(&self) -> Vec<Value> {
        let tasks = self.ingest.tasks(&TaskFilter::default()).unwrap_or_else(|error| {
            tracing::warn!(%error, "sys.tasks is empty");
            Value::Null
        });
        tasks.as_array().into_iter().flatten().map(|task| task_row(task, self.address)).collect()
    }

    fn server_properties(&self) -> Vec<Value> {
        let server = self.address.to_string();
        properties(&self.config, self.address)
            .into_iter()
            .map(|(property, value)| {
                json!({
                    "server": server, "service_name": "alluvium", "node_roles": ROLES.join(","),
                    "property": property, "value": value,
                })
            })
            .collect()
    }
}

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
    let known = pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value)));
    let given = druid_properties::flat(&config.druid);
    let given = given.iter().map(|(name, value)| (name.clone(), druid_properties::text(value).into()));
    let idle = druid_properties::without_effect(config);
    let idle = (!idle.is_empty()).then(|| ("alluvium.druid.noEffect".to_owned(), idle.join(",").into()));
    known.chain(given).chain(idle).collect()
}

fn names(record: &alluvium_segments::Schema, metrics: bool) -> Vec<&str> {
    record.columns.iter().filter(|c| c.is_metric() == metrics).map(|c| c.name.as_str()).collect()
}

fn published_row(record: &SegmentRecord, served: bool, broken: bool) -> Value {
    let overshadowed = !served && !broken;
    json!({
        "segment_id": record.id.to_string(),
        "datasource": record.id.datasource,
        "start": format_iso(record.id.interval.start),
        "end": format_iso(record.id.interval.end),
        "size": record.size_bytes,
        "version": record.id.version,
        "partition_num": record.id.partition,
        "num_replicas": i32::from(served),
        "num_rows": record.rows,
        "is_active": !overshadowed,
        "is_published": true,
        "is_available": served,
        "is_realtime": false,
        "is_overshadowed": overshadowed,
        "shard_spec": shard_spec(record.id.partition, record.core_partitions),
        "dimensions": names(&record.schema, false),
        "metrics": names(&record.schema, true),
        "replication_factor": 1,
    })
}

fn live_row(view: &dyn Segment) -> Value {
    let id = view.id();
    json!({
        "segment_id": id.to_string(),
        "datasource": id.datasource,
        "start": format_iso(id.interval.start),
        "end": format_iso(id.interval.end),
        "size": 0,
        "version": id.version,
        "partition_num": id.partition,
        "num_replicas": 1,
        "num_rows": view.rows(),
        "is_active": true,
        "is_published": false,
        "is_available": true,
        "is_realtime": true,
        "is_overshadowed": false,
        "shard_spec": shard_spec(id.partition, 0),
        "dimensions": names(view.schema(), false),
        "metrics": names(view.schema(), true),
        "replication_factor": -1,
    })
}

/// Druid's description of a segment's place in its chunk.
#[must_use]
pub fn shard_spec(partition: u32, core_partitions: u32) -> Value {
    json!({ "type": "numbered", "partitionNum": partition, "partitions": core_partitions })
}

fn supervisor_row(state: &Value) -> Value {
    let field = |name: &str| state.get(name).cloned().unwrap_or_default();
    json!({
        "supervisor_id": field("id"),
        "datasource": field("dataSource"),
        "state": field("state"),
        "detailed_state": field("detailedState"),
        "healthy": field("healthy"),
        "type": field("type"),
        "source": field("source"),
        "suspended": field("suspended"),
        "spec": field("specString"),
    })
}

fn task_row(task: &Value, address: SocketAddr) -> Value {
    let field = |name: &str| task.get(name).cloned().unwrap_or_default();
    json!({
        "task_id": field("id"),
        "group_id": field("groupId"),
        "type": field("type"),
        "datasource": field("dataSource"),
        "created_time": field("createdTime"),
        "queue_insertion_time": field("queueInsertionTime"),
        "status": field("statusCode"),
        "runner_status": field("runnerStatusCode"),
        "duration": field("duration"),
        "location": address.to_string(),
        "host": address.ip().to_string(),
        "plaintext_port": address.port(),
        "tls_port": -1,
        "error_msg": field("errorMsg"),
    })
}
