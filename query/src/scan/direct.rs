//! How do rows go straight to the groups of all segments? Where a segment has about as many groups as rows, or few rows
//! that are asked for, it makes no groups of its own: the keys of its rows are codes of the query's spaces, and the
//! worker's states are changed at once.

use std::sync::Arc;

use alluvium_segments::SegmentRef;

use super::key::{Common, Key};
use super::row_buckets::RowBuckets;
use super::source::Source;
use crate::QueryError;
use crate::aggregate::{Accumulator, Rows, Target};
use crate::group::Words;
use crate::partial::{Lent, Merger, Spaces};
use crate::plan::AggregatePlan;

/// Fewer possible groups than this are numbered by the segment.
const FEW_GROUPS: u128 = 1 << 14;
/// So many rows for each possible group are worth groups of the segment.
const ROWS_A_GROUP: u128 = 8;
/// As few rows as this are added to the groups of all segments faster than groups of the segment are made.
const FEW_ROWS: usize = 1 << 10;

/// The rows of one segment on their way to the groups of a worker.
pub(super) struct Direct<'p> {
    keys: Vec<(Key<'p>, Common)>,
    buckets: RowBuckets,
    spaces: Arc<Spaces>,
    accumulators: Vec<Accumulator<'p>>,
    lent: Lent,
    /// The last bucket's number in the segment and its code.
    last: Option<(u64, u64)>,
    /// Codes of buckets.
    codes: Vec<u64>,
    words: Words,
    groups: Vec<u32>,
}

impl<'p> Direct<'p> {
    /// For about `rows` rows of a segment; `None`: it makes groups of its own.
    pub(super) fn new(
        plan: &'p AggregatePlan,
        segment: &SegmentRef,
        rows: usize,
        merger: &mut Merger,
        source: &mut Source<'_>,
    ) -> Result<Option<Self>, QueryError> {
        let resumes = plan.aggregators.iter().all(Accumulator::resumes);
        let few = rows <= FEW_ROWS;
        if (plan.dimensions.is_empty() && !few) || !resumes || !merger.lends() {
            return Ok(None);
        }
        let spaces = Arc::clone(merger.spaces());
        let buckets = RowBuckets::new(&plan.granularity, segment, source)?;
        let mut possible = u128::from(buckets.possible());
        let mut keys = Vec::with_capacity(plan.dimensions.len());
        for (dimension, space) in plan.dimensions.iter().zip(&spaces.dimensions) {
            let key = Key::new(dimension, source)?;
            possible = possible.saturating_mul(u128::from(key.possible(source)));
            let common = key.is_plain(source).then(|| key.common(source, &segment.segment, space));
            let Some(common) = common.transpose()?.flatten() else { return Ok(None) };
            keys.push((key, common));
        }
        if (possible < FEW_GROUPS && !few) || possible.saturating_mul(ROWS_A_GROUP) < rows as u128 {
            return Ok(None);
        }
        let mut accumulators = Vec::with_capacity(plan.aggregators.len());
        for aggregator in &plan.aggregators {
            accumulators.push(Accumulator::new(aggregator, None, segment, source)?);
        }
        let Some(mut lent) = merger.lend(plan)? else { return Ok(None) };
        for (accumulator, state) in accumulators.iter_mut().zip(lent.states.drain(..)) {
            accumulator.exchange(state);
        }
        let (codes, words, groups) = (Vec::new(), Words::default(), Vec::new());
        Ok(Some(Self { keys, buckets, spaces, accumulators, lent, last: None, codes, words, groups }))
    }

    /// Adds the chosen ones of the current rows; `block`: they lie in that one.
    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        block: Option<usize>,
        chosen: Rows<'_>,
    ) -> Result<(), QueryError> {
        let Self { keys, buckets, spaces, accumulators, lent, last, codes, words, groups } = self;
        words.reset(&lent.layout, chosen.len());
        let mut code = |buckets: &RowBuckets, number: u64| match *last {
            Some((known, code)) if known == number => code,
            _ => {
                let code = spaces.buckets.code(buckets.start(number));
                *last = Some((number, code));
                code
            }
        };
        match buckets.common(source, block) {
            Some(number) => {
                let code = code(buckets, number);
                if code != 0 {
                    words.add(&lent.layout, 0, std::iter::repeat_n(code, chosen.len()));
                }
            }
            None => {
                codes.clear();
                buckets.load(source, chosen)?;
                buckets.each(source, chosen, |number| codes.push(number));
                words.add(&lent.layout, 0, codes.iter().map(|number| code(buckets, *number)));
            }
        }
        for (i, (key, common)) in keys.iter().enumerate() {
            let (column, stride) = words.column(&lent.layout, i + 1);
            key.add_common(source, common, stride, chosen, column)?;
        }
        lent.table.intern(words, groups);
        for accumulator in accumulators.iter_mut() {
            accumulator.grow(lent.table.len())?;
            accumulator.add(source, Target::Each(groups), chosen)?;
        }
        lent.taken += chosen.len();
        if lent.is_full() {
            let states = accumulators.iter_mut().map(|a| a.hand_over(lent.room()));
            lent.hand_on(states.collect())?;
        }
        Ok(())
    }

    /// Gives back what the merger lent.
    pub(super) fn finish(self, source: &mut Source<'_>, merger: &mut Merger) -> Result<(), QueryError> {
        let mut lent = self.lent;
        for accumulator in self.accumulators {
            lent.states.push(accumulator.finish(source)?);
        }
        merger.take_back(lent);
        Ok(())
    }
}
