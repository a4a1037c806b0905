//! What does a reader see of a live segment? The published rows of one instant, as a segment like any other.

use std::sync::Arc;

use super::chunk::Chunks;
use super::numeric_view::NumericView;
use super::string_view::StringView;
use crate::dictionary::DictionaryView;
use crate::{Column, RowOrder, Schema, Segment, SegmentError, SegmentId, Storage, TIME_COLUMN};

/// What is known of all published rows of a column.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ColumnState {
    /// Some row is null, or has a null value.
    pub(crate) nulls: bool,
    /// Some row has several values, or is the list of one null.
    pub(crate) multi: bool,
}

#[derive(Debug)]
enum ColumnView {
    Long(NumericView<i64>),
    Float(NumericView<f32>),
    Double(NumericView<f64>),
    String(StringView),
}

/// The rows a live segment had published at one instant. Never changes.
#[derive(Debug)]
pub struct LiveView {
    id: SegmentId,
    schema: Arc<Schema>,
    time: NumericView<i64>,
    columns: Vec<ColumnView>,
    bytes: u64,
    live: bool,
    lineage: Arc<()>,
}

impl LiveView {
    pub(crate) fn empty(id: SegmentId, schema: Arc<Schema>, chunk_rows: usize, lineage: Arc<()>) -> Self {
        let states = vec![ColumnState::default(); schema.columns.len() + 1];
        let dictionaries = schema.columns.iter().map(|_| Arc::default()).collect();
        Self::new(id, schema, Chunks::new(Vec::new(), chunk_rows), &states, dictionaries, (true, lineage))
    }

    /// `states` are those of `__time` and the columns, `dictionaries` those of the columns.
    pub(crate) fn new(
        id: SegmentId,
        schema: Arc<Schema>,
        chunks: Chunks,
        states: &[ColumnState],
        dictionaries: Vec<Arc<DictionaryView>>,
        (live, lineage): (bool, Arc<()>),
    ) -> Self {
        let chunk_bytes: usize = chunks.list().iter().map(|c| c.bytes).sum();
        let dictionary_bytes: usize = dictionaries.iter().map(|d| d.size()).sum();
        let chunks = Arc::new(chunks);
        let view = |(i, (spec, dictionary)): (usize, (&crate::ColumnSpec, Arc<DictionaryView>))| {
            let (column, state) = (i + 1, states.get(i + 1).copied().unwrap_or_default());
            let chunks = Arc::clone(&chunks);
            match spec.column_type.storage() {
                Storage::Long => ColumnView::Long(NumericView::new(chunks, column, state)),
                Storage::Float => ColumnView::Float(NumericView::new(chunks, column, state)),
                Storage::Double => ColumnView::Double(NumericView::new(chunks, column, state)),
                Storage::Texts => ColumnView::String(StringView::new(chunks, column, state, dictionary)),
            }
        };
        Self {
            id,
            columns: schema.columns.iter().zip(dictionaries).enumerate().map(view).collect(),
            time: NumericView::new(chunks, 0, ColumnState::default()),
            schema,
            bytes: (chunk_bytes + dictionary_bytes) as u64,
            live,
            lineage,
        }
    }

    /// Number of chunks its rows lie in.
    #[cfg(test)]
    pub(crate) fn chunk_count(&self) -> usize {
        self.time.chunk_count()
    }

    pub(crate) fn schema_arc(&self) -> &Arc<Schema> {
        &self.schema
    }
}

impl Segment for LiveView {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn rows(&self) -> usize {
        self.time.rows()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn order(&self) -> RowOrder {
        RowOrder::Arrival
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        self.time.whole().bounds
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        if name == TIME_COLUMN {
            return Ok(Some(Column::Time(&self.time)));
        }
        let column = self.schema.find(name).and_then(|(i, _)| self.columns.get(i));
        Ok(column.map(|column| match column {
            ColumnView::Long(view) => Column::Long(view),
            ColumnView::Float(view) => Column::Float(view),
            ColumnView::Double(view) => Column::Double(view),
            ColumnView::String(view) => Column::String(view),
        }))
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn lineage(&self) -> Option<&Arc<()>> {
        Some(&self.lineage)
    }

    fn size_bytes(&self) -> u64 {
        self.bytes
    }
}
