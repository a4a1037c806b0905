//! How does a frozen segment become a file? Its parts are merged, sorted and encoded into one, on a thread that
//! may block.

use std::path::Path;
use std::sync::Arc;

use alluvium_segments::catalog::{LiveHandle, SegmentRecord};
use alluvium_segments::seal::{SealRequest, SealedSegment, seal};
use alluvium_segments::{SegmentError, SegmentId, SegmentRef};

use crate::sink::Part;

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
pub(crate) fn seal_parts(
    id: &SegmentId,
    parts: &[Arc<Part>],
    file: &Path,
    purpose: Purpose,
) -> Result<SealedSegment, SegmentError> {
    if let Some(folder) = file.parent() {
        let io = |source| SegmentError::Io { action: "create", path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let inputs = parts.iter().map(|p| SegmentRef::whole(p.view())).collect();
    let projections = purpose == Purpose::Segment;
    seal(&SealRequest { id: id.clone(), path: file.to_owned(), inputs, schema: None, projections })
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
