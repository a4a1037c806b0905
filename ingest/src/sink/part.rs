//! What is one piece of an uncommitted segment? Rows that still arrive, then a frozen view, then perhaps a local
//! file; one handle in the catalogue through all three.

use std::sync::Arc;

use alluvium_segments::catalog::LiveHandle;
use alluvium_segments::live::{LiveSegment, LiveView};
use alluvium_segments::{Column, RowOrder, Schema, Segment, SegmentError, SegmentId};
use arc_swap::ArcSwap;

/// A piece of an uncommitted segment, as the catalogue knows it.
#[derive(Debug)]
pub(crate) struct Part {
    id: SegmentId,
    state: ArcSwap<State>,
}

#[derive(Debug)]
enum State {
    Arriving(Arc<LiveSegment>),
    Frozen(Arc<LiveView>),
    Persisted(Arc<Persisted>),
}

impl Part {
    pub(crate) fn new(id: SegmentId, live: Arc<LiveSegment>) -> Arc<Self> {
        Arc::new(Self { id, state: ArcSwap::from_pointee(State::Arriving(live)) })
    }

    pub(crate) fn freeze(&self, view: Arc<LiveView>) {
        self.state.store(Arc::new(State::Frozen(view)));
    }

    /// The memory is given back when the last query over it ends.
    pub(crate) fn persist(&self, file: Arc<dyn Segment>) {
        self.state.store(Arc::new(State::Persisted(Arc::new(Persisted(file)))));
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
