//! What does a row look like, cell by cell? The slow, simple way to read any segment: for dumps, for scans that
//! leave the engine row by row, and for tests that compare live, sealed and expected rows.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::{
    Column, MultiBlock, NumericBlock, NumericColumn, Segment, SegmentError, StringColumn, TIME_COLUMN,
};

/// One value of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value (also: an empty list, or a column the segment does not have).
    Null,
    /// Of a long column, or `__time`.
    Long(i64),
    /// Of a float column.
    Float(f32),
    /// Of a double column.
    Double(f64),
    /// One text that is not null.
    String(String),
    /// Two or more texts, or the list of one null.
    Strings(Vec<Option<String>>),
}

/// Reads rows, one cell a named column (`__time` included, if named); a column the segment lacks gives nulls.
///
/// # Errors
/// When the range does not lie inside the segment, or the bytes below are corrupt.
pub fn read_rows(
    segment: &dyn Segment,
    columns: &[&str],
    rows: Range<usize>,
) -> Result<Vec<Vec<Cell>>, SegmentError> {
    if rows.start > rows.end || rows.end > segment.rows() {
        let (id, count) = (segment.id(), segment.rows());
        let message =
            format!("rows {}..{} are not all in segment `{id}` of {count} rows", rows.start, rows.end);
        return Err(SegmentError::Invalid(message));
    }
    let mut out: Vec<Vec<Cell>> = rows.clone().map(|_| Vec::with_capacity(columns.len())).collect();
    for name in columns {
        match segment.column(name)? {
            None => out.iter_mut().for_each(|row| row.push(Cell::Null)),
            Some(column) => {
                let cells = read_cells(column, rows.clone())?;
                out.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
            }
        }
    }
    Ok(out)
}

/// Reads all rows as maps from column name (`__time` included) to cell; nulls are left out.
///
/// # Errors
/// When the bytes below are corrupt.
pub fn dump_rows(segment: &dyn Segment) -> Result<Vec<BTreeMap<String, Cell>>, SegmentError> {
    let specs = segment.schema().columns.iter().map(|c| c.name.as_str());
    let names: Vec<&str> = std::iter::once(TIME_COLUMN).chain(specs).collect();
    let name_cells = |row: Vec<Cell>| {
        let named = names.iter().map(|n| (*n).to_owned()).zip(row);
        named.filter(|(_, cell)| *cell != Cell::Null).collect()
    };
    Ok(read_rows(segment, &names, 0..segment.rows())?.into_iter().map(name_cells).collect())
}

/// Reads a range of one column.
///
/// # Errors
/// When the bytes below are corrupt.
pub fn read_cells(column: Column<'_>, rows: Range<usize>) -> Result<Vec<Cell>, SegmentError> {
    match column {
        Column::Time(c) | Column::Long(c) => numbers(c, rows, Cell::Long),
        Column::Float(c) => numbers(c, rows, Cell::Float),
        Column::Double(c) => numbers(c, rows, Cell::Double),
        Column::String(c) => texts(c, rows),
    }
}

fn numbers<T: Copy + Default>(
    column: &dyn NumericColumn<T>,
    rows: Range<usize>,
    cell: impl Fn(T) -> Cell,
) -> Result<Vec<Cell>, SegmentError> {
    let mut block = NumericBlock::default();
    column.read(rows, &mut block)?;
    let NumericBlock { values, nulls } = &block;
    let cells = values.iter().enumerate();
    Ok(cells.map(|(i, v)| if nulls.is_null(i) { Cell::Null } else { cell(*v) }).collect())
}

fn texts(column: &dyn StringColumn, rows: Range<usize>) -> Result<Vec<Cell>, SegmentError> {
    let mut block = MultiBlock::default();
    column.read_multi(rows, &mut block)?;
    block.offsets.windows(2).map(|w| text_cell(column, &block.ids[w[0] as usize..w[1] as usize])).collect()
}

/// The cell of a row that has these ids.
///
/// # Errors
/// When an id is out of range or the bytes below are corrupt.
pub fn text_cell(column: &dyn StringColumn, ids: &[u32]) -> Result<Cell, SegmentError> {
    let text = |id: &u32| column.value(*id).map(|v| v.map(str::to_owned));
    Ok(match ids {
        [] => Cell::Null,
        [id] => text(id)?.map_or_else(|| Cell::Strings(vec![None]), Cell::String),
        several => Cell::Strings(several.iter().map(text).collect::<Result<_, _>>()?),
    })
}
