//! Which values were in which group, for distinct counts? Bits of the query's common codes, set from runs and lanes where the column is stored so.

use alluvium_segments::kernel::Lane;
use alluvium_segments::{LaneSlice, RunSlice, SegmentRef, each_lane};

use super::kernel::{Rows, Target, for_each};
use alluvium_sketches::Recipe;

use crate::QueryError;
use crate::partial::{CodeSets, MergeState, Space};
use crate::plan::CardinalityField;
use crate::scan::{Codes, Common, Key, Source};

/// Sets of values of the groups of one segment.
#[derive(Debug)]
pub(super) struct CodedValues {
    common: Common,
    /// Whether the codes of the key are lanes.
    plain: bool,
    codes: Codes,
    sets: CodeSets,
}

impl CodedValues {
    /// `None`: the values have no common codes, or too many.
    pub(super) fn new(
        key: &Key<'_>,
        (field, recipe): (&CardinalityField, Option<Recipe>),
        space: Option<&Space>,
        segment: &SegmentRef,
        source: &Source<'_>,
    ) -> Result<Option<Self>, QueryError> {
        let Some(space) = space else { return Ok(None) };
        let Some(sets) = CodeSets::new(space, field.output_type, recipe) else { return Ok(None) };
        let common = key.common(source, &segment.segment, space)?;
        let plain = key.is_plain(source);
        Ok(common.map(|common| Self { common, plain, codes: Codes::default(), sets }))
    }

    /// Makes room for so many groups; says whether that is not too much.
    pub(super) fn grow(&mut self, groups: usize) -> bool {
        let fits = self.sets.fits(groups);
        if fits {
            self.sets.grow(groups);
        }
        fits
    }

    /// The sets themselves.
    pub(super) fn sets(&self) -> &CodeSets {
        &self.sets
    }

    pub(super) fn finish(self) -> MergeState {
        MergeState::Codes(self.sets)
    }

    pub(super) fn add(
        &mut self,
        key: &mut Key<'_>,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        if !self.plain {
            key.read(source, &mut self.codes)?;
            let Self { common, codes, sets, .. } = self;
            for_each(target, rows, |group, p| {
                codes.row(p).iter().for_each(|code| sets.add(group, common.of(u64::from(*code))));
            });
            return Ok(());
        }
        if let (Some((base, runs)), Rows::Span(start, end)) = (key.runs(source)?, rows) {
            self.add_runs(base, &runs, target, start..end);
            return Ok(());
        }
        if let Some((base, lanes)) = key.lanes(source)? {
            self.add_lanes(base, lanes, target, rows);
        }
        Ok(())
    }

    /// Adds rows `span` of a block; group numbers count from its start.
    fn add_runs(&mut self, base: u64, runs: &RunSlice<'_>, target: Target<'_>, span: std::ops::Range<usize>) {
        let Self { common, sets, .. } = self;
        let first = runs.ends.partition_point(|end| usize::from(*end) <= span.start);
        let mut at = span.start;
        for (run, end) in runs.ends.iter().enumerate().skip(first) {
            if at >= span.end {
                break;
            }
            let end = usize::from(*end).min(span.end);
            let code = common.of(runs.values.get(run).wrapping_add(base));
            match target {
                Target::One(group) => sets.add(group as usize, code),
                Target::Each(groups) => {
                    let groups = groups.get(at - span.start..end - span.start).unwrap_or_default();
                    groups.iter().for_each(|group| sets.add(*group as usize, code));
                }
            }
            at = end;
        }
    }

    fn add_lanes(&mut self, base: u64, lanes: LaneSlice<'_>, target: Target<'_>, rows: Rows<'_>) {
        fn each<T: Lane>(
            (sets, common): (&mut CodeSets, &Common),
            (base, lanes): (u64, &[T]),
            target: Target<'_>,
            rows: Rows<'_>,
        ) {
            match common {
                Common::Shift(shift) => {
                    let base = base.wrapping_add(*shift);
                    for_each(target, rows, |group, p| sets.add(group, base.wrapping_add(lanes[p].word())));
                }
                Common::Table(_) => for_each(target, rows, |group, p| {
                    sets.add(group, common.of(base.wrapping_add(lanes[p].word())));
                }),
            }
        }
        let Self { common, sets, .. } = self;
        each_lane!(lanes,
            _ => for_each(target, rows, |group, _| sets.add(group, common.of(base))),
            lanes => each((sets, common), (base, lanes), target, rows));
    }
}
