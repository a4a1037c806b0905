//! How is one column tested? By ids, by numbers, or row by row where nothing better is known.

use std::sync::Arc;

use alluvium_expression::{
    ColumnFilter, DoublePredicate, LongPredicate, RowFilter, Value, WholePredicate, decode,
};
use alluvium_segments::kernel::mask_span;
use alluvium_segments::{LaneSlice, NumericBlock, RunSlice, Zone};

use super::Mask;
use super::ids::IdSet;
use super::verdicts::Verdict;
use crate::QueryError;
use crate::scan::{Kind, Origin, RowValues, SlotId, Source, Values};

/// A test of the rows of a block: those for which it is true (`want`), or those for which it is false.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) want: bool,
    pub(super) slot: SlotId,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    /// The same for all rows.
    Constant(bool),
    /// Ids of the column's dictionary: rows with any of them pass (or, for `want` false, rows with none).
    Ids(Arc<IdSet>),
    /// Ids of a dictionary that grows: what is known of each id.
    Growing(Arc<Verdict>, Vec<Option<bool>>, usize),
    /// The same for values that the ids' texts stand for.
    Whole(Box<WholePredicate>, Vec<Option<bool>>),
    Long(Box<LongPredicate>),
    Double(Box<DoublePredicate>),
    /// An expression that gives a truth value.
    Truth,
    /// Row by row.
    Rows(Box<RowFilter>, Box<RowValues>),
}

impl Leaf {
    /// Binds a test of a column.
    pub(super) fn new(
        filter: &ColumnFilter,
        want: bool,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let slot = source.slot(&filter.column)?;
        let (verdicts, segment) = source.verdicts();
        let verdict = || verdicts.of(filter, want);
        let test = match source.kind(slot) {
            Kind::Ids if source.form(slot).is_coded() => return Self::of_values(filter, want, source, slot),
            Kind::Null => Test::Constant(verdict().predicate.matches(None) == Some(want)),
            Kind::Long => Test::Long(Box::new(LongPredicate::new(filter))),
            Kind::Float => Test::Double(Box::new(DoublePredicate::new(filter, true))),
            Kind::Double => Test::Double(Box::new(DoublePredicate::new(filter, false))),
            Kind::Ids | Kind::Multi => match source.origin(slot) {
                Origin::Texts(column) => {
                    let name = source.stored_name(slot);
                    Test::Ids(verdicts.ids(&verdict(), name, segment, *column)?)
                }
                Origin::Kept(column, _) => {
                    Test::Ids(Arc::new(IdSet::new(&verdict().predicate, *column, want)?))
                }
                _ => Test::Growing(verdict(), Vec::new(), 0),
            },
        };
        Ok(Self { want, slot, test })
    }

    /// Binds a test of a column whose texts stand for values: each distinct value is tested once.
    fn of_values(
        filter: &ColumnFilter,
        want: bool,
        source: &Source<'_>,
        slot: SlotId,
    ) -> Result<Self, QueryError> {
        let (predicate, form) = (WholePredicate::new(filter), source.form(slot));
        let test = match source.origin(slot) {
            Origin::Texts(column) => {
                let truth = |text: Option<&str>| {
                    predicate.matches(&text.map_or(Value::Null, |text| decode(text, form)))
                };
                Test::Ids(Arc::new(IdSet::by_test(*column, want, truth)?))
            }
            _ => Test::Whole(Box::new(predicate), Vec::new()),
        };
        Ok(Self { want, slot, test })
    }

    /// The rows that pass.
    pub(super) fn evaluate(&mut self, source: &mut Source<'_>) -> Result<Mask, QueryError> {
        let want = self.want;
        let len = source.len();
        match &mut self.test {
            Test::Constant(true) => return Ok(Mask::all(len)),
            Test::Constant(false) => return Ok(Mask::none(len)),
            Test::Rows(filter, values) => {
                let mut mask = Mask::none(len);
                values.load(source)?;
                for p in 0..len {
                    values.seek(source, p)?;
                    if filter.matches(values.as_ref())? == Some(want) {
                        mask.insert(p);
                    }
                }
                return Ok(mask);
            }
            _ => {}
        }
        if let Test::Long(predicate) = &self.test
            && let Some(mask) = by_part(predicate, want, source, self.slot)?
        {
            return Ok(mask);
        }
        if let Some(runs) = source.runs(self.slot)?
            && let Some(mask) = by_runs(&self.test, want, &runs, len)
        {
            return Ok(mask);
        }
        if let Some(mask) = by_range(&self.test, want, source, self.slot)? {
            return Ok(mask);
        }
        source.load_lanes(self.slot)?;
        if let Some((base, lanes)) = source.lanes(self.slot)
            && let Some(mask) = by_lanes(&self.test, want, base, lanes)
        {
            return Ok(mask);
        }
        source.load(self.slot)?;
        if let Test::Growing(verdict, known, seen) = &mut self.test {
            for id in *seen as u32..source.cardinality(self.slot) {
                known.push(verdict.predicate.matches(source.text(self.slot, id)?));
            }
            *seen = known.len();
        }
        if let Test::Whole(predicate, known) = &mut self.test {
            let form = source.form(self.slot);
            for id in known.len() as u32..source.cardinality(self.slot) {
                let text = source.text(self.slot, id)?;
                known.push(predicate.matches(&text.map_or(Value::Null, |text| decode(text, form))));
            }
        }
        let values = source.values(self.slot);
        Ok(match (&self.test, values) {
            (Test::Ids(set), values) => by_ids(values, want, |id| set.contains(id)),
            (Test::Growing(_, known, _) | Test::Whole(_, known), values) => {
                by_ids(values, want, |id| known.get(id as usize).copied().flatten().unwrap_or(!want))
            }
            (Test::Long(predicate), Values::Long(block)) => {
                by_number(block, want, predicate.matches_null(), |v| predicate.truth(v))
            }
            (Test::Double(predicate), Values::Double(block)) => {
                by_number(block, want, predicate.matches_null(), |v| predicate.truth(v))
            }
            (Test::Double(predicate), Values::Float(block)) => {
                by_number(block, want, predicate.matches_null(), |v| predicate.truth(f64::from(v)))
            }
            (Test::Truth, Values::Long(block)) => by_number(block, want, None, |v| Some(v > 0)),
            (Test::Truth, Values::Double(block)) => by_number(block, want, None, |v| Some(v > 0.0)),
            _ => Mask::none(len),
        })
    }

    /// Whether no row passes, whatever is in it.
    pub(super) fn is_never(&self) -> bool {
        match &self.test {
            Test::Constant(passes) => !passes,
            Test::Ids(set) => self.want && set.len() == 0,
            _ => false,
        }
    }

    /// What the zone map of an aligned block says: all rows pass, none, or nothing is known.
    pub(super) fn by_zone(&self, source: &Source<'_>, block: usize) -> Option<bool> {
        match (&self.test, source.origin(self.slot)) {
            (Test::Constant(passes), _) => Some(*passes),
            (Test::Long(predicate), Origin::Long(column)) => {
                let Zone { bounds, nulls } = column.zone(block)?;
                let ((low, high), (min, max)) = (predicate.range()?, bounds?);
                let inside = low <= min && max <= high && predicate.range_is_exact() && nulls == 0;
                decide(low > max || high < min, inside, nulls, predicate.matches_null(), self.want)
            }
            (Test::Double(predicate), Origin::Double(column)) => {
                let Zone { bounds, nulls } = column.zone(block)?;
                let ((low, high), (min, max)) = (predicate.range()?, bounds?);
                // NaN is in no zone: a zone inside the range does not say that all rows are.
                let outside = self.want && (low > max || high < min);
                decide(outside, false, nulls, predicate.matches_null(), self.want)
            }
            _ => None,
        }
    }
}

fn decide(outside: bool, inside: bool, nulls: u32, null: Option<bool>, want: bool) -> Option<bool> {
    if outside {
        return match (want, nulls) {
            (true, _) if null != Some(true) || nulls == 0 => Some(false),
            (false, 0) => Some(true),
            _ => None,
        };
    }
    inside.then_some(want)
}

/// A test by comparing numbers where they lie, where it is a range of them or of ids and the column can do so.
fn by_range(test: &Test, want: bool, source: &Source<'_>, slot: SlotId) -> Result<Option<Mask>, QueryError> {
    let (low, high) = match test {
        Test::Ids(set) => match set.range() {
            Some((first, last)) => (i64::from(first), i64::from(last)),
            None => return Ok(None),
        },
        Test::Long(predicate) if predicate.range_is_exact() => match predicate.range() {
            Some((low, high)) if low <= high => (low, high),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let mut mask = Mask::none(source.len());
    let done = source.mask_range(slot, (low, high), mask.words_mut())?;
    Ok(done.then(|| if want { mask } else { mask.complement() }))
}

/// A test of longs, where it is known that most rows of the block do not lie in its range: only the others are read.
fn by_part(
    predicate: &LongPredicate,
    want: bool,
    source: &Source<'_>,
    slot: SlotId,
) -> Result<Option<Mask>, QueryError> {
    let (Origin::Long(column), Some((low, high)), false) =
        (source.origin(slot), predicate.range(), source.is_narrowed() || source.len() == 0)
    else {
        return Ok(None);
    };
    let (start, len) = (source.row(0) as usize, source.len());
    let part = match column.rows_within(start..start + len, low, high)? {
        Some(part) if part.len() * 2 <= len && part.start.is_multiple_of(64) => part,
        _ => return Ok(None),
    };
    let mut block = NumericBlock::default();
    column.read(start + part.start..start + part.end, &mut block)?;
    let passing = by_number(&block, true, None, |v| predicate.truth(v));
    let mut mask = Mask::none(len);
    mask.put(part.start, &passing);
    Ok(Some(if want { mask } else { mask.complement() }))
}

/// A test by comparing lanes, where it is a range or a set of ids.
fn by_lanes(test: &Test, want: bool, base: u64, lanes: LaneSlice<'_>) -> Option<Mask> {
    let mut mask = Mask::none(lanes.len());
    match test {
        Test::Ids(set) => set.mask(base, lanes, mask.words_mut()),
        Test::Long(predicate) if predicate.range_is_exact() => {
            let (low, high) = predicate.range()?;
            mask_longs(base, lanes, (low, high), mask.words_mut());
        }
        _ => return None,
    }
    Some(if want { mask } else { mask.complement() })
}

/// A test of each run's value, where [`by_lanes`] takes the test: the rows of the runs that pass.
fn by_runs(test: &Test, want: bool, runs: &RunSlice<'_>, len: usize) -> Option<Mask> {
    let passing = by_lanes(test, want, runs.base, runs.values)?;
    let mut mask = Mask::none(len);
    let mut set = Vec::new();
    passing.positions(&mut set);
    for run in set {
        let run = run as usize;
        let start = run.checked_sub(1).map_or(0, |before| runs.ends[before]);
        mask.insert_range(usize::from(start)..usize::from(runs.ends[run]).min(len));
    }
    Some(mask)
}

/// Marks the longs within inclusive bounds.
fn mask_longs(base: u64, lanes: LaneSlice<'_>, (low, high): (i64, i64), out: &mut [u64]) {
    if low > high {
        return out.fill(0);
    }
    match lanes {
        // Words wrap, and so does the test.
        LaneSlice::B8(words) => {
            mask_span(words, (low as u64).wrapping_sub(base), (high as u64).wrapping_sub(low as u64), out);
        }
        _ if high < base as i64 => out.fill(0),
        // Narrower lanes are distances from the smallest number.
        _ => {
            let distance = |to: i64| (to as u64).wrapping_sub(base);
            lanes.mask_range(distance(low.max(base as i64)), distance(high), out);
        }
    }
}

/// Rows with any id in the set, or (`want` false) rows none of whose ids is in it. No ids at all is null.
fn by_ids(values: &Values, want: bool, contains: impl Fn(u32) -> bool) -> Mask {
    match values {
        Values::Ids(ids) => Mask::of(ids.len(), |p| contains(ids[p]) == want),
        Values::Multi(block) => Mask::of(block.offsets.len().saturating_sub(1), |p| {
            let ids = &block.ids[block.offsets[p] as usize..block.offsets[p + 1] as usize];
            let any = if ids.is_empty() { contains(0) } else { ids.iter().any(|id| contains(*id)) };
            any == want
        }),
        _ => Mask::none(0),
    }
}

#[inline]
fn by_number<T: Copy>(
    block: &NumericBlock<T>,
    want: bool,
    null: Option<bool>,
    truth: impl Fn(T) -> Option<bool>,
) -> Mask {
    let wanted = Some(want);
    if block.nulls.any() {
        Mask::of(block.values.len(), |p| {
            if block.nulls.is_null(p) { null == wanted } else { truth(block.values[p]) == wanted }
        })
    } else {
        Mask::of(block.values.len(), |p| truth(block.values[p]) == wanted)
    }
}
