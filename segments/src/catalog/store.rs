//! What must survive a crash, and in which transactions does it change? The blocking seams to the metadata
//! store and to deep storage.

use std::fmt::Debug;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::Schema;
use crate::time::Interval;
use crate::{SegmentError, SegmentId};

/// A published segment. The row carries what planning needs, so that planning opens no file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentRecord {
    /// Identity.
    pub id: SegmentId,
    /// Size of the version's core partition set (0: appended only, always complete).
    pub core_partitions: u32,
    /// Version within a version (atomic replacement of some partitions; 0 otherwise).
    pub minor_version: u32,
    /// First root partition replaced (partial overshadowing).
    pub root_start: u32,
    /// One after the last root partition replaced.
    pub root_end: u32,
    /// The segment this one repeats under a newer version (append beside replace).
    pub upgraded_from: Option<String>,
    /// Columns and how rows were made.
    pub schema: Schema,
    /// Rows in the file.
    pub rows: u64,
    /// Bytes of the file.
    pub size_bytes: u64,
    /// Smallest and largest `__time`, inclusive; `None` for no rows.
    pub time_bounds: Option<(i64, i64)>,
    /// Path in deep storage, relative to its root.
    pub location: String,
    /// CRC-32C of the whole file, checked after download.
    pub checksum: u32,
    /// Publication time, milliseconds since the epoch.
    pub created_ms: i64,
}

/// The right to write for a name, fenced by an epoch that grows with each owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What is owned (`supervisor/NAME`, `datasource/NAME/INTERVAL`).
    pub name: String,
    /// Who owns it.
    pub owner: String,
    /// Grows with each change of owner.
    pub epoch: i64,
}

/// One partition's progress in a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffsetAdvance {
    /// Topic.
    pub topic: String,
    /// Partition number.
    pub partition: i32,
    /// Position before the first record of the commit; must equal what is stored (or nothing is stored).
    pub start: i64,
    /// Position after the last: where reading resumes.
    pub end: i64,
}

/// Asks for the identity of a new segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocateSegment {
    /// Datasource.
    pub datasource: String,
    /// Time chunk wanted; an existing, different chunk that covers its start wins (append only).
    pub interval: Interval,
    /// Makes a repeated request return the same identity (`task/sequence`); must be unique a segment.
    pub sequence: String,
    /// Version to use when the chunk is new.
    pub new_version: String,
}

/// What one publication changes, all or nothing.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Datasource.
    pub datasource: String,
    /// The lease under which this happens; a newer epoch in the store refuses the commit.
    pub lease: Option<Lease>,
    /// Whose offsets advance.
    pub supervisor: Option<String>,
    /// How far. All must match or nothing happens.
    pub offsets: Vec<OffsetAdvance>,
    /// New segments.
    pub add: Vec<SegmentRecord>,
    /// Intervals whose older versions become unused in the same transaction (replace).
    pub replace: Vec<(Interval, String)>,
    /// Segments that become unused in the same transaction (compaction, markUnused).
    pub remove: Vec<SegmentId>,
    /// Written to the audit table: who and why.
    pub audit: Value,
}

/// How a commit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// It happened now; the datasource's new version.
    Done(i64),
    /// The very same segments and offsets were there already: an earlier acknowledgement was lost.
    AlreadyDone,
    /// Someone else has advanced the offsets or owns the lease: nothing was written.
    Fenced(String),
}

/// A stored supervisor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SupervisorRecord {
    /// Name.
    pub id: String,
    /// The spec as it was posted; `{"type":"NoopSupervisorSpec"}` as a tombstone.
    pub spec: Value,
    /// When it was stored, ISO.
    pub version: String,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A stored task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Task id.
    pub id: String,
    /// `index_parallel`, `index_kafka` ...
    pub task_type: String,
    /// Datasource.
    pub datasource: String,
    /// Milliseconds since the epoch.
    pub created_ms: i64,
    /// `RUNNING`, `SUCCESS` or `FAILED`.
    pub status: String,
    /// How long it ran, in milliseconds; -1 while it runs.
    pub duration_ms: i64,
    /// Why it failed.
    pub error: Option<String>,
    /// The task as posted.
    pub payload: Value,
    /// Its report, once there is one.
    pub report: Option<Value>,
}

/// A lookup that was asked for, on the nodes of one tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookupRecord {
    /// Tier.
    pub tier: String,
    /// Name, unique within its tier.
    pub name: String,
    /// As it was posted: `version` and `lookupExtractorFactory`.
    pub spec: Value,
}

/// How lookups are changed in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookupChange {
    /// Put in, or put in the place of those of the same tier and name.
    pub put: Vec<LookupRecord>,
    /// Tier and name of those that go.
    pub delete: Vec<(String, String)>,
    /// Written to the audit table: who and why; nothing is written for null.
    pub audit: Value,
}

/// Durable truth. Every method is one transaction; methods block and are called from worker threads.
pub trait MetadataStore: Send + Sync + Debug {
    /// Takes a lease that is free, expired, or already ours (by owner); `None` when another holds it.
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl_ms: i64,
        now_ms: i64,
    ) -> Result<Option<Lease>, SegmentError>;

    /// Prolongs a lease; `false` when it is lost.
    fn renew_lease(&self, lease: &Lease, ttl_ms: i64, now_ms: i64) -> Result<bool, SegmentError>;

    /// Gives a lease back.
    fn release_lease(&self, lease: &Lease) -> Result<(), SegmentError>;

    /// Allocates a segment identity for appending: the chunk's existing version and its next partition number.
    fn allocate(&self, request: &AllocateSegment) -> Result<SegmentId, SegmentError>;

    /// Adds and removes segments and advances offsets, all or nothing.
    fn publish(&self, commit: &Commit, now_ms: i64) -> Result<Publication, SegmentError>;

    /// Used segments, of one datasource or of all.
    fn segments(&self, datasource: Option<&str>) -> Result<Vec<SegmentRecord>, SegmentError>;

    /// Locations of all segments that were ever published and not purged, used or not: files that must stay.
    fn locations(&self) -> Result<Vec<String>, SegmentError>;

    /// Names of all datasources that have, or had, segments or a supervisor.
    fn datasources(&self) -> Result<Vec<String>, SegmentError>;

    /// Marks segments used or unused; returns how many changed.
    fn mark_segments(&self, ids: &[SegmentId], used: bool) -> Result<usize, SegmentError>;

    /// Stored positions of a supervisor: topic, partition, next offset.
    fn offsets(&self, supervisor: &str) -> Result<Vec<(String, i32, i64)>, SegmentError>;

    /// Sets (`Some`) or forgets (`None`) positions: the reset calls.
    fn set_offsets(
        &self,
        supervisor: &str,
        offsets: &[(String, i32, Option<i64>)],
    ) -> Result<(), SegmentError>;

    /// Forgets all positions of a supervisor.
    fn clear_offsets(&self, supervisor: &str) -> Result<(), SegmentError>;

    /// Stores a spec as the newest of its supervisor; older ones stay as history.
    fn put_supervisor(&self, record: &SupervisorRecord) -> Result<(), SegmentError>;

    /// The newest spec of each supervisor, tombstones included.
    fn supervisors(&self) -> Result<Vec<SupervisorRecord>, SegmentError>;

    /// All specs of a supervisor, newest first.
    fn supervisor_history(&self, id: &str) -> Result<Vec<SupervisorRecord>, SegmentError>;

    /// Inserts or replaces a task.
    fn put_task(&self, task: &TaskRecord) -> Result<(), SegmentError>;

    /// A task by id.
    fn task(&self, id: &str) -> Result<Option<TaskRecord>, SegmentError>;

    /// All tasks, newest first.
    fn tasks(&self) -> Result<Vec<TaskRecord>, SegmentError>;

    /// All lookups by tier and name; `None` before the first change of them.
    fn lookups(&self) -> Result<Option<Vec<LookupRecord>>, SegmentError>;

    /// Changes lookups, all or nothing; after the first change, of nothing or more, there are lookups.
    fn change_lookups(&self, change: &LookupChange, now_ms: i64) -> Result<(), SegmentError>;

    /// The newest audit entries: time in milliseconds, key, entry.
    fn audit(&self, limit: usize) -> Result<Vec<(i64, String, Value)>, SegmentError>;
}

/// Where sealed files are kept. Paths are relative, with `/`.
pub trait DeepStorage: Send + Sync + Debug {
    /// Copies a local file to `location`; durable on return.
    fn upload(&self, file: &Path, location: &str) -> Result<(), SegmentError>;

    /// Copies `location` to a local file, written under a temporary name and renamed.
    fn download(&self, location: &str, file: &Path) -> Result<(), SegmentError>;

    /// All files: location and time of the last change in milliseconds.
    fn list(&self) -> Result<Vec<(String, i64)>, SegmentError>;

    /// Deletes a file; nothing happens when it is gone already.
    fn delete(&self, location: &str) -> Result<(), SegmentError>;
}
