//! How are the aggregates of all groups kept? One typed column a aggregator, indexed by group number.

use alluvium_expression::Value;
use alluvium_segments::ColumnType;
use alluvium_sketches::Summary;

use super::ValueSets;
use crate::QueryError;
use crate::aggregate::more_than_one;
use crate::column::{ColumnData, TextColumn};
use crate::plan::{AggregateFunction, Number};
use crate::quantiles::Quantiles;

/// Values of all groups, and whether there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers<T> {
    pub(crate) values: Vec<T>,
    pub(crate) seen: Vec<bool>,
}

/// Values that belong to a time (first, last) or to nothing (any).
#[derive(Debug, Clone)]
pub(crate) struct Picks {
    /// Time of the value kept.
    pub(crate) times: Vec<i64>,
    /// Whether anything is kept (it may be null).
    pub(crate) seen: Vec<bool>,
    /// The value; null where nothing is kept.
    pub(crate) values: ColumnData,
}

/// The states of one aggregator.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Counts of rows.
    Count(Vec<i64>),
    /// Sums or extremes in longs.
    Long(Numbers<i64>),
    /// Sums or extremes in floats.
    Float(Numbers<f32>),
    /// Sums or extremes in doubles.
    Double(Numbers<f64>),
    /// Sums and numbers of values.
    Mean(Vec<f64>, Vec<i64>),
    /// First, last, any.
    Pick(Picks),
    /// Summaries; none of groups without values.
    Summaries(Vec<Option<Box<Summary>>>),
    /// Quantiles.
    Quantiles(Vec<Option<Box<Quantiles>>>),
    /// Distinct counts by the values themselves.
    Values(Box<ValueSets>),
    /// Accumulators of expressions, or the values of only rows; none of groups without rows.
    Folded(Vec<Option<Value>>),
    /// Nothing to keep; the number of groups.
    Constant(usize),
}

impl State {
    /// For no groups.
    pub(crate) fn new(function: &AggregateFunction) -> Self {
        use AggregateFunction as F;
        match function {
            F::Count | F::CountNonNull(_) | F::SumOfCounts(_) => Self::Count(Vec::new()),
            F::Sum(number, _) | F::Min(number, _) | F::Max(number, _) => match number {
                Number::Long => Self::Long(Numbers::default()),
                Number::Float => Self::Float(Numbers::default()),
                Number::Double => Self::Double(Numbers::default()),
            },
            F::Mean(_) => Self::Mean(Vec::new(), Vec::new()),
            F::First { value_type, .. } | F::Last { value_type, .. } | F::Any { value_type, .. } => {
                Self::Pick(Picks::new(*value_type))
            }
            F::Cardinality { .. } | F::Summary { .. } => Self::Summaries(Vec::new()),
            F::Quantile(..) => Self::Quantiles(Vec::new()),
            F::ExactDistinct(field) => Self::Values(Box::new(ValueSets::new(field.output_type))),
            F::Fold(_) | F::Single(_) => Self::Folded(Vec::new()),
            F::Grouping(_) => Self::Constant(0),
        }
    }

    /// Makes room for `groups` groups; new ones have seen nothing.
    pub(crate) fn grow(&mut self, groups: usize, function: &AggregateFunction) {
        match self {
            Self::Count(counts) => counts.resize(groups, 0),
            Self::Long(n) => n.grow(groups, identity(function, i64::MAX, i64::MIN, 0)),
            Self::Float(n) => n.grow(groups, identity(function, f32::INFINITY, f32::NEG_INFINITY, 0.0)),
            Self::Double(n) => n.grow(groups, identity(function, f64::INFINITY, f64::NEG_INFINITY, 0.0)),
            Self::Mean(sums, counts) => {
                sums.resize(groups, 0.0);
                counts.resize(groups, 0);
            }
            Self::Pick(picks) => picks.grow(groups),
            Self::Summaries(summaries) => summaries.resize(groups, None),
            Self::Quantiles(sketches) => sketches.resize(groups, None),
            Self::Values(sets) => sets.grow(groups),
            Self::Folded(values) => values.resize(groups, None),
            Self::Constant(len) => *len = groups,
        }
    }

    /// The states of some groups.
    pub(crate) fn take(self, groups: &[u32]) -> Self {
        match self {
            Self::Count(counts) => Self::Count(pick(&counts, groups)),
            Self::Long(n) => Self::Long(n.take(groups)),
            Self::Float(n) => Self::Float(n.take(groups)),
            Self::Double(n) => Self::Double(n.take(groups)),
            Self::Mean(sums, counts) => Self::Mean(pick(&sums, groups), pick(&counts, groups)),
            Self::Pick(picks) => Self::Pick(Picks {
                times: pick(&picks.times, groups),
                seen: pick(&picks.seen, groups),
                values: picks.values.take(groups),
            }),
            Self::Summaries(summaries) => Self::Summaries(pull(summaries, groups)),
            Self::Quantiles(sketches) => Self::Quantiles(pull(sketches, groups)),
            Self::Values(sets) => Self::Values(Box::new(sets.take(groups))),
            Self::Folded(values) => Self::Folded(pull(values, groups)),
            Self::Constant(_) => Self::Constant(groups.len()),
        }
    }

    /// Merges the states of `other` into those of the groups `into[i]` (all within the length).
    /// `other` comes after `self` in segment order.
    pub(crate) fn merge(
        &mut self,
        other: Self,
        into: &[u32],
        function: &AggregateFunction,
    ) -> Result<(), QueryError> {
        if self.merge_slice(&other, 0..into.len(), into, function) {
            return Ok(());
        }
        match (self, other) {
            (Self::Pick(a), Self::Pick(b)) => a.merge(&b, into, function),
            (Self::Summaries(a), Self::Summaries(b)) => {
                join(a, b, into, |known, more| Ok(known.merge(more)?))?;
            }
            (Self::Quantiles(a), Self::Quantiles(b)) => join(a, b, into, |known, more| {
                known.merge(more);
                Ok(())
            })?,
            (Self::Values(a), Self::Values(b)) => a.merge(&b, into)?,
            (Self::Folded(a), Self::Folded(b)) => combine(a, b, into, function)?,
            // States of one aggregator have one form (checked when bytes are read).
            _ => {}
        }
        Ok(())
    }
}

/// Combines accumulators with those of the groups `into[i]`.
fn combine(
    a: &mut [Option<Value>],
    b: Vec<Option<Value>>,
    into: &[u32],
    function: &AggregateFunction,
) -> Result<(), QueryError> {
    for (more, group) in b.into_iter().zip(into) {
        match (&mut a[*group as usize], more) {
            (Some(known), Some(more)) => match function {
                AggregateFunction::Fold(fold) => *known = fold.combined(known, &more)?,
                _ => return Err(more_than_one()),
            },
            (empty, more @ Some(_)) => *empty = more,
            (_, None) => {}
        }
    }
    Ok(())
}

/// The summaries of some groups, each asked for once.
fn pull<T>(mut all: Vec<Option<T>>, groups: &[u32]) -> Vec<Option<T>> {
    groups.iter().map(|group| all[*group as usize].take()).collect()
}

/// Merges summaries into those of the groups `into[i]`.
fn join<T>(
    a: &mut [Option<Box<T>>],
    b: Vec<Option<Box<T>>>,
    into: &[u32],
    merge: impl Fn(&mut T, &T) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    for (more, group) in b.into_iter().zip(into) {
        match (&mut a[*group as usize], more) {
            (Some(known), Some(more)) => merge(known, &more)?,
            (empty, more @ Some(_)) => *empty = more,
            (_, None) => {}
        }
    }
    Ok(())
}

fn pick<T: Copy>(values: &[T], groups: &[u32]) -> Vec<T> {
    groups.iter().map(|group| values[*group as usize]).collect()
}

fn identity<T>(function: &AggregateFunction, min: T, max: T, sum: T) -> T {
    match function {
        AggregateFunction::Min(..) => min,
        AggregateFunction::Max(..) => max,
        _ => sum,
    }
}

/// `Math.min` of Java: NaN wins.
#[inline]
pub(crate) fn min_f64(a: f64, b: f64) -> f64 {
    if a < b || a.is_nan() { a } else { b }
}

/// `Math.max` of Java: NaN wins.
#[inline]
pub(crate) fn max_f64(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// `Math.min` of Java: NaN wins.
#[inline]
pub(crate) fn min_f32(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

/// `Math.max` of Java: NaN wins.
#[inline]
pub(crate) fn max_f32(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

impl<T: Copy> Numbers<T> {
    fn grow(&mut self, groups: usize, identity: T) {
        self.values.resize(groups, identity);
        self.seen.resize(groups, false);
    }

    fn take(self, groups: &[u32]) -> Self {
        Self { values: pick(&self.values, groups), seen: pick(&self.seen, groups) }
    }
}

impl Picks {
    pub(crate) fn new(value_type: ColumnType) -> Self {
        Self { times: Vec::new(), seen: Vec::new(), values: ColumnData::empty(value_type) }
    }

    fn grow(&mut self, groups: usize) {
        self.times.resize(groups, 0);
        self.seen.resize(groups, false);
        self.values.grow_null(groups);
    }

    fn merge(&mut self, other: &Self, into: &[u32], function: &AggregateFunction) {
        use AggregateFunction as F;
        // Row to take for each group: below `len` its own, from there the other's.
        let len = self.times.len() as u32;
        let mut take: Vec<u32> = (0..len).collect();
        let mut changed = false;
        for (i, group) in into.iter().enumerate() {
            let g = *group as usize;
            let better = other.seen[i]
                && match function {
                    _ if !self.seen[g] => true,
                    F::First { .. } => other.times[i] < self.times[g],
                    F::Last { .. } => other.times[i] >= self.times[g],
                    _ => self.values.get(g).is_null() && !other.values.get(i).is_null(),
                };
            if better {
                self.times[g] = other.times[i];
                self.seen[g] = true;
                take[g] = len + i as u32;
                changed = true;
            }
        }
        if changed {
            self.values = self.values.concat(&other.values).take(&take);
        }
    }
}

impl ColumnData {
    /// A column without rows.
    pub(crate) fn empty(column_type: ColumnType) -> Self {
        use alluvium_segments::{NumericBlock, Storage};
        match column_type.storage() {
            Storage::Long => Self::Longs(NumericBlock::default()),
            Storage::Float => Self::Floats(NumericBlock::default()),
            Storage::Double => Self::Doubles(NumericBlock::default()),
            Storage::Texts => Self::Texts(TextColumn::default()),
        }
    }
}
