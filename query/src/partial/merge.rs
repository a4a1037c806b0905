//! How do groups of several segments become one set? Their keys are codes of the query's spaces: one or two words where
//! all codes are bounded, more words otherwise; states merge by group number.

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::time::Granularity;

use super::space::{Space, Spaces};
use super::spread::{AnySpread, Batches};
use super::{Groups, MergeState};
use crate::QueryError;
use crate::column::ColumnData;
use crate::group::{FewWords, Layout, WideTable, Words};
use crate::plan::AggregatePlan;

/// Codes of values, and which of them stand for null (none: code 0 does).
type Codes = (Vec<u64>, Option<Vec<bool>>);

/// Groups whose keys are codes, a column of them a dimension. No two have the same bucket and keys.
#[derive(Debug)]
pub(crate) struct CodedGroups {
    /// Number of groups.
    pub(crate) len: usize,
    /// Start of each bucket; empty for granularity `all`.
    pub(crate) buckets: Vec<i64>,
    /// The codes of each dimension.
    pub(crate) keys: Vec<Codes>,
    /// A state column an aggregator.
    pub(crate) states: Vec<MergeState>,
}

/// Collects groups; where the order of inputs matters (first, last, any), they come in segment order.
#[derive(Debug)]
pub(crate) struct Merger {
    spaces: Arc<Spaces>,
    /// The first groups, as long as they are the only ones.
    first: Option<CodedGroups>,
    pub(super) table: Table,
    pub(super) states: Vec<MergeState>,
    /// Rows and groups that have come to the table.
    taken: usize,
    /// Where groups go when they are too many.
    spread: Option<AnySpread>,
}

/// The groups of a merger while rows are added to them; the first component of a key is the bucket.
#[derive(Debug)]
pub(crate) struct Lent {
    /// Keys to groups.
    pub(crate) table: FewWords,
    /// Where codes are in keys.
    pub(crate) layout: Layout,
    /// A state an aggregator.
    pub(crate) states: Vec<MergeState>,
    /// Rows and groups that have come to the table.
    pub(crate) taken: usize,
    spread: Option<AnySpread>,
}

#[derive(Debug)]
pub(super) enum Table {
    /// Keys of one or two words.
    Few { table: FewWords, layout: Layout },
    /// Keys of a word for the bucket, one a dimension, and one of null bits for every 64 dimensions.
    Wide { table: WideTable, nulls_at: usize, width: usize },
}

impl Merger {
    /// For results of `plan` over about so many rows, with keys in `spaces`.
    pub(crate) fn new(plan: &AggregatePlan, spaces: Arc<Spaces>, rows: usize) -> Self {
        let table = match spaces.layout() {
            Some(layout) => Table::Few { table: layout.table(rows, &spaces.limits), layout },
            None => {
                let dimensions = spaces.dimensions.len();
                let width = 1 + dimensions + dimensions.div_ceil(64);
                Table::Wide { table: WideTable::new(width), nulls_at: 1 + dimensions, width }
            }
        };
        let states = plan.aggregators.iter().map(|a| MergeState::new(&a.function)).collect();
        Self { spaces, first: None, table, states, taken: 0, spread: None }
    }

    /// The same that hands groups on when they are too many, and must end by [`Merger::hand_on`] if any have been; or
    /// keeps them all.
    pub(crate) fn spreading(self, spread: Option<AnySpread>) -> Self {
        Self { spread, ..self }
    }

    /// The groups of some parts of all batches.
    pub(crate) fn of_parts(
        plan: &AggregatePlan,
        spaces: Arc<Spaces>,
        spread: &AnySpread,
        (batches, parts): (&Batches, Range<usize>),
    ) -> Result<Self, QueryError> {
        let mut merger = Self::new(plan, spaces, 0);
        let (keys, states) = spread.of_parts(batches, parts)?;
        if let Table::Few { table, .. } = &mut merger.table {
            *table = keys;
        }
        merger.states = states.into_iter().map(MergeState::Whole).collect();
        Ok(merger)
    }

    /// Number of groups so far.
    pub(crate) fn len(&self) -> usize {
        self.first.as_ref().map_or(0, |first| first.len) + self.table.len()
    }

    /// The spaces of its keys.
    pub(crate) fn spaces(&self) -> &Arc<Spaces> {
        &self.spaces
    }

    /// Whether its keys have few words, so that [`Merger::lend`] gives something.
    pub(crate) fn lends(&self) -> bool {
        matches!(self.table, Table::Few { .. })
    }

    /// Its groups, for one who adds rows to them; they must come back by [`Merger::take_back`] before anything else.
    pub(crate) fn lend(&mut self, plan: &AggregatePlan) -> Result<Option<Lent>, QueryError> {
        if let Some(first) = self.first.take() {
            self.fold(plan, first)?;
        }
        let Table::Few { table, layout } = &mut self.table else { return Ok(None) };
        let (table, layout, states) = (table.take(), layout.clone(), std::mem::take(&mut self.states));
        Ok(Some(Lent { table, layout, states, taken: self.taken, spread: self.spread.clone() }))
    }

    /// Takes groups back.
    pub(crate) fn take_back(&mut self, lent: Lent) {
        if let Table::Few { table, .. } = &mut self.table {
            *table = lent.table;
        }
        (self.states, self.taken) = (lent.states, lent.taken);
    }

    /// Without knowing where groups come from.
    pub(crate) fn of_values(plan: &AggregatePlan) -> Self {
        Self::new(plan, Arc::new(Spaces::unknown(plan)), 0)
    }

    /// Adds groups whose keys are values; with `unique` no two have the same key.
    pub(crate) fn add(
        &mut self,
        plan: &AggregatePlan,
        groups: Groups,
        unique: bool,
    ) -> Result<(), QueryError> {
        let mut keys = Vec::with_capacity(groups.keys.len());
        for (space, values) in self.spaces.dimensions.iter().zip(&groups.keys) {
            keys.push((space.codes(values)?, values.null_flags()));
        }
        let Groups { len, buckets, states, .. } = groups;
        let states = states.into_iter().map(MergeState::Whole).collect();
        self.add_coded(plan, CodedGroups { len, buckets, keys, states }, unique)
    }

    /// Adds groups whose keys are codes of its spaces; with `unique` no two have the same key.
    pub(crate) fn add_coded(
        &mut self,
        plan: &AggregatePlan,
        groups: CodedGroups,
        unique: bool,
    ) -> Result<(), QueryError> {
        if groups.len == 0 {
            return Ok(());
        }
        if unique && self.first.is_none() && self.table.len() == 0 {
            self.first = Some(groups);
            return Ok(());
        }
        if let Some(first) = self.first.take() {
            self.fold(plan, first)?;
        }
        self.fold(plan, groups)
    }

    fn fold(&mut self, plan: &AggregatePlan, groups: CodedGroups) -> Result<(), QueryError> {
        if let (Some(spread), Table::Few { table, layout }) = (&self.spread, &self.table)
            && spread.is_many(groups.len)
        {
            let mut words = groups.words(&self.spaces, layout);
            return spread.take(&mut table.listed(&mut words), &mut 0, groups.states);
        }
        let into = self.intern(&groups);
        let len = self.table.len();
        for ((state, other), aggregator) in self.states.iter_mut().zip(groups.states).zip(&plan.aggregators) {
            state.grow(len, &aggregator.function)?;
            state.merge(other, &into, &aggregator.function)?;
        }
        self.taken += groups.len;
        match (&self.spread, &self.table) {
            (Some(spread), Table::Few { table, .. }) if spread.is_full(table) => self.hand_on(plan),
            _ => Ok(()),
        }
    }

    /// Hands all groups on.
    pub(crate) fn hand_on(&mut self, plan: &AggregatePlan) -> Result<(), QueryError> {
        if let Some(first) = self.first.take() {
            self.fold(plan, first)?;
        }
        let Self { table: Table::Few { table, .. }, states, taken, spread: Some(spread), .. } = self else {
            return Ok(());
        };
        let empty = plan.aggregators.iter().map(|a| MergeState::new(&a.function)).collect();
        let states = std::mem::replace(states, empty);
        spread.take(table, taken, states)
    }

    fn intern(&mut self, groups: &CodedGroups) -> Vec<u32> {
        let Spaces { buckets, dimensions, .. } = self.spaces.as_ref();
        let mut into = Vec::with_capacity(groups.len);
        match &mut self.table {
            Table::Few { table, layout } => {
                table.intern(&mut groups.words(&self.spaces, layout), &mut into);
            }
            Table::Wide { table, nulls_at, width } => {
                let mut key = vec![0u64; *width];
                for group in 0..groups.len {
                    key[0] = groups.buckets.get(group).map_or(0, |start| buckets.code(*start));
                    key[*nulls_at..].fill(0);
                    for (i, (codes, nulls)) in groups.keys.iter().enumerate() {
                        key[1 + i] = codes[group];
                        // Elsewhere code 0 tells nulls, whether or not they were noted as well.
                        let noted = nulls.as_ref().filter(|_| matches!(dimensions[i], Space::Bits));
                        let null = noted.is_some_and(|nulls| nulls[group]);
                        key[*nulls_at + i / 64] |= u64::from(null) << (i % 64);
                    }
                    into.push(table.intern(&key));
                }
            }
        }
        into
    }

    /// Adds what another one of the same plan and spaces has collected.
    pub(crate) fn append(&mut self, plan: &AggregatePlan, other: Self) -> Result<(), QueryError> {
        self.add_coded(plan, other.into_coded(), true)
    }

    /// Adds all of that, and gives it as bytes.
    pub(crate) fn append_as_bytes(
        &mut self,
        plan: &AggregatePlan,
        other: Self,
    ) -> Result<Vec<u8>, QueryError> {
        let mut coded = other.into_coded();
        let keys = coded.keys(plan, &self.spaces);
        let states = coded.states.into_iter().map(MergeState::settle).collect::<Result<Vec<_>, _>>()?;
        let bytes = Groups::bytes_of(coded.len, &coded.buckets, &keys, &states);
        coded.states = states.into_iter().map(MergeState::Whole).collect();
        self.add_coded(plan, coded, true)?;
        Ok(bytes)
    }

    /// Adds what was given as bytes, perhaps to another query that asked for the same.
    pub(crate) fn add_bytes(&mut self, plan: &AggregatePlan, bytes: &[u8]) -> Result<(), QueryError> {
        self.add(plan, Groups::from_bytes(bytes, plan)?, true)
    }

    /// The keys of its groups, where they have few words.
    pub(super) fn into_table(
        mut self,
        plan: &AggregatePlan,
    ) -> Result<Option<(FewWords, Layout)>, QueryError> {
        if let Some(first) = self.first.take() {
            self.fold(plan, first)?;
        }
        Ok(match self.table {
            Table::Few { table, layout } => Some((table, layout)),
            Table::Wide { .. } => None,
        })
    }

    fn into_coded(self) -> CodedGroups {
        self.chosen(None, &[])
    }

    /// The groups with these numbers (`None`: all) with their codes, but for those of some dimensions.
    fn chosen(self, groups: Option<&[u32]>, unseen: &[usize]) -> CodedGroups {
        if let Some(first) = self.first {
            return first.chosen(groups, unseen);
        }
        let len = groups.map_or(self.table.len(), <[u32]>::len);
        let buckets = match self.spaces.buckets {
            super::space::BucketSpace::One => Vec::new(),
            _ => {
                let codes = self.table.codes(groups, 0).into_iter();
                codes.map(|code| self.spaces.buckets.start(code)).collect()
            }
        };
        let keys = (0..self.spaces.dimensions.len()).map(|i| match unseen.contains(&i) {
            true => Codes::default(),
            false => (self.table.codes(groups, i + 1), self.table.nulls(groups, i)),
        });
        let keys = keys.collect();
        let states = self.states.into_iter();
        let states = states.map(|state| match groups {
            Some(groups) => state.take(groups),
            None => state,
        });
        CodedGroups { len, buckets, keys, states: states.collect() }
    }

    /// The groups that are asked for, with their values, but for those of some dimensions.
    pub(crate) fn finish(self, plan: &AggregatePlan, unseen: &[usize]) -> Result<Groups, QueryError> {
        let spaces = Arc::clone(&self.spaces);
        let wanted = self.wanted(plan);
        self.chosen(wanted.as_deref(), unseen).decode(plan, &spaces)
    }

    /// The numbers of the groups that are asked for and of others that are equal to the last of them; `None`: all.
    fn wanted(&self, plan: &AggregatePlan) -> Option<Vec<u32>> {
        let top = plan.top.as_ref().filter(|_| matches!(plan.granularity, Granularity::All))?;
        let states = self.first.as_ref().map_or(&self.states, |first| &first.states);
        match states.get(top.aggregator) {
            Some(MergeState::Whole(state)) => state.first(top),
            _ => None,
        }
    }
}

impl Lent {
    /// Whether the groups should be handed on by [`Lent::hand_on`].
    pub(crate) fn is_full(&self) -> bool {
        self.spread.as_ref().is_some_and(|spread| spread.is_full(&self.table))
    }

    /// For how many groups there should be room when they are handed on.
    pub(crate) fn room(&self) -> usize {
        self.spread.as_ref().map_or(0, |spread| spread.room(&self.table))
    }

    /// Hands all groups on, which have these states.
    pub(crate) fn hand_on(&mut self, states: Vec<MergeState>) -> Result<(), QueryError> {
        let Self { table, taken, spread, .. } = self;
        spread.as_ref().map_or(Ok(()), |spread| spread.take(table, taken, states))
    }
}

impl CodedGroups {
    /// Their keys in few words.
    fn words(&self, spaces: &Spaces, layout: &Layout) -> Words {
        let mut words = Words::default();
        words.reset(layout, self.len);
        words.add(layout, 0, self.buckets.iter().map(|start| spaces.buckets.code(*start)));
        for (i, (codes, _)) in self.keys.iter().enumerate() {
            words.add(layout, i + 1, codes.iter().copied());
        }
        words
    }

    /// The groups with these numbers (`None`: all), without the codes of some dimensions.
    fn chosen(self, groups: Option<&[u32]>, unseen: &[usize]) -> Self {
        let Self { len, buckets, mut keys, states } = self;
        let hidden = keys.iter_mut().enumerate().filter(|(i, _)| unseen.contains(i));
        hidden.for_each(|(_, keys)| *keys = Codes::default());
        let Some(groups) = groups else { return Self { len, buckets, keys, states } };
        fn pick<T: Copy>(values: &[T], groups: &[u32]) -> Vec<T> {
            groups.iter().filter_map(|group| values.get(*group as usize)).copied().collect()
        }
        let picked = |(codes, nulls): Codes| (pick(&codes, groups), nulls.map(|nulls| pick(&nulls, groups)));
        let keys = keys.into_iter().map(picked).collect();
        let states = states.into_iter().map(|state| state.take(groups)).collect();
        Self { len: groups.len(), buckets: pick(&buckets, groups), keys, states }
    }

    /// The same groups with their values.
    fn decode(self, plan: &AggregatePlan, spaces: &Spaces) -> Result<Groups, QueryError> {
        let keys = self.keys(plan, spaces);
        let states = self.states.into_iter().map(MergeState::settle).collect::<Result<_, _>>()?;
        Ok(Groups { len: self.len, keys, buckets: self.buckets, states })
    }

    /// The values of the keys.
    fn keys(&self, plan: &AggregatePlan, spaces: &Spaces) -> Vec<ColumnData> {
        let keys = plan.dimensions.iter().zip(&spaces.dimensions).zip(&self.keys);
        let keys = keys.map(|((dimension, space), (codes, nulls))| {
            if codes.is_empty() {
                return ColumnData::empty(dimension.output_type);
            }
            let null = |i: usize| nulls.as_ref().is_some_and(|nulls| nulls[i]);
            space.decode(dimension.output_type, codes, null)
        });
        keys.collect()
    }
}

impl Table {
    fn len(&self) -> usize {
        match self {
            Self::Few { table, .. } => table.len(),
            Self::Wide { table, .. } => table.len(),
        }
    }

    /// A component of the keys of some groups: 0 is the bucket, then the dimensions.
    fn codes(&self, groups: Option<&[u32]>, component: usize) -> Vec<u64> {
        match self {
            Self::Few { table, layout } => layout.codes(table, groups, component),
            Self::Wide { table, .. } => match groups {
                Some(groups) => groups.iter().map(|group| table.key(*group)[component]).collect(),
                None => (0..table.len() as u32).map(|group| table.key(group)[component]).collect(),
            },
        }
    }

    /// Which of some groups have null in a dimension, where codes do not tell.
    fn nulls(&self, groups: Option<&[u32]>, dimension: usize) -> Option<Vec<bool>> {
        let Self::Wide { table, nulls_at, .. } = self else { return None };
        let null = |group: u32| table.key(group)[nulls_at + dimension / 64] >> (dimension % 64) & 1 == 1;
        Some(match groups {
            Some(groups) => groups.iter().map(|group| null(*group)).collect(),
            None => (0..table.len() as u32).map(null).collect(),
        })
    }
}
