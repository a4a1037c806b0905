//! Where are sealed files kept for ever? `object_store` behind the blocking [`DeepStorage`] trait: a local
//! folder by default. The driver has a small runtime of its own and is called from worker threads only.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_segments::SegmentError;
use alluvium_segments::catalog::DeepStorage;
use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::runtime::{Builder, Runtime};

/// Bytes a part of an upload.
const PART: usize = 8 << 20;

/// A folder, or a bucket, of sealed files.
pub struct ObjectDeepStorage {
    store: Arc<dyn ObjectStore>,
    /// The folder when the store is local: its files are synced after an upload.
    folder: Option<PathBuf>,
    runtime: Runtime,
}

impl fmt::Debug for ObjectDeepStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectDeepStorage").field("store", &self.store.to_string()).finish_non_exhaustive()
    }
}

impl ObjectDeepStorage {
    /// A local folder, created when it is absent.
    ///
    /// # Errors
    /// When the folder cannot be created or read.
    pub fn local(folder: &Path) -> Result<Self, SegmentError> {
        std::fs::create_dir_all(folder).map_err(|e| io("create", folder, e))?;
        let folder = folder.canonicalize().map_err(|e| io("read", folder, e))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|e| failed("open deep storage", &folder.display().to_string(), &e))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("deep-storage")
            .enable_all()
            .build()
            .map_err(|e| io("start a runtime for", &folder, e))?;
        Ok(Self { store: Arc::new(store), folder: Some(folder), runtime })
    }

    /// Where a location lies on the local disk, if it does.
    fn local_path(&self, location: &str) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(location.split('/').fold(folder.clone(), |path, part| path.join(part)))
    }

    async fn put(&self, file: &Path, location: &ObjectPath) -> Result<u64, PutError> {
        let mut input = tokio::fs::File::open(file).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(self.store.put_multipart(location).await?, PART);
        let mut buffer = vec![0u8; 1 << 20];
        let mut total = 0u64;
        loop {
            let read = match tokio::io::AsyncReadExt::read(&mut input, &mut buffer).await {
                Ok(read) => read,
                Err(error) => {
                    upload.abort().await?;
                    return Err(error.into());
                }
            };
            if read == 0 {
                break;
            }
            if let Err(error) = upload.wait_for_capacity(4).await {
                upload.abort().await?;
                return Err(error.into());
            }
            upload.write(buffer.get(..read).unwrap_or_default());
            total += read as u64;
        }
        upload.finish().await?;
        Ok(total)
    }

    async fn get(&self, location: &ObjectPath, file: &Path) -> Result<(), PutError> {
        let mut stream = self.store.get(location).await?.into_stream();
        let mut output = File::create(file)?;
        while let Some(part) = stream.next().await {
            output.write_all(&part?)?;
        }
        output.sync_all()?;
        Ok(())
    }
}

/// A failure on either side of a copy.
#[derive(Debug, thiserror::Error)]
enum PutError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Store(#[from] object_store::Error),
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> SegmentError {
    SegmentError::Io { action, path: path.to_owned(), source }
}

fn failed(what: &'static str, location: &str, error: &dyn fmt::Display) -> SegmentError {
    SegmentError::Store { what, message: format!("`{location}`: {error}") }
}

fn object_path(location: &str) -> Result<ObjectPath, SegmentError> {
    ObjectPath::parse(location).map_err(|e| failed("deep storage location", location, &e))
}

/// Makes a file, and the names of its folders up to `root`, survive a power cut.
fn sync_with_parents(path: &Path, root: &Path) -> Result<(), SegmentError> {
    let sync = |path: &Path| File::open(path).and_then(|f| f.sync_all()).map_err(|e| io("sync", path, e));
    sync(path)?;
    for folder in path.ancestors().skip(1) {
        sync(folder)?;
        if folder == root {
            break;
        }
    }
    Ok(())
}

impl DeepStorage for ObjectDeepStorage {
    fn upload(&self, file: &Path, location: &str) -> Result<(), SegmentError> {
        let object = object_path(location)?;
        let sent = self
            .runtime
            .block_on(self.put(file, &object))
            .map_err(|e| failed("upload to deep storage", location, &e))?;
        let kept = self
            .runtime
            .block_on(self.store.head(&object))
            .map_err(|e| failed("check upload to deep storage", location, &e))?
            .size;
        if kept != sent {
            let message = format!("{sent} bytes were sent, {kept} are there");
            return Err(failed("check upload to deep storage", location, &message));
        }
        match (self.local_path(location), &self.folder) {
            (Some(path), Some(root)) => sync_with_parents(&path, root),
            _ => Ok(()),
        }
    }

    fn download(&self, location: &str, file: &Path) -> Result<(), SegmentError> {
        let object = object_path(location)?;
        let temporary = file.with_extension("part");
        let copied = self.runtime.block_on(self.get(&object, &temporary));
        if let Err(error) = copied {
            // What was copied so far is of no use; the error that matters is the first one.
            let _ = std::fs::remove_file(&temporary);
            return Err(match error {
                PutError::Store(object_store::Error::NotFound { .. }) => {
                    SegmentError::NotFound { what: "deep storage file", name: location.to_owned() }
                }
                other => failed("download from deep storage", location, &other),
            });
        }
        std::fs::rename(&temporary, file).map_err(|e| io("rename", &temporary, e))
    }

    fn list(&self) -> Result<Vec<(String, i64)>, SegmentError> {
        let listed = async {
            let mut files = Vec::new();
            let mut stream = self.store.list(None);
            while let Some(file) = stream.next().await {
                let file = file?;
                files.push((file.location.to_string(), file.last_modified.timestamp_millis()));
            }
            Ok::<_, object_store::Error>(files)
        };
        self.runtime.block_on(listed).map_err(|e| failed("list deep storage", "", &e))
    }

    fn delete(&self, location: &str) -> Result<(), SegmentError> {
        match self.runtime.block_on(self.store.delete(&object_path(location)?)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete from deep storage", location, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_files() {
        let folder = tempfile::tempdir().unwrap();
        let storage = ObjectDeepStorage::local(&folder.path().join("deep")).unwrap();
        let source = folder.path().join("a");
        let bytes: Vec<u8> = (0..20_000_000u32).map(|i| (i * 7) as u8).collect();
        std::fs::write(&source, &bytes).unwrap();
        storage.upload(&source, "segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg").unwrap();
        let copy = folder.path().join("b");
        storage.download("segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg", &copy).unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), bytes);
        let listed: Vec<String> = storage.list().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(listed, ["segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg"]);
        storage.delete("segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg").unwrap();
        storage.delete("segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg").unwrap();
        let gone = storage.download("segments/d/2015-09-12T00:00:00.000Z_x/v/0/a.seg", &copy).unwrap_err();
        assert!(matches!(gone, SegmentError::NotFound { .. }), "{gone}");
        assert!(storage.upload(&folder.path().join("absent"), "x").is_err());
    }
}
