//! How are the values of one column kept, in the tail and in a chunk?

use std::ops::Range;

use super::held::Held;
use super::ids::Ids;
use super::index::{IndexBuilder, ValueIndex};
use super::number::{Number, zone_of};
use crate::{BLOCK_ROWS, ColumnType, NumericBatch, Storage, Zone};

/// Values that may still be added to.
#[derive(Debug, Clone)]
pub(crate) enum ColumnData {
    Long(NumericBatch<i64>),
    Float(NumericBatch<f32>),
    Double(NumericBatch<f64>),
    String(Ids),
}

/// Runs the same code on whichever numbers a column holds, and other code on ids.
macro_rules! each_kind {
    ($data:expr, $numbers:ident => $numeric:expr, $ids:ident => $string:expr) => {
        match $data {
            ColumnData::Long($numbers) => $numeric,
            ColumnData::Float($numbers) => $numeric,
            ColumnData::Double($numbers) => $numeric,
            ColumnData::String($ids) => $string,
        }
    };
}

impl ColumnData {
    pub(crate) fn new(column_type: ColumnType) -> Self {
        match column_type.storage() {
            Storage::Long => Self::Long(NumericBatch::default()),
            Storage::Float => Self::Float(NumericBatch::default()),
            Storage::Double => Self::Double(NumericBatch::default()),
            Storage::Texts => Self::String(Ids::default()),
        }
    }

    /// Forgets all rows, keeping allocations.
    pub(crate) fn clear(&mut self) {
        each_kind!(self, n => { n.values.clear(); n.nulls.clear() }, ids => ids.clear());
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        each_kind!(self, n => n.values.reserve(rows), ids => ids.reserve(rows));
    }

    /// Gives back what was reserved in vain.
    pub(crate) fn shrink(&mut self) {
        each_kind!(self, n => n.values.shrink_to_fit(), ids => ids.shrink());
    }

    /// Bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        each_kind!(self, n => numeric_size(n), ids => ids.size())
    }

    /// Whether any row is null or has a null value.
    pub(crate) fn any_null(&self) -> bool {
        each_kind!(self, n => n.nulls.any(), ids => ids.any_null())
    }

    /// Whether any row may have several values.
    pub(crate) fn is_multi(&self) -> bool {
        matches!(self, Self::String(ids) if ids.is_multi())
    }

    /// Number of values, of all rows.
    pub(crate) fn values(&self) -> usize {
        each_kind!(self, n => n.values.len(), ids => ids.values())
    }

    pub(crate) fn push_null(&mut self, rows: usize) {
        each_kind!(self, n => push_null(n, rows), ids => ids.push_null(rows));
    }

    /// A column of the same type without rows.
    pub(crate) fn empty_like(&self) -> Self {
        match self {
            Self::Long(_) => Self::Long(NumericBatch::default()),
            Self::Float(_) => Self::Float(NumericBatch::default()),
            Self::Double(_) => Self::Double(NumericBatch::default()),
            Self::String(_) => Self::String(Ids::default()),
        }
    }

    /// Appends rows of a column of the same type.
    pub(crate) fn extend_from(&mut self, other: &Self, rows: Range<usize>) {
        match (self, other) {
            (Self::Long(to), Self::Long(from)) => extend_numbers(to, from, rows),
            (Self::Float(to), Self::Float(from)) => extend_numbers(to, from, rows),
            (Self::Double(to), Self::Double(from)) => extend_numbers(to, from, rows),
            (Self::String(to), Self::String(from)) => to.extend_from(from, rows),
            _ => debug_assert!(false, "columns of different types"),
        }
    }

    /// Appends single rows of a column of the same type.
    pub(crate) fn extend_gather(&mut self, other: &Self, rows: &[u32]) {
        match (self, other) {
            (Self::Long(to), Self::Long(from)) => gather(to, from, rows),
            (Self::Float(to), Self::Float(from)) => gather(to, from, rows),
            (Self::Double(to), Self::Double(from)) => gather(to, from, rows),
            (Self::String(to), Self::String(from)) => to.extend_gather(from, rows),
            _ => debug_assert!(false, "columns of different types"),
        }
    }
}

pub(super) fn numeric_size<T>(numbers: &NumericBatch<T>) -> usize {
    numbers.values.capacity() * size_of::<T>() + size_of_val(numbers.nulls.words())
}

fn push_null<T: Number>(numbers: &mut NumericBatch<T>, rows: usize) {
    numbers.values.resize(numbers.values.len() + rows, T::default());
    numbers.nulls.push_null(rows);
}

/// Appends rows of other numbers.
pub(crate) fn extend_numbers<T: Copy>(to: &mut NumericBatch<T>, from: &NumericBatch<T>, rows: Range<usize>) {
    to.values.extend_from_slice(&from.values[rows.clone()]);
    to.nulls.extend_from(&from.nulls, rows);
}

fn gather<T: Copy>(to: &mut NumericBatch<T>, from: &NumericBatch<T>, rows: &[u32]) {
    to.values.extend(rows.iter().map(|r| from.values[*r as usize]));
    if from.nulls.any() {
        rows.iter().for_each(|r| to.nulls.push(from.nulls.is_null(*r as usize)));
    } else {
        to.nulls.push_valid(rows.len());
    }
}

/// Numbers of a published chunk.
#[derive(Debug)]
pub(crate) struct NumericChunk<T> {
    pub(crate) data: Held<T>,
    /// Of all rows.
    pub(crate) whole: Zone<T>,
    /// Of each block; empty where blocks do not lie inside one chunk.
    pub(crate) zones: Vec<Zone<T>>,
}

impl<T: Number> NumericChunk<T> {
    /// Those of a `full` chunk know their blocks, and lie closer.
    pub(crate) fn new(data: NumericBatch<T>, full: bool) -> Self {
        let (values, nulls) = (&data.values, &data.nulls);
        let rows = values.len();
        let block = |start: usize| zone_of(values, nulls, start..(start + BLOCK_ROWS).min(rows));
        let zones = if full { (0..rows).step_by(BLOCK_ROWS).map(block).collect() } else { Vec::new() };
        let whole = zone_of(values, nulls, 0..rows);
        let data = if full { Held::nearest(data, &whole) } else { Held::Whole(data) };
        Self { whole, zones, data }
    }

    pub(crate) fn size(&self) -> usize {
        self.data.size() + size_of_val(self.zones.as_slice())
    }
}

/// Ids of a published chunk.
#[derive(Debug)]
pub(crate) struct StringChunk {
    pub(crate) ids: Ids,
    /// Rows by id, where it pays.
    pub(crate) index: Option<ValueIndex>,
}

impl StringChunk {
    /// Builds the index if there is a builder; the chunk's first row is row `start` of the segment.
    pub(crate) fn new(ids: Ids, start: usize, builder: Option<&mut IndexBuilder>) -> Self {
        let index = builder.and_then(|b| b.build(&ids, start));
        Self { ids, index }
    }

    pub(crate) fn size(&self) -> usize {
        self.ids.size() + self.index.as_ref().map_or(0, ValueIndex::size)
    }
}
