//! Why can a metadata file not be opened, and what is to be done? And: does this process own it?

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use alluvium_segments::SegmentError;
use rusqlite::ErrorCode;

use super::schema::SchemaError;

pub(super) fn open_failed(path: &Path, error: &rusqlite::Error) -> SegmentError {
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

pub(super) fn schema_failed(path: &Path, error: &SchemaError) -> SegmentError {
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
pub(super) fn take_lock(path: &Path) -> Result<File, SegmentError> {
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
