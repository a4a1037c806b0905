//! Which answers need not be computed again? Partial results of sealed segments (`partials`), by what a plan asks of one
//! segment (`key`); whole answers (`answers`), by the request and the segments it was answered from (`reads`). Both lie in
//! memory, bounded by bytes (`store`), and neither ever holds what was read from rows that may still change.

mod answers;
mod key;
mod options;
mod partials;
mod reads;
mod store;

use alluvium_segments::{RowOrder, SegmentRef};

pub(crate) use answers::{Answers, Kept, request_key};
pub use options::{CacheLimits, CacheOptions};
pub(crate) use partials::{Found, Partials, Place, Session};
pub(crate) use reads::{Read, Reads, Tables, entity_tag};
pub use store::CacheCounts;

/// Whether what is read of a segment stays so: its rows are sealed, and none is hidden.
pub(crate) fn is_settled(segment: &SegmentRef) -> bool {
    let hidden = segment.hidden.as_ref().is_some_and(|hidden| !hidden.is_empty());
    !hidden && !segment.segment.is_live() && segment.segment.order() == RowOrder::Time
}
