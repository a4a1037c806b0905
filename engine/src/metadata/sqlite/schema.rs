//! Which tables are there, and how does an older file become a newer one? Numbered migrations, run once each.

use rusqlite::{Connection, TransactionBehavior};

/// Each entry brings the schema from its index to its index + 1.
const MIGRATIONS: &[&str] = &[V1, V2];

const V1: &str = "
CREATE TABLE lease(
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL, expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE datasource(name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE segment(
  id TEXT PRIMARY KEY,
  datasource TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, version TEXT NOT NULL,
  partition INTEGER NOT NULL, used INTEGER NOT NULL,
  core_partitions INTEGER NOT NULL, minor_version INTEGER NOT NULL,
  root_start INTEGER NOT NULL, root_end INTEGER NOT NULL, upgraded_from TEXT,
  columns TEXT NOT NULL, row_count INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
  min_time INTEGER, max_time INTEGER, location TEXT NOT NULL, checksum INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, created_v INTEGER NOT NULL, removed_v INTEGER
);
CREATE INDEX segment_by_time ON segment(datasource, used, start_ms, end_ms);
CREATE TABLE pending_segment(
  datasource TEXT NOT NULL, sequence TEXT NOT NULL,
  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, version TEXT NOT NULL, partition INTEGER NOT NULL,
  PRIMARY KEY(datasource, sequence)
) WITHOUT ROWID;
CREATE INDEX pending_by_time ON pending_segment(datasource, start_ms, end_ms);
CREATE TABLE interval_lock(
  datasource TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
  owner TEXT NOT NULL, kind TEXT NOT NULL, version TEXT NOT NULL,
  PRIMARY KEY(datasource, start_ms, end_ms, owner)
) WITHOUT ROWID;
CREATE TABLE ingest_offset(
  supervisor TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, topic_id TEXT,
  next_offset INTEGER NOT NULL, leader_epoch INTEGER, owner_epoch INTEGER,
  PRIMARY KEY(supervisor, topic, partition)
) WITHOUT ROWID;
CREATE TABLE supervisor(
  id TEXT PRIMARY KEY, spec TEXT NOT NULL, version TEXT NOT NULL, suspended INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE supervisor_history(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL, spec TEXT NOT NULL, version TEXT NOT NULL, suspended INTEGER NOT NULL
);
CREATE INDEX supervisor_history_by_id ON supervisor_history(id, sequence);
CREATE TABLE task(
  id TEXT PRIMARY KEY, task_type TEXT NOT NULL, datasource TEXT NOT NULL, created_ms INTEGER NOT NULL,
  status TEXT NOT NULL, duration_ms INTEGER NOT NULL, error TEXT, payload TEXT NOT NULL, report TEXT
) WITHOUT ROWID;
CREATE INDEX task_by_time ON task(created_ms);
CREATE TABLE audit(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, key TEXT NOT NULL, entry TEXT NOT NULL
);
";

/// Lookups. `lookup_set` has a row once there have been any.
const V2: &str = "
CREATE TABLE lookup(
  tier TEXT NOT NULL, name TEXT NOT NULL, spec TEXT NOT NULL, PRIMARY KEY(tier, name)
) WITHOUT ROWID;
CREATE TABLE lookup_set(changed_ms INTEGER NOT NULL);
";

/// What stops a file from being used.
#[derive(Debug)]
pub(super) enum SchemaError {
    /// SQLite's own error.
    Sqlite(rusqlite::Error),
    /// Written by a newer release: its schema version and the newest known here.
    Newer(i64, usize),
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The schema version of a file; 0 for a fresh one.
pub(super) fn version(connection: &Connection) -> Result<i64, SchemaError> {
    let known: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        [],
        |row| row.get(0),
    )?;
    if known == 0 {
        return Ok(0);
    }
    let found =
        connection.query_row("SELECT coalesce(max(version), 0) FROM schema_version", [], |r| r.get(0))?;
    match usize::try_from(found) {
        Ok(v) if v <= MIGRATIONS.len() => Ok(found),
        _ => Err(SchemaError::Newer(found, MIGRATIONS.len())),
    }
}

/// Brings a file to the newest schema, one transaction a step.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let now = version(&transaction)?;
        let Some(step) = usize::try_from(now).ok().and_then(|v| MIGRATIONS.get(v)) else {
            return Ok(());
        };
        transaction
            .execute_batch("CREATE TABLE IF NOT EXISTS schema_version(version INTEGER PRIMARY KEY)")?;
        transaction.execute_batch(step)?;
        transaction.execute("INSERT INTO schema_version(version) VALUES (?1)", [now + 1])?;
        transaction.commit()?;
    }
}
