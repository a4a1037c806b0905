//! How do a column's lanes become parts of group keys, where its codes are its lanes, shifted?

use alluvium_segments::kernel::{self, Lane};
use alluvium_segments::{LaneSlice, RunSlice, each_lane};

use super::{Common, Key, Raw};
use crate::QueryError;
use crate::aggregate::Rows;
use crate::scan::{Origin, Source};

impl Key<'_> {
    /// Whether its codes are the lanes of its column, shifted: dictionary ids, or longs without nulls.
    pub(crate) fn is_plain(&self, source: &Source<'_>) -> bool {
        self.mapping.is_none()
            && match (&self.raw, source.origin(self.slot)) {
                (Raw::Ids, Origin::Texts(column)) => !column.is_multi(),
                (Raw::Offset { .. }, Origin::Long(column)) => !column.may_have_nulls(),
                (Raw::Null, _) => true,
                _ => false,
            }
    }

    /// The runs of its column's current rows, where they are whole runs, and what makes codes of their values when it is
    /// added, wrapping; the key is plain.
    pub(crate) fn runs<'s>(&self, source: &Source<'s>) -> Result<Option<(u64, RunSlice<'s>)>, QueryError> {
        let shift = self.shift();
        Ok(source.runs(self.slot)?.map(|runs| (runs.base.wrapping_add(shift), runs)))
    }

    /// What makes codes of its column's words when it is added, wrapping.
    fn shift(&self) -> u64 {
        match &self.raw {
            Raw::Offset { min, .. } => 1u64.wrapping_sub(*min as u64),
            _ => 0,
        }
    }

    /// The lanes of its column and what makes codes of them when it is added, wrapping; `None` where all codes are 0.
    pub(crate) fn lanes<'l>(
        &self,
        source: &'l mut Source<'_>,
    ) -> Result<Option<(u64, LaneSlice<'l>)>, QueryError> {
        if matches!(self.raw, Raw::Null) {
            return Ok(None);
        }
        source.load_lanes(self.slot)?;
        let not_plain = || QueryError::Internal("the codes of a dimension are no lanes".to_owned());
        let (base, lanes) = source.lanes(self.slot).ok_or_else(not_plain)?;
        Ok(Some((base.wrapping_add(self.shift()), lanes)))
    }

    /// Adds `code * stride`, wrapping, to the key of each of the chosen rows; the key is plain.
    pub(crate) fn add_scaled(
        &self,
        source: &mut Source<'_>,
        stride: u32,
        chosen: Rows<'_>,
        keys: &mut [u32],
    ) -> Result<(), QueryError> {
        let Some((base, lanes)) = self.lanes(source)? else { return Ok(()) };
        let base = base as u32;
        fn add<T: Lane>(lanes: &[T], base: u32, stride: u32, chosen: Rows<'_>, keys: &mut [u32]) {
            match chosen {
                Rows::Span(start, end) => kernel::add_scaled(&lanes[start..end], base, stride, keys),
                Rows::At(at) => keys.iter_mut().zip(at).for_each(|(key, p)| {
                    let code = (lanes[*p as usize].word() as u32).wrapping_add(base);
                    *key = key.wrapping_add(code.wrapping_mul(stride));
                }),
            }
        }
        each_lane!(lanes,
            _ => keys.iter_mut().for_each(|key| *key = key.wrapping_add(base.wrapping_mul(stride))),
            lanes => add(lanes, base, stride, chosen, keys));
        Ok(())
    }

    /// Adds `common code * stride` to the key of each of the chosen rows, as [`Key::add_scaled`] does, in 64 bits.
    pub(crate) fn add_common(
        &self,
        source: &mut Source<'_>,
        common: &Common,
        stride: u64,
        chosen: Rows<'_>,
        words: &mut [u64],
    ) -> Result<(), QueryError> {
        let Some((base, lanes)) = self.lanes(source)? else { return Ok(()) };
        fn add<T: Lane>(lanes: &[T], chosen: Rows<'_>, words: &mut [u64], scaled: impl Fn(u64) -> u64) {
            match chosen {
                Rows::Span(start, end) => {
                    let lanes = &lanes[start..end];
                    words
                        .iter_mut()
                        .zip(lanes)
                        .for_each(|(word, lane)| *word = word.wrapping_add(scaled(lane.word())));
                }
                Rows::At(at) => words.iter_mut().zip(at).for_each(|(word, p)| {
                    *word = word.wrapping_add(scaled(lanes[*p as usize].word()));
                }),
            }
        }
        match common {
            Common::Shift(shift) => {
                let base = base.wrapping_add(*shift);
                let scaled = |lane: u64| lane.wrapping_add(base).wrapping_mul(stride);
                each_lane!(lanes,
                    _ => words.iter_mut().for_each(|word| *word = word.wrapping_add(scaled(0))),
                    lanes => add(lanes, chosen, words, scaled));
            }
            Common::Table(_) => {
                let scaled = |lane: u64| common.of(lane.wrapping_add(base)).wrapping_mul(stride);
                each_lane!(lanes,
                    _ => words.iter_mut().for_each(|word| *word = word.wrapping_add(scaled(0))),
                    lanes => add(lanes, chosen, words, scaled));
            }
        }
        Ok(())
    }
}
