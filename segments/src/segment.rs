//! How are rows read? [`Segment`] is the one reading seam: live views and mapped files implement it alike,
//! and nothing above knows which it has.

mod numbers;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::time::Interval;
use crate::{LaneBlock, Leaf, PathStep, Projection, RunSlice, Schema, SegmentError, SegmentId};

pub use numbers::{NullMask, NumericBlock, NumericColumn, Zone};

/// Rows a block: zone maps are kept per `BLOCK_ROWS` aligned rows, and operators read ranges
/// `[k * BLOCK_ROWS, (k + 1) * BLOCK_ROWS)` clipped to the segment.
pub const BLOCK_ROWS: usize = 4096;

/// In which order rows lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// Non-decreasing `__time`.
    Time,
    /// As they arrived; no order may be assumed.
    Arrival,
}

/// A set of rows with named columns. Row numbers are dense from 0 and fit in `u32`.
pub trait Segment: Send + Sync + Debug {
    /// Its identity.
    fn id(&self) -> &SegmentId;

    /// Number of rows.
    fn rows(&self) -> usize;

    /// Its columns besides `__time`.
    fn schema(&self) -> &Schema;

    /// The order of its rows.
    fn order(&self) -> RowOrder;

    /// Smallest and largest `__time` (both inclusive); `None` when it has no rows.
    fn time_bounds(&self) -> Option<(i64, i64)>;

    /// Whether it answers for all time, and not only for the time between its first and its last row: rows that are in
    /// no segment file do.
    fn answers_for_all_time(&self) -> bool {
        false
    }

    /// A column by name (`__time` included); `None` when the segment has no such column.
    ///
    /// # Errors
    /// When the column's bytes are corrupt.
    fn column(&self, name: &str) -> Result<Option<Column<'_>>, SegmentError>;

    /// The values at a path of a nested column, where they are stored by themselves.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn leaf(&self, column: &str, path: &[PathStep]) -> Result<Leaf<'_>, SegmentError> {
        let _ = (column, path);
        Ok(Leaf::Unknown)
    }

    /// Whether rows may still be added to what this is a view of (results must not be cached).
    fn is_live(&self) -> bool;

    /// What the views of one live segment share, and no others: an id that two of them have means the same text.
    fn lineage(&self) -> Option<&Arc<()>> {
        None
    }

    /// Bytes of memory or file it takes, as an estimate for live views.
    fn size_bytes(&self) -> u64;

    /// Its rows as they were aggregated beforehand, in all the ways its schema declares; none for segments that have
    /// not been sealed whole.
    fn projections(&self) -> &[Projection] {
        &[]
    }
}

/// A column, by type. Borrowed from its segment.
#[derive(Clone, Copy)]
pub enum Column<'s> {
    /// `__time`: longs without nulls.
    Time(&'s dyn NumericColumn<i64>),
    /// Longs.
    Long(&'s dyn NumericColumn<i64>),
    /// Floats.
    Float(&'s dyn NumericColumn<f32>),
    /// Doubles.
    Double(&'s dyn NumericColumn<f64>),
    /// Strings, one or several a row.
    String(&'s dyn StringColumn),
}

impl Debug for Column<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Time(_) => "Time",
            Self::Long(_) => "Long",
            Self::Float(_) => "Float",
            Self::Double(_) => "Double",
            Self::String(_) => "String",
        })
    }
}

/// Ids read from a multi-value string column: row `i` of the range has `ids[offsets[i]..offsets[i + 1]]`
/// (`offsets.len() == rows + 1`). No ids at all: the row is null (or an empty list, which is the same).
#[derive(Debug, Clone, Default)]
pub struct MultiBlock {
    /// Start of each row in `ids`, and the end of the last.
    pub offsets: Vec<u32>,
    /// Dictionary ids.
    pub ids: Vec<u32>,
}

/// A dictionary-encoded column of strings. Id 0 is always null; the empty string is a value.
///
/// Read calls *replace* the content of `out`.
pub trait StringColumn: Send + Sync {
    /// Number of ids, null included: ids are `0..cardinality()`.
    fn cardinality(&self) -> u32;

    /// Whether any row has, or may have, more than one value (or `[null]`): then `read_multi` must be used.
    fn is_multi(&self) -> bool;

    /// Whether any row is null (by itself or by one of its values).
    fn has_nulls(&self) -> bool;

    /// Whether ids ascend in Druid's string order (UTF-16 code units).
    fn is_sorted(&self) -> bool;

    /// The text of an id; `None` for id 0.
    ///
    /// # Errors
    /// When the id is out of range or the bytes below are corrupt.
    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError>;

    /// The id of a text, if any row may have it. `None` text gives id 0.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError>;

    /// For sorted dictionaries: the smallest id whose text is not before `value` in Druid's order
    /// (`cardinality()` when there is none). Never 0. Must not be called on unsorted ones.
    ///
    /// # Errors
    /// When the bytes below are corrupt or the dictionary is not sorted.
    fn lower_bound(&self, value: &str) -> Result<u32, SegmentError>;

    /// Reads one id a row. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError>;

    /// Reads ids of rows from the start of an aligned block, no further than its end, as unsigned offsets to a base,
    /// where they are stored so; says whether it did. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_lanes(&self, rows: Range<usize>, out: &mut LaneBlock) -> Result<bool, SegmentError> {
        let _ = (rows, out);
        Ok(false)
    }

    /// Sets bit `i` of `out` where the id of row `rows.start + i` is in `first..=last`, and clears the others, for rows
    /// from the start of an aligned block, no further than its end, where it is faster than reading their lanes; says
    /// whether it did. `out` has a word for every 64 rows. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn mask_ids(
        &self,
        rows: Range<usize>,
        first: u32,
        last: u32,
        out: &mut [u64],
    ) -> Result<bool, SegmentError> {
        let _ = (rows, first, last, out);
        Ok(false)
    }

    /// The runs of an aligned block, all of whose rows are asked for, where it is stored so.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn runs(&self, rows: Range<usize>) -> Result<Option<RunSlice<'_>>, SegmentError> {
        let _ = rows;
        Ok(None)
    }

    /// Reads the ids of single rows, given in ascending order. Only for columns that are not multi.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError>;

    /// Reads all ids of each row. Works for single-value columns too (null rows have no ids).
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError>;

    /// Reads all ids of single rows, given in ascending order.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError>;

    /// Whether `mark` may answer from an index (otherwise it must scan, and a caller may prefer to).
    fn has_index(&self) -> bool;

    /// Sets the bits of the rows of a range that hold any of the ids, which ascend; others stay as they are. Bit
    /// `i % 64` of word `i / 64` is row `rows.start + i`; `rows.start` is a multiple of [`BLOCK_ROWS`] and `out` has a
    /// word for every 64 rows. Id 0 stands for rows that are null, and for rows of which one value is null.
    ///
    /// # Errors
    /// When the bytes below are corrupt.
    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError>;

    /// Clears the bits of the rows of a range that hold none of the ids (`keep`) or any of them (else), as
    /// [`StringColumn::mark`] has it; others stay as they are.
    ///
    /// # Errors
    /// As `mark`.
    fn restrict(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        keep: bool,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let mut found = vec![0u64; out.len()];
        self.mark(ids, rows, &mut found)?;
        let hits = |word: &u64| if keep { *word } else { !*word };
        out.iter_mut().zip(&found).for_each(|(word, found)| *word &= hits(found));
        Ok(())
    }

    /// The rows that hold any of the ids, which ascend, as [`StringColumn::mark`] has it for rows `0..rows`.
    ///
    /// # Errors
    /// As `mark`.
    fn postings(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: usize,
    ) -> Result<RoaringBitmap, SegmentError> {
        let mut words = vec![0u64; rows.div_ceil(64)];
        self.mark(ids, 0..rows, &mut words)?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Ok(RoaringBitmap::from_lsb0_bytes(0, &bytes))
    }
}

/// A segment as a query sees it.
#[derive(Debug, Clone)]
pub struct SegmentRef {
    /// The rows.
    pub segment: Arc<dyn Segment>,
    /// The part of its interval that is not overshadowed; rows outside are not visible.
    pub visible: Interval,
    /// Rows that must not be seen (deleted or superseded), if any. Every operator honours it.
    pub hidden: Option<Arc<RoaringBitmap>>,
}

impl SegmentRef {
    /// All of a segment.
    #[must_use]
    pub fn whole(segment: Arc<dyn Segment>) -> Self {
        let visible = segment.id().interval;
        Self { segment, visible, hidden: None }
    }
}
