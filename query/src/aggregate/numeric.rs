//! How are sums, extremes and means computed? In the aggregator's own type; columns of another type are cast a
//! block at a time, texts parsed once a dictionary entry.

use alluvium_segments::{LaneSlice, NullMask, NumericBlock};

use super::kernel::{Rows, Target, fold, for_each, sum_lanes, sum_of};
use crate::QueryError;
use crate::column::Datum;
use crate::partial::{Numbers, State, max_f32, max_f64, min_f32, min_f64};
use crate::plan::{AggregateFunction, Number};
use crate::scan::{Origin, SlotId, Source, Values};

/// What is done with two values.
#[derive(Debug, Clone, Copy)]
enum Op {
    Sum,
    Min,
    Max,
}

/// A sum, an extreme or a mean.
#[derive(Debug)]
pub(super) struct Numeric {
    slot: SlotId,
    op: Op,
    /// Whether a group that has rows has a value, so that it is not noted row by row.
    never_null: bool,
    state: State,
    longs: NumericBlock<i64>,
    floats: NumericBlock<f32>,
    doubles: NumericBlock<f64>,
    texts: ParsedTexts,
}

/// Dictionary entries as numbers, parsed when first met.
#[derive(Debug, Default)]
struct ParsedTexts {
    known: Vec<bool>,
    doubles: Vec<Option<f64>>,
    longs: Vec<Option<i64>>,
}

impl ParsedTexts {
    fn learn(&mut self, source: &Source<'_>, slot: SlotId, id: u32) -> Result<usize, QueryError> {
        let at = id as usize;
        if self.known.len() <= at {
            self.known.resize(at + 1, false);
            self.doubles.resize(at + 1, None);
            self.longs.resize(at + 1, None);
        }
        if !self.known[at] {
            let datum = source.text(slot, id)?.map_or(Datum::Null, Datum::Text);
            (self.known[at], self.doubles[at], self.longs[at]) = (true, datum.as_f64(), datum.as_i64());
        }
        Ok(at)
    }
}

impl Numeric {
    /// `every_row`: no row of a group is left out.
    pub(super) fn new(
        function: &AggregateFunction,
        slot: SlotId,
        every_row: bool,
        source: &Source<'_>,
    ) -> Self {
        let never_null = every_row
            && match source.origin(slot) {
                Origin::Long(column) => !column.may_have_nulls(),
                Origin::Float(column) => !column.may_have_nulls(),
                Origin::Double(column) => !column.may_have_nulls(),
                _ => false,
            };
        let op = match function {
            AggregateFunction::Min(..) => Op::Min,
            AggregateFunction::Max(..) => Op::Max,
            _ => Op::Sum,
        };
        Self {
            slot,
            op,
            never_null,
            state: State::new(function),
            longs: NumericBlock::default(),
            floats: NumericBlock::default(),
            doubles: NumericBlock::default(),
            texts: ParsedTexts::default(),
        }
    }

    /// Goes on with other states, some of which may have seen nothing; gives those so far.
    pub(super) fn exchange(&mut self, state: State) -> State {
        self.never_null = false;
        std::mem::replace(&mut self.state, state)
    }

    pub(super) fn grow(&mut self, groups: usize, function: &AggregateFunction) {
        self.state.grow(groups, function);
    }

    pub(super) fn finish(mut self) -> State {
        if self.never_null {
            match &mut self.state {
                State::Long(n) => n.seen.fill(true),
                State::Float(n) => n.seen.fill(true),
                State::Double(n) => n.seen.fill(true),
                _ => {}
            }
        }
        self.state
    }

    /// Takes what needs no values: extremes of a whole block of longs from its zone, sums and means from lanes.
    /// Says whether it did.
    fn add_lanes(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<bool, QueryError> {
        if !matches!(source.origin(self.slot), Origin::Long(_)) {
            return Ok(false);
        }
        let track = !self.never_null;
        match (&mut self.state, self.op, target) {
            (State::Long(n), Op::Min | Op::Max, Target::One(group)) => {
                let Some(((low, high), _)) = source.whole_block_zone(self.slot, rows) else {
                    return Ok(false);
                };
                let slot = &mut n.values[group as usize];
                *slot = if matches!(self.op, Op::Min) { low.min(*slot) } else { high.max(*slot) };
                n.seen[group as usize] = true;
            }
            (State::Long(n), Op::Sum, target) => {
                if let Target::One(group) = target
                    && let Some(sum) = source.sum(self.slot, rows)?
                {
                    let slot = &mut n.values[group as usize];
                    *slot = slot.wrapping_add(sum as i64);
                    n.seen[group as usize] = true;
                    return Ok(true);
                }
                source.load_lanes(self.slot)?;
                let Some((base, lanes)) = source.lanes(self.slot) else { return Ok(false) };
                sum_lanes(n, target, rows, base, lanes, track);
            }
            (State::Mean(sums, counts), _, Target::One(group)) => {
                source.load_lanes(self.slot)?;
                let Some((base, lanes)) = source.lanes(self.slot) else { return Ok(false) };
                if matches!(lanes, LaneSlice::B8(_)) {
                    return Ok(false);
                }
                let bases = i128::from(base as i64) * rows.len() as i128;
                sums[group as usize] += (bases + i128::from(sum_of(rows, lanes))) as f64;
                counts[group as usize] += rows.len() as i64;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        if self.add_lanes(source, target, rows)? {
            return Ok(());
        }
        source.load(self.slot)?;
        let wanted = match &self.state {
            State::Long(_) => Number::Long,
            State::Float(_) => Number::Float,
            _ => Number::Double,
        };
        let values = source.values(self.slot);
        let own = matches!(
            (wanted, values),
            (Number::Long, Values::Long(_))
                | (Number::Float, Values::Float(_))
                | (Number::Double, Values::Double(_))
        );
        if matches!(values, Values::Null) {
            return Ok(());
        }
        let groups: Vec<u32>;
        let (target, rows) = if matches!(values, Values::Multi(_)) {
            groups = self.flatten(source, target, rows, wanted)?;
            (Target::Each(&groups), Rows::Span(0, groups.len()))
        } else {
            if !own {
                self.convert(source, wanted)?;
            }
            (target, rows)
        };
        let op = (self.op, !self.never_null);
        match (&mut self.state, values) {
            (State::Long(n), Values::Long(block)) => add_longs(n, op, target, rows, block),
            (State::Long(n), _) => add_longs(n, op, target, rows, &self.longs),
            (State::Float(n), Values::Float(block)) => add_floats(n, op, target, rows, block),
            (State::Float(n), _) => add_floats(n, op, target, rows, &self.floats),
            (State::Double(n), Values::Double(block)) => add_doubles(n, op, target, rows, block),
            (State::Double(n), _) => add_doubles(n, op, target, rows, &self.doubles),
            (State::Mean(sums, counts), values) => {
                let block = if let Values::Double(block) = values { block } else { &self.doubles };
                if block.nulls.any() {
                    for_each(target, rows, |group, p| {
                        if !block.nulls.is_null(p) {
                            sums[group] += block.values[p];
                            counts[group] += 1;
                        }
                    });
                } else {
                    for_each(target, rows, |group, p| {
                        sums[group] += block.values[p];
                        counts[group] += 1;
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Fills the block of the wanted type from values of another.
    fn convert(&mut self, source: &Source<'_>, wanted: Number) -> Result<(), QueryError> {
        let values = source.values(self.slot);
        if let Values::Ids(ids) = values {
            return self.parse(source, wanted, ids.iter().copied());
        }
        match (wanted, values) {
            (Number::Long, Values::Float(b)) => cast(b, &mut self.longs, |v| v as i64),
            (Number::Long, Values::Double(b)) => cast(b, &mut self.longs, |v| v as i64),
            (Number::Float, Values::Long(b)) => cast(b, &mut self.floats, |v| v as f32),
            (Number::Float, Values::Double(b)) => cast(b, &mut self.floats, |v| v as f32),
            (Number::Double, Values::Long(b)) => cast(b, &mut self.doubles, |v| v as f64),
            (Number::Double, Values::Float(b)) => cast(b, &mut self.doubles, f64::from),
            _ => {}
        }
        Ok(())
    }

    /// Every value of rows of several texts by itself, as a number; the group of each.
    fn flatten(
        &mut self,
        source: &Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
        wanted: Number,
    ) -> Result<Vec<u32>, QueryError> {
        let Values::Multi(block) = source.values(self.slot) else { return Ok(Vec::new()) };
        let (mut groups, mut found) = (Vec::new(), Vec::new());
        for_each(target, rows, |group, p| {
            for id in &block.ids[block.offsets[p] as usize..block.offsets[p + 1] as usize] {
                groups.push(group as u32);
                found.push(*id);
            }
        });
        self.parse(source, wanted, found.into_iter())?;
        Ok(groups)
    }

    /// Texts as numbers.
    fn parse(
        &mut self,
        source: &Source<'_>,
        wanted: Number,
        ids: impl Iterator<Item = u32>,
    ) -> Result<(), QueryError> {
        self.longs.clear();
        self.floats.clear();
        self.doubles.clear();
        for id in ids {
            let at = self.texts.learn(source, self.slot, id)?;
            let double = self.texts.doubles[at];
            match wanted {
                Number::Long => push(&mut self.longs, self.texts.longs[at]),
                Number::Float => push(&mut self.floats, double.map(|d| d as f32)),
                Number::Double => push(&mut self.doubles, double),
            }
        }
        Ok(())
    }
}

fn push<T: Default>(block: &mut NumericBlock<T>, value: Option<T>) {
    block.nulls.push(value.is_none());
    block.values.push(value.unwrap_or_default());
}

fn cast<A: Copy, B>(from: &NumericBlock<A>, to: &mut NumericBlock<B>, convert: impl Fn(A) -> B) {
    to.values.clear();
    to.values.extend(from.values.iter().map(|v| convert(*v)));
    to.nulls = NullMask::clone(&from.nulls);
}

/// What is done, and whether it is noted which groups have seen a value.
type Step = (Op, bool);

fn add_longs(
    n: &mut Numbers<i64>,
    (op, track): Step,
    target: Target<'_>,
    rows: Rows<'_>,
    block: &NumericBlock<i64>,
) {
    match op {
        Op::Sum => fold(n, target, rows, block, (0, track), i64::wrapping_add),
        Op::Min => fold(n, target, rows, block, (i64::MAX, track), i64::min),
        Op::Max => fold(n, target, rows, block, (i64::MIN, track), i64::max),
    }
}

fn add_floats(
    n: &mut Numbers<f32>,
    (op, track): Step,
    target: Target<'_>,
    rows: Rows<'_>,
    block: &NumericBlock<f32>,
) {
    match op {
        Op::Sum => fold(n, target, rows, block, (0.0, track), |a, b| a + b),
        Op::Min => fold(n, target, rows, block, (f32::INFINITY, track), min_f32),
        Op::Max => fold(n, target, rows, block, (f32::NEG_INFINITY, track), max_f32),
    }
}

fn add_doubles(
    n: &mut Numbers<f64>,
    (op, track): Step,
    target: Target<'_>,
    rows: Rows<'_>,
    block: &NumericBlock<f64>,
) {
    match op {
        Op::Sum => fold(n, target, rows, block, (0.0, track), |a, b| a + b),
        Op::Min => fold(n, target, rows, block, (f64::INFINITY, track), min_f64),
        Op::Max => fold(n, target, rows, block, (f64::NEG_INFINITY, track), max_f64),
    }
}
