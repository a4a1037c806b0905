//! How does a row of the segment table become a record again?

use alluvium_segments::SegmentId;
use alluvium_segments::catalog::SegmentRecord;
use alluvium_segments::time::Interval;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

const SELECT: &str =
    "SELECT datasource, start_ms, end_ms, version, partition, core_partitions, minor_version,
  root_start, root_end, upgraded_from, columns, row_count, size_bytes, min_time, max_time, location, checksum,
  created_ms FROM segment WHERE used = 1 AND (?1 IS NULL OR datasource = ?1)
  ORDER BY datasource, start_ms, end_ms, version, partition";

pub(super) fn used_segments(
    c: &Connection,
    datasource: Option<&str>,
) -> rusqlite::Result<Vec<SegmentRecord>> {
    let mut statement = c.prepare_cached(SELECT)?;
    let rows = statement.query_map(params![datasource], record)?;
    rows.collect()
}

pub(super) fn locations(c: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = c.prepare_cached("SELECT location FROM segment")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<SegmentRecord> {
    let columns: String = row.get(10)?;
    let schema = serde_json::from_str(&columns)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(10, Type::Text, Box::new(e)))?;
    let bounds: (Option<i64>, Option<i64>) = (row.get(13)?, row.get(14)?);
    Ok(SegmentRecord {
        id: SegmentId {
            datasource: row.get(0)?,
            interval: Interval { start: row.get(1)?, end: row.get(2)? },
            version: row.get(3)?,
            partition: row.get(4)?,
        },
        core_partitions: row.get(5)?,
        minor_version: row.get(6)?,
        root_start: row.get(7)?,
        root_end: row.get(8)?,
        upgraded_from: row.get(9)?,
        schema,
        rows: row.get::<_, i64>(11)?.max(0) as u64,
        size_bytes: row.get::<_, i64>(12)?.max(0) as u64,
        time_bounds: bounds.0.zip(bounds.1),
        location: row.get(15)?,
        checksum: row.get(16)?,
        created_ms: row.get(17)?,
    })
}

/// Datasources that have or had segments; a supervisor without any yet counts by its spec's datasource.
pub(super) fn datasources(c: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = c.prepare_cached(
        "SELECT name FROM datasource
         UNION SELECT json_extract(spec, '$.spec.dataSchema.dataSource') FROM supervisor
         WHERE json_extract(spec, '$.spec.dataSchema.dataSource') IS NOT NULL ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}
