//! May this process use this data folder? An advisory lock that the system drops when the process ends,
//! however it ends.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::EngineError;

/// Holds a data folder until dropped.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Creates the folder if needed and takes its lock.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process holds it.
    pub fn take(directory: &Path) -> Result<Self, EngineError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| EngineError::DataDir { action, path, source }
        };
        fs::create_dir_all(directory).map_err(failed("create data folder", directory))?;
        let path = directory.join("lock");
        let file = File::create(&path).map_err(failed("write in data folder", directory))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(EngineError::Locked { path: directory.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = DirectoryLock::take(folder.path()).unwrap();
        assert!(matches!(DirectoryLock::take(folder.path()), Err(EngineError::Locked { .. })));
        drop(held);
        DirectoryLock::take(folder.path()).unwrap();
    }
}
