//! How does one segment become groups? Block by block: choose rows, find their groups, hand the group numbers to the
//! aggregators.

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::time::Granularity;
use alluvium_segments::{BLOCK_ROWS, SegmentRef};

use super::direct::Direct;
use super::grouping::{Assigned, Grouping};
use super::key::Key;
use super::select::{Selection, Selector};
use super::source::Source;
use crate::QueryError;
use crate::aggregate::{Accumulator, Rows, Target};
use crate::filter::Verdicts;
use crate::partial::{CodedGroups, Merger, Spaces};
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
    let few = selector.few();
    let most = (blocks.len() * BLOCK_ROWS).min(segment.segment.rows());
    let expected = few.as_ref().map_or(most, Vec::len);
    let mut batches = Batches { segment, blocks, few, control };
    if let Some(mut direct) = Direct::new(plan, segment, expected, merger, &mut source)? {
        batches.each(&mut selector, &mut source, |source, block, rows| direct.add(source, block, rows))?;
        direct.finish(&mut source, merger)?;
    } else {
        let spaces = Arc::clone(merger.spaces());
        let mut work = Work::new(plan, segment, expected, &spaces, &mut source)?;
        batches.each(&mut selector, &mut source, |source, block, rows| work.add(source, block, rows))?;
        let unique = !work.grouping.keys().iter().any(Key::is_lossy);
        let groups = work.finish(plan, segment, &mut source, &spaces)?;
        merger.add_coded(plan, groups, unique)?;
    }
    control.copied_live(source.copied_live());
    Ok(())
}

/// The rows of one task, in batches of at most a block's length.
struct Batches<'t> {
    segment: &'t SegmentRef,
    blocks: Range<usize>,
    /// The rows that are left, when they are few.
    few: Option<Vec<u32>>,
    control: &'t Control,
}

impl Batches<'_> {
    /// Hands out the chosen rows of each batch, and the block they lie in, when that is one.
    fn each<'s>(
        &mut self,
        selector: &mut Selector,
        source: &mut Source<'s>,
        mut add: impl FnMut(&mut Source<'s>, Option<usize>, Rows<'_>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let rows = self.segment.segment.rows();
        let mut positions = Vec::new();
        if let Some(few) = &self.few {
            let (from, to) = (self.blocks.start * BLOCK_ROWS, (self.blocks.end * BLOCK_ROWS).min(rows));
            self.control.scanned((to - from) as u64);
            for batch in few.chunks(BLOCK_ROWS) {
                self.control.check()?;
                source.begin_rows(batch.to_vec());
                match selector.select_few(source, &mut positions)? {
                    Selection::None => {}
                    Selection::All => add(source, None, Rows::Span(0, source.len()))?,
                    Selection::Some => add(source, None, Rows::At(&positions))?,
                }
            }
            return Ok(());
        }
        // Rows of blocks of which few are chosen wait for those of other blocks.
        let mut waiting: Vec<u32> = Vec::new();
        for block in self.blocks.clone() {
            self.control.check()?;
            let range = block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(rows);
            source.begin(range.clone());
            self.control.scanned(range.len() as u64);
            let chosen = match selector.select(source, range, &mut positions)? {
                Selection::None => continue,
                Selection::All => Rows::Span(0, source.len()),
                Selection::Some => Rows::At(&positions),
            };
            if source.is_narrowed() {
                waiting.extend((0..chosen.len()).map(|i| source.row(chosen.position(i))));
                if waiting.len() >= BLOCK_ROWS / 2 {
                    flush(&mut waiting, source, &mut add)?;
                }
                continue;
            }
            if !waiting.is_empty() {
                // In the order of rows.
                flush(&mut waiting, source, &mut add)?;
                source.begin(block * BLOCK_ROWS..((block + 1) * BLOCK_ROWS).min(rows));
            }
            add(source, Some(block), chosen)?;
        }
        flush(&mut waiting, source, &mut add)
    }
}

/// Hands out rows that waited.
fn flush<'s>(
    waiting: &mut Vec<u32>,
    source: &mut Source<'s>,
    add: &mut impl FnMut(&mut Source<'s>, Option<usize>, Rows<'_>) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let rows = Rows::Span(0, waiting.len());
    source.begin_rows(std::mem::take(waiting));
    add(source, None, rows)
}

/// The groups of one segment and their states.
struct Work<'p> {
    grouping: Grouping<'p>,
    accumulators: Vec<Accumulator<'p>>,
}

impl<'p> Work<'p> {
    /// For about `rows` rows.
    fn new(
        plan: &'p AggregatePlan,
        segment: &SegmentRef,
        rows: usize,
        spaces: &Spaces,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let grouping = Grouping::new(plan, segment, (rows, &spaces.limits), source)?;
        let mut accumulators = Vec::with_capacity(plan.aggregators.len());
        for (aggregator, space) in plan.aggregators.iter().zip(&spaces.distincts) {
            accumulators.push(Accumulator::new(aggregator, space.as_ref(), segment, source)?);
        }
        Ok(Self { grouping, accumulators })
    }

    /// Adds the chosen ones of the current rows; `block`: they lie in that one.
    fn add(
        &mut self,
        source: &mut Source<'_>,
        block: Option<usize>,
        chosen: Rows<'_>,
    ) -> Result<(), QueryError> {
        let Self { grouping, accumulators } = self;
        let assigned = grouping.assign(source, block, chosen)?;
        for accumulator in accumulators {
            accumulator.grow(grouping.len())?;
            match assigned {
                Assigned::One(group) => accumulator.add(source, Target::One(group), chosen)?,
                Assigned::Each => accumulator.add(source, Target::Each(grouping.groups()), chosen)?,
                Assigned::Exploded => {
                    let rows = Rows::At(grouping.rows());
                    accumulator.add(source, Target::Each(grouping.groups()), rows)?;
                }
                Assigned::Runs => {
                    let mut from = 0;
                    for (group, to) in grouping.runs() {
                        accumulator.add(source, Target::One(group), chosen.part(from, to))?;
                        from = to;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(
        self,
        plan: &AggregatePlan,
        segment: &SegmentRef,
        source: &mut Source<'_>,
        spaces: &Spaces,
    ) -> Result<CodedGroups, QueryError> {
        let Self { grouping, accumulators } = self;
        let used = grouping.used();
        let mut states = Vec::with_capacity(accumulators.len());
        for mut accumulator in accumulators {
            accumulator.grow(grouping.len())?;
            let state = accumulator.finish(source)?;
            states.push(if let Some(used) = &used { state.take(used) } else { state });
        }
        let groups: Vec<u32> = used.unwrap_or_else(|| (0..grouping.len() as u32).collect());
        let bucketed = !matches!(plan.granularity, Granularity::All);
        let start = |group: &u32| grouping.bucket_start(*group as usize);
        let buckets = if bucketed { groups.iter().map(start).collect() } else { Vec::new() };
        let mut keys = Vec::with_capacity(plan.dimensions.len());
        for (i, (key, space)) in grouping.keys().iter().zip(&spaces.dimensions).enumerate() {
            let codes = groups.iter().map(|group| grouping.code(*group as usize, i + 1));
            keys.push(key.coded(source, &segment.segment, space, codes)?);
        }
        Ok(CodedGroups { len: groups.len(), buckets, keys, states })
    }
}
