//! How do groups of several segments become one set? Keys are compared by value: texts get a number common to
//! all inputs once a dictionary entry, and then whole keys are words.

use super::{Groups, State};
use crate::column::{ColumnData, TextColumn, TextInterner, TextTable};
use crate::group::WideTable;
use crate::plan::AggregatePlan;

/// Collects groups; inputs come in segment order.
#[derive(Debug)]
pub(crate) struct Merger<'p> {
    plan: &'p AggregatePlan,
    first: Option<Groups>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    table: WideTable,
    texts: Vec<TextInterner>,
    states: Vec<State>,
}

impl<'p> Merger<'p> {
    /// For results of `plan`.
    pub(crate) fn new(plan: &'p AggregatePlan) -> Self {
        Self { plan, first: None, open: None }
    }

    /// Adds groups without duplicates. A single input passes through untouched.
    pub(crate) fn add(&mut self, groups: Groups) {
        if groups.len == 0 {
            return;
        }
        if self.open.is_none() && self.first.is_none() {
            self.first = Some(groups);
            return;
        }
        if let Some(first) = self.first.take() {
            self.fold(first);
        }
        self.fold(groups);
    }

    /// Adds groups of which several may have the same key.
    pub(crate) fn add_duplicates(&mut self, groups: Groups) {
        if let Some(first) = self.first.take() {
            self.fold(first);
        }
        self.fold(groups);
    }

    fn fold(&mut self, groups: Groups) {
        let plan = self.plan;
        let bucketed = usize::from(!matches!(plan.granularity, alluvium_segments::time::Granularity::All));
        let width = bucketed + plan.dimensions.len() + 1;
        let open = self.open.get_or_insert_with(|| Open {
            table: WideTable::new(width),
            texts: plan.dimensions.iter().map(|_| TextInterner::default()).collect(),
            states: plan.aggregators.iter().map(|a| State::new(&a.function)).collect(),
        });
        let words = key_words(&groups, bucketed == 1, &mut open.texts);
        let into: Vec<u32> = words.chunks_exact(width).map(|key| open.table.intern(key)).collect();
        for ((state, other), aggregator) in open.states.iter_mut().zip(groups.states).zip(&plan.aggregators) {
            state.grow(open.table.len(), &aggregator.function);
            state.merge(other, &into, &aggregator.function);
        }
    }

    /// All groups.
    pub(crate) fn finish(self) -> Groups {
        let Some(open) = self.open else {
            return self.first.unwrap_or_else(|| Groups::empty(self.plan));
        };
        let bucketed = !matches!(self.plan.granularity, alluvium_segments::time::Granularity::All);
        let len = open.table.len();
        let all = 0..len as u32;
        let buckets =
            if bucketed { all.clone().map(|g| open.table.key(g)[0] as i64).collect() } else { Vec::new() };
        let mut keys = Vec::with_capacity(self.plan.dimensions.len());
        for (i, (dimension, texts)) in self.plan.dimensions.iter().zip(open.texts).enumerate() {
            let at = i + usize::from(bucketed);
            let words = all.clone().map(|g| {
                let key = open.table.key(g);
                (key[at], key[key.len() - 1] >> (i % 64) & 1 == 1)
            });
            keys.push(column_of_words(ColumnData::empty(dimension.output_type), words, texts.table));
        }
        Groups { len, buckets, keys, states: open.states }
    }
}

/// The key of each group as words: bucket, one a dimension, null bits.
fn key_words(groups: &Groups, bucketed: bool, texts: &mut [TextInterner]) -> Vec<u64> {
    let width = usize::from(bucketed) + groups.keys.len() + 1;
    let mut words = vec![0u64; width * groups.len];
    if bucketed {
        for (row, bucket) in words.chunks_exact_mut(width).zip(&groups.buckets) {
            row[0] = *bucket as u64;
        }
    }
    for (i, (key, interner)) in groups.keys.iter().zip(texts).enumerate() {
        let at = i + usize::from(bucketed);
        let mut put = |row: usize, word: u64, null: bool| {
            words[row * width + at] = word;
            words[row * width + width - 1] |= u64::from(null) << (i % 64);
        };
        match key {
            ColumnData::Longs(b) => {
                (0..groups.len).for_each(|r| put(r, b.values[r] as u64, b.nulls.is_null(r)))
            }
            ColumnData::Floats(b) => {
                (0..groups.len).for_each(|r| put(r, u64::from(b.values[r].to_bits()), b.nulls.is_null(r)));
            }
            ColumnData::Doubles(b) => {
                (0..groups.len).for_each(|r| put(r, b.values[r].to_bits(), b.nulls.is_null(r)));
            }
            ColumnData::Texts(c) => {
                let mut known = vec![u32::MAX; c.table.len() + 1];
                for (row, id) in c.ids.iter().enumerate() {
                    let slot = &mut known[*id as usize];
                    if *slot == u32::MAX {
                        *slot = interner.intern(c.table.get(*id));
                    }
                    put(row, u64::from(*slot), false);
                }
            }
            ColumnData::TextLists(_) => {}
        }
    }
    words
}

fn column_of_words(
    mut column: ColumnData,
    words: impl Iterator<Item = (u64, bool)>,
    table: TextTable,
) -> ColumnData {
    match &mut column {
        ColumnData::Longs(b) => words.for_each(|(w, null)| {
            b.values.push(w as i64);
            b.nulls.push(null);
        }),
        ColumnData::Floats(b) => words.for_each(|(w, null)| {
            b.values.push(f32::from_bits(w as u32));
            b.nulls.push(null);
        }),
        ColumnData::Doubles(b) => words.for_each(|(w, null)| {
            b.values.push(f64::from_bits(w));
            b.nulls.push(null);
        }),
        ColumnData::Texts(c) => *c = TextColumn { table, ids: words.map(|(w, _)| w as u32).collect() },
        ColumnData::TextLists(_) => {}
    }
    column
}
