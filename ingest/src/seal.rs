//! How does a frozen segment become a file? Its parts are merged, sorted and encoded into one, on a thread that
//! may block; several segments at once, as far as cores and memory allow.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use alluvium_segments::catalog::{LiveHandle, SegmentRecord};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, SealedSegment, seal};
use alluvium_segments::{Segment, SegmentError, SegmentId, SegmentRef};
use parking_lot::{Condvar, Mutex};

use crate::sink::Part;
use crate::states;

/// Bytes that segments which are sealed at once may take, about; a larger one is sealed alone.
const SEALING_BYTES: u64 = 1 << 30;

/// How many segments are worked on at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Does `work` for every item, on all cores; while one takes much memory (`bytes`), others wait. After an error no
/// more are begun, and `None` stands for those.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    bytes: impl Fn(&T) -> u64 + Sync,
    work: impl Fn(&T) -> Result<R, SegmentError> + Sync,
) -> Vec<Option<Result<R, SegmentError>>> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (taken, freed) = (Mutex::new(0u64), Condvar::new());
    let results: Vec<Mutex<Option<Result<R, SegmentError>>>> =
        items.iter().map(|_| Mutex::new(None)).collect();
    let worker = || {
        while !failed.load(Ordering::Acquire) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(item), Some(slot)) = (items.get(at), results.get(at)) else { break };
            let bytes = bytes(item);
            let mut used = taken.lock();
            while *used > 0 && *used + bytes > SEALING_BYTES {
                freed.wait(&mut used);
            }
            *used += bytes;
            drop(used);
            let _taken = Taken { used: &taken, freed: &freed, bytes };
            let result = work(item);
            failed.fetch_or(result.is_err(), Ordering::AcqRel);
            *slot.lock() = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..cores().min(items.len()) {
            // Without one more thread it takes longer, no more.
            let _ = std::thread::Builder::new().name("seal".to_owned()).spawn_scoped(scope, worker);
        }
        worker();
    });
    results.into_iter().map(Mutex::into_inner).collect()
}

/// Bytes in use, given back whatever becomes of the work.
struct Taken<'t> {
    used: &'t Mutex<u64>,
    freed: &'t Condvar,
    bytes: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.used.lock() -= self.bytes;
        self.freed.notify_all();
    }
}

/// Bytes it takes to seal parts, about: all their values without encoding.
pub(crate) fn sealing_bytes(parts: &[Arc<Part>]) -> u64 {
    let bytes = |view: Arc<dyn Segment>| view.rows() as u64 * (view.schema().columns.len() as u64 + 2) * 8;
    parts.iter().map(|part| bytes(part.view())).sum()
}

/// A sealed file of a part, in the folder for scratch files; removed when it is dropped, unless it is taken over.
#[derive(Debug)]
pub(crate) struct Scratch {
    sealed: SealedSegment,
}

impl Scratch {
    /// Writes a part to a file of its own.
    ///
    /// # Errors
    /// When the disk is full or refuses, or the part cannot be read.
    pub(crate) fn write(part: &Arc<Part>, folder: &Path) -> Result<Self, SegmentError> {
        let file = folder.join(format!("{}.alv", uuid::Uuid::new_v4().simple()));
        Ok(Self { sealed: seal_parts(part.id(), std::slice::from_ref(part), &file, Purpose::Part)? })
    }

    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be mapped.
    pub(crate) fn open(&self) -> Result<MappedSegment, SegmentError> {
        MappedSegment::open(&self.sealed.path)
    }

    /// Makes it the file of the segment `id`; `false` when it is one of another segment.
    fn take_over(mut self, id: &SegmentId, file: &Path) -> Result<Option<SealedSegment>, SegmentError> {
        if self.sealed.id != *id {
            return Ok(None);
        }
        make_folder(file)?;
        let io = |source| SegmentError::Io { action: "rename", path: file.to_owned(), source };
        std::fs::rename(&self.sealed.path, file).map_err(io)?;
        let moved = SealedSegment { path: file.to_owned(), ..self.sealed.clone() };
        self.sealed.path = PathBuf::new();
        Ok(Some(moved))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.sealed.path.as_os_str().is_empty()
            && let Err(error) = std::fs::remove_file(&self.sealed.path)
        {
            tracing::warn!(%error, file = %self.sealed.path.display(), "a scratch file is left over");
        }
    }
}

/// Makes the file of a segment: takes over that of its only part where there is one, or seals all parts.
///
/// # Errors
/// When the disk is full or refuses, or a part cannot be read.
pub(crate) fn make_file(
    id: &SegmentId,
    parts: &[Arc<Part>],
    file: &Path,
) -> Result<SealedSegment, SegmentError> {
    // The file of a part has no projections.
    if let [part] = parts
        && part.view().schema().projections.is_empty()
        && let Some(scratch) = part.take_scratch()
        && let Some(sealed) = scratch.take_over(id, file)?
    {
        return Ok(sealed);
    }
    seal_parts(id, parts, file, Purpose::Segment)
}

fn make_folder(file: &Path) -> Result<(), SegmentError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let io = |source| SegmentError::Io { action: "create", path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(io)
}

/// What a file is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A whole segment: the projections that its schema declares are built.
    Segment,
    /// A part of one, to give its memory back.
    Part,
}

/// Writes the rows of all parts to `file`, durable under its name and verified on return.
///
/// # Errors
/// When the disk is full or refuses, or a part cannot be read.
fn seal_parts(
    id: &SegmentId,
    parts: &[Arc<Part>],
    file: &Path,
    purpose: Purpose,
) -> Result<SealedSegment, SegmentError> {
    make_folder(file)?;
    let inputs = parts.iter().map(|p| SegmentRef::whole(p.view())).collect();
    let projections = purpose == Purpose::Segment;
    seal(&SealRequest {
        id: id.clone(),
        path: file.to_owned(),
        inputs,
        schema: None,
        projections,
        combining: states::combining,
    })
}

/// A sealed file as the metadata store keeps it.
pub(crate) fn record(sealed: SealedSegment, location: &str, created_ms: i64) -> SegmentRecord {
    SegmentRecord {
        root_start: sealed.id.partition,
        root_end: sealed.id.partition.saturating_add(1),
        id: sealed.id,
        core_partitions: 0,
        minor_version: 0,
        upgraded_from: None,
        schema: sealed.schema,
        rows: sealed.rows,
        size_bytes: sealed.size_bytes,
        time_bounds: sealed.time_bounds,
        location: location.to_owned(),
        checksum: sealed.checksum,
        created_ms,
    }
}

/// Where a segment's file goes: `segments/DATASOURCE/START_END/VERSION/PARTITION/UNIQUE.alv`, spelled so that
/// every store and file system takes it.
pub(crate) fn location(id: &SegmentId) -> String {
    let plain = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => out.push(c),
                ':' => {}
                other => out.push_str(&format!("~{:x}~", other as u32)),
            }
        }
        out
    };
    let interval = id.interval.to_string().replace('/', "_");
    let (datasource, interval, version) = (plain(&id.datasource), plain(&interval), plain(&id.version));
    let unique = uuid::Uuid::new_v4().simple();
    format!("segments/{datasource}/{interval}/{version}/{}/{unique}.alv", id.partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_its_result() {
        let items: Vec<u64> = (0..50).collect();
        let busy = Mutex::new(0u64);
        let done = in_parallel(
            &items,
            |item| item * SEALING_BYTES / 20,
            |item| {
                let bytes = item * SEALING_BYTES / 20;
                *busy.lock() += bytes;
                std::thread::sleep(std::time::Duration::from_millis(1));
                let all = *busy.lock();
                *busy.lock() -= bytes;
                assert!(all == bytes || all <= SEALING_BYTES, "{all} bytes at once");
                Ok(item * 2)
            },
        );
        let done: Vec<u64> = done.into_iter().map(|result| result.unwrap().unwrap()).collect();
        assert_eq!(done, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let none = in_parallel(&[0; 0], |_| 0, |_| Ok(()));
        assert!(none.is_empty());
    }

    #[test]
    fn no_more_is_begun_after_an_error() {
        let items: Vec<usize> = (0..1000).collect();
        let done = in_parallel(
            &items,
            |_| 0,
            |item| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                if *item == 3 { Err(SegmentError::Invalid("full".to_owned())) } else { Ok(()) }
            },
        );
        assert!(matches!(done[3], Some(Err(_))));
        assert!(matches!(done[0], Some(Ok(()))));
        assert!(done[999].is_none());
    }
}
