//! Which segments does a datasource consist of at one instant, where are they kept, and who may change that?
//!
//! - [`Catalog`]: the current [`Snapshot`] behind one atomic pointer; a query holds one snapshot to its end.
//! - [`MetadataStore`]: durable truth (segments, offsets, leases, supervisors, tasks), changed in transactions.
//! - [`DeepStorage`]: where sealed files are kept for ever.
//!
//! - [`Lookup`]: texts by text, which a snapshot holds beside its datasources.
//! - [`SegmentCache`]: the files on this machine; [`Loader`]: keeps the catalogue in step with the store.
//!
//! The two traits are blocking and called from worker threads; their drivers live in the engine.

mod cache;
mod load;
mod lookup;
mod snapshot;
mod store;
pub mod timeline;

pub use cache::{OpenSegment, SegmentCache, file_checksum};
pub use load::{LoadReport, Loader};
pub use lookup::{Lookup, lookup_of_table, lookup_table};
pub use snapshot::{Catalog, Datasource, LiveHandle, LoadedLookup, Snapshot};
pub use store::{
    AllocateSegment, Commit, DeepStorage, Lease, LookupChange, LookupRecord, MetadataStore, OffsetAdvance,
    Publication, SegmentRecord, SupervisorRecord, TaskRecord,
};
