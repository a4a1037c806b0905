//! Where do sealed files lie on this machine? A folder that mirrors the locations of deep storage; a file that
//! is absent is fetched, checked and kept.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{DeepStorage, SegmentRecord};
use crate::{Segment, SegmentError};

/// Opens a sealed file as the segment a record describes.
pub type OpenSegment = dyn Fn(&Path, &SegmentRecord) -> Result<Arc<dyn Segment>, SegmentError> + Send + Sync;

/// The local folder of sealed files.
pub struct SegmentCache {
    folder: PathBuf,
    deep: Arc<dyn DeepStorage>,
    open: Box<OpenSegment>,
}

impl fmt::Debug for SegmentCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SegmentCache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> SegmentError {
    SegmentError::Io { action, path: path.to_owned(), source }
}

impl SegmentCache {
    /// A cache in `folder` (created when absent) over `deep`; `open` maps a file.
    ///
    /// # Errors
    /// When the folder cannot be created.
    pub fn new(
        folder: &Path,
        deep: Arc<dyn DeepStorage>,
        open: Box<OpenSegment>,
    ) -> Result<Self, SegmentError> {
        fs::create_dir_all(folder).map_err(|e| io("create", folder, e))?;
        Ok(Self { folder: folder.to_owned(), deep, open })
    }

    /// Where the file of a location lies, or will.
    ///
    /// # Errors
    /// When the location would leave the folder.
    pub fn path(&self, location: &str) -> Result<PathBuf, SegmentError> {
        let safe = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\\');
        if !location.split('/').all(safe) {
            return Err(SegmentError::Invalid(format!("`{location}` is no location of a segment file")));
        }
        Ok(location.split('/').fold(self.folder.clone(), |path, part| path.join(part)))
    }

    /// Opens a segment, fetching its file first when it is absent or has another length.
    ///
    /// # Errors
    /// When the file cannot be fetched, its checksum differs, or it cannot be opened.
    pub fn open(&self, record: &SegmentRecord) -> Result<Arc<dyn Segment>, SegmentError> {
        let path = self.path(&record.location)?;
        let length = fs::metadata(&path).map(|m| m.len()).ok();
        if length != Some(record.size_bytes) {
            self.fetch(record, &path)?;
        }
        (self.open)(&path, record)
    }

    fn fetch(&self, record: &SegmentRecord, path: &Path) -> Result<(), SegmentError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| io("create", folder, e))?;
        }
        self.deep.download(&record.location, path)?;
        let found = file_checksum(path)?;
        if found == (record.size_bytes, record.checksum) {
            return Ok(());
        }
        // A bad copy must not be taken for a good one at the next start.
        fs::remove_file(path).map_err(|e| io("remove", path, e))?;
        Err(SegmentError::Corrupt {
            file: path.to_owned(),
            at: 0,
            expected: format!(
                "{} bytes with checksum {:08x} as published",
                record.size_bytes, record.checksum
            ),
            found: format!("{} bytes with checksum {:08x} in deep storage", found.0, found.1),
        })
    }

    /// Removes files that no location of `keep` names (leftovers of a crash, or replaced segments); returns
    /// how many. Files that are mapped live on until their last reader goes.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sweep(&self, keep: &dyn Fn(&str) -> bool) -> Result<usize, SegmentError> {
        let mut removed = 0;
        let mut folders = vec![(self.folder.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|e| io("list", &folder, e))? {
                let entry = entry.map_err(|e| io("list", &folder, e))?;
                let path = entry.path();
                let location = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.file_type().is_ok_and(|t| t.is_dir()) {
                    folders.push((path, format!("{location}/")));
                } else if !keep(&location) {
                    fs::remove_file(&path).map_err(|e| io("remove", &path, e))?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

/// Length and CRC-32C of a whole file.
///
/// # Errors
/// When it cannot be read.
pub fn file_checksum(path: &Path) -> Result<(u64, u32), SegmentError> {
    let mut file = File::open(path).map_err(|e| io("open", path, e))?;
    let mut buffer = vec![0u8; 1 << 20];
    let (mut length, mut checksum) = (0u64, 0u32);
    loop {
        let read = file.read(&mut buffer).map_err(|e| io("read", path, e))?;
        let Some(bytes) = buffer.get(..read).filter(|b| !b.is_empty()) else { return Ok((length, checksum)) };
        checksum = crc32c::crc32c_append(checksum, bytes);
        length += read as u64;
    }
}
