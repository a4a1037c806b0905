//! Which transaction answers which call of the trait?

use alluvium_segments::catalog::{
    AllocateSegment, Commit, Lease, LookupChange, LookupRecord, MetadataStore, Publication, SegmentRecord,
    SupervisorRecord, TaskRecord,
};
use alluvium_segments::{SegmentError, SegmentId};
use serde_json::Value;

use super::{SqliteMetadata, allocate, lookups, offsets, publish, rows, supervision};

impl MetadataStore for SqliteMetadata {
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl_ms: i64,
        now_ms: i64,
    ) -> Result<Option<Lease>, SegmentError> {
        self.write("acquire lease", |t| supervision::acquire_lease(t, name, owner, ttl_ms, now_ms))
    }

    fn renew_lease(&self, lease: &Lease, ttl_ms: i64, now_ms: i64) -> Result<bool, SegmentError> {
        self.write("renew lease", |t| supervision::renew_lease(t, lease, ttl_ms, now_ms))
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), SegmentError> {
        self.write("release lease", |t| supervision::release_lease(t, lease))
    }

    fn allocate(&self, request: &AllocateSegment) -> Result<SegmentId, SegmentError> {
        self.write("allocate segment", |t| allocate::allocate(t, request))
    }

    fn publish(&self, commit: &Commit, now_ms: i64) -> Result<Publication, SegmentError> {
        self.write("publish", |t| publish::publish(t, commit, now_ms))
    }

    fn segments(&self, datasource: Option<&str>) -> Result<Vec<SegmentRecord>, SegmentError> {
        self.read("list segments", |c| rows::used_segments(c, datasource))
    }

    fn locations(&self) -> Result<Vec<String>, SegmentError> {
        self.read("list locations", rows::locations)
    }

    fn datasources(&self) -> Result<Vec<String>, SegmentError> {
        self.read("list datasources", rows::datasources)
    }

    fn mark_segments(&self, ids: &[SegmentId], used: bool) -> Result<usize, SegmentError> {
        self.write("mark segments", |t| publish::mark(t, ids, used))
    }

    fn offsets(&self, supervisor: &str) -> Result<Vec<(String, i32, i64)>, SegmentError> {
        self.read("read offsets", |c| offsets::stored(c, supervisor))
    }

    fn set_offsets(
        &self,
        supervisor: &str,
        offsets: &[(String, i32, Option<i64>)],
    ) -> Result<(), SegmentError> {
        self.write("set offsets", |t| offsets::set(t, supervisor, offsets))
    }

    fn clear_offsets(&self, supervisor: &str) -> Result<(), SegmentError> {
        self.write("clear offsets", |t| offsets::clear(t, supervisor))
    }

    fn put_supervisor(&self, record: &SupervisorRecord) -> Result<(), SegmentError> {
        self.write("store supervisor", |t| supervision::put_supervisor(t, record))
    }

    fn supervisors(&self) -> Result<Vec<SupervisorRecord>, SegmentError> {
        self.read("list supervisors", supervision::supervisors)
    }

    fn supervisor_history(&self, id: &str) -> Result<Vec<SupervisorRecord>, SegmentError> {
        self.read("read supervisor history", |c| supervision::supervisor_history(c, id))
    }

    fn put_task(&self, task: &TaskRecord) -> Result<(), SegmentError> {
        self.write("store task", |t| supervision::put_task(t, task))
    }

    fn task(&self, id: &str) -> Result<Option<TaskRecord>, SegmentError> {
        self.read("read task", |c| supervision::task(c, id))
    }

    fn tasks(&self) -> Result<Vec<TaskRecord>, SegmentError> {
        self.read("list tasks", supervision::tasks)
    }

    fn lookups(&self) -> Result<Option<Vec<LookupRecord>>, SegmentError> {
        self.read("list lookups", lookups::lookups)
    }

    fn change_lookups(&self, change: &LookupChange, now_ms: i64) -> Result<(), SegmentError> {
        self.write("change lookups", |t| lookups::change(t, change, now_ms))
    }

    fn audit(&self, limit: usize) -> Result<Vec<(i64, String, Value)>, SegmentError> {
        self.read("read audit", |c| supervision::audit(c, limit))
    }
}
