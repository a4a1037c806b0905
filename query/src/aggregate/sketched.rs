//! How are sketches filled? Distinct sketches at the end of a query with each value once a group, where values have common
//! codes, else once a group and segment, where they are few enough to remember which were seen; quantiles with every
//! value.

use alluvium_segments::SegmentRef;

use super::coded::CodedValues;
use super::kernel::{Rows, Target, for_each};
use crate::QueryError;
use crate::partial::{MergeState, Space, State};
use crate::plan::CardinalityField;
use crate::scan::{Codes, Key, Kind, SlotId, Source, Values};
use crate::sketch::{Coupon, DistinctSketch, Quantiles, coupon_of_double, coupon_of_long, coupon_of_text};

/// Bits with which it is remembered which values were seen in which group.
const MOST_SEEN: u64 = 1 << 25;

/// A distinct count.
#[derive(Debug)]
pub(super) struct DistinctSketches<'p> {
    key: Key<'p>,
    kind: Kind,
    slot: SlotId,
    codes: Codes,
    /// Possible codes.
    possible: u64,
    /// Where values have common codes, these are collected and nothing is hashed.
    sets: Option<CodedValues>,
    coupons: Vec<Option<Coupon>>,
    /// Bit `group * possible + code`.
    seen: Vec<u64>,
    sketches: Vec<Option<Box<DistinctSketch>>>,
}

impl<'p> DistinctSketches<'p> {
    pub(super) fn new(
        field: &'p CardinalityField,
        space: Option<&Space>,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let slot = source.input(&field.input)?;
        let mut key = Key::new(field, source)?;
        key.narrow();
        let sets = CodedValues::new(&key, (field, false), space, segment, source)?;
        let possible = key.possible(source);
        let kind = source.kind(slot);
        let (coupons, seen, sketches) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { key, kind, slot, codes: Codes::default(), possible, sets, coupons, seen, sketches })
    }

    pub(super) fn grow(&mut self, groups: usize) -> Result<(), QueryError> {
        if let Some(sets) = &mut self.sets {
            if sets.grow(groups) {
                return Ok(());
            }
            self.sketches = sets.sets().sketches()?;
            self.sets = None;
        }
        self.sketches.resize(groups, None);
        Ok(())
    }

    pub(super) fn finish(self) -> MergeState {
        match self.sets {
            Some(sets) => sets.finish(),
            None => MergeState::Whole(State::DistinctSketches(self.sketches)),
        }
    }

    pub(super) fn add(
        &mut self,
        source: &mut Source<'_>,
        target: Target<'_>,
        rows: Rows<'_>,
    ) -> Result<(), QueryError> {
        if self.kind == Kind::Null {
            return Ok(());
        }
        if let Some(sets) = &mut self.sets {
            return sets.add(&mut self.key, source, target, rows);
        }
        self.key.read(source, &mut self.codes)?;
        let bits = self.possible.saturating_mul(self.sketches.len() as u64);
        let remembers = bits <= MOST_SEEN;
        if remembers {
            self.seen.resize(bits.div_ceil(64) as usize, 0);
        }
        let mut failed = Ok(());
        let Self { key, kind, slot, codes, possible, coupons, seen, sketches, .. } = self;
        for_each(target, rows, |group, p| {
            for code in codes.row(p).iter().filter(|code| **code != 0) {
                if remembers {
                    let bit = group as u64 * *possible + u64::from(*code);
                    let (word, bit) = (&mut seen[bit as usize / 64], 1 << (bit % 64));
                    if *word & bit != 0 {
                        continue;
                    }
                    *word |= bit;
                }
                let coupon = match kind {
                    Kind::Ids | Kind::Multi => coupon_of_code(key, source, coupons, *code),
                    _ => Ok(coupon_of_number(source.values(*slot), p)),
                };
                let added = coupon.and_then(|coupon| add(&mut sketches[group], coupon));
                if let Err(error) = added {
                    failed = Err(error);
                }
            }
        });
        failed
    }
}

fn add(sketch: &mut Option<Box<DistinctSketch>>, coupon: Option<Coupon>) -> Result<(), QueryError> {
    let Some(coupon) = coupon else { return Ok(()) };
    match sketch {
        Some(sketch) => sketch.add(coupon),
        None => {
            let mut fresh = DistinctSketch::new()?;
            fresh.add(coupon);
            *sketch = Some(Box::new(fresh));
        }
    }
    Ok(())
}

/// Hashes a text when it is met first.
fn coupon_of_code(
    key: &Key<'_>,
    source: &Source<'_>,
    coupons: &mut Vec<Option<Coupon>>,
    code: u32,
) -> Result<Option<Coupon>, QueryError> {
    let at = code as usize;
    if coupons.len() <= at {
        coupons.resize(at + 1, None);
    }
    if coupons[at].is_none() {
        coupons[at] = key.text(source, code)?.map(|text| coupon_of_text(&text));
    }
    Ok(coupons[at])
}

fn coupon_of_number(values: &Values, p: usize) -> Option<Coupon> {
    match values {
        Values::Long(b) => Some(coupon_of_long(b.values[p])),
        Values::Float(b) => Some(coupon_of_double(f64::from(b.values[p]))),
        Values::Double(b) => Some(coupon_of_double(b.values[p])),
        _ => None,
    }
}

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
