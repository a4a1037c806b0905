//! How is a segment file written so that it is there whole or not at all? Under a temporary name, front to
//! back, fsynced, renamed, and the folder fsynced.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::footer::{Footer, SectionEntry};
use super::layout::{ALIGNMENT, GRANULE_BYTES, SectionKind, TRAILER_BYTES, Trailer, VERSION, header};
use crate::SegmentError;

/// Makes the error of a failed file operation.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SegmentError {
    let path = path.to_owned();
    move |source| SegmentError::Io { action, path, source }
}

/// Writes one segment file. Dropped before [`FileWriter::finish`], it removes what it wrote.
#[derive(Debug)]
pub(crate) struct FileWriter {
    path: PathBuf,
    temporary: PathBuf,
    sink: Sink,
    written: u64,
    checksum: u32,
    sections: Vec<SectionEntry>,
    granules: Vec<u32>,
}

/// Where the bytes go.
#[derive(Debug)]
enum Sink {
    File(BufWriter<File>),
    Memory(Vec<u8>),
    Finished,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Length of the file.
    pub(crate) bytes: u64,
    /// CRC-32C of the whole file.
    pub(crate) checksum: u32,
}

impl FileWriter {
    /// Starts a file that will be `path`; until then it is `path` with `.tmp` appended.
    pub(crate) fn create(path: &Path) -> Result<Self, SegmentError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".tmp");
        let temporary = PathBuf::from(name);
        let file = File::create(&temporary).map_err(io_error("create", &temporary))?;
        Self::start(path, temporary, Sink::File(BufWriter::with_capacity(1 << 20, file)))
    }

    /// Starts a file that becomes a section of the file `path` and is kept in memory until then.
    pub(crate) fn in_memory(path: &Path) -> Result<Self, SegmentError> {
        Self::start(path, path.to_owned(), Sink::Memory(Vec::new()))
    }

    fn start(path: &Path, temporary: PathBuf, sink: Sink) -> Result<Self, SegmentError> {
        let (sections, granules) = (Vec::new(), Vec::new());
        let mut writer =
            Self { path: path.to_owned(), temporary, sink, written: 0, checksum: 0, sections, granules };
        writer.put(&header(VERSION))?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SegmentError> {
        match &mut self.sink {
            Sink::File(file) => file.write_all(bytes).map_err(io_error("write", &self.temporary))?,
            Sink::Memory(memory) => memory.extend_from_slice(bytes),
            Sink::Finished => {
                return Err(SegmentError::Invalid(format!("`{}` is finished", self.temporary.display())));
            }
        }
        self.written += bytes.len() as u64;
        self.checksum = crc32c::crc32c_append(self.checksum, bytes);
        Ok(())
    }

    /// Number of sections so far.
    pub(crate) fn sections(&self) -> usize {
        self.sections.len()
    }

    /// Appends a section of a column.
    pub(crate) fn section(
        &mut self,
        column: usize,
        kind: SectionKind,
        content: &[u8],
    ) -> Result<(), SegmentError> {
        self.raw_section(column, kind as u16, true, content)
    }

    /// Appends a section of any kind, known to this version or not.
    pub(crate) fn raw_section(
        &mut self,
        column: usize,
        tag: u16,
        required: bool,
        content: &[u8],
    ) -> Result<(), SegmentError> {
        self.sections.push(SectionEntry {
            offset: self.written,
            bytes: content.len() as u64,
            tag,
            required,
            column: column as u32,
            first_granule: self.granules.len() as u32,
        });
        let padding = [0; ALIGNMENT];
        let padding = &padding[..content.len().next_multiple_of(ALIGNMENT) - content.len()];
        for granule in content.chunks(GRANULE_BYTES) {
            let mut checksum = crc32c::crc32c(granule);
            if granule.len() < GRANULE_BYTES {
                checksum = crc32c::crc32c_append(checksum, padding);
            }
            self.granules.push(checksum);
        }
        self.put(content)?;
        self.put(padding)
    }

    /// Lets `look` read the file as it would be if it ended here; then more sections may follow. Nothing of what
    /// `look` opens may outlive it.
    pub(crate) fn peek<T>(
        &mut self,
        footer: &Footer,
        look: impl FnOnce(&Path) -> Result<T, SegmentError>,
    ) -> Result<T, SegmentError> {
        let (written, checksum) = (self.written, self.checksum);
        self.end(footer.clone())?;
        let Sink::File(file) = &mut self.sink else {
            return Err(SegmentError::Invalid(format!("`{}` is no file", self.temporary.display())));
        };
        file.flush().map_err(io_error("write", &self.temporary))?;
        let seen = look(&self.temporary)?;
        file.seek(SeekFrom::Start(written)).map_err(io_error("write", &self.temporary))?;
        file.get_ref().set_len(written).map_err(io_error("write", &self.temporary))?;
        (self.written, self.checksum) = (written, checksum);
        Ok(seen)
    }

    /// Writes footer and trailer. The footer's sections and checksums are filled in here.
    fn end(&mut self, mut footer: Footer) -> Result<(), SegmentError> {
        footer.sections.clone_from(&self.sections);
        footer.granules.clone_from(&self.granules);
        let content = footer
            .to_bytes()
            .map_err(|e| SegmentError::Invalid(format!("the schema cannot be written as JSON: {e}")))?;
        let trailer = Trailer {
            version: VERSION,
            footer_offset: self.written,
            footer_bytes: content.len() as u64,
            file_bytes: self.written + content.len() as u64 + TRAILER_BYTES as u64,
            footer_checksum: crc32c::crc32c(&content),
        };
        self.put(&content)?;
        self.put(&trailer.to_bytes())
    }

    /// Ends the file and makes it durable under its name.
    pub(crate) fn finish(mut self, footer: Footer) -> Result<Written, SegmentError> {
        self.end(footer)?;
        let written = Written { bytes: self.written, checksum: self.checksum };
        if let Sink::File(buffered) = std::mem::replace(&mut self.sink, Sink::Finished) {
            let (temporary, path) = (self.temporary.clone(), self.path.clone());
            let result = persist(buffered, &temporary, &path);
            if result.is_err() {
                // What is left of the temporary file is of no use; the first error is the one to report.
                let _ = fs::remove_file(&temporary);
            }
            result?;
        }
        Ok(written)
    }

    /// Ends a file that was kept in memory.
    pub(crate) fn finish_in_memory(mut self, footer: Footer) -> Result<Vec<u8>, SegmentError> {
        self.end(footer)?;
        match std::mem::replace(&mut self.sink, Sink::Finished) {
            Sink::Memory(bytes) => Ok(bytes),
            _ => Err(SegmentError::Invalid(format!("`{}` is not in memory", self.temporary.display()))),
        }
    }
}

fn persist(buffered: BufWriter<File>, temporary: &Path, path: &Path) -> Result<(), SegmentError> {
    let file = buffered.into_inner().map_err(|e| io_error("write", temporary)(e.into_error()))?;
    file.sync_all().map_err(io_error("fsync", temporary))?;
    drop(file);
    fs::rename(temporary, path).map_err(io_error("rename", temporary))?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(folder).and_then(|handle| handle.sync_all());
    if synced.is_err() {
        // Not known to be durable under its name: nobody must find it there. The first error is reported.
        let _ = fs::remove_file(path);
    }
    synced.map_err(io_error("fsync", folder))
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if matches!(self.sink, Sink::File(_)) {
            // Nobody is left to hear of a failure, and a stale temporary file is overwritten or swept.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
