//! How far has each supervisor come? Positions by topic and partition: read, set and forgotten.

use rusqlite::{Connection, Transaction, params};

use super::StoreError;

pub(super) fn stored(c: &Connection, supervisor: &str) -> rusqlite::Result<Vec<(String, i32, i64)>> {
    let mut statement = c.prepare_cached(
        "SELECT topic, partition, next_offset FROM ingest_offset WHERE supervisor = ?1 ORDER BY topic, partition",
    )?;
    let rows = statement.query_map([supervisor], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

pub(super) fn set(
    t: &Transaction<'_>,
    supervisor: &str,
    offsets: &[(String, i32, Option<i64>)],
) -> Result<(), StoreError> {
    for (topic, partition, next) in offsets {
        match next {
            Some(next) => put(t, supervisor, topic, *partition, *next, None)?,
            None => {
                t.execute(
                    "DELETE FROM ingest_offset WHERE supervisor = ?1 AND topic = ?2 AND partition = ?3",
                    params![supervisor, topic, partition],
                )?;
            }
        }
    }
    Ok(())
}

pub(super) fn put(
    t: &Transaction<'_>,
    supervisor: &str,
    topic: &str,
    partition: i32,
    next: i64,
    epoch: Option<i64>,
) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT INTO ingest_offset(supervisor, topic, partition, next_offset, owner_epoch)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT(supervisor, topic, partition)
         DO UPDATE SET next_offset = excluded.next_offset, owner_epoch = excluded.owner_epoch",
    )?
    .execute(params![supervisor, topic, partition, next, epoch])?;
    Ok(())
}

pub(super) fn clear(t: &Transaction<'_>, supervisor: &str) -> Result<(), StoreError> {
    t.execute("DELETE FROM ingest_offset WHERE supervisor = ?1", [supervisor])?;
    Ok(())
}
