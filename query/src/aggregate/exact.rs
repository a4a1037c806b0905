//! How are distinct values counted exactly? By the codes they have in all segments, where there are such, else by those of
//! the segment: a bit for each pair of group and code while that is little, a table of pairs beyond; what was seen becomes
//! values at the end.

use alluvium_segments::{ColumnType, SegmentRef};

use super::coded::CodedValues;
use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::group::NarrowTable;
use crate::partial::{MergeState, Space, State, ValueSets};
use crate::plan::{CardinalityField, Input};
use crate::scan::{Codes, Key, Kind, SlotId, Source};
use crate::texts::CommonNumbers;

/// Bits with which it is remembered which values were seen in which group.
const MOST_BITS: u64 = 1 << 25;

/// The values of one aggregator.
#[derive(Debug)]
pub(super) struct ExactDistinct<'p> {
    field: &'p CardinalityField,
    key: Key<'p>,
    slot: SlotId,
    is_null: bool,
    /// Where values have common codes, these are collected.
    coded: Option<CodedValues>,
    /// What was collected so when it became too much.
    spilled: Option<ValueSets>,
    codes: Codes,
    /// Possible codes.
    possible: u64,
    /// Bit `group * possible + code`.
    bits: Vec<u64>,
    /// Group and code, a half of the word each.
    pairs: NarrowTable,
    groups: usize,
}

impl<'p> ExactDistinct<'p> {
    pub(super) fn new(
        field: &'p CardinalityField,
        space: Option<&Space>,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let slot = source.input(&field.input)?;
        let mut key = Key::new(field, source)?;
        key.narrow();
        let coded = CodedValues::new(&key, (field, None), space, segment, source)?;
        let (possible, is_null) = (key.possible(source), source.kind(slot) == Kind::Null);
        let (codes, bits, pairs) = (Codes::default(), Vec::new(), NarrowTable::default());
        let (spilled, groups) = (None, 0);
        Ok(Self { field, key, slot, is_null, coded, spilled, codes, possible, bits, pairs, groups })
    }

    pub(super) fn grow(&mut self, groups: usize) -> Result<(), QueryError> {
        self.groups = groups;
        if let Some(coded) = &mut self.coded
            && !coded.grow(groups)
        {
            self.spilled = Some(coded.sets().value_sets()?);
            self.coded = None;
        }
        Ok(())
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        if self.is_null {
            return Ok(());
        }
        if let Some(coded) = &mut self.coded {
            return coded.add(&mut self.key, source, target, rows);
        }
        self.key.read(source, &mut self.codes)?;
        let Self { codes, possible, bits, pairs, .. } = self;
        let all = possible.saturating_mul(self.groups as u64);
        if all <= MOST_BITS {
            bits.resize(all.div_ceil(64) as usize, 0);
            for_each(target, rows, |group, p| {
                for code in codes.row(p) {
                    let bit = group as u64 * *possible + u64::from(*code);
                    bits[bit as usize / 64] |= 1 << (bit % 64);
                }
            });
        } else {
            for_each(target, rows, |group, p| {
                for code in codes.row(p).iter().filter(|code| **code != 0) {
                    pairs.intern((group as u64) << 32 | u64::from(*code));
                }
            });
        }
        Ok(())
    }

    /// What all groups have seen.
    pub(super) fn finish(mut self, source: &Source<'_>) -> Result<MergeState, QueryError> {
        if let Some(coded) = self.coded {
            return Ok(coded.finish());
        }
        let spilled = self.spilled.take();
        let groups: Vec<u32> = (0..self.groups as u32).collect();
        let mut sets = self.collected(source)?;
        if let Some(spilled) = spilled {
            sets.merge(&spilled, &groups)?;
        }
        Ok(MergeState::Whole(State::Values(Box::new(sets))))
    }

    /// What was collected by codes of the segment.
    fn collected(self, source: &Source<'_>) -> Result<ValueSets, QueryError> {
        let possible = self.possible.max(1);
        let mut seen: Vec<(u32, u32)> = Vec::new();
        for (at, word) in self.bits.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                let bit = at as u64 * 64 + u64::from(word.trailing_zeros());
                seen.push(((bit / possible) as u32, (bit % possible) as u32));
                word &= word - 1;
            }
        }
        seen.extend(self.pairs.keys().iter().map(|word| ((word >> 32) as u32, *word as u32)));
        seen.retain(|(_, code)| *code != 0);
        if let Some((texts, common)) = self.common(source)? {
            let mut sets = ValueSets::shared(texts);
            sets.grow(self.groups);
            for (group, code) in seen {
                let number = common.get(code as usize);
                number.into_iter().for_each(|number| sets.add(group, *number));
            }
            return Ok(sets);
        }
        let mut sets = ValueSets::new(self.field.output_type);
        sets.grow(self.groups);
        // Each code is decoded once.
        let mut distinct: Vec<u32> = seen.iter().map(|(_, code)| *code).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let values = self.key.decode(source, distinct.iter().map(|code| u64::from(*code)))?;
        let numbers = sets.numbers(&values)?;
        for (group, code) in seen {
            let number = distinct.binary_search(&code).ok().and_then(|at| *numbers.get(at)?);
            number.into_iter().for_each(|number| sets.add(group, number));
        }
        Ok(sets)
    }

    /// The common numbers of its codes, where these are ids of texts.
    fn common(&self, source: &Source<'_>) -> Result<Option<CommonNumbers>, QueryError> {
        match &self.field.input {
            Input::Column(_)
                if self.field.transforms.is_empty() && self.field.output_type == ColumnType::String =>
            {
                source.common_numbers(self.slot)
            }
            _ => Ok(None),
        }
    }
}
