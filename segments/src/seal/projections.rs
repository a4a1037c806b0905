//! How are projections written? The rows just written are read once more as each projection sees them (its dimensions,
//! and its metrics' fields under the metrics' names) and sealed with rollup into a section of the same file.

use std::ops::Range;
use std::sync::Arc;

use super::write::write_rows;
use crate::file::{FileWriter, Footer, ProjectionEntry, SectionKind};
use crate::mapped::MappedSegment;
use crate::{
    Column, MetricFunction, NumericBlock, NumericColumn, ProjectionSpec, Role, RowOrder, Schema, Segment,
    SegmentError, SegmentId, SegmentRef, TIME_COLUMN, Zone, combines_nothing,
};

/// Appends the projections that the schema declares to a file whose rows are written.
pub(super) fn write_projections(
    file: &mut FileWriter,
    footer: &Footer,
) -> Result<Vec<ProjectionEntry>, SegmentError> {
    // What counts are the rows as they are stored: counts of rows would be others before rollup.
    let images = file.peek(footer, |path| {
        let rows: Arc<dyn Segment> = Arc::new(MappedSegment::open(path)?);
        let projections = footer.schema.projections.iter();
        projections.map(|spec| image(path, footer, &rows, spec)).collect::<Result<Vec<_>, _>>()
    })?;
    let mut entries = Vec::with_capacity(images.len());
    for (i, (spec, (rows, image))) in footer.schema.projections.iter().zip(images).enumerate() {
        let section = file.sections() as u32;
        let kind = SectionKind::Projection;
        file.raw_section(footer.columns.len() + i, kind as u16, false, &image)?;
        entries.push(ProjectionEntry { name: spec.name.clone(), rows, section });
    }
    Ok(entries)
}

/// The number of groups of a projection, and its file.
fn image(
    path: &std::path::Path,
    footer: &Footer,
    rows: &Arc<dyn Segment>,
    spec: &ProjectionSpec,
) -> Result<(u64, Vec<u8>), SegmentError> {
    let schema = spec.schema();
    let mut seen = schema.clone();
    seen.query_granularity.clone_from(&footer.schema.query_granularity);
    let input = Ungrouped { rows: Arc::clone(rows), schema: seen, ones: Ones(rows.rows()) };
    let input = SegmentRef::whole(Arc::new(input));
    let mut file = FileWriter::in_memory(path)?;
    let footer = write_rows(&mut file, &[input], &footer.id, &schema, combines_nothing)?;
    let groups = footer.rows;
    Ok((groups, file.finish_in_memory(footer)?))
}

/// Rows of a segment with the columns of a projection.
#[derive(Debug)]
struct Ungrouped {
    rows: Arc<dyn Segment>,
    schema: Schema,
    ones: Ones,
}

impl Segment for Ungrouped {
    fn id(&self) -> &SegmentId {
        self.rows.id()
    }

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn order(&self) -> RowOrder {
        self.rows.order()
    }

    fn time_bounds(&self) -> Option<(i64, i64)> {
        self.rows.time_bounds()
    }

    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError> {
        if name == TIME_COLUMN {
            return self.rows.column(name);
        }
        match self.schema.find(name).map(|(_, spec)| &spec.role) {
            None => Ok(None),
            Some(Role::Dimension(_)) => self.rows.column(name),
            Some(Role::Metric { function: MetricFunction::Count, .. }) => Ok(Some(Column::Long(&self.ones))),
            Some(Role::Metric { field, .. }) => self.rows.column(field.as_deref().unwrap_or(name)),
        }
    }

    fn is_live(&self) -> bool {
        false
    }

    fn size_bytes(&self) -> u64 {
        self.rows.size_bytes()
    }
}

/// A column of ones: what counts of rows add up.
#[derive(Debug)]
struct Ones(usize);

impl Ones {
    fn fill(count: usize, out: &mut NumericBlock<i64>) {
        out.clear();
        out.values.resize(count, 1);
        out.nulls.push_valid(count);
    }
}

impl NumericColumn<i64> for Ones {
    fn read(&self, rows: Range<usize>, out: &mut NumericBlock<i64>) -> Result<(), SegmentError> {
        Self::fill(rows.len(), out);
        Ok(())
    }

    fn gather(&self, rows: &[u32], out: &mut NumericBlock<i64>) -> Result<(), SegmentError> {
        Self::fill(rows.len(), out);
        Ok(())
    }

    fn may_have_nulls(&self) -> bool {
        false
    }

    fn bounds(&self) -> Option<Zone<i64>> {
        Some(Zone { bounds: (self.0 > 0).then_some((1, 1)), nulls: 0 })
    }

    fn zone(&self, _block: usize) -> Option<Zone<i64>> {
        Some(Zone { bounds: Some((1, 1)), nulls: 0 })
    }
}
