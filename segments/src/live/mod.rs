//! How are rows kept while they still arrive? A live segment is a list of immutable published chunks plus a
//! tail private to its one writer; readers take a [`LiveView`] without a lock and never see part of a row.
//!
//! ```text
//! RowBatch --LiveWriter::append--> tail --publish--> small chunks --64 Ki rows--> full chunk (indexed)
//!                                                    '------------- LiveView -----------------'
//! ```
//!
//! - A **full** chunk has exactly [`LiveOptions::chunk_rows`] rows, bitmaps by value and a zone map a block.
//! - **Small** chunks come from publications in between; they are merged geometrically, so there are few, and are
//!   scanned. A published row never changes; views keep the chunks they began with.
//! - With rollup, rows are combined in the tail only, never once published.
//! - Strings are numbered by arrival in a dictionary that only grows.

mod chunk;
mod column;
mod encode;
mod handle;
mod held;
mod ids;
mod index;
mod merging;
mod number;
mod numeric_view;
mod rollup;
mod string_view;
#[cfg(test)]
mod tests;
mod view;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};

pub use handle::{LiveOptions, LiveSegment};
pub use view::LiveView;
pub use writer::{Appended, LiveWriter};

static COPIED: AtomicU64 = AtomicU64::new(0);

/// Bytes that readers have copied out of live chunks since the process started.
#[must_use]
pub fn copied_bytes() -> u64 {
    COPIED.load(Ordering::Relaxed)
}

/// Counts values copied out of live chunks.
fn count_copied<T>(values: usize) {
    COPIED.fetch_add((values * size_of::<T>()) as u64, Ordering::Relaxed);
}
