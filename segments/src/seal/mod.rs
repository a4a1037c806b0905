//! How do frozen rows become one file? [`seal`] takes any number of segments (hydrants of a live segment,
//! sealed files to be merged), sorts their visible rows by time and dimensions, rolls them up if the schema
//! says so, merges the dictionaries and writes every column in the encoding that serves it best.
//!
//! The same rows in the same order give the same bytes.

mod cast;
mod kept;
mod leaves;
mod merge;
mod numbers;
mod order;
mod projections;
mod rollup;
mod shred;
mod strings;
mod target;
mod texts;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use numbers::zone_of;

use crate::mapped::MappedSegment;
use crate::{Combining, Schema, Segment, SegmentError, SegmentId, SegmentRef};

/// What is sealed, and into which file.
#[derive(Debug, Clone)]
pub struct SealRequest {
    /// The identity of the new segment.
    pub id: SegmentId,
    /// The file to write; its folder exists. While it is written it is called `path` with `.tmp` appended.
    pub path: PathBuf,
    /// The rows, oldest input first: their visible parts without what is hidden. At least one input.
    pub inputs: Vec<SegmentRef>,
    /// The columns to write and how rows are made; `None` for all columns of the inputs, where the newest
    /// input (the last) decides types, roles, rollup and query granularity. Columns of the inputs that are
    /// not named are left out; named ones that an input lacks are null there.
    pub schema: Option<Arc<Schema>>,
    /// Whether the projections that the schema declares and the leaves of nested columns are written (not worth it for a
    /// file that is only a part of a segment).
    pub projections: bool,
    /// How states of aggregators become one.
    pub combining: Combining,
}

/// A file that was written, fsynced, renamed, opened again and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSegment {
    /// Where it is.
    pub path: PathBuf,
    /// Its identity.
    pub id: SegmentId,
    /// Its rows, after rollup.
    pub rows: u64,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// CRC-32C of the whole file.
    pub checksum: u32,
    /// Smallest and largest `__time`, inclusive; `None` for no rows.
    pub time_bounds: Option<(i64, i64)>,
    /// Its columns, and how rows were made.
    pub schema: Schema,
}

/// Seals rows into a file. Blocks; the time grows with rows and columns.
///
/// # Errors
/// When the inputs cannot be read, hold rows outside their own interval, hold 2^32 - 1 rows or more, or the file cannot be written (a full disk
/// included); no file is left then, neither under its name nor under the temporary one.
pub fn seal(request: &SealRequest) -> Result<SealedSegment, SegmentError> {
    let schema = target::schema(request)?;
    let written = write::write(request, &schema)?;
    let reopened = MappedSegment::open(&request.path)
        .and_then(|segment| check(&segment, written.checksum).map(|()| segment));
    let segment = match reopened {
        Ok(segment) => segment,
        Err(error) => {
            // The file is of no use; the reason is what counts.
            let _ = std::fs::remove_file(&request.path);
            return Err(error);
        }
    };
    Ok(SealedSegment {
        path: request.path.clone(),
        id: request.id.clone(),
        rows: segment.rows() as u64,
        size_bytes: written.bytes,
        checksum: written.checksum,
        time_bounds: segment.time_bounds(),
        schema,
    })
}

/// Reads the whole file once more.
fn check(segment: &MappedSegment, checksum: u32) -> Result<(), SegmentError> {
    let corrupt = |expected: String, found: String| SegmentError::Corrupt {
        file: segment.path().to_owned(),
        at: 0,
        expected,
        found,
    };
    if segment.checksum() != checksum {
        let found = format!("{:08x} after reading back", segment.checksum());
        return Err(corrupt(format!("file checksum {checksum:08x}"), found));
    }
    if let Some(problem) = segment.verify().into_iter().next() {
        return Err(corrupt("a file that verifies after sealing".to_owned(), problem.message));
    }
    Ok(())
}
