//! Which rows of a block does the query see? Those the index names, that are not hidden, lie in the query's
//! intervals, and pass what is left of the filter; the cheapest test first.

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::time::Interval;
use alluvium_segments::{BLOCK_ROWS, SegmentRef, Zone};
use roaring::RoaringBitmap;

use super::source::{Origin, SlotId, Source, Values};
use crate::QueryError;
use crate::filter::{Mask, Matcher, Split};
use crate::plan::Scope;

/// Below one row in so many, chosen rows are read one by one: fetching a number from afar takes as long as unpacking
/// some hundred that lie together.
pub(crate) const SPARSE: usize = 128;
/// The same where expressions are computed, which costs for each row read.
const SPARSE_COMPUTED: usize = 8;
/// Below one row in so many that an index leaves of all blocks together, they are read together: that saves what each
/// block costs.
const FEW: usize = 32;

/// What was chosen of the current rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Nothing.
    None,
    /// All current rows.
    All,
    /// The rows whose positions were handed out.
    Some,
}

/// Chooses rows of one segment.
#[derive(Debug)]
pub(crate) struct Selector {
    /// Rows that may pass, counted from `start`.
    indexed: Option<Mask>,
    start: usize,
    hidden: Option<Arc<RoaringBitmap>>,
    /// What times must lie in; empty when all of the segment's do.
    intervals: Vec<Interval>,
    time: SlotId,
    matcher: Option<Matcher>,
}

impl Selector {
    /// For those of the rows of these blocks that are in `scope` and visible. `None`: there are none.
    pub(crate) fn new(
        scope: &Scope,
        segment: &SegmentRef,
        blocks: &Range<usize>,
        source: &mut Source<'_>,
    ) -> Result<Option<Self>, QueryError> {
        let Some((min, max)) = segment.segment.time_bounds() else { return Ok(None) };
        let seen = scope.intervals.iter().filter_map(|i| i.intersect(segment.visible));
        let mut intervals: Vec<Interval> = seen.filter(|i| i.start <= max && min < i.end).collect();
        if intervals.is_empty() {
            return Ok(None);
        }
        if intervals.iter().any(|i| i.contains(min) && i.contains(max)) {
            intervals.clear();
        }
        let time = source.time()?;
        let rows = segment.segment.rows();
        let rows = (blocks.start * BLOCK_ROWS).min(rows)..(blocks.end * BLOCK_ROWS).min(rows);
        let split = scope.filter.as_ref().map(|f| Matcher::split(f, source, &rows)).transpose()?;
        let Split { indexed, rest } = split.unwrap_or_default();
        if indexed.as_ref().is_some_and(Mask::is_empty) {
            return Ok(None);
        }
        let hidden = segment.hidden.clone().filter(|h| !h.is_empty());
        Ok(Some(Self { indexed, start: rows.start, hidden, intervals, time, matcher: rest }))
    }

    /// The rows that indexes leave, when they are so few that they are read one by one, whatever blocks they lie in.
    pub(crate) fn few(&self) -> Option<Vec<u32>> {
        let indexed = self.indexed.as_ref()?;
        let count = indexed.count();
        if count * FEW >= indexed.len() {
            return None;
        }
        let mut rows = indexed.rows_from(self.start as u32, count);
        if let Some(hidden) = &self.hidden {
            rows.retain(|row| !hidden.contains(*row));
        }
        Some(rows)
    }

    /// Chooses among some of the rows that [`Selector::few`] gave, which `source` has begun, as
    /// [`Selector::select`] does.
    pub(crate) fn select_few(
        &mut self,
        source: &mut Source<'_>,
        positions: &mut Vec<u32>,
    ) -> Result<Selection, QueryError> {
        let inside = self.times_inside(source)?;
        self.rest(source, None, inside, positions)
    }

    /// Chooses among the rows of the aligned block `range`, which `source` has begun. `Some` fills `positions`;
    /// when few are chosen the source is narrowed to them and all its rows are.
    pub(crate) fn select(
        &mut self,
        source: &mut Source<'_>,
        range: Range<usize>,
        positions: &mut Vec<u32>,
    ) -> Result<Selection, QueryError> {
        let mut mask: Option<Mask> = None;
        if let Some(indexed) = &self.indexed {
            let part = range.start - self.start..range.end - self.start;
            match indexed.count_in(part.clone()) {
                0 => return Ok(Selection::None),
                n if n == range.len() => {}
                _ => mask = Some(indexed.part(part)),
            }
        }
        if let Some(hidden) = &self.hidden
            && hidden.range_cardinality(range.start as u32..range.end as u32) > 0
        {
            let dropped = Mask::of_bitmap(hidden, range.clone());
            mask.get_or_insert_with(|| Mask::all(range.len())).and_not(&dropped);
        }
        match self.by_time(source, &range)? {
            TimeTest::Outside => return Ok(Selection::None),
            TimeTest::Inside => {}
            TimeTest::Rows(inside) => mask.get_or_insert_with(|| Mask::all(range.len())).and(&inside),
        }
        let block = range.start / BLOCK_ROWS;
        self.rest(source, Some(block), mask, positions)
    }

    /// Applies what is left of the filter to what was selected; `block`: the rows are all of that one.
    fn rest(
        &mut self,
        source: &mut Source<'_>,
        block: Option<usize>,
        mask: Option<Mask>,
        positions: &mut Vec<u32>,
    ) -> Result<Selection, QueryError> {
        let Some(matcher) = &mut self.matcher else { return Ok(settle(mask, source, positions)) };
        let chosen = match mask {
            Some(mask) => match mask.count() {
                0 => return Ok(Selection::None),
                n if n == source.len() => None,
                n if n * sparse(source) < source.len() => {
                    settle(Some(mask), source, positions);
                    None
                }
                _ => Some(mask),
            },
            None => None,
        };
        let block = block.filter(|_| !source.is_narrowed());
        let mut passing = match block.and_then(|b| matcher.by_zone(source, b)) {
            Some(false) => return Ok(Selection::None),
            Some(true) => return Ok(settle(chosen, source, positions)),
            None => matcher.evaluate(source)?,
        };
        if let Some(chosen) = chosen {
            passing.and(&chosen);
        }
        Ok(settle(Some(passing), source, positions))
    }

    fn by_time(&self, source: &mut Source<'_>, range: &Range<usize>) -> Result<TimeTest, QueryError> {
        if self.intervals.is_empty() {
            return Ok(TimeTest::Inside);
        }
        let Origin::Long(column) = source.origin(self.time) else { return Ok(TimeTest::Inside) };
        let zone = column.zone(range.start / BLOCK_ROWS).or_else(|| column.bounds());
        if let Some(Zone { bounds: Some((min, max)), .. }) = zone {
            if self.intervals.iter().any(|i| i.contains(min) && i.contains(max)) {
                return Ok(TimeTest::Inside);
            }
            if !self.intervals.iter().any(|i| i.start <= max && min < i.end) {
                return Ok(TimeTest::Outside);
            }
        }
        Ok(self.times_inside(source)?.map_or(TimeTest::Inside, TimeTest::Rows))
    }

    /// The current rows whose times lie in the intervals; `None`: all.
    fn times_inside(&self, source: &mut Source<'_>) -> Result<Option<Mask>, QueryError> {
        if self.intervals.is_empty() {
            return Ok(None);
        }
        source.load(self.time)?;
        let Values::Long(block) = source.values(self.time) else { return Ok(None) };
        let inside = |t: i64| self.intervals.iter().any(|i| i.contains(t));
        Ok(Some(Mask::of(block.values.len(), |p| inside(block.values[p]))))
    }
}

enum TimeTest {
    Outside,
    Inside,
    Rows(Mask),
}

/// Below one row in so many, rows are read one by one.
fn sparse(source: &Source<'_>) -> usize {
    if source.is_narrowed() {
        // They are so already: each that is dropped saves its reading.
        1
    } else if source.computes() {
        SPARSE_COMPUTED
    } else {
        SPARSE
    }
}

/// Turns a mask into a selection; narrows the source when few rows are left.
fn settle(mask: Option<Mask>, source: &mut Source<'_>, positions: &mut Vec<u32>) -> Selection {
    let Some(mask) = mask else { return Selection::All };
    match mask.count() {
        0 => Selection::None,
        n if n == source.len() => Selection::All,
        n => {
            mask.positions(positions);
            if n * sparse(source) < source.len() {
                source.narrow(positions);
                return Selection::All;
            }
            Selection::Some
        }
    }
}
