//! Which identity does a new appended segment get? The version of the chunk that is there, and its next
//! partition number; a repeated request (same sequence) gets the same answer.

use alluvium_segments::catalog::AllocateSegment;
use alluvium_segments::time::{Interval, format_iso};
use alluvium_segments::{SegmentError, SegmentId};
use rusqlite::{OptionalExtension, Transaction, params};

use super::StoreError;

/// A chunk of time with its version.
type Chunk = (Interval, String);

pub(super) fn allocate(t: &Transaction<'_>, request: &AllocateSegment) -> Result<SegmentId, StoreError> {
    if let Some(id) = earlier(t, request)? {
        return Ok(id);
    }
    let (interval, version) = chunk(t, request)?;
    let partition = next_partition(t, &request.datasource, interval, &version)?;
    let id = SegmentId { datasource: request.datasource.clone(), interval, version, partition };
    t.prepare_cached(
        "INSERT INTO pending_segment(datasource, sequence, start_ms, end_ms, version, partition)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        id.datasource,
        request.sequence,
        interval.start,
        interval.end,
        id.version,
        id.partition
    ])?;
    Ok(id)
}

fn earlier(t: &Transaction<'_>, request: &AllocateSegment) -> rusqlite::Result<Option<SegmentId>> {
    t.prepare_cached(
        "SELECT start_ms, end_ms, version, partition FROM pending_segment WHERE datasource = ?1 AND sequence = ?2",
    )?
    .query_row(params![request.datasource, request.sequence], |row| {
        Ok(SegmentId {
            datasource: request.datasource.clone(),
            interval: Interval { start: row.get(0)?, end: row.get(1)? },
            version: row.get(2)?,
            partition: row.get(3)?,
        })
    })
    .optional()
}

/// The chunk to append to: what is visible at the wanted start, else what others were promised there, else
/// the wanted interval when nothing lies in it.
fn chunk(t: &Transaction<'_>, request: &AllocateSegment) -> Result<Chunk, StoreError> {
    let wanted = request.interval;
    let used = newest(t, "segment WHERE used = 1 AND", &request.datasource, wanted.start, wanted.start + 1)?;
    let pending = newest(t, "pending_segment WHERE", &request.datasource, wanted.start, wanted.start + 1)?;
    match (used, pending) {
        // A promise for the same chunk may be newer than what is published so far.
        (Some(used), Some(pending)) if pending.0 == used.0 && pending.1 > used.1 => return Ok(pending),
        (Some(used), _) => return Ok(used),
        (None, Some(pending)) => return Ok(pending),
        (None, None) => {}
    }
    for table in ["segment WHERE used = 1 AND", "pending_segment WHERE"] {
        if let Some((other, _)) = newest(t, table, &request.datasource, wanted.start, wanted.end)? {
            return Err(SegmentError::Conflict(format!(
                "cannot allocate a segment for {wanted} of `{}`: the finer chunk {other} lies inside it",
                request.datasource
            ))
            .into());
        }
    }
    Ok((wanted, fresh_version(t, request)?))
}

/// A version above all that were ever used in the interval, so that nothing old overshadows the new rows.
fn fresh_version(t: &Transaction<'_>, request: &AllocateSegment) -> rusqlite::Result<String> {
    let newest: Option<String> = t
        .prepare_cached(
            "SELECT max(version) FROM segment WHERE datasource = ?1 AND start_ms < ?3 AND end_ms > ?2",
        )?
        .query_row(params![request.datasource, request.interval.start, request.interval.end], |r| r.get(0))?;
    let wanted = &request.new_version;
    Ok(match newest {
        Some(old) if old >= *wanted => alluvium_segments::time::parse_iso(&old)
            .map_or_else(|_| format!("{old}_1"), |millis| format_iso(millis + 1)),
        _ => wanted.clone(),
    })
}

fn newest(
    t: &Transaction<'_>,
    table: &str,
    datasource: &str,
    start: i64,
    end: i64,
) -> rusqlite::Result<Option<Chunk>> {
    let sql = format!(
        "SELECT start_ms, end_ms, version FROM {table} datasource = ?1 AND start_ms < ?3 AND end_ms > ?2
         ORDER BY version DESC, start_ms LIMIT 1"
    );
    t.prepare_cached(&sql)?
        .query_row(params![datasource, start, end], |row| {
            Ok((Interval { start: row.get(0)?, end: row.get(1)? }, row.get(2)?))
        })
        .optional()
}

/// One above every number ever given in the chunk, so that an identity is never used twice.
fn next_partition(
    t: &Transaction<'_>,
    datasource: &str,
    interval: Interval,
    version: &str,
) -> rusqlite::Result<u32> {
    let mut next = 0;
    for table in ["segment", "pending_segment"] {
        let sql = format!(
            "SELECT coalesce(max(partition), -1) + 1 FROM {table}
             WHERE datasource = ?1 AND start_ms = ?2 AND end_ms = ?3 AND version = ?4"
        );
        let number: u32 = t
            .prepare_cached(&sql)?
            .query_row(params![datasource, interval.start, interval.end, version], |row| row.get(0))?;
        next = next.max(number);
    }
    Ok(next)
}
