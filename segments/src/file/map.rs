//! Where do a segment file's bytes come from? A memory map, or a copy in memory.

use std::fs::File;
use std::io::Read;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use super::writer::io_error;
use crate::SegmentError;

/// How a segment file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OpenMode {
    /// Mapped: pages are read when they are first used. A medium that fails later ends the process with
    /// SIGBUS (see `FORMAT.md`).
    #[default]
    Map,
    /// Read into memory at once: failures of the medium are errors of opening.
    Read,
}

/// The bytes of a file that is never changed in place; 8-byte aligned.
#[derive(Debug)]
pub(super) enum Bytes {
    Mapped(Mmap),
    Owned { words: Vec<u64>, length: usize },
}

impl Bytes {
    /// Opens a file.
    pub(super) fn open(path: &Path, mode: OpenMode) -> Result<Self, SegmentError> {
        let mut file = File::open(path).map_err(io_error("open", path))?;
        let length = file.metadata().map_err(io_error("look at", path))?.len();
        let length = usize::try_from(length)
            .map_err(|_| SegmentError::Invalid(format!("`{}` is too large to open", path.display())))?;
        if mode == OpenMode::Map && length > 0 {
            return map(&file, path);
        }
        let mut words = vec![0u64; length.div_ceil(8)];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        file.read_exact(&mut bytes[..length]).map_err(io_error("read", path))?;
        Ok(Self::Owned { words, length })
    }
}

#[expect(unsafe_code, reason = "a map of a file that others could change is unsafe by nature")]
fn map(file: &File, path: &Path) -> Result<Bytes, SegmentError> {
    // SAFETY: segment files are private to the cache folder and written once: they appear by rename and are
    // never changed or cut in place (FORMAT.md, "Media assumptions"), so the mapped bytes do not change.
    let map = unsafe { Mmap::map(file) }.map_err(io_error("map", path))?;
    Ok(Bytes::Mapped(map))
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned { words, length } => {
                bytemuck::cast_slice::<u64, u8>(words).get(..*length).unwrap_or_default()
            }
        }
    }
}
