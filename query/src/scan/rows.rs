//! Which rows of a segment does a rows plan return? In the segment's order until there are enough, or the first
//! ones by the sort keys: then rows are chosen by their keys before the other columns are read.

use std::cmp::Ordering;
use std::ops::Range;

use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::output::slot_column;
use super::select::{Selection, Selector};
use super::source::{SlotId, Source, Values};
use crate::QueryError;
use crate::column::ColumnData;
use crate::filter::Verdicts;
use crate::partial::{RowBlock, RowSet};
use crate::plan::{RowOrderBy, RowsPlan, Scope};
use crate::run::{Control, Horizon};

/// Compares two rows by sort keys.
pub(crate) fn compare_keys(
    order: &[RowOrderBy],
    a: (&[ColumnData], usize),
    b: (&[ColumnData], usize),
) -> Ordering {
    for (i, by) in order.iter().enumerate() {
        let (Some(x), Some(y)) = (a.0.get(i), b.0.get(i)) else { continue };
        let ordering = x.get(a.1).compare(&y.get(b.1));
        let ordering = if by.descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// Rows of the given blocks of a segment.
pub(super) fn rows(
    (scope, verdicts): (&Scope, &Verdicts),
    plan: &RowsPlan,
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
    horizon: Option<&Horizon>,
) -> Result<RowSet, QueryError> {
    let in_sight = |bounds| horizon.is_none_or(|horizon| horizon.reaches(bounds));
    if !segment.segment.time_bounds().is_some_and(in_sight) {
        return Ok(RowSet::default());
    }
    let mut source = Source::new(&segment.segment, &scope.virtual_columns, verdicts);
    let Some(mut selector) = Selector::new(scope, segment, &blocks, &mut source)? else {
        return Ok(RowSet::default());
    };
    let wanted = plan
        .limit
        .map_or(usize::MAX, |limit| usize::try_from(limit.saturating_add(plan.offset)).unwrap_or(usize::MAX));
    let mut columns = Vec::with_capacity(plan.columns.len());
    for column in &plan.columns {
        let slot = match &column.shown {
            Some(shown) => source.shown(shown)?,
            None => source.slot(&column.name)?,
        };
        columns.push((slot, column.output_type));
    }
    let name = segment.segment.id().to_string();
    let mut out = RowSet::default();
    let mut found: Vec<u32> = Vec::new();
    let mut order = Ordered::new(plan, &mut source, wanted, horizon)?;
    let (mut count, mut positions) = (0, Vec::new());
    let backwards = horizon.is_some_and(Horizon::descending);
    let last = blocks.end.saturating_sub(1) + blocks.start;
    for block in blocks {
        // The first rows wanted are likely in the last blocks.
        let block = if backwards { last - block } else { block };
        control.check()?;
        if !source.block_times(block)?.is_none_or(in_sight) {
            continue;
        }
        let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(segment.segment.rows());
        source.begin(range.clone());
        control.scanned(range.len() as u64);
        match selector.select(&mut source, range, &mut positions)? {
            Selection::None => continue,
            Selection::Some => source.narrow(&positions),
            Selection::All => {}
        }
        if let Some(order) = &mut order {
            order.add(&mut source)?;
            continue;
        }
        let left = wanted - count;
        if source.len() > left {
            source.narrow(&(0..left as u32).collect::<Vec<_>>());
        }
        count += source.len();
        if source.len() > 0 {
            out.blocks.push(read_block(&mut source, &name, &columns)?);
        }
        if count >= wanted {
            break;
        }
    }
    if let Some(order) = order {
        let keys = order.finish(&mut found);
        if !found.is_empty() {
            let mut block = read_rows(&mut source, &name, &columns, &found)?;
            block.order = keys;
            out.blocks.push(block);
        }
    }
    control.copied_live(source.copied_live());
    Ok(out)
}

type Wanted = (SlotId, Option<alluvium_segments::ColumnType>);

fn read_block(source: &mut Source<'_>, name: &str, columns: &[Wanted]) -> Result<RowBlock, QueryError> {
    let mut read = Vec::with_capacity(columns.len());
    for (slot, output) in columns {
        read.push(slot_column(source, *slot, *output)?);
    }
    Ok(RowBlock { segment: name.to_owned(), rows: source.len(), columns: read, order: Vec::new() })
}

/// Reads rows in any order: ascending, then put in order.
fn read_rows(
    source: &mut Source<'_>,
    name: &str,
    columns: &[Wanted],
    rows: &[u32],
) -> Result<RowBlock, QueryError> {
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    let mut whole: Option<RowBlock> = None;
    for chunk in sorted.chunks(BLOCK_ROWS) {
        source.begin_rows(chunk.to_vec());
        let block = read_block(source, name, columns)?;
        whole = Some(match whole {
            None => block,
            Some(mut known) => {
                known.rows += block.rows;
                for (to, from) in known.columns.iter_mut().zip(&block.columns) {
                    *to = to.concat(from);
                }
                known
            }
        });
    }
    let empty = RowBlock { segment: name.to_owned(), rows: 0, columns: Vec::new(), order: Vec::new() };
    let mut block = whole.unwrap_or(empty);
    let at: Vec<u32> = rows.iter().map(|row| sorted.binary_search(row).unwrap_or(0) as u32).collect();
    block.columns.iter_mut().for_each(|column| *column = column.take(&at));
    Ok(block)
}

/// Rows that may be kept beyond twice the wanted ones.
const KEPT_MORE: usize = 1024;

/// Rows with their sort keys; little more than twice the wanted ones are kept.
struct Ordered<'p> {
    plan: &'p RowsPlan,
    slots: Vec<SlotId>,
    wanted: usize,
    horizon: Option<&'p Horizon>,
    rows: Vec<u32>,
    keys: Vec<ColumnData>,
}

impl<'p> Ordered<'p> {
    fn new(
        plan: &'p RowsPlan,
        source: &mut Source<'_>,
        wanted: usize,
        horizon: Option<&'p Horizon>,
    ) -> Result<Option<Self>, QueryError> {
        if plan.order.is_empty() {
            return Ok(None);
        }
        let mut slots = Vec::with_capacity(plan.order.len());
        for by in &plan.order {
            slots.push(source.slot(&by.column)?);
        }
        Ok(Some(Self { plan, slots, wanted, horizon, rows: Vec::new(), keys: Vec::new() }))
    }

    fn add(&mut self, source: &mut Source<'_>) -> Result<(), QueryError> {
        self.drop_unseen(source)?;
        self.rows.extend((0..source.len()).map(|p| source.row(p)));
        for (i, slot) in self.slots.iter().enumerate() {
            let column = slot_column(source, *slot, None)?;
            match self.keys.get_mut(i) {
                Some(known) => *known = known.concat(&column),
                None => self.keys.push(column),
            }
        }
        if self.rows.len() > self.wanted.saturating_mul(2).saturating_add(KEPT_MORE) {
            self.shrink();
        }
        Ok(())
    }

    /// Drops current rows beyond the horizon.
    fn drop_unseen(&self, source: &mut Source<'_>) -> Result<(), QueryError> {
        let Some(horizon) = self.horizon else { return Ok(()) };
        let time = source.time()?;
        source.load(time)?;
        let Values::Long(times) = source.values(time) else { return Ok(()) };
        let seen = |(_, t): &(usize, &i64)| horizon.reaches((**t, **t));
        let positions: Vec<u32> =
            times.values.iter().enumerate().filter(seen).map(|(p, _)| p as u32).collect();
        if positions.len() < source.len() {
            source.narrow(&positions);
        }
        Ok(())
    }

    /// Sorts and keeps the wanted rows.
    fn shrink(&mut self) {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            let by_keys = compare_keys(&self.plan.order, (&self.keys, a), (&self.keys, b));
            let in_turn = self.rows[a].cmp(&self.rows[b]);
            by_keys.then(if self.plan.is_backwards() { in_turn.reverse() } else { in_turn })
        });
        if let (Some(horizon), Some(last)) =
            (self.horizon, self.wanted.checked_sub(1).and_then(|i| order.get(i)))
            && let Some(ColumnData::Longs(times)) = self.keys.first()
            && let Some(time) = times.values.get(*last as usize)
        {
            horizon.draw(*time);
        }
        order.truncate(self.wanted);
        self.rows = order.iter().map(|i| self.rows[*i as usize]).collect();
        self.keys.iter_mut().for_each(|key| *key = key.take(&order));
    }

    fn finish(mut self, rows: &mut Vec<u32>) -> Vec<ColumnData> {
        self.shrink();
        *rows = self.rows;
        self.keys
    }
}

/// Smallest and largest `__time` of the chosen rows.
pub(super) fn time_bounds(
    (scope, verdicts): (&Scope, &Verdicts),
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
) -> Result<Option<(i64, i64)>, QueryError> {
    if let (None, None, Some((min, max))) = (&scope.filter, &segment.hidden, segment.segment.time_bounds()) {
        let seen = |t: i64| segment.visible.contains(t) && scope.intervals.iter().any(|i| i.contains(t));
        if seen(min) && seen(max) {
            return Ok(Some((min, max)));
        }
    }
    let mut source = Source::new(&segment.segment, &scope.virtual_columns, verdicts);
    let Some(mut selector) = Selector::new(scope, segment, &blocks, &mut source)? else { return Ok(None) };
    let time = source.time()?;
    let mut bounds: Option<(i64, i64)> = None;
    let mut positions = Vec::new();
    for block in blocks {
        control.check()?;
        let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(segment.segment.rows());
        source.begin(range.clone());
        match selector.select(&mut source, range, &mut positions)? {
            Selection::None => continue,
            Selection::Some => source.narrow(&positions),
            Selection::All => {}
        }
        source.load(time)?;
        if let Values::Long(times) = source.values(time)
            && let (Some(min), Some(max)) = (times.values.iter().min(), times.values.iter().max())
        {
            bounds = Some(bounds.map_or((*min, *max), |(a, b)| (a.min(*min), b.max(*max))));
        }
    }
    Ok(bounds)
}
