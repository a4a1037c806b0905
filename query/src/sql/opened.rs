//! What is a request that has been read but not answered yet? Its text in tokens, its settings, its right to run
//! over one snapshot, and the plan of an earlier text that fits it.

use std::sync::Arc;

use super::access::Access;
use super::kept::Recall;
use super::prepare::{Prepared, Shape, Values};
use super::request::{Settings, SqlRequest};
use super::statement::Text;
use crate::{QueryEngine, Running};

/// A request, read.
#[derive(Debug)]
pub struct Opened {
    pub(super) request: SqlRequest,
    pub(super) settings: Settings,
    pub(super) text: Text,
    pub(super) access: Access,
    /// Keeps the query cancellable until its last byte is written or its body dropped.
    pub(super) running: Running<Arc<QueryEngine>>,
    /// What it has in common with other texts; `None` when its plan is not to be kept.
    pub(super) shape: Option<Shape>,
    /// The plan there is already, and the values it runs with.
    pub(super) found: Option<(Arc<Prepared>, Values)>,
    /// What is known of its answer.
    pub(super) recall: Recall,
}

impl Opened {
    /// Whether nothing remains to be planned and no operator of DataFusion runs: all work but the segments' is
    /// little.
    #[must_use]
    pub fn is_light(&self) -> bool {
        self.recall.known.is_some() || self.found.as_ref().is_some_and(|(plan, _)| plan.direct.is_some())
    }
}
