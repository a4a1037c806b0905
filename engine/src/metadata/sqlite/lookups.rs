//! Which lookups were asked for, and how do they change?

use alluvium_segments::catalog::{LookupChange, LookupRecord};
use rusqlite::types::Type;
use rusqlite::{Connection, Transaction, params};

use super::StoreError;

pub(super) fn lookups(c: &Connection) -> rusqlite::Result<Option<Vec<LookupRecord>>> {
    let known: i64 = c.query_row("SELECT count(*) FROM lookup_set", [], |row| row.get(0))?;
    if known == 0 {
        return Ok(None);
    }
    let mut statement = c.prepare_cached("SELECT tier, name, spec FROM lookup ORDER BY tier, name")?;
    let rows = statement.query_map([], |row| {
        let spec: String = row.get(2)?;
        let broken = |e| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, Box::new(e));
        let spec = serde_json::from_str(&spec).map_err(broken)?;
        Ok(LookupRecord { tier: row.get(0)?, name: row.get(1)?, spec })
    })?;
    rows.collect::<rusqlite::Result<_>>().map(Some)
}

pub(super) fn change(t: &Transaction<'_>, change: &LookupChange, now_ms: i64) -> Result<(), StoreError> {
    t.execute("DELETE FROM lookup_set", [])?;
    t.execute("INSERT INTO lookup_set(changed_ms) VALUES (?1)", [now_ms])?;
    for (tier, name) in &change.delete {
        t.execute("DELETE FROM lookup WHERE tier = ?1 AND name = ?2", params![tier, name])?;
    }
    for record in &change.put {
        t.execute(
            "INSERT OR REPLACE INTO lookup(tier, name, spec) VALUES (?1, ?2, ?3)",
            params![record.tier, record.name, record.spec.to_string()],
        )?;
    }
    if !change.audit.is_null() {
        t.execute(
            "INSERT INTO audit(time_ms, key, entry) VALUES (?1, 'lookups', ?2)",
            params![now_ms, change.audit.to_string()],
        )?;
    }
    Ok(())
}
