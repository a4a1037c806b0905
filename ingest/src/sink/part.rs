//! What is one piece of an uncommitted segment? Rows that still arrive, then a frozen view, then perhaps a local
//! file; one handle in the catalogue through all three.

use std::sync::Arc;

use alluvium_segments::catalog::LiveHandle;
use alluvium_segments::live::{LiveSegment, LiveView};
use alluvium_segments::{Column, RowOrder, Schema, Segment, SegmentError, SegmentId};
use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::seal::Scratch;

/// A piece of an uncommitted segment, as the catalogue knows it.
#[derive(Debug)]
pub(crate) struct Part {
    id: SegmentId,
    state: ArcSwap<State>,
    /// Its file, while nobody else has taken it over.
    scratch: Mutex<Option<Scratch>>,
}

#[derive(Debug)]
enum State {
    Arriving(Arc<LiveSegment>),
    Frozen(Arc<LiveView>),
    Persisted(Arc<Persisted>),
}

impl Part {
    pub(crate) fn new(id: SegmentId, live: Arc<LiveSegment>) -> Arc<Self> {
        let state = ArcSwap::from_pointee(State::Arriving(live));
        Arc::new(Self { id, state, scratch: Mutex::default() })
    }

    pub(crate) fn freeze(&self, view: Arc<LiveView>) {
        self.state.store(Arc::new(State::Frozen(view)));
    }

    /// Reads the rows from their file from now on. The memory is given back when the last query over it ends.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub(crate) fn persist(&self, file: Scratch) -> Result<(), SegmentError> {
        let mapped = Arc::new(file.open()?);
        self.state.store(Arc::new(State::Persisted(Arc::new(Persisted(mapped)))));
        *self.scratch.lock() = Some(file);
        Ok(())
    }

    /// Whether the rows are in a file.
    pub(crate) fn is_persisted(&self) -> bool {
        matches!(**self.state.load(), State::Persisted(_))
    }

    /// Hands over its file, if it has one.
    pub(crate) fn take_scratch(&self) -> Option<Scratch> {
        self.scratch.lock().take()
    }
}

impl LiveHandle for Part {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn view(&self) -> Arc<dyn Segment> {
        match &**self.state.load() {
            State::Arriving(live) => live.view(),
            State::Frozen(view) => view.clone(),
            State::Persisted(file) => file.clone(),
        }
    }
}

/// A local file of a segment that is not committed: read like any other, but not a whole segment, so nothing may
/// be remembered under its identity.
#[derive(Debug)]
struct Persisted(Arc<dyn Segment>);

impl Segment for Persisted {
    fn id(&self) -> &SegmentId {
        self.0.id()
    }

    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn order(&self) -> RowOrder {
        self.0.order()
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        self.0.time_bounds()
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        self.0.column(name)
    }

    fn is_live(&self) -> bool {
        true
    }

    fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }
}
