//! How are states kept while the groups of one query meet? As partial results keep them, but for sets of values: those are
//! bits of the query's common codes until the groups are handed on.

use alluvium_segments::ColumnType;

use super::{Space, State, ValueSets};
use crate::QueryError;
use crate::column::ColumnData;
use crate::plan::AggregateFunction;
use crate::sketch::{Coupon, DistinctSketch, coupon_of_double, coupon_of_long, coupon_of_text};

/// Sets of more codes than this are not kept as bits.
const MOST_CODES: u64 = 1 << 20;
/// Most words that the sets of all groups take: 8 MiB.
const MOST_WORDS: usize = 1 << 20;

/// A set of codes of one space for each group.
#[derive(Debug, Clone)]
pub(crate) struct CodeSets {
    space: Space,
    output: ColumnType,
    /// Whether the values are counted exactly, not by sketch.
    exact: bool,
    /// Words a set.
    width: usize,
    words: Vec<u64>,
}

impl CodeSets {
    /// Without groups, for values that have codes in `space`; `None` where those are not few.
    pub(crate) fn new(space: &Space, output: ColumnType, exact: bool) -> Option<Self> {
        let possible = space.bounded()?;
        let width = possible.div_ceil(64) as usize;
        let space = space.clone();
        (possible <= MOST_CODES).then(|| Self { space, output, exact, width, words: Vec::new() })
    }

    /// Whether the sets of so many groups are small enough.
    pub(crate) fn fits(&self, groups: usize) -> bool {
        groups.saturating_mul(self.width) <= MOST_WORDS
    }

    /// Makes room for `groups` groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.words.resize(groups * self.width, 0);
    }

    /// Adds a code to the set of a group.
    #[inline]
    pub(crate) fn add(&mut self, group: usize, code: u64) {
        self.words[group * self.width + code as usize / 64] |= 1 << (code % 64);
    }

    fn take(&self, groups: &[u32]) -> Self {
        let mut words = Vec::with_capacity(groups.len() * self.width);
        groups.iter().for_each(|group| words.extend_from_slice(self.set(*group as usize)));
        Self { space: self.space.clone(), words, ..*self }
    }

    fn groups(&self) -> usize {
        self.words.len() / self.width
    }

    fn set(&self, group: usize) -> &[u64] {
        &self.words[group * self.width..(group + 1) * self.width]
    }

    /// Adds the sets of another one of the same space to those of the groups `into[i]`.
    fn merge(&mut self, other: &Self, into: &[u32]) {
        for (set, group) in other.words.chunks_exact(self.width).zip(into) {
            let start = *group as usize * self.width;
            let own = &mut self.words[start..start + self.width];
            own.iter_mut().zip(set).for_each(|(word, more)| *word |= more);
        }
    }

    /// The values of a group, nulls left out.
    fn values(&self, group: usize) -> ColumnData {
        let mut codes = Vec::new();
        for (at, word) in self.set(group).iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                codes.push(at as u64 * 64 + u64::from(left.trailing_zeros()));
                left &= left - 1;
            }
        }
        codes.retain(|code| *code != 0);
        self.space.decode(self.output, &codes, |_| false)
    }

    /// As partial results keep them.
    pub(crate) fn state(&self) -> Result<State, QueryError> {
        Ok(if self.exact {
            State::Values(Box::new(self.value_sets()?))
        } else {
            State::DistinctSketches(self.sketches()?)
        })
    }

    /// The values themselves.
    pub(crate) fn value_sets(&self) -> Result<ValueSets, QueryError> {
        let mut sets = ValueSets::new(self.output);
        sets.grow(self.groups());
        for group in 0..self.groups() {
            let numbers = sets.numbers(&self.values(group))?;
            numbers.into_iter().flatten().for_each(|number| sets.add(group as u32, number));
        }
        Ok(sets)
    }

    /// A sketch of each group's values.
    pub(crate) fn sketches(&self) -> Result<Vec<Option<Box<DistinctSketch>>>, QueryError> {
        let mut sketches = Vec::with_capacity(self.groups());
        for group in 0..self.groups() {
            let coupons = coupons(&self.values(group));
            if coupons.is_empty() {
                sketches.push(None);
                continue;
            }
            let mut sketch = DistinctSketch::new()?;
            coupons.into_iter().for_each(|coupon| sketch.add(coupon));
            sketches.push(Some(Box::new(sketch)));
        }
        Ok(sketches)
    }
}

fn coupons(values: &ColumnData) -> Vec<Coupon> {
    match values {
        ColumnData::Longs(b) => b.values.iter().map(|v| coupon_of_long(*v)).collect(),
        ColumnData::Floats(b) => b.values.iter().map(|v| coupon_of_double(f64::from(*v))).collect(),
        ColumnData::Doubles(b) => b.values.iter().map(|v| coupon_of_double(*v)).collect(),
        ColumnData::Texts(c) => c.ids.iter().filter_map(|id| c.table.get(*id)).map(coupon_of_text).collect(),
        ColumnData::TextLists(_) => Vec::new(),
    }
}

/// The states of one aggregator while groups meet.
#[derive(Debug, Clone)]
pub(crate) enum MergeState {
    /// As partial results keep them.
    Whole(State),
    /// Distinct values.
    Codes(CodeSets),
}

impl MergeState {
    /// For no groups.
    pub(crate) fn new(function: &AggregateFunction) -> Self {
        Self::Whole(State::new(function))
    }

    /// Makes room for `groups` groups; new ones have seen nothing.
    pub(crate) fn grow(&mut self, groups: usize, function: &AggregateFunction) -> Result<(), QueryError> {
        if let Self::Codes(sets) = self {
            if sets.fits(groups) {
                sets.grow(groups);
                return Ok(());
            }
            *self = Self::Whole(sets.state()?);
        }
        if let Self::Whole(state) = self {
            state.grow(groups, function);
        }
        Ok(())
    }

    /// The states of some groups.
    pub(crate) fn take(self, groups: &[u32]) -> Self {
        match self {
            Self::Whole(state) => Self::Whole(state.take(groups)),
            Self::Codes(sets) => Self::Codes(sets.take(groups)),
        }
    }

    /// Merges as [`State::merge`] does.
    pub(crate) fn merge(
        &mut self,
        other: Self,
        into: &[u32],
        function: &AggregateFunction,
    ) -> Result<(), QueryError> {
        if let (Some(groups), Self::Codes(more)) = (self.fresh(), &other)
            && more.fits(groups)
        {
            let mut sets = more.take(&[]);
            sets.grow(groups);
            *self = Self::Codes(sets);
        }
        if let (Self::Codes(sets), Self::Codes(more)) = (&mut *self, &other) {
            sets.merge(more, into);
            return Ok(());
        }
        if let Self::Codes(sets) = self {
            *self = Self::Whole(sets.state()?);
        }
        match self {
            Self::Whole(state) => state.merge(other.settle()?, into, function),
            Self::Codes(_) => Ok(()),
        }
    }

    /// The number of groups of a distinct count that have not seen anything.
    fn fresh(&self) -> Option<usize> {
        match self {
            Self::Whole(State::DistinctSketches(known)) if known.iter().all(Option::is_none) => {
                Some(known.len())
            }
            Self::Whole(State::Values(sets)) if sets.is_empty() => Some(sets.len()),
            _ => None,
        }
    }

    /// As partial results keep them.
    pub(crate) fn settle(self) -> Result<State, QueryError> {
        match self {
            Self::Whole(state) => Ok(state),
            Self::Codes(sets) => sets.state(),
        }
    }
}
