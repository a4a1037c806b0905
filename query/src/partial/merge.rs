//! How do groups of several segments become one set? Their keys are codes of the query's spaces: one word where all
//! codes are bounded, several words otherwise; states merge by group number.

use std::sync::Arc;

use super::space::{Space, Spaces};
use super::{Groups, MergeState};
use crate::QueryError;
use crate::column::ColumnData;
use crate::group::{Interner, WideTable};
use crate::plan::AggregatePlan;

/// Groups whose keys are codes, a column of them a dimension. No two have the same bucket and keys.
#[derive(Debug)]
pub(crate) struct CodedGroups {
    /// Number of groups.
    pub(crate) len: usize,
    /// Start of each bucket; empty for granularity `all`.
    pub(crate) buckets: Vec<i64>,
    /// Codes a dimension, and which of them stand for null (none: code 0 does).
    pub(crate) keys: Vec<(Vec<u64>, Option<Vec<bool>>)>,
    /// A state column an aggregator.
    pub(crate) states: Vec<MergeState>,
}

/// Collects groups; where the order of inputs matters (first, last, any), they come in segment order.
#[derive(Debug)]
pub(crate) struct Merger {
    spaces: Arc<Spaces>,
    /// The first groups, as long as they are the only ones.
    first: Option<CodedGroups>,
    table: Table,
    states: Vec<MergeState>,
}

/// The groups of a merger while rows are added to them: the key of a group is the sum of its codes times the strides,
/// that of the bucket first.
#[derive(Debug)]
pub(crate) struct Lent {
    /// Keys to groups.
    pub(crate) table: Interner,
    /// What each code is multiplied by.
    pub(crate) strides: Vec<u64>,
    /// A state an aggregator.
    pub(crate) states: Vec<MergeState>,
}

#[derive(Debug)]
enum Table {
    /// Keys of one word: what each component is multiplied by, and its number of codes.
    One { table: Interner, strides: Vec<u64>, possible: Vec<u64> },
    /// Keys of a word for the bucket, one a dimension, and one of null bits for every 64 dimensions.
    Wide { table: WideTable, nulls_at: usize, width: usize },
}

impl Merger {
    /// For results of `plan`, with keys in `spaces`.
    pub(crate) fn new(plan: &AggregatePlan, spaces: Arc<Spaces>) -> Self {
        let table = match spaces.possible() {
            Some(possible) => {
                let mut product = 1u64;
                let mut strides = Vec::with_capacity(possible.len());
                for component in &possible {
                    strides.push(product);
                    product = product.saturating_mul(*component);
                }
                Table::One { table: Interner::for_keys(u128::from(product)), strides, possible }
            }
            None => {
                let dimensions = spaces.dimensions.len();
                let width = 1 + dimensions + dimensions.div_ceil(64);
                Table::Wide { table: WideTable::new(width), nulls_at: 1 + dimensions, width }
            }
        };
        let states = plan.aggregators.iter().map(|a| MergeState::new(&a.function)).collect();
        Self { spaces, first: None, table, states }
    }

    /// Number of groups so far.
    pub(crate) fn len(&self) -> usize {
        self.first.as_ref().map_or(0, |first| first.len) + self.table.len()
    }

    /// The spaces of its keys.
    pub(crate) fn spaces(&self) -> &Arc<Spaces> {
        &self.spaces
    }

    /// Whether its keys are single words, so that [`Merger::lend`] gives something.
    pub(crate) fn lends(&self) -> bool {
        matches!(self.table, Table::One { .. })
    }

    /// Its groups, for one who adds rows to them; they must come back by [`Merger::take_back`] before anything else.
    pub(crate) fn lend(&mut self, plan: &AggregatePlan) -> Result<Option<Lent>, QueryError> {
        if let Some(first) = self.first.take() {
            self.fold(plan, first)?;
        }
        let Table::One { table, strides, .. } = &mut self.table else { return Ok(None) };
        let table = std::mem::replace(table, Interner::for_keys(0));
        Ok(Some(Lent { table, strides: strides.clone(), states: std::mem::take(&mut self.states) }))
    }

    /// Takes groups back.
    pub(crate) fn take_back(&mut self, lent: Lent) {
        if let Table::One { table, .. } = &mut self.table {
            *table = lent.table;
        }
        self.states = lent.states;
    }

    /// Without knowing where groups come from.
    pub(crate) fn of_values(plan: &AggregatePlan) -> Self {
        Self::new(plan, Arc::new(Spaces::unknown(plan)))
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
        let into = self.intern(&groups);
        let len = self.table.len();
        for ((state, other), aggregator) in self.states.iter_mut().zip(groups.states).zip(&plan.aggregators) {
            state.grow(len, &aggregator.function)?;
            state.merge(other, &into, &aggregator.function)?;
        }
        Ok(())
    }

    fn intern(&mut self, groups: &CodedGroups) -> Vec<u32> {
        let Spaces { buckets, dimensions, .. } = self.spaces.as_ref();
        let mut into = Vec::with_capacity(groups.len);
        match &mut self.table {
            Table::One { table, strides, .. } => {
                let mut words: Vec<u64> = groups.buckets.iter().map(|start| buckets.code(*start)).collect();
                words.resize(groups.len, 0);
                for ((codes, _), stride) in groups.keys.iter().zip(strides.iter().skip(1)) {
                    words.iter_mut().zip(codes).for_each(|(word, code)| *word += code * stride);
                }
                table.intern(&words, &mut into);
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

    fn into_coded(self) -> CodedGroups {
        if let Some(first) = self.first {
            return first;
        }
        let len = self.table.len();
        let buckets = match self.spaces.buckets {
            super::space::BucketSpace::One => Vec::new(),
            _ => (0..len).map(|group| self.spaces.buckets.start(self.table.code(group, 0))).collect(),
        };
        let keys = (0..self.spaces.dimensions.len())
            .map(|i| {
                let codes = (0..len).map(|group| self.table.code(group, i + 1)).collect();
                let nulls = self.table.tells_nulls();
                (codes, nulls.then(|| (0..len).map(|group| self.table.is_null(group, i)).collect()))
            })
            .collect();
        CodedGroups { len, buckets, keys, states: self.states }
    }

    /// All groups, with their values.
    pub(crate) fn finish(self, plan: &AggregatePlan) -> Result<Groups, QueryError> {
        let spaces = Arc::clone(&self.spaces);
        self.into_coded().decode(plan, &spaces)
    }
}

impl CodedGroups {
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
            let null = |i: usize| nulls.as_ref().is_some_and(|nulls| nulls[i]);
            space.decode(dimension.output_type, codes, null)
        });
        keys.collect()
    }
}

impl Table {
    fn len(&self) -> usize {
        match self {
            Self::One { table, .. } => table.len(),
            Self::Wide { table, .. } => table.len(),
        }
    }

    /// A component of a group's key: 0 is the bucket, then the dimensions.
    fn code(&self, group: usize, component: usize) -> u64 {
        match self {
            Self::One { table, strides, possible } => {
                table.keys()[group] / strides[component] % possible[component]
            }
            Self::Wide { table, .. } => table.key(group as u32)[component],
        }
    }

    fn tells_nulls(&self) -> bool {
        matches!(self, Self::Wide { .. })
    }

    fn is_null(&self, group: usize, dimension: usize) -> bool {
        match self {
            Self::One { .. } => false,
            Self::Wide { table, nulls_at, .. } => {
                table.key(group as u32)[nulls_at + dimension / 64] >> (dimension % 64) & 1 == 1
            }
        }
    }
}
