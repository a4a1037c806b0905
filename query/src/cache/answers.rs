//! Which requests have been answered already? Each answer with what it was read from; one that would be read from other
//! segments now is none.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use serde_json::{Map, Value};

use super::store::Store;
use super::{CacheCounts, CacheLimits, Read, Tables};
use crate::plan::CacheUse;

/// Keys of the context that change nothing about an answer.
const WITHOUT_EFFECT: [&str; 11] = [
    "queryId",
    "sqlQueryId",
    "subQueryId",
    "timeout",
    "perSegmentTimeout",
    "priority",
    "lane",
    "useCache",
    "populateCache",
    "useResultLevelCache",
    "populateResultLevelCache",
];

/// What is the same for two requests exactly when what they ask for is: its kind, its text and what matters of its context.
pub(crate) fn request_key(kind: &str, text: &str, context: &Map<String, Value>) -> String {
    let mut matters: Vec<(&String, &Value)> =
        context.iter().filter(|(key, _)| !WITHOUT_EFFECT.contains(&key.as_str())).collect();
    matters.sort_by_key(|(key, _)| *key);
    format!("{kind}\n{}\n{text}\n{}", text.len(), serde_json::json!(matters))
}

/// Whole answers by request.
#[derive(Debug)]
pub(crate) struct Answers {
    store: Store<String, Arc<Kept>>,
    limits: CacheLimits,
}

/// An answer, and what it was read from.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) tables: Tables,
    pub(crate) reads: Vec<Read>,
    pub(crate) body: Vec<u8>,
}

impl Kept {
    /// Whether it would be the same now.
    pub(crate) fn is_current(&self, snapshot: &Snapshot) -> bool {
        self.tables.is_current(snapshot) && self.reads.iter().all(|read| read.is_current(snapshot))
    }
}

impl Answers {
    /// A cache; `None` when nothing may use it.
    pub(crate) fn new(limits: &CacheLimits) -> Option<Arc<Self>> {
        let limits = limits.clone();
        (!limits.is_off()).then(|| Arc::new(Self { store: Store::new(limits.bytes), limits }))
    }

    /// What a query may do with it that asks for this much.
    pub(crate) fn allowed(&self, wanted: CacheUse) -> CacheUse {
        wanted.and(self.limits.allowed)
    }

    /// The longest answer that is kept, in bytes.
    pub(crate) fn entry_bytes(&self) -> usize {
        self.limits.entry_bytes.min(self.limits.bytes)
    }

    /// The answer to a request, if it is still `good`.
    pub(crate) fn get(&self, key: &String, good: impl FnOnce(&Kept) -> bool) -> Option<Arc<Kept>> {
        self.store.get(key, |kept| good(kept))
    }

    /// Keeps an answer, if it is not too long.
    pub(crate) fn put(&self, key: String, mut kept: Kept) {
        if kept.body.len() > self.entry_bytes() {
            return;
        }
        kept.body.shrink_to_fit();
        let reads: usize = kept.reads.iter().map(Read::bytes).sum();
        let bytes = key.len() + kept.tables.bytes() + reads + kept.body.len();
        self.store.put(key, Arc::new(kept), bytes);
    }

    /// What it holds.
    pub(crate) fn counts(&self) -> CacheCounts {
        self.store.counts()
    }
}
