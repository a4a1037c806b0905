//! Which tests need real parts (Apache Kafka, PostgreSQL, DuckDB, a JDBC driver, Chromium, real files), and what happens where a
//! part is missing?
//! They say by name that they were skipped; with `ALLUVIUM_REAL_PARTS=required` a missing part fails them.

mod arrow;
mod broker;
mod clients;
mod console;
mod disk_full;
mod exactly_once;
mod freshness;
mod jdbc;
mod postgres;
mod psql;
mod server;
mod stage;
mod wikiticker;

use std::path::PathBuf;

/// The path an environment variable names, if it exists; otherwise the test is reported as skipped.
pub(crate) fn part(name: &str, variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.exists());
    if found.is_none() {
        let required = std::env::var("ALLUVIUM_REAL_PARTS").is_ok_and(|v| v == "required");
        assert!(!required, "{name} is required but {variable} does not name an existing path");
        eprintln!("SKIPPED for want of {name}: set {variable}");
    }
    found
}
