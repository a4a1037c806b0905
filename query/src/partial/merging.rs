//! How are states kept while the groups of one query meet? As partial results keep them, but for sets of values: those are
//! bits of the query's common codes until the groups are handed on.

use alluvium_segments::ColumnType;
use alluvium_sketches::{Item, Recipe, Summary};

use super::{Space, State, ValueSets};
use crate::QueryError;
use crate::column::{ColumnData, Datum};
use crate::plan::AggregateFunction;

/// Sets of more codes than this are not kept as bits.
const MOST_CODES: u64 = 1 << 20;
/// Most words that the sets of all groups take: 8 MiB.
const MOST_WORDS: usize = 1 << 20;

/// A set of codes of one space for each group.
#[derive(Debug, Clone)]
pub(crate) struct CodeSets {
    space: Space,
    output: ColumnType,
    /// How the values are summarized; they are counted exactly without.
    recipe: Option<Recipe>,
    /// Words a set.
    width: usize,
    words: Vec<u64>,
}

impl CodeSets {
    /// Without groups, for values that have codes in `space`; `None` where those are not few.
    pub(crate) fn new(space: &Space, output: ColumnType, recipe: Option<Recipe>) -> Option<Self> {
        let possible = space.bounded()?;
        let width = possible.div_ceil(64) as usize;
        let space = space.clone();
        (possible <= MOST_CODES).then(|| Self { space, output, recipe, width, words: Vec::new() })
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
        let (space, recipe) = (self.space.clone(), self.recipe.clone());
        Self { space, recipe, words, output: self.output, width: self.width }
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
        Ok(match &self.recipe {
            None => State::Values(Box::new(self.value_sets()?)),
            Some(recipe) => State::Summaries(self.summaries(recipe)?),
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

    /// A summary of each group's values.
    fn summaries(&self, recipe: &Recipe) -> Result<Vec<Option<Box<Summary>>>, QueryError> {
        let mut summaries = Vec::with_capacity(self.groups());
        for group in 0..self.groups() {
            let values = self.values(group);
            if values.is_empty() {
                summaries.push(None);
                continue;
            }
            let mut summary = recipe.empty()?;
            (0..values.len()).for_each(|row| recipe.update(&mut summary, item(values.get(row))));
            summaries.push(Some(Box::new(summary)));
        }
        Ok(summaries)
    }
}

/// A value as summaries take it.
fn item(value: Datum<'_>) -> Item<'_> {
    match value {
        Datum::Null => Item::Null,
        Datum::Long(value) => Item::Long(value),
        Datum::Float(value) => Item::Float(value),
        Datum::Double(value) => Item::Double(value),
        Datum::Text(text) => Item::Text(text),
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
            Self::Whole(State::Summaries(known)) if known.iter().all(Option::is_none) => Some(known.len()),
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
