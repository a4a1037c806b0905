//! In which group is a row? A group's key has a component for the time bucket and one a dimension; the components of
//! a row become one number, and numbers become groups in a table that fits how many there can be.

use alluvium_segments::SegmentRef;

use super::key::{Codes, Common, Key};
use super::row_buckets::RowBuckets;
use super::source::Source;
use crate::QueryError;
use crate::aggregate::Rows;
use crate::group::{GroupLimits, Interner, WideTable};
use crate::plan::{AggregateFunction, AggregatePlan, AggregatorPlan};

/// Largest number of possible keys for which the key itself is the group number.
const DIRECT_KEYS: u128 = 1 << 14;
/// Runs of one bucket shorter than this on average are not worth a call each.
const SHORT_RUN: usize = 256;

/// What [`Grouping::assign`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assigned {
    /// All chosen rows are in one group.
    One(u32),
    /// The chosen rows are in `groups`.
    Each,
    /// The rows in `rows` are in `groups`: rows of several values come more than once.
    Exploded,
    /// The chosen rows are in `runs`.
    Runs,
}

/// Numbers the groups of one segment.
pub(super) struct Grouping<'p> {
    keys: Vec<Key<'p>>,
    buckets: RowBuckets,
    /// Whether the codes of all keys are lanes.
    plain: bool,
    /// Whether the aggregators take any part of a block at no extra cost.
    divisible: bool,
    table: Table,
    /// What a component is multiplied by (tables of one word).
    strides: Vec<u64>,
    possible: Vec<u64>,
    codes: Vec<Codes>,
    words: Vec<u64>,
    /// Group of each row of the block.
    groups: Vec<u32>,
    /// Position of each row, where they differ from the chosen ones.
    rows: Vec<u32>,
}

enum Table {
    /// The key is the group number; a flag for each that has rows.
    Direct(Vec<bool>),
    One(Interner),
    Wide(WideTable),
}

impl<'p> Grouping<'p> {
    /// For about `rows` rows of a segment.
    pub(super) fn new(
        plan: &'p AggregatePlan,
        segment: &SegmentRef,
        (rows, limits): (usize, &GroupLimits),
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let buckets = RowBuckets::new(&plan.granularity, segment, source)?;
        let mut keys = Vec::with_capacity(plan.dimensions.len());
        for dimension in &plan.dimensions {
            keys.push(Key::new(dimension, source)?);
        }
        let plain = keys.iter().all(|key: &Key<'_>| key.is_plain(source));
        if !plain {
            keys.iter_mut().for_each(Key::narrow);
        }
        let mut possible = vec![buckets.possible().max(1)];
        possible.extend(keys.iter().map(|key| key.possible(source).max(1)));
        let mut strides = Vec::with_capacity(possible.len());
        let mut product = 1u128;
        for component in &possible {
            strides.push(product as u64);
            product = product.saturating_mul(u128::from(*component));
        }
        if product > u128::from(u64::MAX) {
            // Keys of several words have 32 bits for each dimension.
            keys.iter_mut().for_each(Key::narrow);
            possible.truncate(1);
            possible.extend(keys.iter().map(|key| key.possible(source).max(1)));
        }
        let table = if product <= DIRECT_KEYS.min(rows as u128) {
            Table::Direct(vec![false; product as usize])
        } else if product <= u128::from(u64::MAX) {
            Table::One(Interner::for_keys(product, rows, limits))
        } else {
            Table::Wide(WideTable::new(possible.len()))
        };
        let codes = keys.iter().map(|_| Codes::default()).collect();
        let (words, groups, rows) = (Vec::new(), Vec::new(), Vec::new());
        let divisible = plan.aggregators.iter().all(is_divisible);
        Ok(Self { keys, buckets, plain, divisible, table, strides, possible, codes, words, groups, rows })
    }

    /// Number of groups, those without rows included (see [`Grouping::used`]).
    pub(super) fn len(&self) -> usize {
        match &self.table {
            Table::Direct(used) => used.len(),
            Table::One(table) => table.len(),
            Table::Wide(table) => table.len(),
        }
    }

    /// The groups that have rows, ascending; `None`: all.
    pub(super) fn used(&self) -> Option<Vec<u32>> {
        let Table::Direct(used) = &self.table else { return None };
        Some((0..used.len() as u32).filter(|group| used[*group as usize]).collect())
    }

    /// The dimensions.
    pub(super) fn keys(&self) -> &[Key<'p>] {
        &self.keys
    }

    /// Group of each row.
    pub(super) fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// Position of each row.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Group of each run, and the number of the chosen row it ends before.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        let runs = self.buckets.runs().unwrap_or_default();
        self.groups.iter().zip(runs).map(|(group, (_, end))| (*group, *end))
    }

    /// A component of a group's key.
    pub(super) fn code(&self, group: usize, component: usize) -> u64 {
        let split = |key: u64| key / self.strides[component] % self.possible[component];
        match &self.table {
            Table::Direct(_) => split(group as u64),
            Table::One(table) => split(table.keys()[group]),
            Table::Wide(table) => table.key(group as u32)[component],
        }
    }

    /// Start of a group's bucket.
    pub(super) fn bucket_start(&self, group: usize) -> i64 {
        self.buckets.start(self.code(group, 0))
    }

    /// Finds the groups of the chosen rows; `block`: they lie in that one.
    pub(super) fn assign(
        &mut self,
        source: &mut Source<'_>,
        block: Option<usize>,
        chosen: Rows<'_>,
    ) -> Result<Assigned, QueryError> {
        let bucket = self.buckets.common(source, block);
        if let (true, Some(bucket)) = (self.keys.is_empty(), bucket) {
            return Ok(Assigned::One(self.table.intern_one(bucket)));
        }
        if bucket.is_none() {
            self.buckets.load(source, chosen)?;
            let Self { table, groups, buckets, .. } = self;
            if let Some(runs) = buckets.runs() {
                let long = runs.len() * SHORT_RUN <= chosen.len();
                if long && self.divisible && self.keys.is_empty() {
                    groups.clear();
                    groups.extend(runs.iter().map(|(bucket, _)| table.intern_one(*bucket)));
                    return Ok(Assigned::Runs);
                }
            }
        }
        match &self.table {
            Table::Wide(_) => return self.assign_any(source, bucket, chosen),
            _ if !self.plain => return self.assign_any(source, bucket, chosen),
            Table::One(table) if !table.takes_narrow() => self.assign_words(source, bucket, chosen)?,
            Table::Direct(_) | Table::One(_) => self.assign_narrow(source, bucket, chosen)?,
        }
        Ok(Assigned::Each)
    }

    /// Keys of 64 bits, straight from the lanes of each column.
    fn assign_words(
        &mut self,
        source: &mut Source<'_>,
        bucket: Option<u64>,
        chosen: Rows<'_>,
    ) -> Result<(), QueryError> {
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        match bucket {
            Some(bucket) => words.resize(chosen.len(), bucket),
            None => self.buckets.each(source, chosen, |bucket| words.push(bucket)),
        }
        for (key, stride) in self.keys.iter().zip(self.strides.iter().skip(1)) {
            key.add_common(source, &Common::OWN, *stride, chosen, &mut words)?;
        }
        if let Table::One(table) = &mut self.table {
            table.intern(&words, &mut self.groups);
        }
        self.words = words;
        Ok(())
    }

    /// Keys of 32 bits, straight from the lanes of each column.
    fn assign_narrow(
        &mut self,
        source: &mut Source<'_>,
        bucket: Option<u64>,
        chosen: Rows<'_>,
    ) -> Result<(), QueryError> {
        let mut groups = std::mem::take(&mut self.groups);
        groups.clear();
        match bucket {
            Some(bucket) => groups.resize(chosen.len(), bucket as u32),
            None => self.buckets.each(source, chosen, |bucket| groups.push(bucket as u32)),
        }
        for (key, stride) in self.keys.iter().zip(self.strides.iter().skip(1)) {
            key.add_scaled(source, *stride as u32, chosen, &mut groups)?;
        }
        match &mut self.table {
            Table::Direct(used) => groups.iter().for_each(|group| used[*group as usize] = true),
            Table::One(table) => table.intern_narrow(&mut groups),
            Table::Wide(_) => {}
        }
        self.groups = groups;
        Ok(())
    }

    fn assign_any(
        &mut self,
        source: &mut Source<'_>,
        bucket: Option<u64>,
        chosen: Rows<'_>,
    ) -> Result<Assigned, QueryError> {
        for (key, codes) in self.keys.iter_mut().zip(&mut self.codes) {
            key.read(source, codes)?;
        }
        self.words.clear();
        let mut words = std::mem::take(&mut self.words);
        match bucket {
            Some(bucket) => words.resize(chosen.len(), bucket),
            None => self.buckets.each(source, chosen, |bucket| words.push(bucket)),
        }
        let exploded = self.codes.iter().any(|codes| codes.offsets.is_some());
        if exploded || matches!(self.table, Table::Wide(_)) {
            self.explode(&words, chosen);
        } else {
            for (codes, stride) in self.codes.iter().zip(&self.strides[1..]) {
                add_codes(&mut words, &codes.codes, *stride, chosen);
            }
            match &mut self.table {
                Table::Direct(used) => {
                    self.groups.clear();
                    self.groups.extend(words.iter().map(|word| *word as u32));
                    self.groups.iter().for_each(|group| used[*group as usize] = true);
                }
                Table::One(table) => table.intern(&words, &mut self.groups),
                Table::Wide(_) => {}
            }
        }
        let wide = exploded || matches!(self.table, Table::Wide(_));
        self.words = words;
        Ok(if wide { Assigned::Exploded } else { Assigned::Each })
    }

    /// Combines the values of each chosen row, whose buckets are given.
    fn explode(&mut self, buckets: &[u64], chosen: Rows<'_>) {
        self.rows.clear();
        self.groups.clear();
        let Self { table, codes, rows, groups, strides, .. } = self;
        let mut combination = Vec::with_capacity(strides.len());
        for (i, bucket) in buckets.iter().enumerate() {
            let position = chosen.position(i);
            combination.clear();
            combination.push(*bucket);
            combine(codes, position, &mut combination, &mut |key| {
                rows.push(position as u32);
                groups.push(table.intern(key, strides));
            });
        }
    }
}

fn is_divisible(aggregator: &AggregatorPlan) -> bool {
    use AggregateFunction as F;
    let numbers = matches!(
        aggregator.function,
        F::Count | F::SumOfCounts(_) | F::Sum(..) | F::Min(..) | F::Max(..) | F::Mean(_)
    );
    numbers && aggregator.filter.is_none()
}

impl Table {
    /// The group of a key of several components.
    fn intern(&mut self, key: &[u64], strides: &[u64]) -> u32 {
        match self {
            Self::Wide(table) => table.intern(key),
            one => one.intern_one(key.iter().zip(strides).map(|(code, stride)| code * stride).sum()),
        }
    }

    fn intern_one(&mut self, key: u64) -> u32 {
        match self {
            Self::Direct(used) => {
                used[key as usize] = true;
                key as u32
            }
            Self::One(table) => table.intern_one(key),
            Self::Wide(table) => table.intern(&[key]),
        }
    }
}

/// Adds a dimension's codes to the keys of the chosen rows.
fn add_codes(words: &mut [u64], codes: &[u32], stride: u64, chosen: Rows<'_>) {
    match chosen {
        Rows::Span(start, _) => {
            let codes = &codes[start..];
            words.iter_mut().zip(codes).for_each(|(word, code)| *word += u64::from(*code) * stride);
        }
        Rows::At(at) => {
            words.iter_mut().zip(at).for_each(|(word, p)| *word += u64::from(codes[*p as usize]) * stride)
        }
    }
}

/// Calls `f` with each combination of the values of row `p`, appended to `key`.
fn combine(codes: &[Codes], p: usize, key: &mut Vec<u64>, f: &mut impl FnMut(&[u64])) {
    let Some((first, rest)) = codes.split_first() else { return f(key) };
    for code in first.row(p) {
        key.push(u64::from(*code));
        combine(rest, p, key, f);
        key.pop();
    }
}
