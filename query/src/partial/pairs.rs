//! How are very many distinct values counted? Groups by the value as well are made first, which meet in parts as any groups do;
//! each of them then counts once for the group without the value.

use std::sync::Arc;

use super::merge::Table;
use super::{MergeState, Merger, Spaces, State};
use crate::QueryError;
use crate::group::Words;
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
    /// The steps of a plan that counts distinct values and nothing else; `None` where these are few, or keys with them
    /// do not have few words.
    pub(crate) fn of(plan: &AggregatePlan, spaces: &Arc<Spaces>) -> Option<Self> {
        let [aggregator] = plan.aggregators.as_slice() else { return None };
        let (AggregateFunction::ExactDistinct(field), None) = (&aggregator.function, &aggregator.filter)
        else {
            return None;
        };
        let [Some(values)] = spaces.distincts.as_slice() else { return None };
        let sets = spaces.layout()?.possible().saturating_mul(u128::from(values.possible()?.div_ceil(64)));
        if sets <= u128::from(spaces.limits.sets) {
            return None;
        }
        let mut dimensions = plan.dimensions.clone();
        dimensions.push(field.clone());
        let mut inner = Spaces { distincts: Vec::new(), ..spaces.as_ref().clone() };
        inner.dimensions.push(values.clone());
        inner.layout()?;
        let mut counting = plan.clone();
        counting.aggregators.iter_mut().for_each(|a| a.function = AggregateFunction::Count);
        let plan = AggregatePlan { dimensions, aggregators: Vec::new(), top: None, ..plan.clone() };
        let counted = Spaces { distincts: vec![None], ..spaces.as_ref().clone() };
        Some(Self { plan, spaces: Arc::new(inner), counting, counted: Arc::new(counted) })
    }

    /// The groups of pairs, no two of which are the same, counted.
    pub(crate) fn count(&self, pairs: Merger) -> Result<Merger, QueryError> {
        let mut counted = Merger::new(&self.counting, Arc::clone(&self.counted), 0);
        let Some((keys, pairs)) = pairs.into_table(&self.plan)? else { return Ok(counted) };
        let Table::Few { table, layout } = &mut counted.table else { return Ok(counted) };
        // The value is the last component; 0 is null, which does not count.
        let components: Vec<Vec<u64>> = (0..pairs.len()).map(|i| pairs.codes(&keys, None, i)).collect();
        let Some((values, components)) = components.split_last() else { return Ok(counted) };
        let (mut words, mut groups, mut counts) = (Words::default(), Vec::new(), Vec::new());
        for (values, start) in values.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
            words.reset(layout, values.len());
            for (i, codes) in components.iter().enumerate() {
                words.add(layout, i, codes[start..start + values.len()].iter().copied());
            }
            table.intern(&mut words, &mut groups);
            counts.resize(table.len(), 0);
            for (value, group) in values.iter().zip(&groups) {
                counts[*group as usize] += i64::from(*value != 0);
            }
        }
        counted.states = vec![MergeState::Whole(State::Count(counts))];
        Ok(counted)
    }
}
