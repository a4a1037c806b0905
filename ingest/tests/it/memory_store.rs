//! A metadata store in memory, with the transactions of the real ones but no disk.

use std::collections::{BTreeMap, BTreeSet};

use alluvium_segments::catalog::{
    AllocateSegment, Commit, Lease, LookupChange, LookupRecord, MetadataStore, Publication, SegmentRecord,
    SupervisorRecord, TaskRecord,
};
use alluvium_segments::{SegmentError, SegmentId};
use parking_lot::Mutex;
use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    leases: BTreeMap<String, (String, i64, i64)>,
    used: BTreeMap<SegmentId, SegmentRecord>,
    unused: BTreeMap<SegmentId, SegmentRecord>,
    pending: BTreeMap<String, SegmentId>,
    offsets: BTreeMap<(String, String, i32), i64>,
    supervisors: Vec<SupervisorRecord>,
    tasks: Vec<TaskRecord>,
    version: i64,
}

impl State {
    fn offset(&self, supervisor: &str, topic: &str, partition: i32) -> Option<i64> {
        self.offsets.get(&(supervisor.to_owned(), topic.to_owned(), partition)).copied()
    }
}

impl MetadataStore for MemoryStore {
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl: i64,
        now: i64,
    ) -> Result<Option<Lease>, SegmentError> {
        let mut state = self.0.lock();
        let (holder, epoch, expires) = state.leases.get(name).cloned().unwrap_or_default();
        if holder != owner && expires > now {
            return Ok(None);
        }
        state.leases.insert(name.to_owned(), (owner.to_owned(), epoch + 1, now + ttl));
        Ok(Some(Lease { name: name.to_owned(), owner: owner.to_owned(), epoch: epoch + 1 }))
    }

    fn renew_lease(&self, lease: &Lease, ttl: i64, now: i64) -> Result<bool, SegmentError> {
        let mut state = self.0.lock();
        let Some(held) = state.leases.get_mut(&lease.name) else { return Ok(false) };
        held.2 = now + ttl;
        Ok(held.0 == lease.owner && held.1 == lease.epoch)
    }

    fn release_lease(&self, lease: &Lease) -> Result<(), SegmentError> {
        let mut state = self.0.lock();
        if let Some(held) = state.leases.get_mut(&lease.name)
            && held.1 == lease.epoch
        {
            *held = (String::new(), held.1, 0);
        }
        Ok(())
    }

    fn allocate(&self, request: &AllocateSegment) -> Result<SegmentId, SegmentError> {
        let mut state = self.0.lock();
        let key = format!("{}|{}", request.datasource, request.sequence);
        if let Some(id) = state.pending.get(&key) {
            return Ok(id.clone());
        }
        let all: BTreeSet<SegmentId> = state.used.keys().chain(state.pending.values()).cloned().collect();
        let of = |id: &&SegmentId| id.datasource == request.datasource;
        let covering = |id: &&SegmentId| id.interval.contains(request.interval.start);
        let newest = all.iter().filter(of).filter(covering).max_by_key(|id| id.version.clone());
        let (interval, version) = newest
            .map_or((request.interval, request.new_version.clone()), |id| (id.interval, id.version.clone()));
        let same = |id: &&SegmentId| id.interval == interval && id.version == version;
        let partition = all.iter().filter(of).filter(same).map(|id| id.partition + 1).max().unwrap_or(0);
        let id = SegmentId { datasource: request.datasource.clone(), interval, version, partition };
        state.pending.insert(key, id.clone());
        Ok(id)
    }

    fn publish(&self, commit: &Commit, _now: i64) -> Result<Publication, SegmentError> {
        let mut state = self.0.lock();
        if let Some(lease) = &commit.lease {
            let held = state.leases.get(&lease.name);
            if held.is_none_or(|h| h.0 != lease.owner || h.1 != lease.epoch) {
                return Ok(Publication::Fenced("the lease is gone".to_owned()));
            }
        }
        if let Some(supervisor) = &commit.supervisor {
            for o in &commit.offsets {
                if state.offset(supervisor, &o.topic, o.partition).is_some_and(|next| next != o.start) {
                    return Ok(Publication::Fenced("the offset was moved".to_owned()));
                }
            }
        }
        for record in &commit.add {
            let id = &record.id;
            let hides = |other: &SegmentId| {
                other.datasource == id.datasource
                    && other.interval.overlaps(id.interval)
                    && other.version > id.version
            };
            if state.used.keys().any(hides) {
                return Err(SegmentError::Conflict(format!("{id} would be hidden")));
            }
        }
        for (interval, version) in &commit.replace {
            let old = |r: &SegmentRecord| {
                r.id.datasource == commit.datasource
                    && interval.covers(r.id.interval)
                    && r.id.version < *version
            };
            let gone: Vec<SegmentRecord> = state.used.values().filter(|r| old(r)).cloned().collect();
            for record in gone {
                state.used.remove(&record.id);
                state.unused.insert(record.id.clone(), record);
            }
        }
        for record in &commit.add {
            assert!(state.used.insert(record.id.clone(), record.clone()).is_none(), "published twice");
        }
        if let Some(supervisor) = &commit.supervisor {
            for o in &commit.offsets {
                state.offsets.insert((supervisor.clone(), o.topic.clone(), o.partition), o.end);
            }
        }
        state.version += 1;
        Ok(Publication::Done(state.version))
    }

    fn segments(&self, datasource: Option<&str>) -> Result<Vec<SegmentRecord>, SegmentError> {
        let state = self.0.lock();
        let wanted = |r: &&SegmentRecord| datasource.is_none_or(|d| d == r.id.datasource);
        Ok(state.used.values().filter(wanted).cloned().collect())
    }

    fn locations(&self) -> Result<Vec<String>, SegmentError> {
        let state = self.0.lock();
        Ok(state.used.values().chain(state.unused.values()).map(|r| r.location.clone()).collect())
    }

    fn datasources(&self) -> Result<Vec<String>, SegmentError> {
        let names: BTreeSet<String> = self.0.lock().used.keys().map(|id| id.datasource.clone()).collect();
        Ok(names.into_iter().collect())
    }

    fn mark_segments(&self, ids: &[SegmentId], _used: bool) -> Result<usize, SegmentError> {
        let mut state = self.0.lock();
        Ok(ids.iter().filter(|id| state.used.remove(id).is_some()).count())
    }

    fn offsets(&self, supervisor: &str) -> Result<Vec<(String, i32, i64)>, SegmentError> {
        let state = self.0.lock();
        let mine = state.offsets.iter().filter(|((s, _, _), _)| s == supervisor);
        Ok(mine.map(|((_, topic, p), next)| (topic.clone(), *p, *next)).collect())
    }

    fn set_offsets(&self, name: &str, offsets: &[(String, i32, Option<i64>)]) -> Result<(), SegmentError> {
        let mut state = self.0.lock();
        for (topic, partition, next) in offsets {
            let key = (name.to_owned(), topic.clone(), *partition);
            match next {
                Some(next) => state.offsets.insert(key, *next),
                None => state.offsets.remove(&key),
            };
        }
        Ok(())
    }

    fn clear_offsets(&self, supervisor: &str) -> Result<(), SegmentError> {
        self.0.lock().offsets.retain(|(s, _, _), _| s != supervisor);
        Ok(())
    }

    fn put_supervisor(&self, record: &SupervisorRecord) -> Result<(), SegmentError> {
        self.0.lock().supervisors.push(record.clone());
        Ok(())
    }

    fn supervisors(&self) -> Result<Vec<SupervisorRecord>, SegmentError> {
        let state = self.0.lock();
        let newest: BTreeMap<&str, &SupervisorRecord> =
            state.supervisors.iter().map(|r| (r.id.as_str(), r)).collect();
        Ok(newest.into_values().cloned().collect())
    }

    fn supervisor_history(&self, id: &str) -> Result<Vec<SupervisorRecord>, SegmentError> {
        let state = self.0.lock();
        Ok(state.supervisors.iter().rev().filter(|r| r.id == id).cloned().collect())
    }

    fn put_task(&self, task: &TaskRecord) -> Result<(), SegmentError> {
        let mut state = self.0.lock();
        state.tasks.retain(|t| t.id != task.id);
        state.tasks.insert(0, task.clone());
        Ok(())
    }

    fn task(&self, id: &str) -> Result<Option<TaskRecord>, SegmentError> {
        Ok(self.0.lock().tasks.iter().find(|t| t.id == id).cloned())
    }

    fn tasks(&self) -> Result<Vec<TaskRecord>, SegmentError> {
        Ok(self.0.lock().tasks.clone())
    }

    fn lookups(&self) -> Result<Option<Vec<LookupRecord>>, SegmentError> {
        Ok(None)
    }

    fn change_lookups(&self, _change: &LookupChange, _now_ms: i64) -> Result<(), SegmentError> {
        Err(SegmentError::Invalid("there are no lookups here".to_owned()))
    }

    fn audit(&self, _limit: usize) -> Result<Vec<(i64, String, Value)>, SegmentError> {
        Ok(Vec::new())
    }
}
