//! What does a query know after some segments and before the rest? Typed group keys and aggregate states that
//! merge by value; lossless as bytes, for the wire, caches and spilling.

mod bytes;
mod encode;
mod finish;
mod folded;
mod merge;
mod merging;
mod pairs;
mod slices;
mod space;
mod spread;
mod state;
mod values;

use crate::column::ColumnData;
use crate::plan::{AggregatePlan, Operator};

pub(crate) use merge::{CodedGroups, Lent, Merger};
pub(crate) use merging::{CodeSets, MergeState};
pub(crate) use pairs::Pairs;
pub(crate) use space::{Space, Spaces};
pub(crate) use spread::AnySpread;
pub(crate) use state::{Numbers, Picks, State, max_f32, max_f64, min_f32, min_f64};
pub(crate) use values::ValueSets;

/// Results of a plan over part of its segments.
#[derive(Debug, Clone)]
pub enum Partial {
    /// Of an aggregate plan, in blocks; no two groups of any of them have the same bucket and keys.
    Groups(Vec<Groups>),
    /// Of a rows plan.
    Rows(RowSet),
    /// Of time bounds: smallest and largest.
    TimeBounds(Option<(i64, i64)>),
}

impl Partial {
    /// What a plan gives over no segments at all.
    #[must_use]
    pub fn empty(operator: &Operator) -> Self {
        match operator {
            Operator::Aggregate(plan) => Self::Groups(vec![Groups::empty(plan)]),
            Operator::Rows(_) => Self::Rows(RowSet::default()),
            Operator::TimeBounds => Self::TimeBounds(None),
        }
    }
}

/// Groups: no two have the same bucket and keys.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Number of groups.
    pub(crate) len: usize,
    /// Bucket start of each group; empty for granularity `all`.
    pub(crate) buckets: Vec<i64>,
    /// A column a dimension.
    pub(crate) keys: Vec<ColumnData>,
    /// A state column an aggregator.
    pub(crate) states: Vec<State>,
}

impl Groups {
    /// No groups.
    pub(crate) fn empty(plan: &AggregatePlan) -> Self {
        let keys = plan.dimensions.iter().map(|d| ColumnData::empty(d.output_type)).collect();
        let states = plan.aggregators.iter().map(|a| State::new(&a.function)).collect();
        Self { len: 0, buckets: Vec::new(), keys, states }
    }

    /// The groups with these numbers, in this order.
    pub(crate) fn take(self, groups: &[u32]) -> Self {
        let buckets = match self.buckets.is_empty() {
            true => Vec::new(),
            false => groups.iter().map(|group| self.buckets[*group as usize]).collect(),
        };
        let keys = self.keys.iter().map(|column| column.take(groups)).collect();
        let states = self.states.into_iter().map(|state| state.take(groups)).collect();
        Self { len: groups.len(), buckets, keys, states }
    }

    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Rows in blocks, each from one segment, in result order.
#[derive(Debug, Clone, Default)]
pub struct RowSet {
    /// The blocks.
    pub blocks: Vec<RowBlock>,
}

/// Rows of one segment.
#[derive(Debug, Clone)]
pub struct RowBlock {
    /// Which segment.
    pub segment: String,
    /// Number of rows.
    pub rows: usize,
    /// A column a plan column.
    pub columns: Vec<ColumnData>,
    /// Sort keys, when the plan has an order; a column a key.
    pub(crate) order: Vec<ColumnData>,
}
