//! What does a node tell about itself in SQL? The tables of schema `sys`, and the trait that fills them.

use std::fmt::Debug;

use serde_json::Value;

use SystemType::{Long, Text};

/// The type of a column of a system table. Booleans are longs 0 and 1, as in Druid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemType {
    /// `VARCHAR`.
    Text,
    /// `BIGINT`.
    Long,
}

/// What the node fills the tables of schema `sys` with.
///
/// Each method returns the rows of one table as JSON objects keyed by column name (see [`SYSTEM_TABLES`]);
/// a missing key is NULL, a boolean becomes 0 or 1, an array or object in a text column its JSON text.
/// The methods are called when a query names the table, on a thread that may block.
pub trait SystemTables: Send + Sync + Debug {
    /// `sys.segments`: published, overshadowed and live segments.
    fn segments(&self) -> Vec<Value>;

    /// `sys.servers`: one row a role this node plays.
    fn servers(&self) -> Vec<Value>;

    /// `sys.server_segments`: which server has which segment loaded.
    fn server_segments(&self) -> Vec<Value>;

    /// `sys.supervisors`.
    fn supervisors(&self) -> Vec<Value>;

    /// `sys.tasks`.
    fn tasks(&self) -> Vec<Value>;

    /// `sys.server_properties`.
    fn server_properties(&self) -> Vec<Value>;
}

/// A node without anything to tell: every table is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSystemTables;

impl SystemTables for NoSystemTables {
    fn segments(&self) -> Vec<Value> {
        Vec::new()
    }

    fn servers(&self) -> Vec<Value> {
        Vec::new()
    }

    fn server_segments(&self) -> Vec<Value> {
        Vec::new()
    }

    fn supervisors(&self) -> Vec<Value> {
        Vec::new()
    }

    fn tasks(&self) -> Vec<Value> {
        Vec::new()
    }

    fn server_properties(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// A table of schema `sys`: its name and its columns in order.
pub type SystemTable = (&'static str, &'static [(&'static str, SystemType)]);

/// The tables of schema `sys`.
pub const SYSTEM_TABLES: [SystemTable; 6] = [
    ("segments", &SEGMENTS),
    ("server_properties", &SERVER_PROPERTIES),
    ("server_segments", &[("server", Text), ("segment_id", Text)]),
    ("servers", &SERVERS),
    ("supervisors", &SUPERVISORS),
    ("tasks", &TASKS),
];

/// The rows of a table of schema `sys`; none for a name that is not there.
pub(crate) fn system_rows(source: &dyn SystemTables, table: &str) -> Vec<Value> {
    match table {
        "segments" => source.segments(),
        "server_properties" => source.server_properties(),
        "server_segments" => source.server_segments(),
        "servers" => source.servers(),
        "supervisors" => source.supervisors(),
        "tasks" => source.tasks(),
        _ => Vec::new(),
    }
}

const SEGMENTS: [(&str, SystemType); 19] = [
    ("segment_id", Text),
    ("datasource", Text),
    ("start", Text),
    ("end", Text),
    ("size", Long),
    ("version", Text),
    ("partition_num", Long),
    ("num_replicas", Long),
    ("num_rows", Long),
    ("is_active", Long),
    ("is_published", Long),
    ("is_available", Long),
    ("is_realtime", Long),
    ("is_overshadowed", Long),
    ("shard_spec", Text),
    ("dimensions", Text),
    ("metrics", Text),
    ("last_compaction_state", Text),
    ("replication_factor", Long),
];

const SERVERS: [(&str, SystemType); 16] = [
    ("server", Text),
    ("host", Text),
    ("plaintext_port", Long),
    ("tls_port", Long),
    ("server_type", Text),
    ("tier", Text),
    ("curr_size", Long),
    ("max_size", Long),
    ("storage_size", Long),
    ("is_leader", Long),
    ("start_time", Text),
    ("version", Text),
    ("build_revision", Text),
    ("labels", Text),
    ("available_processors", Long),
    ("total_memory", Long),
];

const SUPERVISORS: [(&str, SystemType); 9] = [
    ("supervisor_id", Text),
    ("datasource", Text),
    ("state", Text),
    ("detailed_state", Text),
    ("healthy", Long),
    ("type", Text),
    ("source", Text),
    ("suspended", Long),
    ("spec", Text),
];

const TASKS: [(&str, SystemType); 14] = [
    ("task_id", Text),
    ("group_id", Text),
    ("type", Text),
    ("datasource", Text),
    ("created_time", Text),
    ("queue_insertion_time", Text),
    ("status", Text),
    ("runner_status", Text),
    ("duration", Long),
    ("location", Text),
    ("host", Text),
    ("plaintext_port", Long),
    ("tls_port", Long),
    ("error_msg", Text),
];

const SERVER_PROPERTIES: [(&str, SystemType); 6] = [
    ("server", Text),
    ("service_name", Text),
    ("node_roles", Text),
    ("property", Text),
    ("value", Text),
    ("error_message", Text),
];
