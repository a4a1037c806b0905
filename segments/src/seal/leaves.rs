//! How are the leaves of nested columns written? The documents just written are read once more and taken apart; a
//! column's leaves become the columns of a file in a section of the same file, its rows in the same order.

use std::collections::HashMap;
use std::path::Path;

use super::merge::merge;
use super::shred::{Leaf, Leaves, Scalar, shred};
use super::strings::write_strings;
use super::texts::{Piece, Texts};
use super::write::write_numbers;
use crate::encoding::Number;
use crate::file::{ColumnEntry, ColumnKind, FileWriter, Footer, LeavesEntry, SectionKind};
use crate::mapped::MappedSegment;
use crate::time::Granularity;
use crate::{
    BLOCK_ROWS, Column, ColumnSpec, ColumnType, NullMask, RowOrder, Schema, Segment, SegmentError,
    StringColumn, TIME_COLUMN,
};

/// Appends the leaves of all nested columns to a file whose rows are written.
pub(super) fn write_leaves(file: &mut FileWriter, footer: &Footer) -> Result<Vec<LeavesEntry>, SegmentError> {
    let nested: Vec<usize> = (0..footer.columns.len())
        .filter(|number| footer.columns.get(*number).is_some_and(|c| c.kind == ColumnKind::Nested))
        .collect();
    if nested.is_empty() || footer.rows == 0 {
        return Ok(Vec::new());
    }
    let images = file.peek(footer, |path| {
        let rows = MappedSegment::open(path)?;
        nested.iter().map(|number| image(path, footer, &rows, *number)).collect::<Result<Vec<_>, _>>()
    })?;
    let first = footer.columns.len() + footer.projections.len();
    let mut entries = Vec::with_capacity(images.len());
    for (number, image) in nested.into_iter().zip(images) {
        let Some((image, complete)) = image else { continue };
        let section = file.sections() as u32;
        file.raw_section(first + entries.len(), SectionKind::Leaves as u16, false, &image)?;
        entries.push(LeavesEntry { column: number as u32, section, complete });
    }
    Ok(entries)
}

/// The file of a column's leaves, and whether they are all there are.
fn image(
    path: &Path,
    footer: &Footer,
    rows: &MappedSegment,
    number: usize,
) -> Result<Option<(Vec<u8>, bool)>, SegmentError> {
    let name = footer.columns.get(number).map_or("", |column| column.name.as_str());
    let Some(Column::String(documents)) = rows.column(name)? else { return Ok(None) };
    let mut texts = Vec::with_capacity(documents.cardinality() as usize);
    for id in 1..documents.cardinality() {
        texts.push((id, documents.value(id)?.unwrap_or_default()));
    }
    let Leaves { leaves, complete } = shred(texts.into_iter());
    let rows = Rows { ids: ids(documents, rows.rows())?, documents: documents.cardinality() as usize };
    let mut file = FileWriter::in_memory(path)?;
    let mut columns = Vec::with_capacity(leaves.len() + 1);
    // A file has times; a leaf's are those of the rows that it belongs to.
    let times = vec![0i64; rows.ids.len()];
    let mut valid = NullMask::default();
    valid.push_valid(times.len());
    columns.push(ColumnEntry {
        kind: ColumnKind::Time,
        ..write_numbers(&mut file, 0, TIME_COLUMN, &times, &valid)?
    });
    let mut specs = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let spec = ColumnSpec::dimension(&leaf.name, leaf.column_type());
        columns.push(rows.write(&mut file, columns.len(), &spec, &leaf)?);
        specs.push(spec);
    }
    let footer = Footer {
        id: footer.id.clone(),
        schema: Schema {
            columns: specs,
            rollup: false,
            query_granularity: Granularity::None,
            projections: Vec::new(),
            timestamp_spec: None,
        },
        rows: footer.rows,
        order: RowOrder::Arrival,
        time_bounds: Some((0, 0)),
        columns,
        sections: Vec::new(),
        granules: Vec::new(),
        projections: Vec::new(),
        leaves: Vec::new(),
    };
    Ok(Some((file.finish_in_memory(footer)?, complete)))
}

/// The document of each row.
fn ids(documents: &dyn StringColumn, rows: usize) -> Result<Vec<u32>, SegmentError> {
    let (mut all, mut ids) = (Vec::with_capacity(rows), Vec::new());
    for start in (0..rows).step_by(BLOCK_ROWS) {
        documents.read_ids(start..rows.min(start + BLOCK_ROWS), &mut ids)?;
        all.extend_from_slice(&ids);
    }
    Ok(all)
}

/// Which documents are in which rows.
struct Rows {
    /// The document of each row, 0 for none.
    ids: Vec<u32>,
    /// Documents are below this.
    documents: usize,
}

impl Rows {
    fn write(
        &self,
        file: &mut FileWriter,
        number: usize,
        spec: &ColumnSpec,
        leaf: &Leaf,
    ) -> Result<ColumnEntry, SegmentError> {
        let long = |value: &Scalar| if let Scalar::Long(long) = value { Some(*long) } else { None };
        let double = |value: &Scalar| if let Scalar::Double(double) = value { Some(*double) } else { None };
        match spec.column_type {
            ColumnType::Long => self.write_numbers(file, number, spec, leaf, long),
            ColumnType::Double => self.write_numbers(file, number, spec, leaf, double),
            _ => self.write_texts(file, number, spec, leaf),
        }
    }

    fn write_numbers<T: Number>(
        &self,
        file: &mut FileWriter,
        number: usize,
        spec: &ColumnSpec,
        leaf: &Leaf,
        of: impl Fn(&Scalar) -> Option<T>,
    ) -> Result<ColumnEntry, SegmentError> {
        let mut known: Vec<Option<T>> = vec![None; self.documents];
        for (document, value) in leaf.values() {
            known[document as usize] = of(value);
        }
        let (mut values, mut nulls) = (Vec::with_capacity(self.ids.len()), NullMask::default());
        for id in &self.ids {
            let value = known.get(*id as usize).copied().flatten();
            nulls.push(value.is_none());
            values.push(value.unwrap_or_default());
        }
        let entry = write_numbers(file, number, &spec.name, &values, &nulls)?;
        Ok(ColumnEntry { kind: ColumnKind::of(spec.column_type), ..entry })
    }

    fn write_texts(
        &self,
        file: &mut FileWriter,
        number: usize,
        spec: &ColumnSpec,
        leaf: &Leaf,
    ) -> Result<ColumnEntry, SegmentError> {
        let (mut texts, mut numbers) = (Vec::new(), HashMap::<String, u32>::new());
        let mut known = vec![0u32; self.documents];
        for (document, value) in leaf.values() {
            let text = match (spec.column_type, value) {
                (ColumnType::Json, Scalar::Text(text)) => serde_json::Value::from(text.as_str()).to_string(),
                (ColumnType::Json, Scalar::Long(long)) => long.to_string(),
                (ColumnType::Json, Scalar::Double(double)) => serde_json::Value::from(*double).to_string(),
                (_, Scalar::Text(text) | Scalar::Json(text)) => text.clone(),
                (_, Scalar::Long(_) | Scalar::Double(_)) => continue,
            };
            known[document as usize] = *numbers.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                texts.len() as u32
            });
        }
        let ids = self.ids.iter().map(|id| known.get(*id as usize).copied().unwrap_or(0)).collect();
        let strings = merge(vec![Piece { texts: Texts::Made(texts), ids, offsets: None }])?;
        let rows: Vec<u32> = (0..self.ids.len() as u32).collect();
        write_strings(file, number, spec, &strings, &rows)
    }
}
