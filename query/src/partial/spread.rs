//! How do very many groups meet? Workers hand theirs on in batches, cut into parts by key; in the end each part of all
//! batches is merged by itself, in a table that the processor's cache holds, and parts by several workers at once
//! (partitioned aggregation: Manegold, Boncz and Kersten, "Optimizing Main-Memory Join on Modern Hardware").

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{MergeState, Spaces, State};
use crate::QueryError;
use crate::group::{FewWords, GroupLimits, Interner, Key, Layout, NarrowTable, Pair};
use crate::plan::{AggregateFunction, AggregatePlan};
use crate::run::Control;

/// Most parts.
const MOST_PARTS: u64 = 1 << 11;
/// Parts are ranges of keys where there are at most so many possible keys for each row.
const KEYS_A_ROW: u64 = 4;
/// Keys between two looks at whether the query may go on.
const LOOK: usize = 4096;
/// Groups waiting are merged on the way when they are this many times what the last merge left.
const GROWTH: usize = 4;
/// A part whose keys have places has at most so many for each group.
const PLACES_A_GROUP: usize = 8;
/// Rows for each group below which looking for groups is not worth it.
const ROWS_A_GROUP: usize = 2;

/// The groups that the workers of a query have handed on.
#[derive(Debug, Clone)]
pub(crate) enum AnySpread {
    One(Arc<Spread<u64>>),
    Two(Arc<Spread<Pair>>),
}

/// What the workers of a query have handed on in the end.
#[derive(Debug, Clone)]
pub(crate) enum Batches {
    One(Arc<[Batch<u64>]>),
    Two(Arc<[Batch<Pair>]>),
}

/// Those with keys of one kind.
#[derive(Debug)]
pub(crate) struct Spread<K = u64> {
    cut: Cut,
    parts: usize,
    limits: GroupLimits,
    functions: Vec<AggregateFunction>,
    control: Control,
    waiting: Mutex<Waiting<K>>,
}

/// Which part a key is in.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// What is left of the key when so many bits are cut off.
    Range(u32),
    /// The same of its hash.
    Hash(u32),
}

#[derive(Debug)]
struct Waiting<K> {
    batches: Vec<Batch<K>>,
    /// Groups in all of them.
    groups: usize,
    /// How many are merged on the way.
    most: usize,
    /// Whether somebody merges now.
    merging: bool,
}

/// Groups in the order of their parts.
#[derive(Debug)]
pub(crate) struct Batch<K> {
    keys: Vec<K>,
    states: Vec<State>,
    /// Where each part starts, and the end.
    starts: Vec<usize>,
}

impl AnySpread {
    /// For the groups of a plan; `None` where the plan's groups cannot be handed on, or are never many.
    pub(crate) fn new(plan: &AggregatePlan, spaces: &Spaces, control: &Control) -> Option<Self> {
        let layout = spaces.layout()?;
        Some(match layout.is_one_word() {
            true => Self::One(Arc::new(Spread::new(plan, (spaces, &layout), control)?)),
            false => Self::Two(Arc::new(Spread::new(plan, (spaces, &layout), control)?)),
        })
    }

    /// Whether so many groups of all workers are merged in parts.
    pub(crate) fn takes(&self, groups: usize) -> bool {
        match self {
            Self::One(spread) => spread.takes(groups),
            Self::Two(spread) => spread.takes(groups),
        }
    }

    /// Whether a worker has to hand on its groups.
    pub(super) fn is_full(&self, table: &FewWords) -> bool {
        match (self, table) {
            (Self::One(spread), FewWords::One(table)) => spread.is_full(table),
            (Self::Two(spread), FewWords::Two(table)) => spread.is_full(table),
            _ => false,
        }
    }

    /// For how many groups a worker should have room in an empty table.
    pub(super) fn room(&self, table: &FewWords) -> usize {
        match (self, table) {
            (Self::One(spread), FewWords::One(table)) => spread.room(table),
            (Self::Two(spread), FewWords::Two(table)) => spread.room(table),
            _ => 0,
        }
    }

    /// Whether so many groups that come at once are handed on at once.
    pub(super) fn is_many(&self, groups: usize) -> bool {
        match self {
            Self::One(spread) => spread.is_many(groups),
            Self::Two(spread) => spread.is_many(groups),
        }
    }

    /// Takes a worker's groups (see [`Spread::take`]).
    pub(super) fn take(
        &self,
        table: &mut FewWords,
        taken: &mut usize,
        states: Vec<MergeState>,
    ) -> Result<(), QueryError> {
        match (self, table) {
            (Self::One(spread), FewWords::One(table)) => spread.take(table, taken, states),
            (Self::Two(spread), FewWords::Two(table)) => spread.take(table, taken, states),
            _ => Err(QueryError::Internal("groups are handed on with keys of another kind".to_owned())),
        }
    }

    /// All batches, and about `pieces` ranges of parts with about as many groups each.
    pub(crate) fn pieces(&self, pieces: usize) -> (Batches, Vec<Range<usize>>) {
        match self {
            Self::One(spread) => {
                let (batches, ranges) = spread.pieces(pieces);
                (Batches::One(batches), ranges)
            }
            Self::Two(spread) => {
                let (batches, ranges) = spread.pieces(pieces);
                (Batches::Two(batches), ranges)
            }
        }
    }

    /// The keys and states of some parts of all batches.
    pub(super) fn of_parts(
        &self,
        batches: &Batches,
        parts: Range<usize>,
    ) -> Result<(FewWords, Vec<State>), QueryError> {
        match (self, batches) {
            (Self::One(spread), Batches::One(batches)) => {
                let (keys, states) = spread.of_parts(batches, parts)?;
                Ok((FewWords::One(Interner::Listed(keys)), states))
            }
            (Self::Two(spread), Batches::Two(batches)) => {
                let (keys, states) = spread.of_parts(batches, parts)?;
                Ok((FewWords::Two(Interner::Listed(keys)), states))
            }
            _ => Err(QueryError::Internal("groups are merged with keys of another kind".to_owned())),
        }
    }
}

impl<K: Key> Spread<K> {
    /// For the groups of a plan with keys laid out so (see [`AnySpread::new`]).
    fn new(plan: &AggregatePlan, (spaces, layout): (&Spaces, &Layout), control: &Control) -> Option<Self> {
        let limits = spaces.limits;
        let possible = u64::try_from(layout.possible()).unwrap_or(u64::MAX);
        let functions: Vec<AggregateFunction> =
            plan.aggregators.iter().map(|aggregator| aggregator.function.clone()).collect();
        if possible <= limits.alone.max(1) as u64 || !functions.iter().all(State::is_sliceable) {
            return None;
        }
        let rows = spaces.rows as u64;
        let parts = (rows.min(possible) / limits.part.max(1) as u64).clamp(1, MOST_PARTS).next_power_of_two();
        let cut = if layout.is_one_word() && possible <= rows.saturating_mul(KEYS_A_ROW) {
            let bits = u64::BITS - (possible - 1).leading_zeros();
            Cut::Range(bits.saturating_sub(parts.trailing_zeros()))
        } else {
            Cut::Hash(u64::BITS - parts.trailing_zeros())
        };
        let most = limits.waiting;
        let waiting = Mutex::new(Waiting { batches: Vec::new(), groups: 0, most, merging: false });
        Some(Self { cut, parts: parts as usize, limits, functions, control: control.clone(), waiting })
    }

    /// Whether so many groups of all workers are merged in parts.
    pub(crate) fn takes(&self, groups: usize) -> bool {
        groups > self.limits.alone || !self.waiting.lock().batches.is_empty()
    }

    /// Whether a worker has to hand on its groups.
    pub(super) fn is_full(&self, table: &Interner<K>) -> bool {
        match table {
            Interner::Flat { .. } => false,
            Interner::Narrow(table) => table.keys().len() >= self.limits.held,
            Interner::Listed(keys) => keys.len() >= self.limits.listed,
        }
    }

    /// For how many groups a worker should have room in an empty table.
    pub(super) fn room(&self, table: &Interner<K>) -> usize {
        match table {
            Interner::Flat { .. } => 0,
            Interner::Narrow(_) => self.limits.held.saturating_add(LOOK),
            Interner::Listed(_) => self.limits.listed.saturating_add(LOOK),
        }
    }

    /// Whether so many groups that come at once are handed on at once.
    pub(super) fn is_many(&self, groups: usize) -> bool {
        groups >= self.limits.held
    }

    /// Takes a worker's groups, of which so many rows and groups were `taken`. Its table is left empty, and looks for
    /// no groups any more where that was not worth it.
    pub(super) fn take(
        &self,
        table: &mut Interner<K>,
        taken: &mut usize,
        states: Vec<MergeState>,
    ) -> Result<(), QueryError> {
        let taken = std::mem::take(taken);
        let groups = table.len();
        if groups == 0 {
            return Ok(());
        }
        let listed = matches!(table, Interner::Listed(_)) || taken < groups.saturating_mul(ROWS_A_GROUP);
        let keys = match table {
            Interner::Narrow(table) if !listed => table.take_keys(),
            _ => {
                let room = self.limits.listed.saturating_add(LOOK);
                std::mem::replace(table, Interner::Listed(Vec::with_capacity(room))).into_keys()
            }
        };
        let states = states.into_iter().map(MergeState::settle).collect::<Result<Vec<_>, _>>()?;
        let batch = self.batch(&keys, states)?;
        self.wait(batch)
    }

    /// Sorts groups by part.
    fn batch(&self, keys: &[K], states: Vec<State>) -> Result<Batch<K>, QueryError> {
        let mut parts: Vec<u16> = Vec::with_capacity(keys.len());
        let mut starts = vec![0usize; self.parts + 1];
        for piece in keys.chunks(LOOK) {
            self.control.check()?;
            for key in piece {
                let part = self.cut.part(*key).min(self.parts - 1);
                parts.push(part as u16);
                starts[part + 1] += 1;
            }
        }
        (0..self.parts).for_each(|part| starts[part + 1] += starts[part]);
        let mut next = starts.clone();
        let mut order = vec![0u32; keys.len()];
        let mut sorted = vec![K::default(); keys.len()];
        let pieces = parts.chunks(LOOK).zip(keys.chunks(LOOK)).zip((0u32..).step_by(LOOK));
        for ((parts, keys), first) in pieces {
            self.control.check()?;
            for ((part, key), group) in parts.iter().zip(keys).zip(first..) {
                let at = &mut next[usize::from(*part)];
                (order[*at], sorted[*at]) = (group, *key);
                *at += 1;
            }
        }
        let states = states.into_iter().map(|state| state.take(&order)).collect();
        Ok(Batch { keys: sorted, states, starts })
    }

    /// Adds a batch to those that wait; when they are too many, merges them.
    fn wait(&self, batch: Batch<K>) -> Result<(), QueryError> {
        let batches = {
            let mut waiting = self.waiting.lock();
            waiting.groups += batch.keys.len();
            waiting.batches.push(batch);
            if waiting.merging || waiting.groups < waiting.most {
                return Ok(());
            }
            (waiting.merging, waiting.groups) = (true, 0);
            std::mem::take(&mut waiting.batches)
        };
        let merged = self.merged(&batches, 0..self.parts)?;
        let mut waiting = self.waiting.lock();
        let left = merged.keys.len();
        waiting.merging = false;
        waiting.most = left.saturating_add(self.limits.waiting).max(left.saturating_mul(GROWTH));
        waiting.groups += left;
        waiting.batches.push(merged);
        Ok(())
    }

    /// All batches, and about `pieces` ranges of parts with about as many groups each.
    pub(crate) fn pieces(&self, pieces: usize) -> (Arc<[Batch<K>]>, Vec<Range<usize>>) {
        let batches: Arc<[Batch<K>]> = std::mem::take(&mut self.waiting.lock().batches).into();
        let before = |part: usize| batches.iter().map(|batch| batch.starts[part]).sum::<usize>();
        let size = before(self.parts).div_ceil(pieces.max(1));
        let (mut ranges, mut start) = (Vec::new(), 0);
        for end in 1..=self.parts {
            if end == self.parts || before(end) - before(start) >= size {
                ranges.push(start..end);
                start = end;
            }
        }
        (batches, ranges)
    }

    /// The keys and states of some parts of all batches.
    pub(super) fn of_parts(
        &self,
        batches: &[Batch<K>],
        parts: Range<usize>,
    ) -> Result<(Vec<K>, Vec<State>), QueryError> {
        self.merged(batches, parts).map(|merged| (merged.keys, merged.states))
    }

    /// Some parts of all batches as one batch, in which no two groups have the same key.
    fn merged(&self, batches: &[Batch<K>], parts: Range<usize>) -> Result<Batch<K>, QueryError> {
        let mut states: Vec<State> = self.functions.iter().map(State::new).collect();
        let (mut keys, mut into, mut starts) = (Vec::new(), Vec::new(), vec![0]);
        let most = batches.iter().map(|b| b.starts[parts.end] - b.starts[parts.start]).sum();
        keys.reserve(most);
        states.iter_mut().for_each(|state| state.reserve(most));
        let mut numbers = Numbers::new(self.cut);
        let mut unseen = LOOK;
        for part in parts {
            numbers.begin(batches.iter().map(|batch| batch.part(part).len()).sum(), keys.len());
            for batch in batches {
                let Range { start, end } = batch.part(part);
                for from in (start..end).step_by(LOOK) {
                    let slice = from..(from + LOOK).min(end);
                    unseen += slice.len();
                    if unseen >= LOOK {
                        self.control.check()?;
                        unseen = 0;
                    }
                    numbers.of(&batch.keys[slice.clone()], &mut keys, &mut into);
                    let each = states.iter_mut().zip(&batch.states).zip(&self.functions);
                    for ((state, more), function) in each {
                        state.grow(keys.len(), function);
                        state.merge_slice(more, slice.clone(), &into, function);
                    }
                }
            }
            starts.push(keys.len());
        }
        Ok(Batch { keys, states, starts })
    }
}

impl<K> Batch<K> {
    /// Where a part lies.
    fn part(&self, part: usize) -> Range<usize> {
        self.starts[part]..self.starts[part + 1]
    }
}

impl Cut {
    #[inline]
    fn part<K: Key>(self, key: K) -> usize {
        let shift = |word: u64, bits| word.checked_shr(bits).unwrap_or(0) as usize;
        match self {
            Self::Range(bits) => shift(key.place(), bits),
            Self::Hash(bits) => shift(key.hash(), bits),
        }
    }
}

/// Numbers the groups of one part after the other.
struct Numbers<K> {
    /// Number plus one by what is left of the key below the part; 0 for none yet.
    places: Vec<u32>,
    /// How many places a part has; `None` where keys have none.
    each: Option<usize>,
    table: NarrowTable<K>,
    /// Number of the first group of the part.
    first: u32,
}

impl<K: Key> Numbers<K> {
    fn new(cut: Cut) -> Self {
        let each = match cut {
            Cut::Range(bits) => 1usize.checked_shl(bits),
            Cut::Hash(_) => None,
        };
        Self { places: Vec::new(), each, table: NarrowTable::default(), first: 0 }
    }

    /// Begins with a part of at most so many groups, when there are `known` of other parts.
    fn begin(&mut self, groups: usize, known: usize) {
        self.places.clear();
        self.first = known as u32;
        match self.each {
            Some(each) if each <= groups.saturating_mul(PLACES_A_GROUP) => self.places.resize(each, 0),
            _ => self.table.reset(groups),
        }
    }

    /// The numbers of keys, the new ones of which are appended to `keys`.
    fn of(&mut self, slice: &[K], keys: &mut Vec<K>, into: &mut Vec<u32>) {
        let Self { places, table, first, .. } = self;
        if places.is_empty() {
            let known = table.keys().len();
            table.intern_block(slice, into);
            into.iter_mut().for_each(|number| *number += *first);
            keys.extend_from_slice(&table.keys()[known..]);
            return;
        }
        let mask = places.len() - 1;
        into.clear();
        into.extend(slice.iter().map(|key| {
            let number = &mut places[key.place() as usize & mask];
            if *number == 0 {
                keys.push(*key);
                *number = keys.len() as u32;
            }
            *number - 1
        }));
    }
}

#[cfg(test)]
mod tests;
