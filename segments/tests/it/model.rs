//! What should a sealed file hold? Rows as plain values, sorted and rolled up the slow and obvious way.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_segments::rows::{Cell, read_rows};
use alluvium_segments::seal::{SealRequest, SealedSegment, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::*;

use crate::memory::MemorySegment;

/// A row: its time and a cell a schema column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) time: i64,
    pub(crate) cells: Vec<Cell>,
}

/// A folder in memory where there is one: sealing waits for the disk, and most tests are not about that.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn id() -> SegmentId {
    SegmentId {
        datasource: "test".to_owned(),
        interval: Interval::new(0, 86_400_000),
        version: "2026-01-01T00:00:00.000Z".to_owned(),
        partition: 0,
    }
}

/// A dimension of strings that always has an index.
pub(crate) fn indexed(name: &str) -> ColumnSpec {
    let options = DimensionOptions { bitmap_index: BitmapIndex::Always, ..DimensionOptions::default() };
    ColumnSpec { role: Role::Dimension(options), ..ColumnSpec::dimension(name, ColumnType::String) }
}

/// Rows as a batch.
pub(crate) fn batch(schema: &Arc<Schema>, rows: &[Row]) -> RowBatch {
    let columns = schema.columns.iter().enumerate().map(|(i, spec)| {
        let cells = rows.iter().map(|row| &row.cells[i]);
        match spec.column_type {
            ColumnType::Long => BatchColumn::Long(numbers(cells, |c| match c {
                Cell::Long(v) => Some(*v),
                _ => None,
            })),
            ColumnType::Float => BatchColumn::Float(numbers(cells, |c| match c {
                Cell::Float(v) => Some(*v),
                _ => None,
            })),
            ColumnType::Double => BatchColumn::Double(numbers(cells, |c| match c {
                Cell::Double(v) => Some(*v),
                _ => None,
            })),
            ColumnType::String | ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_) => {
                let mut strings = StringBatch::default();
                for cell in cells {
                    match cell {
                        Cell::String(text) => strings.push_value(Some(text)),
                        Cell::Strings(texts) => texts.iter().for_each(|t| strings.push_value(t.as_deref())),
                        _ => {}
                    }
                    strings.end_row();
                }
                BatchColumn::String(strings)
            }
        }
    });
    let columns = columns.collect();
    RowBatch { schema: Arc::clone(schema), time: rows.iter().map(|r| r.time).collect(), columns }
}

fn numbers<'c, T: Copy + Default>(
    cells: impl Iterator<Item = &'c Cell>,
    value: impl Fn(&Cell) -> Option<T>,
) -> NumericBatch<T> {
    let mut out = NumericBatch::default();
    cells.for_each(|cell| out.push(value(cell)));
    out
}

/// Rows as an input of sealing.
pub(crate) fn input(schema: &Arc<Schema>, rows: &[Row]) -> SegmentRef {
    SegmentRef::whole(MemorySegment::open(id(), &batch(schema, rows)))
}

pub(crate) fn request(path: PathBuf, inputs: Vec<SegmentRef>) -> SealRequest {
    SealRequest {
        id: id(),
        path,
        inputs,
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    }
}

pub(crate) fn seal_rows(folder: &Path, schema: &Arc<Schema>, rows: &[Row]) -> SealedSegment {
    seal(&request(folder.join("rows.segment"), vec![input(schema, rows)])).unwrap()
}

/// All rows of a segment.
pub(crate) fn rows_of(segment: &dyn Segment) -> Vec<Row> {
    let names: Vec<&str> = std::iter::once(TIME_COLUMN)
        .chain(segment.schema().columns.iter().map(|c| c.name.as_str()))
        .collect();
    let rows = read_rows(segment, &names, 0..segment.rows()).unwrap();
    rows.into_iter()
        .map(|mut cells| match cells.remove(0) {
            Cell::Long(time) => Row { time, cells },
            other => panic!("time {other:?}"),
        })
        .collect()
}

fn texts(cell: &Cell) -> Vec<Option<Vec<u16>>> {
    match cell {
        Cell::String(text) => vec![Some(text.encode_utf16().collect())],
        Cell::Strings(list) => list.iter().map(|t| t.as_ref().map(|t| t.encode_utf16().collect())).collect(),
        _ => Vec::new(),
    }
}

pub(crate) fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Less,
        (_, Cell::Null) => Ordering::Greater,
        (Cell::Long(a), Cell::Long(b)) => a.cmp(b),
        (Cell::Float(a), Cell::Float(b)) => a.total_cmp(b),
        (Cell::Double(a), Cell::Double(b)) => a.total_cmp(b),
        _ => texts(a).cmp(&texts(b)),
    }
}

fn combine(a: &Cell, b: &Cell, function: MetricFunction) -> Cell {
    use MetricFunction::{Count, Max, Min, Sum};
    match (a, b, function) {
        (Cell::Null, other, _) | (other, Cell::Null, _) => other.clone(),
        (Cell::Long(a), Cell::Long(b), Count | Sum) => Cell::Long(a.wrapping_add(*b)),
        (Cell::Long(a), Cell::Long(b), Min) => Cell::Long(*a.min(b)),
        (Cell::Long(a), Cell::Long(b), Max) => Cell::Long(*a.max(b)),
        (Cell::Double(a), Cell::Double(b), Sum) => Cell::Double(a + b),
        (Cell::Double(a), Cell::Double(b), Min) => Cell::Double(a.min(*b)),
        (Cell::Double(a), Cell::Double(b), Max) => Cell::Double(a.max(*b)),
        (Cell::Float(a), Cell::Float(b), Sum) => Cell::Float(a + b),
        (Cell::Float(a), Cell::Float(b), Min) => Cell::Float(a.min(*b)),
        (Cell::Float(a), Cell::Float(b), Max) => Cell::Float(a.max(*b)),
        other => panic!("cannot combine {other:?}"),
    }
}

/// What sealing should make of rows.
pub(crate) fn expected(schema: &Schema, rows: &[Row]) -> Vec<Row> {
    let key = |a: &Row, b: &Row| {
        let dimensions = schema.columns.iter().enumerate().filter(|(_, c)| !c.is_metric());
        let mut order = a.time.cmp(&b.time);
        for (i, _) in dimensions {
            order = order.then_with(|| compare(&a.cells[i], &b.cells[i]));
        }
        order
    };
    let mut sorted = rows.to_vec();
    sorted.sort_by(key);
    if !schema.rollup {
        return sorted;
    }
    let mut out: Vec<Row> = Vec::new();
    for row in sorted {
        match out.last_mut() {
            Some(last) if key(last, &row).is_eq() => {
                for (i, spec) in schema.columns.iter().enumerate() {
                    if let Role::Metric { function, .. } = &spec.role {
                        last.cells[i] = combine(&last.cells[i], &row.cells[i], *function);
                    }
                }
            }
            _ => out.push(row),
        }
    }
    out
}
