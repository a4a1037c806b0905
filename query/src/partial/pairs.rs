//! How are very many distinct values counted? Groups by the value as well are made first, which meet in parts as any groups do;
//! each of them then counts once for the group without the value.

use std::sync::Arc;

use super::merge::Table;
use super::{MergeState, Merger, Spaces, State};
use crate::QueryError;
use crate::plan::{AggregateFunction, AggregatePlan};

/// Keys that are looked up together.
const TOGETHER: usize = 4096;

/// An exact count of distinct values as two steps.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// Groups by the value too, and nothing computed of them.
    pub(crate) plan: AggregatePlan,
    /// The spaces of their keys.
    pub(crate) spaces: Arc<Spaces>,
    /// Groups with a count.
    pub(crate) counting: AggregatePlan,
    counted: Arc<Spaces>,
}

impl Pairs {
    /// The steps of a plan that counts distinct values and nothing else; `None` where these are few, or keys with them do
    /// not fit one word.
    pub(crate) fn of(plan: &AggregatePlan, spaces: &Arc<Spaces>) -> Option<Self> {
        let [aggregator] = plan.aggregators.as_slice() else { return None };
        let (AggregateFunction::ExactDistinct(field), None) = (&aggregator.function, &aggregator.filter)
        else {
            return None;
        };
        let [Some(values)] = spaces.distincts.as_slice() else { return None };
        let groups: u64 = spaces.possible()?.into_iter().product();
        if groups.saturating_mul(values.possible()?.div_ceil(64)) <= spaces.limits.sets {
            return None;
        }
        let mut dimensions = plan.dimensions.clone();
        dimensions.push(field.clone());
        let mut inner = Spaces { distincts: Vec::new(), ..spaces.as_ref().clone() };
        inner.dimensions.push(values.clone());
        inner.possible()?;
        let mut counting = plan.clone();
        counting.aggregators.iter_mut().for_each(|a| a.function = AggregateFunction::Count);
        let plan = AggregatePlan { dimensions, aggregators: Vec::new(), top: None, ..plan.clone() };
        let counted = Spaces { distincts: vec![None], ..spaces.as_ref().clone() };
        Some(Self { plan, spaces: Arc::new(inner), counting, counted: Arc::new(counted) })
    }

    /// The groups of pairs, no two of which are the same, counted.
    pub(crate) fn count(&self, pairs: Merger) -> Result<Merger, QueryError> {
        let mut counted = Merger::new(&self.counting, Arc::clone(&self.counted), 0);
        let keys = pairs.into_keys(&self.plan)?;
        let (Table::One { table, .. }, Some(possible)) = (&mut counted.table, self.counted.possible()) else {
            return Ok(counted);
        };
        // The value's code is above those of the group; 0 is null, which does not count.
        let stride: u64 = possible.into_iter().product();
        let (mut words, mut groups, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for keys in keys.chunks(TOGETHER) {
            words.clear();
            words.extend(keys.iter().map(|key| key % stride));
            table.intern(&words, &mut groups);
            counts.resize(table.len(), 0);
            for (key, group) in keys.iter().zip(&groups) {
                counts[*group as usize] += i64::from(*key >= stride);
            }
        }
        counted.states = vec![MergeState::Whole(State::Count(counts))];
        Ok(counted)
    }
}
