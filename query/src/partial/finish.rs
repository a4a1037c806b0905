//! What do finished aggregates look like? States become typed result columns.

use alluvium_expression::{Value, encode};
use alluvium_segments::{ColumnType, NullMask, NumericBlock};
use alluvium_sketches::{Answers, Finished, Summary};

use super::{Groups, Numbers, State};
use crate::QueryError;
use crate::column::{ColumnData, ResultColumn, TextColumn, TextInterner};
use crate::plan::{AggregateFunction, AggregatePlan};
use crate::quantiles::Quantiles;

impl Groups {
    /// Bucket starts of the groups, in group order; empty for granularity `all`.
    #[must_use]
    pub fn buckets(&self) -> &[i64] {
        &self.buckets
    }

    /// The keys, a column a dimension of the plan, in group order.
    #[must_use]
    pub fn keys(&self) -> &[ColumnData] {
        &self.keys
    }

    /// The groups of several blocks in one.
    pub(crate) fn of_blocks(plan: &AggregatePlan, blocks: Vec<Self>) -> Result<Self, QueryError> {
        let mut blocks = blocks.into_iter();
        let mut all = blocks.next().unwrap_or_else(|| Self::empty(plan));
        for more in blocks {
            all.buckets.extend(more.buckets);
            all.keys.iter_mut().zip(&more.keys).for_each(|(keys, more)| keys.append(more));
            let states = all.states.iter_mut().zip(more.states).zip(&plan.aggregators);
            let into: Vec<u32> = (all.len as u32..(all.len + more.len) as u32).collect();
            all.len += more.len;
            for ((state, more), aggregator) in states {
                state.grow(all.len, &aggregator.function);
                state.merge(more, &into, &aggregator.function)?;
            }
        }
        Ok(all)
    }

    /// Dimensions and then aggregates as named columns. Groups come in no particular order. A plan with
    /// granularity `all` and no dimensions has at most one group; over no rows it has none (see
    /// [`Groups::or_empty_group`]).
    #[must_use]
    pub fn finish(self, plan: &AggregatePlan) -> Vec<ResultColumn> {
        let dimensions = plan.dimensions.iter().zip(self.keys);
        let keys = dimensions.map(|(d, data)| ResultColumn { name: d.name.clone(), data });
        let aggregates = plan.aggregators.iter().zip(self.states).map(|(aggregator, state)| ResultColumn {
            name: aggregator.name.clone(),
            data: state.finish(&aggregator.function),
        });
        keys.chain(aggregates).collect()
    }

    /// Estimates distinct values as Druid does of groups that have gone through storage.
    pub(crate) fn set_stored(&mut self) {
        let summaries = self.states.iter_mut().filter_map(|state| match state {
            State::Summaries(summaries) => Some(summaries),
            _ => None,
        });
        for summary in summaries.flatten().flatten() {
            if let Summary::HyperUnique(collector) = &mut **summary {
                collector.set_stored();
            }
        }
    }

    /// The same of the groups in some of the buckets.
    pub(crate) fn set_stored_where(&mut self, is_stored: impl Fn(Option<i64>) -> bool) {
        let Self { states, buckets, .. } = self;
        for state in states {
            let State::Summaries(summaries) = state else { continue };
            for (row, summary) in summaries.iter_mut().enumerate() {
                if let Some(Summary::HyperUnique(collector)) = summary.as_deref_mut()
                    && is_stored(buckets.get(row).copied())
                {
                    collector.set_stored();
                }
            }
        }
    }

    /// Adds the one group of a global aggregate when there is none.
    #[must_use]
    pub fn or_empty_group(mut self, plan: &AggregatePlan) -> Self {
        if self.len == 0 && plan.dimensions.is_empty() && self.buckets.is_empty() {
            self.len = 1;
            for (state, aggregator) in self.states.iter_mut().zip(&plan.aggregators) {
                state.grow(1, &aggregator.function);
            }
        }
        self
    }
}

impl State {
    /// The results, a row a group.
    pub(crate) fn finish(self, function: &AggregateFunction) -> ColumnData {
        match self {
            Self::Count(counts) => ColumnData::Longs(all_valid(counts)),
            Self::Long(n) => ColumnData::Longs(numbers(n)),
            Self::Float(n) => ColumnData::Floats(numbers(n)),
            Self::Double(n) => ColumnData::Doubles(numbers(n)),
            Self::Mean(sums, counts) => {
                let seen = counts.iter().map(|c| *c > 0).collect();
                let values = sums.iter().zip(&counts).map(|(s, c)| s / *c as f64).collect();
                ColumnData::Doubles(numbers(Numbers { values, seen }))
            }
            Self::Pick(picks) => picks.values,
            Self::Summaries(summaries) => finish_summaries(&summaries, function),
            Self::Quantiles(sketches) => {
                let fraction = if let AggregateFunction::Quantile(_, f) = function { *f } else { f64::NAN };
                let quantile =
                    |s: &Option<Box<Quantiles>>| s.as_ref().map_or(f64::NAN, |s| s.quantile(fraction));
                ColumnData::Doubles(all_valid(sketches.iter().map(quantile).collect()))
            }
            Self::Values(sets) => ColumnData::Longs(all_valid(sets.counts())),
            Self::Folded(values) => finish_folded(&values, function),
            Self::Constant(len) => {
                let value = if let AggregateFunction::Grouping(value) = function { *value } else { 0 };
                ColumnData::Longs(all_valid(vec![value; len]))
            }
        }
    }
}

/// The answers of accumulators, coded as nested values; what cannot be finished is nothing.
fn finish_folded(values: &[Option<Value>], function: &AggregateFunction) -> ColumnData {
    let mut texts = TextInterner::default();
    let ids = values.iter().map(|state| {
        let value = match function {
            AggregateFunction::Fold(fold) => fold.finished(state.as_ref()).unwrap_or_default(),
            _ => state.clone().unwrap_or_default(),
        };
        texts.intern(encode(&value, ColumnType::Json).as_deref())
    });
    let ids = ids.collect();
    ColumnData::Texts(TextColumn { table: texts.table, ids })
}

/// What the recipe shows of summaries; nothing of what cannot be shown (recipes are tried out when they are read).
fn finish_summaries(summaries: &[Option<Box<Summary>>], function: &AggregateFunction) -> ColumnData {
    let Some(recipe) = function.recipe() else { return ColumnData::Longs(NumericBlock::default()) };
    let empty = recipe.empty().and_then(|empty| recipe.finish(&empty)).unwrap_or(Finished::Null);
    let finished = summaries.iter().map(|summary| match summary {
        Some(summary) => recipe.finish(summary).unwrap_or(Finished::Null),
        None => empty.clone(),
    });
    match recipe.answers() {
        Answers::Longs => ColumnData::Longs(block(finished.map(|value| match value {
            Finished::Long(value) => Some(value),
            _ => None,
        }))),
        Answers::Doubles => ColumnData::Doubles(block(finished.map(|value| match value {
            Finished::Double(value) => Some(value),
            Finished::Float(value) => Some(f64::from(value)),
            _ => None,
        }))),
        Answers::Anything => {
            let mut texts = TextInterner::default();
            let ids = finished.map(|value| match value {
                Finished::Json(json) => texts.intern(Some(&json.to_string())),
                _ => 0,
            });
            let ids = ids.collect();
            ColumnData::Texts(TextColumn { table: texts.table, ids })
        }
    }
}

fn block<T: Default>(values: impl Iterator<Item = Option<T>>) -> NumericBlock<T> {
    let mut block = NumericBlock::default();
    for value in values {
        block.nulls.push(value.is_none());
        block.values.push(value.unwrap_or_default());
    }
    block
}

fn all_valid<T>(values: Vec<T>) -> NumericBlock<T> {
    let mut nulls = NullMask::default();
    nulls.push_valid(values.len());
    NumericBlock { values, nulls }
}

fn numbers<T: Default>(mut numbers: Numbers<T>) -> NumericBlock<T> {
    if numbers.seen.iter().all(|seen| *seen) {
        return all_valid(numbers.values);
    }
    let mut nulls = NullMask::default();
    for (value, seen) in numbers.values.iter_mut().zip(&numbers.seen) {
        nulls.push(!seen);
        if !seen {
            *value = T::default();
        }
    }
    NumericBlock { values: numbers.values, nulls }
}
