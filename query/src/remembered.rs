//! When is a native query answered without running it? When the client has the answer already (`If-None-Match`), or the
//! cache of whole answers has it; both only as long as all it reads is sealed.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use serde_json::{Map, Value};

use crate::QueryEngine;
use crate::QueryError;
use crate::cache::{Answers, Kept, Read, Tables, entity_tag, request_key};
use crate::plan::{CacheUse, Scope};
use crate::request::{Body, NativeQuery};
use crate::run::Control;

/// A query whose answer follows from segments that will not change.
#[derive(Debug)]
pub(crate) struct Remembered {
    key: String,
    tables: Tables,
    read: Read,
    segments: crate::Segments,
    /// The lookups it names.
    lookups: Vec<Read>,
    /// What its answer is known by.
    pub(crate) tag: String,
    answers: Option<(Arc<Answers>, CacheUse)>,
}

impl QueryEngine {
    /// What there is to be remembered of a query: nothing when no cache of answers may be used and the client did not ask
    /// (`tagged`), or its answer may change without another segment.
    pub(crate) fn remembered(
        &self,
        (query, lookups): (&NativeQuery, &[String]),
        body: &Value,
        snapshot: &Snapshot,
        (tagged, control): (bool, &Control),
    ) -> Result<Option<Remembered>, QueryError> {
        let answers = self.answers_for(query.context.caching()?.results);
        // As in Druid, rows as they are stored are not kept.
        let kind = !matches!(query.body, Body::Scan(_) | Body::DataSourceMetadata);
        if !kind || (answers.is_none() && !tagged) {
            return Ok(None);
        }
        let Some((names, intervals, segments)) = self.base(query, snapshot, control)? else {
            return Ok(None);
        };
        let mut scope = Scope::table("");
        (scope.datasources, scope.intervals) = (names, intervals);
        let Some(read) = Read::of(&scope, &segments) else { return Ok(None) };
        let key = key(body);
        let tables = Tables::of(&scope.datasources, snapshot);
        let mut asked = Vec::with_capacity(lookups.len());
        for name in lookups {
            let Some(read) = Read::of_lookup(name, snapshot) else { return Ok(None) };
            asked.push(read);
        }
        let tag = entity_tag(&key, &tables, &segments, (lookups, snapshot));
        Ok(Some(Remembered { key, tables, read, segments, lookups: asked, tag, answers }))
    }

    /// The cache of answers, and what a query may do with it; `None` for nothing.
    pub(crate) fn answers_for(&self, wanted: CacheUse) -> Option<(Arc<Answers>, CacheUse)> {
        let answers = self.answers.as_ref()?;
        let allowed = answers.allowed(wanted);
        (!allowed.is_none()).then(|| (Arc::clone(answers), allowed))
    }
}

impl Remembered {
    /// Whether the client has the answer: one of the tags it sent is that of this one.
    pub(crate) fn is_known_by(&self, tags: &str) -> bool {
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
        tags.split(',').any(|tag| bare(tag) == self.tag)
    }

    /// The answer that was kept.
    pub(crate) fn find(&self, snapshot: &Snapshot) -> Option<Vec<u8>> {
        let (answers, _) = self.answers.as_ref().filter(|(_, allowed)| allowed.read)?;
        let same = |kept: &Kept| {
            let (tables, lookups) = kept.reads.split_at_checked(1).unwrap_or_default();
            tables.iter().all(|read| read.is_same(&self.segments))
                && lookups.iter().all(|read| read.is_current(snapshot))
                && kept.tables.is_current(snapshot)
        };
        Some(answers.get(&self.key, same)?.body.clone())
    }

    /// Keeps the answer, if that is wanted.
    pub(crate) fn keep(self, body: &[u8]) {
        if let Some((answers, _)) =
            self.answers.filter(|(answers, allowed)| allowed.fill && body.len() <= answers.entry_bytes())
        {
            let reads = std::iter::once(self.read).chain(self.lookups).collect();
            answers.put(self.key, Kept { tables: self.tables, reads, body: body.to_vec() });
        }
    }
}

/// What makes two bodies the same query.
fn key(body: &Value) -> String {
    let none = Map::new();
    let context = body.get("context").and_then(Value::as_object).unwrap_or(&none);
    match body {
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.remove("context");
            request_key("native", &Value::Object(fields).to_string(), context)
        }
        other => request_key("native", &other.to_string(), context),
    }
}
