//! How is durable truth kept in one local file? SQLite in WAL mode, every commit synced to disk, all writes in
//! `BEGIN IMMEDIATE` transactions. One process at a time owns the file; a lock beside it says so.

mod allocate;
mod lookups;
mod offsets;
mod opening;
mod publish;
mod rows;
mod schema;
mod store;
mod supervision;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alluvium_segments::SegmentError;
use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use opening::{open_failed, schema_failed, take_lock};

/// How long a statement waits for another connection's write before it fails.
const BUSY: Duration = Duration::from_secs(10);

/// The SQLite driver.
pub struct SqliteMetadata {
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Held while this process writes; `None` when opened for reading.
    _lock: Option<File>,
}

impl fmt::Debug for SqliteMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteMetadata").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SqliteMetadata {
    /// Opens the file for writing, creates it when it is absent, and brings it to the newest schema.
    ///
    /// # Errors
    /// When another process owns it, when it cannot be written, when a newer release made it, or when it is no
    /// SQLite file; the text says which and what to do.
    pub fn open(path: &Path) -> Result<Self, SegmentError> {
        let lock = take_lock(path)?;
        let mut connection = Connection::open(path).map_err(|e| open_failed(path, &e))?;
        let prepare = |c: &Connection| -> rusqlite::Result<()> {
            c.busy_timeout(BUSY)?;
            c.pragma_update(None, "journal_mode", "WAL")?;
            c.pragma_update(None, "synchronous", "FULL")
        };
        prepare(&connection).map_err(|e| open_failed(path, &e))?;
        schema::migrate(&mut connection).map_err(|e| schema_failed(path, &e))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), _lock: Some(lock) })
    }

    /// Opens an existing file for reading only, beside a running server.
    ///
    /// # Errors
    /// When it is absent, no SQLite file, or made by a newer release.
    pub fn open_read_only(path: &Path) -> Result<Self, SegmentError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|e| open_failed(path, &e))?;
        connection.busy_timeout(BUSY).map_err(|e| open_failed(path, &e))?;
        schema::version(&connection).map_err(|e| schema_failed(path, &e))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), _lock: None })
    }

    /// Runs `work` on the connection, outside a transaction of ours (single statements).
    fn read<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, SegmentError> {
        work(&self.connection.lock()).map_err(|e| failed(what, &e))
    }

    /// Runs `work` in one immediate transaction, committed when it succeeds.
    fn write<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, SegmentError> {
        let mut connection = self.connection.lock();
        let run = || -> Result<T, StoreError> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|e| match e {
            StoreError::Sqlite(e) => failed(what, &e),
            StoreError::Refused(e) => e,
        })
    }
}

/// Why a transaction was rolled back.
#[derive(Debug)]
enum StoreError {
    Sqlite(rusqlite::Error),
    Refused(SegmentError),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<SegmentError> for StoreError {
    fn from(error: SegmentError) -> Self {
        Self::Refused(error)
    }
}

/// Turns a value that cannot be written or read back as JSON into SQLite's conversion error.
fn bad_json(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn failed(what: &'static str, error: &rusqlite::Error) -> SegmentError {
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            " (another process holds the metadata file)"
        }
        Some(ErrorCode::ReadOnly) => " (the metadata file or its folder is read-only)",
        Some(ErrorCode::DiskFull) => " (the disk is full)",
        _ => "",
    };
    SegmentError::Store { what, message: format!("{error}{hint}") }
}

#[cfg(test)]
mod tests;
