//! What is told about supervisors: specs, states, status, stats, history.

use alluvium_segments::catalog::SupervisorRecord;
use alluvium_segments::time::format_iso;
use serde_json::{Map, Value, json};

use super::{IngestService, Managed};
use crate::IngestError;
use crate::clock::now_ms;

/// Druid's name for the spec of a terminated supervisor.
pub(super) const TOMBSTONE: &str = "NoopSupervisorSpec";

/// How much a list of supervisors says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorDetail {
    /// Names.
    Ids,
    /// States and specs.
    Full,
    /// States.
    State,
    /// States, with specs as text: what `sys.supervisors` reads.
    System,
}

impl IngestService {
    /// All supervisors, suspended ones included.
    #[must_use]
    pub fn supervisors(&self, detail: SupervisorDetail) -> Value {
        let all = self.supervisors.lock();
        let entry = |(id, managed): (&String, &Managed)| match detail {
            SupervisorDetail::Ids => json!(id),
            _ => list_entry(id, managed, detail),
        };
        all.iter().map(entry).collect()
    }

    /// The spec, with Druid's legacy copies at the top level.
    ///
    /// # Errors
    /// When there is no such supervisor.
    pub fn supervisor(&self, id: &str) -> Result<Value, IngestError> {
        self.with(id, spec_json)
    }

    /// State, offsets, lag, tasks and recent errors.
    ///
    /// # Errors
    /// When there is no such supervisor.
    pub fn supervisor_status(&self, id: &str) -> Result<Value, IngestError> {
        self.with(id, |managed| {
            json!({
                "id": id,
                "generationTime": format_iso(now_ms()),
                "payload": managed.running.shared.payload(&managed.spec),
            })
        })
    }

    /// Row counters and rates by task group and task.
    ///
    /// # Errors
    /// When there is no such supervisor.
    pub fn supervisor_stats(&self, id: &str) -> Result<Value, IngestError> {
        self.with(id, |managed| managed.running.shared.stats())
    }

    /// Whether it is healthy.
    ///
    /// # Errors
    /// When there is no such supervisor.
    pub fn supervisor_health(&self, id: &str) -> Result<bool, IngestError> {
        self.with(id, |managed| managed.running.shared.health().2)
    }

    /// All specs of a supervisor, newest first, also after it was terminated.
    ///
    /// # Errors
    /// When there never was such a supervisor, or the metadata store cannot be read.
    pub fn supervisor_history(&self, id: &str) -> Result<Value, IngestError> {
        let records = self.metadata().supervisor_history(id)?;
        if records.is_empty() {
            return Err(IngestError::NotFound(id.to_owned()));
        }
        Ok(records.iter().map(history_entry).collect())
    }

    /// All specs of all supervisors that ever were.
    ///
    /// # Errors
    /// When the metadata store cannot be read.
    pub fn supervisors_history(&self) -> Result<Value, IngestError> {
        let mut all = Map::new();
        for record in self.metadata().supervisors()? {
            let history = self.metadata().supervisor_history(&record.id)?;
            all.insert(record.id, history.iter().map(history_entry).collect());
        }
        Ok(Value::Object(all))
    }

    pub(super) fn with<T>(&self, id: &str, ask: impl FnOnce(&Managed) -> T) -> Result<T, IngestError> {
        let all = self.supervisors.lock();
        all.get(id).map(ask).ok_or_else(|| IngestError::NotFound(id.to_owned()))
    }
}

fn list_entry(id: &str, managed: &Managed, detail: SupervisorDetail) -> Value {
    let (state, detailed, healthy) = managed.running.shared.health();
    let spec = &managed.spec;
    let mut entry = json!({
        "id": id,
        "dataSource": spec.data.datasource,
        "state": state,
        "detailedState": detailed,
        "healthy": healthy,
        "type": "kafka",
        "source": spec.io.stream.name(),
        "suspended": spec.suspended,
    });
    match detail {
        SupervisorDetail::Full => entry["spec"] = spec_json(managed),
        SupervisorDetail::System => entry["specString"] = json!(spec_json(managed).to_string()),
        _ => {}
    }
    entry
}

/// The spec as Druid shows it.
pub(super) fn spec_json(managed: &Managed) -> Value {
    let spec = &managed.spec;
    let mut parts = Map::new();
    for name in ["dataSchema", "ioConfig", "tuningConfig"] {
        let nested = spec.original.get("spec").and_then(|s| s.get(name));
        if let Some(part) = nested.or_else(|| spec.original.get(name)) {
            parts.insert(name.to_owned(), part.clone());
        }
    }
    let mut json = Map::new();
    json.insert("type".to_owned(), json!("kafka"));
    json.insert("id".to_owned(), json!(spec.id));
    json.insert("spec".to_owned(), Value::Object(parts.clone()));
    json.extend(parts);
    json.insert("context".to_owned(), Value::Object(spec.context.clone()));
    json.insert("suspended".to_owned(), json!(spec.suspended));
    Value::Object(json)
}

fn history_entry(record: &SupervisorRecord) -> Value {
    json!({"spec": record.spec, "version": record.version})
}
