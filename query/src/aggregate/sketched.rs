//! How are quantiles answered where nobody sees the sketch? With every value, in bins finer than any sketch's.

use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::quantiles::Quantiles;
use crate::scan::{SlotId, Source, Values};

/// Quantiles of numbers.
#[derive(Debug)]
pub(super) struct QuantileSketches {
    slot: SlotId,
    sketches: Vec<Option<Box<Quantiles>>>,
}

impl QuantileSketches {
    pub(super) fn new(slot: SlotId) -> Self {
        Self { slot, sketches: Vec::new() }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.sketches.resize(groups, None);
    }

    pub(super) fn finish(self) -> Vec<Option<Box<Quantiles>>> {
        self.sketches
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        source.load(self.slot)?;
        let sketches = &mut self.sketches;
        let mut put = |group: usize, value: f64| sketches[group].get_or_insert_default().add(value);
        let values = source.values(self.slot);
        match values {
            Values::Long(b) => for_each(target, rows, |group, p| {
                if !b.nulls.is_null(p) {
                    put(group, b.values[p] as f64);
                }
            }),
            Values::Float(b) => for_each(target, rows, |group, p| {
                if !b.nulls.is_null(p) {
                    put(group, f64::from(b.values[p]));
                }
            }),
            Values::Double(b) => for_each(target, rows, |group, p| {
                if !b.nulls.is_null(p) {
                    put(group, b.values[p]);
                }
            }),
            _ => {}
        }
        Ok(())
    }
}
