//! What is done to supervisors: created, changed, suspended, resumed, reset, terminated.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_segments::catalog::SupervisorRecord;
use alluvium_segments::time::format_iso;
use serde_json::{Value, json};

use super::supervisors::{TOMBSTONE, spec_json};
use super::{IngestService, Managed};
use crate::IngestError;
use crate::clock::now_ms;
use crate::spec::{KafkaStream, SupervisorSpec};
use crate::supervisor::{Ending, Plan, Supervisor};

impl IngestService {
    /// Creates a supervisor, or changes one: it commits what it has and goes on with the new spec.
    ///
    /// # Errors
    /// When the spec is refused, its stream differs from the one read so far, or it cannot be stored.
    pub fn submit_supervisor(&self, spec: &Value, skip_if_unmodified: bool) -> Result<Value, IngestError> {
        let spec = SupervisorSpec::from_json(spec)?;
        let _one = self.acting.lock();
        let id = spec.id.clone();
        let known = self.with(&id, |m| m.spec.clone()).ok();
        if let Some(old) = &known {
            if old.io.stream != spec.io.stream {
                return Err(IngestError::Invalid(format!(
                    "Update of the input source stream from [{}] to [{}] is not supported for a running \
                     supervisor. To perform the update safely, follow these steps: terminate [{id}], then submit \
                     the new spec under another id, or after a reset",
                    old.io.stream.name(),
                    spec.io.stream.name()
                )));
            }
            if skip_if_unmodified && old.original == spec.original {
                return Ok(json!({"id": id, "restarted": false}));
            }
        }
        // What the client refuses would be refused at every start.
        drop((self.open)(&spec).open()?);
        self.stop_one(&id, Ending::Graceful);
        self.store(&id, spec.original.clone(), spec.suspended)?;
        self.run(spec)?;
        Ok(json!({"id": id, "restarted": true}))
    }

    /// Commits what is there and stands still.
    ///
    /// # Errors
    /// When there is no such supervisor, or it is suspended already.
    pub fn suspend(&self, id: &str) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        self.set_suspended(id, true)
    }

    /// Goes on where it stood.
    ///
    /// # Errors
    /// When there is no such supervisor, or it is running already.
    pub fn resume(&self, id: &str) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        self.set_suspended(id, false)
    }

    fn set_suspended(&self, id: &str, suspended: bool) -> Result<Value, IngestError> {
        let mut spec = SupervisorSpec::clone(&*self.with(id, |m| m.spec.clone())?);
        if spec.suspended == suspended {
            let state = if suspended { "suspended" } else { "running" };
            return Err(IngestError::Invalid(format!("[{id}] is already {state}")));
        }
        self.stop_one(id, Ending::Graceful);
        spec.suspended = suspended;
        if let Some(original) = spec.original.as_object_mut() {
            original.insert("suspended".to_owned(), json!(suspended));
        }
        self.store(id, spec.original.clone(), suspended)?;
        self.run(spec)?;
        self.with(id, spec_json)
    }

    /// Forgets all stored offsets and starts again as if for the first time: rows may be lost or doubled.
    ///
    /// # Errors
    /// When there is no such supervisor, or the metadata store fails.
    pub fn reset(&self, id: &str) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        let spec = self.with(id, |m| m.spec.clone())?;
        self.stop_one(id, Ending::Abandon);
        let cleared = self.metadata().clear_offsets(id);
        self.run(SupervisorSpec::clone(&spec))?;
        cleared?;
        Ok(json!({"id": id}))
    }

    /// Sets the offsets of some partitions and starts again from there.
    ///
    /// # Errors
    /// When there is no such supervisor, the body is not Druid's, or the metadata store fails.
    pub fn reset_offsets(&self, id: &str, body: &Value) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        let spec = self.with(id, |m| m.spec.clone())?;
        let offsets = read_offsets(body, &spec)?;
        self.stop_one(id, Ending::Abandon);
        let set = self.metadata().set_offsets(id, &offsets);
        self.run(SupervisorSpec::clone(&spec))?;
        set?;
        Ok(json!({"id": id}))
    }

    /// Commits what is there and forgets the supervisor; its offsets and history stay.
    ///
    /// # Errors
    /// When there is no such supervisor, or the metadata store fails.
    pub fn terminate(&self, id: &str) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        self.terminate_locked(id)
    }

    fn terminate_locked(&self, id: &str) -> Result<Value, IngestError> {
        let datasource = self.with(id, |m| m.spec.data.datasource.clone())?;
        let tombstone = json!({"type": TOMBSTONE, "id": id, "dataSources": [datasource]});
        self.stop_one(id, Ending::Graceful);
        self.store(id, tombstone, false)?;
        self.supervisors.lock().remove(id);
        Ok(json!({"id": id}))
    }

    /// Lets task groups commit now: `{"taskGroupIds":[0]}`.
    ///
    /// # Errors
    /// When there is no such supervisor, or the body is not Druid's.
    pub fn hand_off(&self, id: &str, body: &Value) -> Result<(), IngestError> {
        let wrong = || IngestError::Invalid("taskGroupIds must be a list of numbers".to_owned());
        let groups = body.get("taskGroupIds").and_then(Value::as_array).ok_or_else(wrong)?;
        let groups: Vec<u32> = groups
            .iter()
            .map(|g| g.as_u64().and_then(|g| u32::try_from(g).ok()).ok_or_else(wrong))
            .collect::<Result<_, _>>()?;
        self.with(id, |managed| managed.running.hand_off(groups))
    }

    /// Suspends all that run.
    ///
    /// # Errors
    /// When the metadata store fails.
    pub fn suspend_all(&self) -> Result<Value, IngestError> {
        self.for_all(
            |service, id, suspended| {
                if suspended { Ok(()) } else { service.set_suspended(id, true).map(drop) }
            },
        )
    }

    /// Resumes all that are suspended.
    ///
    /// # Errors
    /// When the metadata store fails.
    pub fn resume_all(&self) -> Result<Value, IngestError> {
        self.for_all(
            |service, id, suspended| {
                if suspended { service.set_suspended(id, false).map(drop) } else { Ok(()) }
            },
        )
    }

    /// Terminates all.
    ///
    /// # Errors
    /// When the metadata store fails.
    pub fn terminate_all(&self) -> Result<Value, IngestError> {
        self.for_all(|service, id, _| service.terminate_locked(id).map(drop))
    }

    fn for_all(
        &self,
        act: impl Fn(&Self, &str, bool) -> Result<(), IngestError>,
    ) -> Result<Value, IngestError> {
        let _one = self.acting.lock();
        let all: BTreeMap<String, bool> =
            self.supervisors.lock().iter().map(|(id, m)| (id.clone(), m.spec.suspended)).collect();
        for (id, suspended) in all {
            act(self, &id, suspended)?;
        }
        Ok(json!({"status": "success"}))
    }

    /// Starts (or shows as suspended) a supervisor in place of the one of the same name.
    pub(super) fn run(&self, spec: SupervisorSpec) -> Result<(), IngestError> {
        let spec = Arc::new(spec);
        // Its datasource can be asked for from now on, even while it is empty.
        self.deps.loader.catalog().update_datasource(&spec.data.datasource, |_| {});
        let running = Supervisor::start(Plan {
            source: (self.open)(&spec),
            spec: spec.clone(),
            stores: self.stores(),
            owner: self.deps.owner.clone(),
            commit_age_ms: self.deps.limits.commit_age_ms,
            memory_bytes: self.deps.limits.memory_bytes,
        })?;
        self.supervisors.lock().insert(spec.id.clone(), Managed { spec, running });
        Ok(())
    }

    /// Ends a supervisor's thread, if there is one; it stays listed while it ends.
    fn stop_one(&self, id: &str, ending: Ending) {
        if let Some(managed) = self.supervisors.lock().get(id) {
            managed.running.signal(ending);
        }
        loop {
            let ended = self.supervisors.lock().get(id).is_none_or(|m| m.running.ended());
            if ended {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    fn store(&self, id: &str, spec: Value, suspended: bool) -> Result<(), IngestError> {
        let version = format_iso(now_ms());
        let record = SupervisorRecord { id: id.to_owned(), spec, version, suspended };
        Ok(self.metadata().put_supervisor(&record)?)
    }
}

/// `{"type":"kafka","partitions":{"type":"end","stream":"t","partitionOffsetMap":{"0":100}}}`; keys of a topic
/// pattern are `number:topic`.
fn read_offsets(body: &Value, spec: &SupervisorSpec) -> Result<Vec<(String, i32, Option<i64>)>, IngestError> {
    let wrong = |what: &str| IngestError::Invalid(format!("resetOffsets: {what}"));
    let partitions = body.get("partitions").ok_or_else(|| wrong("`partitions` is missing"))?;
    let stream = partitions.get("stream").or_else(|| partitions.get("topic")).and_then(Value::as_str);
    let stream = stream.ok_or_else(|| wrong("`partitions.stream` is missing"))?;
    if stream != spec.io.stream.name() {
        return Err(wrong(&format!("`{stream}` is not the supervisor's stream `{}`", spec.io.stream.name())));
    }
    let map = partitions.get("partitionOffsetMap").or_else(|| partitions.get("partitionSequenceNumberMap"));
    let map = map.and_then(Value::as_object).ok_or_else(|| wrong("`partitionOffsetMap` is missing"))?;
    let mut offsets = Vec::with_capacity(map.len());
    for (key, offset) in map {
        let (number, topic) = match (&spec.io.stream, key.split_once(':')) {
            (KafkaStream::Topic(topic), None) => (key.as_str(), topic.as_str()),
            (_, Some((number, topic))) => (number, topic),
            (KafkaStream::Pattern(_), None) => return Err(wrong("keys must be `partition:topic`")),
        };
        let number = number.parse().map_err(|_| wrong(&format!("`{key}` is not a partition")))?;
        let offset = offset.as_i64().or_else(|| offset.as_str()?.parse().ok());
        let offset = offset.filter(|o| *o >= 0).ok_or_else(|| wrong(&format!("bad offset of `{key}`")))?;
        offsets.push((topic.to_owned(), number, Some(offset)));
    }
    Ok(offsets)
}
