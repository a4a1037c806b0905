//! What is a chunk? Rows that were published together and never change, column by column.

use std::ops::Range;
use std::sync::Arc;

use super::column::{ColumnData, NumericChunk, StringChunk};
use super::index::IndexBuilder;

/// One column of a chunk, by type.
#[derive(Debug)]
pub(crate) enum ChunkColumn {
    Long(NumericChunk<i64>),
    Float(NumericChunk<f32>),
    Double(NumericChunk<f64>),
    String(StringChunk),
}

impl ChunkColumn {
    fn size(&self) -> usize {
        match self {
            Self::Long(c) => c.size(),
            Self::Float(c) => c.size(),
            Self::Double(c) => c.size(),
            Self::String(c) => c.size(),
        }
    }

    /// Number of values, of all rows.
    pub(crate) fn values(&self) -> usize {
        match self {
            Self::Long(c) => c.data.len(),
            Self::Float(c) => c.data.len(),
            Self::Double(c) => c.data.len(),
            Self::String(c) => c.ids.values(),
        }
    }

    /// Appends all its rows to a column of the same type.
    fn append_to(&self, to: &mut ColumnData) {
        match (self, to) {
            (Self::Long(from), ColumnData::Long(to)) => from.data.append_to(to),
            (Self::Float(from), ColumnData::Float(to)) => from.data.append_to(to),
            (Self::Double(from), ColumnData::Double(to)) => from.data.append_to(to),
            (Self::String(from), ColumnData::String(to)) => to.extend_from(&from.ids, 0..from.ids.len()),
            _ => debug_assert!(false, "columns of different types"),
        }
    }
}

/// Immutable rows `start..start + rows` of a segment.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) start: usize,
    pub(crate) rows: usize,
    /// `__time`, then the columns the segment had when the chunk was made; a later column is null in all rows.
    pub(crate) columns: Vec<ChunkColumn>,
    /// Bytes of memory it takes.
    pub(crate) bytes: usize,
}

impl Chunk {
    /// A small chunk: no index, no zone maps of blocks.
    pub(crate) fn small(start: usize, rows: usize, columns: Vec<ColumnData>) -> Self {
        let column = |data| chunk_column(data, start, false, None);
        Self::of_columns(start, rows, columns.into_iter().map(column).collect())
    }

    /// A full chunk; column `i` is indexed where `indexed[i]` says so and where it pays.
    pub(crate) fn full(
        start: usize,
        rows: usize,
        columns: Vec<ColumnData>,
        indexed: &[bool],
        builder: &mut IndexBuilder,
    ) -> Self {
        let wanted = |i: usize| indexed.get(i).copied().unwrap_or(false);
        let column = |(i, data)| chunk_column(data, start, true, wanted(i).then_some(&mut *builder));
        Self::of_columns(start, rows, columns.into_iter().enumerate().map(column).collect())
    }

    fn of_columns(start: usize, rows: usize, columns: Vec<ChunkColumn>) -> Self {
        let bytes =
            size_of::<Self>() + columns.iter().map(|c| size_of::<ChunkColumn>() + c.size()).sum::<usize>();
        Self { start, rows, columns, bytes }
    }
}

fn chunk_column(
    mut data: ColumnData,
    start: usize,
    full: bool,
    builder: Option<&mut IndexBuilder>,
) -> ChunkColumn {
    data.shrink();
    match data {
        ColumnData::Long(data) => ChunkColumn::Long(NumericChunk::new(data, full)),
        ColumnData::Float(data) => ChunkColumn::Float(NumericChunk::new(data, full)),
        ColumnData::Double(data) => ChunkColumn::Double(NumericChunk::new(data, full)),
        ColumnData::String(ids) => ChunkColumn::String(StringChunk::new(ids, start, builder)),
    }
}

/// The rows of chunks that follow each other, then those of `tail`, as one set of columns like the tail's.
pub(crate) fn join(chunks: &[Arc<Chunk>], tail: Vec<ColumnData>, tail_rows: usize) -> Vec<ColumnData> {
    if chunks.is_empty() {
        return tail;
    }
    let rows = tail_rows + chunks.iter().map(|c| c.rows).sum::<usize>();
    let column = |(i, tail): (usize, ColumnData)| {
        let mut joined = tail.empty_like();
        joined.reserve(rows);
        for chunk in chunks {
            match chunk.columns.get(i) {
                Some(column) => column.append_to(&mut joined),
                None => joined.push_null(chunk.rows),
            }
        }
        joined.extend_from(&tail, 0..tail_rows);
        joined
    };
    tail.into_iter().enumerate().map(column).collect()
}

/// The chunks of a view, in row order.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    list: Vec<Arc<Chunk>>,
    rows: usize,
    /// Rows of a full chunk.
    chunk_rows: usize,
}

impl Chunks {
    pub(crate) fn new(list: Vec<Arc<Chunk>>, chunk_rows: usize) -> Self {
        let rows = list.last().map_or(0, |c| c.start + c.rows);
        Self { list, rows, chunk_rows }
    }

    /// Number of rows in all chunks.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn list(&self) -> &[Arc<Chunk>] {
        &self.list
    }

    pub(crate) fn chunk_rows(&self) -> usize {
        self.chunk_rows
    }

    /// The chunks that share rows with a range, each with the shared rows, counted from the chunk's first.
    pub(crate) fn parts(&self, rows: Range<usize>) -> impl Iterator<Item = (&Chunk, Range<usize>)> {
        let first = self.list.partition_point(|c| c.start + c.rows <= rows.start);
        self.list[first..].iter().take_while(move |c| c.start < rows.end).map(move |c| {
            let start = rows.start.max(c.start) - c.start;
            (&**c, start..(rows.end.min(c.start + c.rows) - c.start))
        })
    }

    /// Cuts ascending row numbers at chunk borders. Rows beyond the end are left out.
    pub(crate) fn cut<'r>(&self, mut rows: &'r [u32]) -> impl Iterator<Item = (&Chunk, &'r [u32])> {
        std::iter::from_fn(move || {
            let first = *rows.first()? as usize;
            let at = self.list.partition_point(|c| c.start + c.rows <= first);
            let chunk = &**self.list.get(at)?;
            let (inside, rest) =
                rows.split_at(rows.partition_point(|r| (*r as usize) < chunk.start + chunk.rows));
            rows = rest;
            Some((chunk, inside))
        })
    }
}
