//! What is a segment whose rows are those of another, some of them several times, with more columns?

use std::sync::Arc;

use alluvium_segments::{
    Column, ColumnSpec, RowOrder, Schema, Segment, SegmentError, SegmentId, TIME_COLUMN,
};

use super::column::{NOWHERE, Placed};

/// Rows of a segment, with columns of others beside them.
#[derive(Debug)]
pub(super) struct Expanded {
    base: Arc<dyn Segment>,
    rows: usize,
    schema: Schema,
    columns: Vec<Placed>,
    time: Placed,
    bounds: Option<(i64, i64)>,
}

impl Expanded {
    /// The rows of `base` with these numbers, which ascend; a number may come again.
    pub(super) fn new(base: &Arc<dyn Segment>, rows: Vec<u32>) -> Self {
        let count = rows.len();
        let rows: Arc<[u32]> = rows.into();
        let specs = base.schema().columns.clone();
        let columns = specs.iter().map(|spec| Placed::new(base, &spec.name, &rows)).collect();
        let time = Placed::new(base, TIME_COLUMN, &rows);
        let bounds = base.time_bounds();
        Self { base: Arc::clone(base), rows: count, schema: Schema::new(specs), columns, time, bounds }
    }

    /// So many rows that are none of `base`, at the times of another segment.
    pub(super) fn without(base: &Arc<dyn Segment>, times: &Arc<dyn Segment>) -> Self {
        let count = times.rows();
        let each: Arc<[u32]> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        let nowhere = Self::new(base, vec![NOWHERE; count]);
        let time = Placed::new(times, TIME_COLUMN, &each);
        Self { time, bounds: times.time_bounds(), ..nowhere }
    }

    /// With the columns of another segment, under other names, at the rows with these numbers. A column of the same name
    /// is hidden.
    pub(super) fn with(
        self,
        other: &Arc<dyn Segment>,
        rows: Vec<u32>,
        name: impl Fn(&str) -> String,
    ) -> Self {
        let rows: Arc<[u32]> = rows.into();
        let mut columns: Vec<(ColumnSpec, Placed)> =
            self.schema.columns.iter().cloned().zip(self.columns).collect();
        for spec in &other.schema().columns {
            let renamed = ColumnSpec { name: name(&spec.name), ..spec.clone() };
            columns.retain(|(known, _)| known.name != renamed.name);
            columns.push((renamed, Placed::new(other, &spec.name, &rows)));
        }
        let (specs, columns): (Vec<ColumnSpec>, Vec<Placed>) = columns.into_iter().unzip();
        Self { schema: Schema::new(specs), columns, ..self }
    }
}

impl Segment for Expanded {
    fn id(&self) -> &SegmentId {
        self.base.id()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn order(&self) -> RowOrder {
        self.base.order()
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        self.bounds
    }

    fn answers_for_all_time(&self) -> bool {
        self.base.answers_for_all_time()
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        if name == TIME_COLUMN {
            return self.time.as_column().map(Some);
        }
        let Some((at, _)) = self.schema.find(name) else { return Ok(None) };
        self.columns.get(at).map(Placed::as_column).transpose()
    }

    fn is_live(&self) -> bool {
        true
    }

    fn size_bytes(&self) -> u64 {
        (self.rows * 4) as u64
    }
}
