//! How do segments and offsets enter, all or nothing? Lease epoch, offsets compare-and-swap, segments, replaced
//! intervals and the datasources' versions, in one transaction.
//!
//! Outcomes of comparing a commit's start with what is stored: equal (or nothing stored) - it happens; stored
//! equals the commit's end and its very segments are there - it happened before, its acknowledgement was lost;
//! anything else - another owner moved the offsets, nothing is written and the rows are read again.

use std::collections::BTreeSet;

use alluvium_segments::catalog::{Commit, Publication, SegmentRecord};
use alluvium_segments::{SegmentError, SegmentId};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{StoreError, bad_json, offsets};

pub(super) fn publish(t: &Transaction<'_>, commit: &Commit, now_ms: i64) -> Result<Publication, StoreError> {
    if already_done(t, commit)? {
        return Ok(Publication::AlreadyDone);
    }
    if let Some(reason) = fenced(t, commit)? {
        return Ok(Publication::Fenced(reason));
    }
    check_versions(t, commit)?;
    let mut version = bump(t, &commit.datasource)?;
    let others: BTreeSet<&str> = commit.add.iter().map(|r| r.id.datasource.as_str()).collect();
    for name in others {
        if name != commit.datasource {
            bump(t, name)?;
        }
    }
    for (interval, newer) in &commit.replace {
        t.execute(
            "UPDATE segment SET used = 0, removed_v = ?5
             WHERE datasource = ?1 AND used = 1 AND start_ms >= ?2 AND end_ms <= ?3 AND version < ?4",
            params![commit.datasource, interval.start, interval.end, newer, version],
        )?;
    }
    for record in &commit.add {
        insert(t, record, version)?;
    }
    if !commit.remove.is_empty() {
        mark(t, &commit.remove, false)?;
        version = current(t, &commit.datasource)?;
    }
    if let Some(supervisor) = &commit.supervisor {
        let epoch = commit.lease.as_ref().map(|l| l.epoch);
        for o in &commit.offsets {
            offsets::put(t, supervisor, &o.topic, o.partition, o.end, epoch)?;
        }
    }
    t.execute(
        "INSERT INTO audit(time_ms, key, entry) VALUES (?1, ?2, ?3)",
        params![now_ms, commit.datasource, commit.audit.to_string()],
    )?;
    Ok(Publication::Done(version))
}

/// Whether offsets and segments are exactly what this commit would leave.
fn already_done(t: &Transaction<'_>, commit: &Commit) -> rusqlite::Result<bool> {
    let moves = commit.offsets.iter().any(|o| o.end != o.start);
    if commit.add.is_empty() && !moves {
        return Ok(false);
    }
    if let Some(supervisor) = &commit.supervisor {
        for o in &commit.offsets {
            if stored(t, supervisor, &o.topic, o.partition)? != Some(o.end) {
                return Ok(false);
            }
        }
    }
    for record in &commit.add {
        let known: Option<(i64, String)> = t
            .prepare_cached("SELECT checksum, location FROM segment WHERE id = ?1")?
            .query_row([record.id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if known != Some((i64::from(record.checksum), record.location.clone())) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn stored(
    t: &Transaction<'_>,
    supervisor: &str,
    topic: &str,
    partition: i32,
) -> rusqlite::Result<Option<i64>> {
    t.prepare_cached(
        "SELECT next_offset FROM ingest_offset WHERE supervisor = ?1 AND topic = ?2 AND partition = ?3",
    )?
    .query_row(params![supervisor, topic, partition], |row| row.get(0))
    .optional()
}

fn fenced(t: &Transaction<'_>, commit: &Commit) -> rusqlite::Result<Option<String>> {
    if let Some(lease) = &commit.lease {
        let holder: Option<(String, i64)> = t
            .query_row("SELECT owner, epoch FROM lease WHERE name = ?1", [&lease.name], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if holder != Some((lease.owner.clone(), lease.epoch)) {
            let now =
                holder.map_or("nobody".to_owned(), |(owner, epoch)| format!("`{owner}` in epoch {epoch}"));
            return Ok(Some(format!(
                "the lease `{}` of epoch {} was lost: it is held by {now}",
                lease.name, lease.epoch
            )));
        }
    }
    let Some(supervisor) = &commit.supervisor else { return Ok(None) };
    for o in &commit.offsets {
        if let Some(next) = stored(t, supervisor, &o.topic, o.partition)?
            && next != o.start
        {
            return Ok(Some(format!(
                "the stored offset of `{}` partition {} is {next}, not {}: it was moved meanwhile",
                o.topic, o.partition, o.start
            )));
        }
    }
    Ok(None)
}

/// Refuses segments that something newer already overshadows: their rows would vanish unseen.
fn check_versions(t: &Transaction<'_>, commit: &Commit) -> Result<(), StoreError> {
    for record in &commit.add {
        let id = &record.id;
        let newer: Option<String> = t
            .prepare_cached(
                "SELECT id FROM segment WHERE datasource = ?1 AND used = 1 AND start_ms < ?3 AND end_ms > ?2
                 AND version > ?4 LIMIT 1",
            )?
            .query_row(params![id.datasource, id.interval.start, id.interval.end, id.version], |r| r.get(0))
            .optional()?;
        if let Some(newer) = newer {
            let text =
                format!("segment {id} cannot be published: {newer} is newer and hides it; allocate again");
            return Err(SegmentError::Conflict(text).into());
        }
    }
    Ok(())
}

fn bump(t: &Transaction<'_>, datasource: &str) -> rusqlite::Result<i64> {
    t.prepare_cached(
        "INSERT INTO datasource(name, version) VALUES (?1, 1)
         ON CONFLICT(name) DO UPDATE SET version = version + 1 RETURNING version",
    )?
    .query_row([datasource], |row| row.get(0))
}

fn current(t: &Transaction<'_>, datasource: &str) -> rusqlite::Result<i64> {
    t.query_row("SELECT version FROM datasource WHERE name = ?1", [datasource], |row| row.get(0))
}

fn insert(t: &Transaction<'_>, record: &SegmentRecord, version: i64) -> Result<(), StoreError> {
    let id = &record.id;
    let columns = serde_json::to_string(&record.schema).map_err(bad_json)?;
    t.prepare_cached(
        "INSERT INTO segment(id, datasource, start_ms, end_ms, version, partition, used, core_partitions,
           minor_version, root_start, root_end, upgraded_from, columns, row_count, size_bytes, min_time, max_time,
           location, checksum, created_ms, created_v)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    )?
    .execute(params![
        id.to_string(),
        id.datasource,
        id.interval.start,
        id.interval.end,
        id.version,
        id.partition,
        record.core_partitions,
        record.minor_version,
        record.root_start,
        record.root_end,
        record.upgraded_from,
        columns,
        record.rows as i64,
        record.size_bytes as i64,
        record.time_bounds.map(|b| b.0),
        record.time_bounds.map(|b| b.1),
        record.location,
        record.checksum,
        record.created_ms,
        version,
    ])?;
    t.prepare_cached(
        "DELETE FROM pending_segment
         WHERE datasource = ?1 AND start_ms = ?2 AND end_ms = ?3 AND version = ?4 AND partition = ?5",
    )?
    .execute(params![id.datasource, id.interval.start, id.interval.end, id.version, id.partition])?;
    Ok(())
}

/// Marks segments used or unused and bumps the versions of their datasources; returns how many changed.
pub(super) fn mark(t: &Transaction<'_>, ids: &[SegmentId], used: bool) -> Result<usize, StoreError> {
    let mut changed = 0;
    let mut touched = BTreeSet::new();
    for id in ids {
        let known = t
            .prepare_cached("SELECT 1 FROM segment WHERE id = ?1 AND used <> ?2")?
            .exists(params![id.to_string(), used])?;
        if !known {
            continue;
        }
        if touched.insert(id.datasource.as_str()) {
            bump(t, &id.datasource)?;
        }
        let version = current(t, &id.datasource)?;
        changed += t
            .prepare_cached(
                "UPDATE segment SET used = ?2, removed_v = CASE WHEN ?2 THEN NULL ELSE ?3 END WHERE id = ?1",
            )?
            .execute(params![id.to_string(), used, version])?;
    }
    Ok(changed)
}
