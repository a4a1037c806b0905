//! When is a text answered by the answer of an earlier request? When that was the same in all that matters, and would be
//! read from the same segments now; then it is neither planned nor run.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;

use super::request::SqlRequest;
use crate::QueryEngine;
use crate::cache::{Answers, Kept, Reads, Tables, request_key};
use crate::plan::CacheUse;

/// What the cache of answers has for a request, and what it will get.
#[derive(Debug, Default)]
pub(super) struct Recall {
    /// The answer.
    pub(super) known: Option<Arc<Kept>>,
    /// Where the answer is kept.
    pub(super) keeping: Option<Keeping>,
}

impl Recall {
    /// Looks for the answer to a request.
    pub(super) fn of(
        engine: &QueryEngine,
        wanted: CacheUse,
        request: &SqlRequest,
        snapshot: &Snapshot,
    ) -> Self {
        let Some((answers, allowed)) = engine.answers_for(wanted) else { return Self::default() };
        let form = (request.result_format, request.header, request.types_header, request.sql_types_header);
        let kind = format!("sql {form:?} {:?}", request.parameters);
        let key = request_key(&kind, &request.query, &request.context);
        let known = allowed.read.then(|| answers.get(&key, |kept| kept.is_current(snapshot))).flatten();
        let fill = allowed.fill && known.is_none();
        let keeping =
            fill.then(|| Keeping { answers, key, reads: Reads::default(), tables: None, body: Vec::new() });
        Self { known, keeping }
    }
}

/// An answer on its way into the cache.
#[derive(Debug)]
pub(super) struct Keeping {
    answers: Arc<Answers>,
    key: String,
    /// What is read for it.
    pub(super) reads: Reads,
    /// The tables its plan was made for; `None` as long as there is none, or the plan holds rows itself.
    pub(super) tables: Option<Tables>,
    body: Vec<u8>,
}

impl Keeping {
    /// Takes a piece of the answer; `None` when it has become too long.
    pub(super) fn with(mut self, piece: &[u8]) -> Option<Self> {
        if self.body.len() + piece.len() > self.answers.entry_bytes() {
            return None;
        }
        self.body.extend_from_slice(piece);
        Some(self)
    }

    /// Keeps the answer, which is whole.
    pub(super) fn finish(self) {
        if let (Some(tables), Some(reads)) = (self.tables, self.reads.take()) {
            self.answers.put(self.key, Kept { tables, reads, body: self.body });
        }
    }
}
