//! How is durable truth kept in one local file? SQLite in WAL mode, every commit synced to disk, all writes in
//! `BEGIN IMMEDIATE` transactions. One process at a time owns the file; a lock beside it says so.

mod allocate;
mod offsets;
mod publish;
mod rows;
mod schema;
mod supervision;

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use alluvium_segments::catalog::{
    AllocateSegment, Commit, Lease, MetadataStore, Publication, SegmentRecord, SupervisorRecord, TaskRecord,
};
use alluvium_segments::{SegmentError, SegmentId};
use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use serde_json::Value;

use schema::SchemaError;

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

fn open_failed(path: &Path, error: &rusqlite::Error) -> SegmentError {
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "it is locked: is another server running on this data folder?".to_owned()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it, or its folder, is read-only: check the owner and the permissions".to_owned()
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("it is not an intact SQLite file ({error}): restore it from a backup")
        }
        _ => error.to_string(),
    };
    SegmentError::Store { what: "metadata", message: format!("cannot open `{}`: {reason}", path.display()) }
}

fn schema_failed(path: &Path, error: &SchemaError) -> SegmentError {
    match error {
        SchemaError::Sqlite(error) => open_failed(path, error),
        SchemaError::Newer(found, known) => SegmentError::Store {
            what: "metadata",
            message: format!(
                "cannot open `{}`: its schema version is {found}, this release knows versions up to {known}: \
                 use the release that wrote it, or a newer one",
                path.display()
            ),
        },
    }
}

/// Locks `PATH.lock` for this process; the lock goes with the file handle, also after a crash.
fn take_lock(path: &Path) -> Result<File, SegmentError> {
    let lock_path = path.with_extension("lock");
    let io = |source| SegmentError::Io { action: "lock", path: lock_path.clone(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(source)) => Err(io(source)),
        Err(TryLockError::WouldBlock) => Err(SegmentError::Store {
            what: "metadata",
            message: format!(
                "cannot open `{}`: it is locked by another server running on this data folder; stop that one or \
                 give another --data-dir",
                path.display()
            ),
        }),
    }
}

impl MetadataStore for SqliteMetadata {
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl_ms: i64,
        now_ms: i64,
    ) -> Result<Option<Lease>, SegmentError> {
        self.write("acquire lease", |t| supervision::acquire_lease(t, name, owner, ttl_ms, now_ms))
    }

    fn renew_lease(&self, lease: &Lease, ttl_ms: i64, now_ms: i64) -> Result<bool, SegmentError> {
        self.write("renew lease", |t| supervision::renew_lease(t, lease, ttl_ms, now_ms))
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), SegmentError> {
        self.write("release lease", |t| supervision::release_lease(t, lease))
    }

    fn allocate(&self, request: &AllocateSegment) -> Result<SegmentId, SegmentError> {
        self.write("allocate segment", |t| allocate::allocate(t, request))
    }

    fn publish(&self, commit: &Commit, now_ms: i64) -> Result<Publication, SegmentError> {
        self.write("publish", |t| publish::publish(t, commit, now_ms))
    }

    fn segments(&self, datasource: Option<&str>) -> Result<Vec<SegmentRecord>, SegmentError> {
        self.read("list segments", |c| rows::used_segments(c, datasource))
    }

    fn locations(&self) -> Result<Vec<String>, SegmentError> {
        self.read("list locations", rows::locations)
    }

    fn datasources(&self) -> Result<Vec<String>, SegmentError> {
        self.read("list datasources", rows::datasources)
    }

    fn mark_segments(&self, ids: &[SegmentId], used: bool) -> Result<usize, SegmentError> {
        self.write("mark segments", |t| publish::mark(t, ids, used))
    }

    fn offsets(&self, supervisor: &str) -> Result<Vec<(String, i32, i64)>, SegmentError> {
        self.read("read offsets", |c| offsets::stored(c, supervisor))
    }

    fn set_offsets(
        &self,
        supervisor: &str,
        offsets: &[(String, i32, Option<i64>)],
    ) -> Result<(), SegmentError> {
        self.write("set offsets", |t| offsets::set(t, supervisor, offsets))
    }

    fn clear_offsets(&self, supervisor: &str) -> Result<(), SegmentError> {
        self.write("clear offsets", |t| offsets::clear(t, supervisor))
    }

    fn put_supervisor(&self, record: &SupervisorRecord) -> Result<(), SegmentError> {
        self.write("store supervisor", |t| supervision::put_supervisor(t, record))
    }

    fn supervisors(&self) -> Result<Vec<SupervisorRecord>, SegmentError> {
        self.read("list supervisors", supervision::supervisors)
    }

    fn supervisor_history(&self, id: &str) -> Result<Vec<SupervisorRecord>, SegmentError> {
        self.read("read supervisor history", |c| supervision::supervisor_history(c, id))
    }

    fn put_task(&self, task: &TaskRecord) -> Result<(), SegmentError> {
        self.write("store task", |t| supervision::put_task(t, task))
    }

    fn task(&self, id: &str) -> Result<Option<TaskRecord>, SegmentError> {
        self.read("read task", |c| supervision::task(c, id))
    }

    fn tasks(&self) -> Result<Vec<TaskRecord>, SegmentError> {
        self.read("list tasks", supervision::tasks)
    }

    fn audit(&self, limit: usize) -> Result<Vec<(i64, String, Value)>, SegmentError> {
        self.read("read audit", |c| supervision::audit(c, limit))
    }
}

#[cfg(test)]
mod tests;
