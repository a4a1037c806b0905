//! What do readers hold of a segment whose rows still arrive? A handle from which they take views, without a lock.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::encode::{MAX_IDS, check_schema};
use super::view::LiveView;
use super::writer::LiveWriter;
use crate::catalog::LiveHandle;
use crate::{Combining, Schema, Segment, SegmentError, SegmentId, combines_nothing};

/// How a live segment keeps its rows.
#[derive(Debug, Clone, Copy)]
pub struct LiveOptions {
    /// Rows of a full chunk. Zone maps need a multiple of [`crate::BLOCK_ROWS`].
    pub chunk_rows: usize,
    /// How states of aggregators become one.
    pub combining: Combining,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { chunk_rows: 1 << 16, combining: combines_nothing }
    }
}

/// The readers' side of a segment whose rows still arrive.
#[derive(Debug)]
pub struct LiveSegment {
    id: SegmentId,
    view: ArcSwap<LiveView>,
    /// What all its views share.
    lineage: Arc<()>,
}

impl LiveSegment {
    /// An empty segment and its only writer.
    ///
    /// # Errors
    /// When the schema has a column twice, a column named `__time`, a metric that is a string or a count that is
    /// not a long, or a chunk would have no rows or more than 2^24.
    pub fn open(
        id: SegmentId,
        schema: Arc<Schema>,
        options: LiveOptions,
    ) -> Result<(Arc<Self>, LiveWriter), SegmentError> {
        check_schema(&schema)?;
        if options.chunk_rows == 0 || options.chunk_rows > (u32::MAX - MAX_IDS) as usize {
            let message = format!("a live chunk of {} rows: 1 to 2^24 are possible", options.chunk_rows);
            return Err(SegmentError::Invalid(message));
        }
        let lineage = Arc::new(());
        let view = LiveView::empty(id.clone(), Arc::clone(&schema), options.chunk_rows, Arc::clone(&lineage));
        let segment = Arc::new(Self { id, view: ArcSwap::from_pointee(view), lineage });
        let writer = LiveWriter::new(Arc::clone(&segment), schema, options);
        Ok((segment, writer))
    }

    /// What is published so far.
    #[must_use]
    pub fn published(&self) -> Arc<LiveView> {
        self.view.load_full()
    }

    pub(crate) fn lineage(&self) -> &Arc<()> {
        &self.lineage
    }

    pub(crate) fn replace(&self, view: Arc<LiveView>) {
        self.view.store(view);
    }
}

impl LiveHandle for LiveSegment {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn view(&self) -> Arc<dyn Segment> {
        self.published()
    }
}
