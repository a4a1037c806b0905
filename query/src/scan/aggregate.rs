//! How does one segment become groups? Block by block: choose rows, find their groups, hand the group numbers to the
//! aggregators.

use std::ops::Range;

use alluvium_segments::time::Granularity;
use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::grouping::{Assigned, Grouping};
use super::key::Key;
use super::select::{Selection, Selector};
use super::source::Source;
use crate::QueryError;
use crate::aggregate::{Accumulator, Rows, Target};
use crate::filter::Verdicts;
use crate::partial::{CodedGroups, Merger};
use crate::plan::{AggregatePlan, Scope};
use crate::run::Control;

/// Adds the groups of the given blocks of a segment to those of others.
pub(crate) fn aggregate(
    (scope, verdicts): (&Scope, &Verdicts),
    plan: &AggregatePlan,
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
    merger: &mut Merger,
) -> Result<(), QueryError> {
    control.check()?;
    let mut source = Source::new(&segment.segment, &scope.virtual_columns, verdicts);
    let Some(mut selector) = Selector::new(scope, segment, &blocks, &mut source)? else {
        return Ok(());
    };
    let rows = segment.segment.rows();
    let mut grouping = Grouping::new(plan, segment, blocks.len() * BLOCK_ROWS, &mut source)?;
    let mut accumulators = Vec::with_capacity(plan.aggregators.len());
    for aggregator in &plan.aggregators {
        accumulators.push(Accumulator::new(aggregator, &mut source)?);
    }
    let mut positions = Vec::new();
    for block in blocks {
        control.check()?;
        let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(rows);
        source.begin(range.clone());
        control.scanned(range.len() as u64);
        let chosen = match selector.select(&mut source, range, &mut positions)? {
            Selection::None => continue,
            Selection::All => Rows::Span(0, source.len()),
            Selection::Some => Rows::At(&positions),
        };
        let assigned = grouping.assign(&mut source, block, chosen)?;
        for accumulator in &mut accumulators {
            accumulator.grow(grouping.len());
            match assigned {
                Assigned::One(group) => accumulator.add(&mut source, Target::One(group), chosen)?,
                Assigned::Each => accumulator.add(&mut source, Target::Each(grouping.groups()), chosen)?,
                Assigned::Exploded => {
                    let rows = Rows::At(grouping.rows());
                    accumulator.add(&mut source, Target::Each(grouping.groups()), rows)?;
                }
                Assigned::Runs => {
                    let mut from = 0;
                    for (group, to) in grouping.runs() {
                        accumulator.add(&mut source, Target::One(group), chosen.part(from, to))?;
                        from = to;
                    }
                }
            }
        }
    }
    let unique = !grouping.keys().iter().any(Key::is_lossy);
    let groups = finish(plan, segment, &grouping, accumulators, &mut source, merger)?;
    merger.add_coded(plan, groups, unique)?;
    control.copied_live(source.copied_live());
    Ok(())
}

fn finish(
    plan: &AggregatePlan,
    segment: &SegmentRef,
    grouping: &Grouping<'_>,
    accumulators: Vec<Accumulator<'_>>,
    source: &mut Source<'_>,
    merger: &Merger,
) -> Result<CodedGroups, QueryError> {
    let used = grouping.used();
    let mut states = Vec::with_capacity(accumulators.len());
    for mut accumulator in accumulators {
        accumulator.grow(grouping.len());
        let state = accumulator.finish(source)?;
        states.push(if let Some(used) = &used { state.take(used) } else { state });
    }
    let groups: Vec<u32> = used.unwrap_or_else(|| (0..grouping.len() as u32).collect());
    let bucketed = !matches!(plan.granularity, Granularity::All);
    let start = |group: &u32| grouping.bucket_start(*group as usize);
    let buckets = if bucketed { groups.iter().map(start).collect() } else { Vec::new() };
    let mut keys = Vec::with_capacity(plan.dimensions.len());
    for (i, (key, space)) in grouping.keys().iter().zip(&merger.spaces().dimensions).enumerate() {
        let codes = groups.iter().map(|group| grouping.code(*group as usize, i + 1));
        keys.push(key.coded(source, &segment.segment, space, codes)?);
    }
    Ok(CodedGroups { len: groups.len(), buckets, keys, states })
}
