//! How is a column of another segment read at given rows of it, in any order and any number of times each?

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::{
    Column, MultiBlock, NumericBlock, NumericColumn, Segment, SegmentError, StringColumn, Zone,
};

/// A row that is none: it is null.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A column of a segment at some of its rows.
#[derive(Debug)]
pub(super) struct Placed {
    segment: Arc<dyn Segment>,
    name: String,
    rows: Arc<[u32]>,
}

impl Placed {
    pub(super) fn new(segment: &Arc<dyn Segment>, name: &str, rows: &Arc<[u32]>) -> Self {
        Self { segment: Arc::clone(segment), name: name.to_owned(), rows: Arc::clone(rows) }
    }

    /// The column at these rows.
    pub(super) fn as_column(&self) -> Result<Column<'_>, SegmentError> {
        Ok(match self.whole()? {
            Column::Time(_) => Column::Time(self),
            Column::Long(_) => Column::Long(self),
            Column::Float(_) => Column::Float(self),
            Column::Double(_) => Column::Double(self),
            Column::String(_) => Column::String(self),
        })
    }

    /// The column below.
    fn whole(&self) -> Result<Column<'_>, SegmentError> {
        self.segment.column(&self.name)?.ok_or_else(|| self.lost())
    }

    fn lost(&self) -> SegmentError {
        SegmentError::Invalid(format!("column `{}` is no longer what it was", self.name))
    }

    fn texts(&self) -> Result<&dyn StringColumn, SegmentError> {
        match self.whole()? {
            Column::String(column) => Ok(column),
            _ => Err(self.lost()),
        }
    }

    /// The rows below that are wanted, each once and ascending, and where among them each wanted row is.
    fn find(&self, wanted: impl Iterator<Item = usize>) -> (Vec<u32>, Vec<u32>) {
        let mut places: Vec<u32> = wanted.map(|row| self.rows[row]).collect();
        let mut below: Vec<u32> = places.iter().copied().filter(|row| *row != NOWHERE).collect();
        if !below.is_sorted() {
            below.sort_unstable();
        }
        below.dedup();
        let mut at = 0;
        for place in places.iter_mut().filter(|place| **place != NOWHERE) {
            if below.get(at) != Some(place) {
                at = match below.get(at + 1) == Some(place) {
                    true => at + 1,
                    false => below.partition_point(|row| *row < *place),
                };
            }
            *place = at as u32;
        }
        (below, places)
    }

    fn numbers<T: Copy + Default>(
        &self,
        column: &dyn NumericColumn<T>,
        wanted: impl Iterator<Item = usize>,
        out: &mut NumericBlock<T>,
    ) -> Result<(), SegmentError> {
        let (below, places) = self.find(wanted);
        let mut block = NumericBlock { values: Vec::new(), nulls: Default::default() };
        column.gather(&below, &mut block)?;
        out.clear();
        for place in places {
            let known = (place != NOWHERE).then_some(place as usize);
            out.values.push(known.map_or_else(T::default, |at| block.values[at]));
            out.nulls.push(known.is_none_or(|at| block.nulls.is_null(at)));
        }
        Ok(())
    }

    fn ids(&self, wanted: impl Iterator<Item = usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        let (below, places) = self.find(wanted);
        let mut ids = Vec::with_capacity(below.len());
        self.texts()?.gather_ids(&below, &mut ids)?;
        out.clear();
        out.extend(places.into_iter().map(|place| if place == NOWHERE { 0 } else { ids[place as usize] }));
        Ok(())
    }

    fn multi(&self, wanted: impl Iterator<Item = usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        let (below, places) = self.find(wanted);
        let mut block = MultiBlock::default();
        self.texts()?.gather_multi(&below, &mut block)?;
        out.ids.clear();
        out.offsets.clear();
        out.offsets.push(0);
        for place in places {
            if place != NOWHERE {
                let (start, end) = (block.offsets[place as usize], block.offsets[place as usize + 1]);
                out.ids.extend_from_slice(&block.ids[start as usize..end as usize]);
            }
            out.offsets.push(out.ids.len() as u32);
        }
        Ok(())
    }
}

macro_rules! numeric {
    ($number:ty, $($variant:ident)|+) => {
        impl NumericColumn<$number> for Placed {
            fn read(&self, rows: Range<usize>, out: &mut NumericBlock<$number>) -> Result<(), SegmentError> {
                match self.whole()? {
                    $(Column::$variant(column))|+ => self.numbers(column, rows, out),
                    _ => Err(self.lost()),
                }
            }

            fn gather(&self, rows: &[u32], out: &mut NumericBlock<$number>) -> Result<(), SegmentError> {
                match self.whole()? {
                    $(Column::$variant(column))|+ => {
                        self.numbers(column, rows.iter().map(|row| *row as usize), out)
                    }
                    _ => Err(self.lost()),
                }
            }

            fn may_have_nulls(&self) -> bool {
                let below = match self.whole() {
                    $(Ok(Column::$variant(column)))|+ => column.may_have_nulls(),
                    _ => true,
                };
                below || self.rows.contains(&NOWHERE)
            }

            fn bounds(&self) -> Option<Zone<$number>> {
                None
            }

            fn zone(&self, _block: usize) -> Option<Zone<$number>> {
                None
            }
        }
    };
}

numeric!(i64, Time | Long);
numeric!(f32, Float);
numeric!(f64, Double);

impl StringColumn for Placed {
    fn cardinality(&self) -> u32 {
        self.texts().map_or(1, StringColumn::cardinality)
    }

    fn is_multi(&self) -> bool {
        self.texts().is_ok_and(StringColumn::is_multi)
    }

    fn has_nulls(&self) -> bool {
        self.texts().map_or(true, StringColumn::has_nulls) || self.rows.contains(&NOWHERE)
    }

    fn is_sorted(&self) -> bool {
        self.texts().is_ok_and(StringColumn::is_sorted)
    }

    fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        self.texts()?.value(id)
    }

    fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        self.texts()?.lookup(value)
    }

    fn lower_bound(&self, value: &str) -> Result<u32, SegmentError> {
        self.texts()?.lower_bound(value)
    }

    fn read_ids(&self, rows: Range<usize>, out: &mut Vec<u32>) -> Result<(), SegmentError> {
        self.ids(rows, out)
    }

    fn gather_ids(&self, rows: &[u32], out: &mut Vec<u32>) -> Result<(), SegmentError> {
        self.ids(rows.iter().map(|row| *row as usize), out)
    }

    fn read_multi(&self, rows: Range<usize>, out: &mut MultiBlock) -> Result<(), SegmentError> {
        self.multi(rows, out)
    }

    fn gather_multi(&self, rows: &[u32], out: &mut MultiBlock) -> Result<(), SegmentError> {
        self.multi(rows.iter().map(|row| *row as usize), out)
    }

    fn has_index(&self) -> bool {
        false
    }

    fn mark(
        &self,
        ids: &mut dyn Iterator<Item = u32>,
        rows: Range<usize>,
        out: &mut [u64],
    ) -> Result<(), SegmentError> {
        let wanted: Vec<u32> = ids.collect();
        let mut block = MultiBlock::default();
        self.multi(rows, &mut block)?;
        for (i, row) in block.offsets.windows(2).enumerate() {
            let known = &block.ids[row[0] as usize..row[1] as usize];
            let holds = (known.is_empty() && wanted.contains(&0))
                || known.iter().any(|id| wanted.binary_search(id).is_ok());
            out[i / 64] |= u64::from(holds) << (i % 64);
        }
        Ok(())
    }
}
