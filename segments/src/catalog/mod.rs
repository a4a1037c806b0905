//! Which segments does a datasource consist of at one instant, where are they kept, and who may change that?
//!
//! - [`Catalog`]: the current [`Snapshot`] behind one atomic pointer; a query holds one snapshot to its end.
//! - [`MetadataStore`]: durable truth (segments, offsets, leases, supervisors, tasks), changed in transactions.
//! - [`DeepStorage`]: where sealed files are kept for ever.
//!
//! The two traits are blocking and called from worker threads; their drivers live in the engine.

mod snapshot;
mod store;
pub mod timeline;

pub use snapshot::{Catalog, Datasource, LiveHandle, Snapshot};
pub use store::{
    AllocateSegment, Commit, DeepStorage, Lease, MetadataStore, OffsetAdvance, Publication, SegmentRecord,
    SupervisorRecord, TaskRecord,
};
