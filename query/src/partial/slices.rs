//! How do states that are numbers merge a slice at a time, so that groups may meet in parts?

use std::ops::Range;

use super::{Numbers, State, max_f32, max_f64, min_f32, min_f64};
use crate::plan::{AggregateFunction, Top};

/// The place of a value that is null among those of [`Numbers::ranks`].
const NULL: u64 = 0;

impl State {
    /// Whether the states of an aggregator are of this kind.
    pub(super) fn is_sliceable(function: &AggregateFunction) -> bool {
        use AggregateFunction as F;
        matches!(
            function,
            F::Count
                | F::CountNonNull(_)
                | F::SumOfCounts(_)
                | F::Sum(..)
                | F::Min(..)
                | F::Max(..)
                | F::Mean(_)
        )
    }

    /// Makes room for so many groups.
    pub(crate) fn reserve(&mut self, groups: usize) {
        match self {
            Self::Count(counts) => counts.reserve(groups),
            Self::Long(n) => n.reserve(groups),
            Self::Float(n) => n.reserve(groups),
            Self::Double(n) => n.reserve(groups),
            Self::Mean(sums, counts) => {
                sums.reserve(groups);
                counts.reserve(groups);
            }
            _ => {}
        }
    }

    /// Merges some states of `other` into those of the groups `into[i]`; says whether both are of this kind.
    pub(super) fn merge_slice(
        &mut self,
        other: &Self,
        slice: Range<usize>,
        into: &[u32],
        function: &AggregateFunction,
    ) -> bool {
        use AggregateFunction as F;
        match (self, other) {
            (Self::Count(a), Self::Count(b)) => {
                for (count, group) in b[slice].iter().zip(into) {
                    a[*group as usize] += count;
                }
            }
            (Self::Long(a), Self::Long(b)) => match function {
                F::Min(..) => a.merge(b, slice, into, i64::min),
                F::Max(..) => a.merge(b, slice, into, i64::max),
                _ => a.merge(b, slice, into, i64::wrapping_add),
            },
            (Self::Float(a), Self::Float(b)) => match function {
                F::Min(..) => a.merge(b, slice, into, min_f32),
                F::Max(..) => a.merge(b, slice, into, max_f32),
                _ => a.merge(b, slice, into, |x, y| x + y),
            },
            (Self::Double(a), Self::Double(b)) => match function {
                F::Min(..) => a.merge(b, slice, into, min_f64),
                F::Max(..) => a.merge(b, slice, into, max_f64),
                _ => a.merge(b, slice, into, |x, y| x + y),
            },
            (Self::Mean(sums, counts), Self::Mean(more, of)) => {
                for ((sum, count), group) in more[slice.clone()].iter().zip(&of[slice]).zip(into) {
                    sums[*group as usize] += sum;
                    counts[*group as usize] += count;
                }
            }
            _ => return false,
        }
        true
    }

    /// The groups that may be among the first by their values, ascending; `None`: all, or nobody knows.
    pub(super) fn first(&self, top: &Top) -> Option<Vec<u32>> {
        let mut ranks = match self {
            Self::Count(counts) => counts.iter().map(|v| rank_of_long(*v)).collect(),
            Self::Long(n) => n.ranks(|v| Some(rank_of_long(v)))?,
            Self::Float(n) => n.ranks(|v| rank_of_double(f64::from(v)))?,
            Self::Double(n) => n.ranks(rank_of_double)?,
            _ => return None,
        };
        if top.descending {
            ranks.iter_mut().for_each(|rank| *rank = !*rank);
        }
        if top.count >= ranks.len() {
            return None;
        }
        let Some(last) = top.count.checked_sub(1) else { return Some(Vec::new()) };
        // Those that are equal to the last one stay: what comes first among them is decided above.
        let last = *ranks.clone().select_nth_unstable(last).1;
        Some((0..).zip(ranks).filter(|(_, rank)| *rank <= last).map(|(group, _)| group).collect())
    }
}

/// Orders as the value does, but for the smallest two.
fn rank_of_long(value: i64) -> u64 {
    (value as u64 ^ 1 << 63).max(NULL + 1)
}

/// Orders as the value does; `None` for what is no number, whose place others decide.
fn rank_of_double(value: f64) -> Option<u64> {
    // Zeros are equal.
    let bits = (value + 0.0).to_bits();
    let rank = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    (!value.is_nan()).then_some(rank)
}

impl<T: Copy> Numbers<T> {
    fn reserve(&mut self, groups: usize) {
        self.values.reserve(groups);
        self.seen.reserve(groups);
    }

    fn merge(&mut self, other: &Self, slice: Range<usize>, into: &[u32], combine: impl Fn(T, T) -> T) {
        for ((value, seen), group) in other.values[slice.clone()].iter().zip(&other.seen[slice]).zip(into) {
            if *seen {
                let group = *group as usize;
                self.values[group] = combine(self.values[group], *value);
                self.seen[group] = true;
            }
        }
    }

    /// Numbers that order as the values do, nulls first; equal for equal values.
    fn ranks(&self, rank: impl Fn(T) -> Option<u64>) -> Option<Vec<u64>> {
        let ranks = self.values.iter().zip(&self.seen);
        ranks.map(|(value, seen)| if *seen { rank(*value) } else { Some(NULL) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(descending: bool, count: usize) -> Top {
        Top { aggregator: 0, descending, count }
    }

    #[test]
    fn the_first_groups_are_those_by_value_with_all_that_are_equal() {
        let counts = State::Count(vec![5, 1, 7, 5, i64::MIN, i64::MAX]);
        assert_eq!(counts.first(&top(true, 3)), Some(vec![0, 2, 3, 5]));
        assert_eq!(counts.first(&top(false, 2)), Some(vec![1, 4]));
        assert_eq!(counts.first(&top(false, 0)), Some(vec![]));
        assert_eq!(counts.first(&top(false, 6)), None);
        let seen = vec![true, true, false, true, true];
        let doubles = |nan: f64| Numbers { values: vec![0.0, -1.5, 9.0, -0.0, nan], seen: seen.clone() };
        assert_eq!(State::Double(doubles(2.0)).first(&top(true, 2)), Some(vec![0, 3, 4]));
        assert_eq!(State::Double(doubles(2.0)).first(&top(false, 1)), Some(vec![2]));
        assert_eq!(State::Double(doubles(2.0)).first(&top(false, 2)), Some(vec![1, 2]));
        assert_eq!(State::Double(doubles(f64::NAN)).first(&top(true, 2)), None);
    }
}
