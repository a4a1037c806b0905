//! Who owns what, and what was asked for? Leases, supervisors with their history, tasks, the audit log.

use alluvium_segments::catalog::{Lease, SupervisorRecord, TaskRecord};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use super::StoreError;

/// A holder that comes back gets a new epoch, so that its own earlier incarnation is fenced too.
pub(super) fn acquire_lease(
    t: &Transaction<'_>,
    name: &str,
    owner: &str,
    ttl_ms: i64,
    now_ms: i64,
) -> Result<Option<Lease>, StoreError> {
    let epoch: Option<i64> = t
        .query_row(
            "INSERT INTO lease(name, owner, epoch, expires_ms) VALUES (?1, ?2, 1, ?4 + ?3)
             ON CONFLICT(name) DO UPDATE SET owner = ?2, epoch = epoch + 1, expires_ms = ?4 + ?3
             WHERE expires_ms <= ?4 OR owner = ?2 RETURNING epoch",
            params![name, owner, ttl_ms, now_ms],
            |row| row.get(0),
        )
        .optional()?;
    Ok(epoch.map(|epoch| Lease { name: name.to_owned(), owner: owner.to_owned(), epoch }))
}

/// A lease that ran out but that nobody took is still ours: its epoch has not moved.
pub(super) fn renew_lease(
    t: &Transaction<'_>,
    lease: &Lease,
    ttl_ms: i64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let changed = t.execute(
        "UPDATE lease SET expires_ms = ?5 + ?4 WHERE name = ?1 AND owner = ?2 AND epoch = ?3",
        params![lease.name, lease.owner, lease.epoch, ttl_ms, now_ms],
    )?;
    Ok(changed == 1)
}

/// The row stays, expired: the next owner's epoch must be higher. The owner is cleared, which fences commits
/// that are still under way.
pub(super) fn release_lease(t: &Transaction<'_>, lease: &Lease) -> Result<(), StoreError> {
    t.execute(
        "UPDATE lease SET expires_ms = 0, owner = '' WHERE name = ?1 AND owner = ?2 AND epoch = ?3",
        params![lease.name, lease.owner, lease.epoch],
    )?;
    Ok(())
}

pub(super) fn put_supervisor(t: &Transaction<'_>, record: &SupervisorRecord) -> Result<(), StoreError> {
    let spec = record.spec.to_string();
    t.execute(
        "INSERT INTO supervisor(id, spec, version, suspended) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT(id) DO UPDATE SET spec = ?2, version = ?3, suspended = ?4",
        params![record.id, spec, record.version, record.suspended],
    )?;
    t.execute(
        "INSERT INTO supervisor_history(id, spec, version, suspended) VALUES (?1, ?2, ?3, ?4)",
        params![record.id, spec, record.version, record.suspended],
    )?;
    Ok(())
}

fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}

fn supervisor(row: &Row<'_>) -> rusqlite::Result<SupervisorRecord> {
    Ok(SupervisorRecord {
        id: row.get(0)?,
        spec: json(row, 1)?,
        version: row.get(2)?,
        suspended: row.get(3)?,
    })
}

pub(super) fn supervisors(c: &Connection) -> rusqlite::Result<Vec<SupervisorRecord>> {
    let mut statement =
        c.prepare_cached("SELECT id, spec, version, suspended FROM supervisor ORDER BY id")?;
    let rows = statement.query_map([], supervisor)?;
    rows.collect()
}

pub(super) fn supervisor_history(c: &Connection, id: &str) -> rusqlite::Result<Vec<SupervisorRecord>> {
    let mut statement = c.prepare_cached(
        "SELECT id, spec, version, suspended FROM supervisor_history WHERE id = ?1 ORDER BY sequence DESC",
    )?;
    let rows = statement.query_map([id], supervisor)?;
    rows.collect()
}

pub(super) fn put_task(t: &Transaction<'_>, task: &TaskRecord) -> Result<(), StoreError> {
    t.prepare_cached(
        "INSERT OR REPLACE INTO task(id, task_type, datasource, created_ms, status, duration_ms, error, payload, report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        task.id,
        task.task_type,
        task.datasource,
        task.created_ms,
        task.status,
        task.duration_ms,
        task.error,
        task.payload.to_string(),
        task.report.as_ref().map(Value::to_string),
    ])?;
    Ok(())
}

const TASK: &str =
    "SELECT id, task_type, datasource, created_ms, status, duration_ms, error, payload, report FROM task";

fn task_row(row: &Row<'_>) -> rusqlite::Result<TaskRecord> {
    Ok(TaskRecord {
        id: row.get(0)?,
        task_type: row.get(1)?,
        datasource: row.get(2)?,
        created_ms: row.get(3)?,
        status: row.get(4)?,
        duration_ms: row.get(5)?,
        error: row.get(6)?,
        payload: json(row, 7)?,
        report: if row.get::<_, Option<String>>(8)?.is_some() { Some(json(row, 8)?) } else { None },
    })
}

pub(super) fn task(c: &Connection, id: &str) -> rusqlite::Result<Option<TaskRecord>> {
    c.prepare_cached(&format!("{TASK} WHERE id = ?1"))?.query_row([id], task_row).optional()
}

pub(super) fn tasks(c: &Connection) -> rusqlite::Result<Vec<TaskRecord>> {
    let mut statement = c.prepare_cached(&format!("{TASK} ORDER BY created_ms DESC, id DESC"))?;
    let rows = statement.query_map([], task_row)?;
    rows.collect()
}

pub(super) fn audit(c: &Connection, limit: usize) -> rusqlite::Result<Vec<(i64, String, Value)>> {
    let mut statement =
        c.prepare_cached("SELECT time_ms, key, entry FROM audit ORDER BY sequence DESC LIMIT ?1")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?, json(row, 2)?)))?;
    rows.collect()
}
