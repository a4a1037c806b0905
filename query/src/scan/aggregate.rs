//! How does one segment become groups? Block by block: choose rows, find their time bucket and keys, number the
//! keys, hand the numbers to the aggregators.

use std::ops::Range;

use alluvium_segments::time::Granularity;
use alluvium_segments::{BLOCK_ROWS, SegmentRef, Zone};

use super::buckets::Buckets;
use super::key::{Codes, Key};
use super::select::{Selection, Selector};
use super::source::{Origin, SlotId, Source, Values};
use crate::QueryError;
use crate::aggregate::{Accumulator, Rows, Target};
use crate::group::{Interner, WideTable};
use crate::partial::{Groups, Merger};
use crate::plan::{AggregatePlan, Scope};
use crate::run::Control;

/// Groups of the given blocks of a segment.
pub(super) fn aggregate(
    scope: &Scope,
    plan: &AggregatePlan,
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
) -> Result<Groups, QueryError> {
    let mut source = Source::new(segment.segment.as_ref(), &scope.virtual_columns);
    let Some(mut selector) = Selector::new(scope, segment, &mut source)? else {
        return Ok(Groups::empty(plan));
    };
    let mut grouping = Grouping::new(plan, segment, &mut source)?;
    let mut accumulators = Vec::with_capacity(plan.aggregators.len());
    for aggregator in &plan.aggregators {
        accumulators.push(Accumulator::new(aggregator, &mut source)?);
    }
    let rows = segment.segment.rows();
    let mut positions = Vec::new();
    for block in blocks {
        control.check()?;
        let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(rows);
        source.begin(range.clone());
        control.scanned(range.len() as u64);
        let chosen = match selector.select(&mut source, range, &mut positions)? {
            Selection::None => continue,
            Selection::All => Rows::All(source.len()),
            Selection::Some => Rows::At(&positions),
        };
        let (target, rows) = grouping.assign(&mut source, block, chosen)?;
        for accumulator in &mut accumulators {
            accumulator.grow(grouping.table.len());
            let rows = if rows { Rows::At(&grouping.rows) } else { chosen };
            let target = target.map_or(Target::Each(&grouping.groups), Target::One);
            accumulator.add(&mut source, target, rows)?;
        }
    }
    let groups = finish(plan, grouping, accumulators, &mut source);
    control.copied_live(source.copied_live());
    groups
}

fn finish(
    plan: &AggregatePlan,
    grouping: Grouping<'_>,
    accumulators: Vec<Accumulator<'_>>,
    source: &mut Source<'_>,
) -> Result<Groups, QueryError> {
    let len = grouping.table.len();
    let mut states = Vec::with_capacity(accumulators.len());
    for mut accumulator in accumulators {
        accumulator.grow(len);
        states.push(accumulator.finish(source)?);
    }
    let bucketed = !matches!(plan.granularity, Granularity::All);
    let codes = |at: usize| (0..len).map(move |group| (group, at));
    let buckets = if bucketed {
        codes(0).map(|(group, at)| grouping.buckets.start(grouping.code(group, at))).collect()
    } else {
        Vec::new()
    };
    let mut keys = Vec::with_capacity(grouping.keys.len());
    for (i, key) in grouping.keys.iter().enumerate() {
        keys.push(key.decode(source, codes(i + 1).map(|(group, at)| grouping.code(group, at) as u32))?);
    }
    let groups = Groups { len, buckets, keys, states };
    if grouping.keys.iter().any(Key::is_lossy) {
        let mut merger = Merger::new(plan);
        merger.add_duplicates(groups);
        return Ok(merger.finish());
    }
    Ok(groups)
}

/// Numbers the groups of one segment. A key has the components bucket, then one a dimension.
struct Grouping<'p> {
    keys: Vec<Key<'p>>,
    buckets: Buckets,
    time: SlotId,
    table: Table,
    /// What a component is multiplied by (tables of one word).
    strides: Vec<u64>,
    possible: Vec<u64>,
    codes: Vec<Codes>,
    words: Vec<u64>,
    /// Group of each row of the block.
    groups: Vec<u32>,
    /// Position of each row, where they differ from the chosen ones (several values a row).
    rows: Vec<u32>,
}

enum Table {
    One(Interner),
    Wide(WideTable),
}

impl Table {
    fn len(&self) -> usize {
        match self {
            Self::One(table) => table.len(),
            Self::Wide(table) => table.len(),
        }
    }
}

impl<'p> Grouping<'p> {
    fn new(
        plan: &'p AggregatePlan,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let bounds = segment.segment.time_bounds().unwrap_or((0, 0));
        let buckets = Buckets::new(&plan.granularity, bounds);
        let mut keys = Vec::with_capacity(plan.dimensions.len());
        for dimension in &plan.dimensions {
            keys.push(Key::new(dimension, source)?);
        }
        let mut possible = vec![buckets.possible()];
        possible.extend(keys.iter().map(|key| key.possible(source)));
        let mut strides = Vec::with_capacity(possible.len());
        let mut product = 1u128;
        for component in &possible {
            strides.push(product as u64);
            product = product.saturating_mul(u128::from((*component).max(1)));
        }
        let table = if product <= u128::from(u64::MAX) {
            Table::One(Interner::for_keys(product))
        } else {
            Table::Wide(WideTable::new(possible.len()))
        };
        let codes = keys.iter().map(|_| Codes::default()).collect();
        let (words, groups, rows) = (Vec::new(), Vec::new(), Vec::new());
        let time = source.time()?;
        Ok(Self { keys, buckets, time, table, strides, possible, codes, words, groups, rows })
    }

    /// A component of a group's key.
    fn code(&self, group: usize, component: usize) -> u64 {
        match &self.table {
            Table::One(table) => {
                table.keys()[group] / self.strides[component] % self.possible[component].max(1)
            }
            Table::Wide(table) => table.key(group as u32)[component],
        }
    }

    /// Finds the groups of the chosen rows: one for all of them, or `groups` (a number a row). Says whether the
    /// rows are now those in `rows`.
    fn assign(
        &mut self,
        source: &mut Source<'_>,
        block: usize,
        chosen: Rows<'_>,
    ) -> Result<(Option<u32>, bool), QueryError> {
        let bucket = self.common_bucket(source, block);
        if self.keys.is_empty()
            && let (Some(bucket), Table::One(table)) = (bucket, &mut self.table)
        {
            return Ok((Some(table.intern_one(bucket)), false));
        }
        for (key, codes) in self.keys.iter_mut().zip(&mut self.codes) {
            key.read(source, codes)?;
        }
        if bucket.is_none() {
            source.load(self.time)?;
        }
        let exploded = self.codes.iter().any(|codes| codes.offsets.is_some());
        let components = self.possible.len();
        self.words.clear();
        self.rows.clear();
        let Self { buckets, codes, words, rows, strides, table, .. } = self;
        let times = if let Values::Long(b) = source.values(self.time) { b.values.as_slice() } else { &[] };
        let mut bucket_of = |p: usize| bucket.unwrap_or_else(|| buckets.number(times[p]));
        let wide = matches!(table, Table::Wide(_));
        if exploded || wide {
            let mut combination = Vec::with_capacity(components);
            let mut each = |p: usize| {
                combination.clear();
                combination.push(bucket_of(p));
                combine(codes, p, &mut combination, &mut |key| {
                    rows.push(p as u32);
                    if wide {
                        words.extend_from_slice(key);
                    } else {
                        words.push(key.iter().zip(strides.iter()).map(|(code, stride)| code * stride).sum());
                    }
                });
            };
            match chosen {
                Rows::All(n) => (0..n).for_each(&mut each),
                Rows::At(at) => at.iter().for_each(|p| each(*p as usize)),
            }
        } else {
            match chosen {
                Rows::All(n) => words.extend((0..n).map(&mut bucket_of)),
                Rows::At(at) => words.extend(at.iter().map(|p| bucket_of(*p as usize))),
            }
            for (codes, stride) in codes.iter().zip(&strides[1..]) {
                add_codes(words, &codes.codes, *stride, chosen);
            }
        }
        match table {
            Table::One(table) => table.intern(words, &mut self.groups),
            Table::Wide(table) => {
                self.groups.clear();
                self.groups.extend(words.chunks_exact(components).map(|key| table.intern(key)));
            }
        }
        Ok((None, exploded || wide))
    }

    /// The bucket of the whole block, when it lies in one.
    fn common_bucket(&mut self, source: &Source<'_>, block: usize) -> Option<u64> {
        if matches!(self.buckets, Buckets::All) {
            return Some(0);
        }
        let Origin::Long(column) = source.origin(self.time) else { return Some(0) };
        let Zone { bounds: Some((min, max)), .. } = column.zone(block)? else { return None };
        let bucket = self.buckets.number(min);
        (self.buckets.number(max) == bucket).then_some(bucket)
    }
}

/// Adds a dimension's codes to the keys of the chosen rows.
fn add_codes(words: &mut [u64], codes: &[u32], stride: u64, chosen: Rows<'_>) {
    match chosen {
        Rows::All(_) => {
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
