//! How are the numbers of a published chunk kept? Longs of a full chunk that lie near each other, none of them null, as distances
//! from the smallest in one, two or four bytes; other numbers as they are.

use std::ops::Range;

use super::column::{extend_numbers, numeric_size};
use super::number::Number;
use crate::{LaneSlice, NumericBatch, NumericBlock, Zone, each_lane};

/// The numbers of a chunk.
#[derive(Debug)]
pub(crate) enum Held<T> {
    /// As they are.
    Whole(NumericBatch<T>),
    /// `base` plus a lane each, wrapping.
    Near { base: u64, lanes: Lanes },
}

/// Distances.
#[derive(Debug)]
pub(crate) enum Lanes {
    B1(Vec<u8>),
    B2(Vec<u16>),
    B4(Vec<u32>),
}

impl Lanes {
    fn slice(&self) -> LaneSlice<'_> {
        match self {
            Self::B1(lanes) => LaneSlice::B1(lanes),
            Self::B2(lanes) => LaneSlice::B2(lanes),
            Self::B4(lanes) => LaneSlice::B4(lanes),
        }
    }
}

impl<T: Number> Held<T> {
    /// As distances where `zone`, which is that of all of them, says so.
    pub(crate) fn nearest(data: NumericBatch<T>, zone: &Zone<T>) -> Self {
        let (Some(words), Some((low, high)), 0) = (T::words(&data.values), zone.bounds, zone.nulls) else {
            return Self::Whole(data);
        };
        let word = |value: T| T::words(&[value]).and_then(|words| words.first().copied()).unwrap_or_default();
        let (base, most) = (word(low), word(high).wrapping_sub(word(low)));
        let near = |word: &u64| word.wrapping_sub(base);
        let lanes = match most {
            0..=0xFF => Lanes::B1(words.iter().map(|word| near(word) as u8).collect()),
            0x100..=0xFFFF => Lanes::B2(words.iter().map(|word| near(word) as u16).collect()),
            0x1_0000..=0xFFFF_FFFF => Lanes::B4(words.iter().map(|word| near(word) as u32).collect()),
            _ => return Self::Whole(data),
        };
        Self::Near { base, lanes }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(data) => data.values.len(),
            Self::Near { lanes, .. } => lanes.slice().len(),
        }
    }

    /// Bytes of memory they take.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Whole(data) => numeric_size(data),
            Self::Near { lanes, .. } => match lanes {
                Lanes::B1(lanes) => size_of_val(lanes.as_slice()),
                Lanes::B2(lanes) => size_of_val(lanes.as_slice()),
                Lanes::B4(lanes) => size_of_val(lanes.as_slice()),
            },
        }
    }

    /// The base and the lanes of longs, where none of them is null.
    pub(crate) fn lanes(&self, rows: Range<usize>) -> Option<(u64, LaneSlice<'_>)> {
        match self {
            Self::Whole(data) if data.nulls.any() => None,
            Self::Whole(data) => T::words(data.values.get(rows)?).map(|words| (0, LaneSlice::B8(words))),
            Self::Near { base, lanes } => {
                let lanes = match lanes {
                    Lanes::B1(lanes) => LaneSlice::B1(lanes.get(rows)?),
                    Lanes::B2(lanes) => LaneSlice::B2(lanes.get(rows)?),
                    Lanes::B4(lanes) => LaneSlice::B4(lanes.get(rows)?),
                };
                Some((*base, lanes))
            }
        }
    }

    /// Appends some rows.
    pub(crate) fn read(&self, rows: Range<usize>, out: &mut NumericBlock<T>) {
        match self {
            Self::Whole(data) => {
                out.values.extend_from_slice(&data.values[rows.clone()]);
                out.nulls.extend_from(&data.nulls, rows);
            }
            Self::Near { .. } => {
                out.nulls.push_valid(rows.len());
                if let Some((base, lanes)) = self.lanes(rows) {
                    extend(&mut out.values, base, lanes);
                }
            }
        }
    }

    /// Appends rows by number.
    pub(crate) fn gather(&self, rows: impl Iterator<Item = usize> + Clone, out: &mut NumericBlock<T>) {
        match self {
            Self::Whole(data) => {
                out.values.extend(rows.clone().map(|row| data.values[row]));
                if data.nulls.any() {
                    rows.for_each(|row| out.nulls.push(data.nulls.is_null(row)));
                } else {
                    out.nulls.push_valid(rows.count());
                }
            }
            Self::Near { base, lanes } => {
                let before = out.values.len();
                let value = |distance: u64| T::of_word(base.wrapping_add(distance));
                match lanes {
                    Lanes::B1(lanes) => out.values.extend(rows.map(|row| value(u64::from(lanes[row])))),
                    Lanes::B2(lanes) => out.values.extend(rows.map(|row| value(u64::from(lanes[row])))),
                    Lanes::B4(lanes) => out.values.extend(rows.map(|row| value(u64::from(lanes[row])))),
                }
                out.nulls.push_valid(out.values.len() - before);
            }
        }
    }

    /// Appends all rows.
    pub(crate) fn append_to(&self, to: &mut NumericBatch<T>) {
        match self {
            Self::Whole(data) => extend_numbers(to, data, 0..data.values.len()),
            Self::Near { base, lanes } => {
                to.nulls.push_valid(self.len());
                extend(&mut to.values, *base, lanes.slice());
            }
        }
    }
}

fn extend<T: Number>(values: &mut Vec<T>, base: u64, lanes: LaneSlice<'_>) {
    let value = |distance: u64| T::of_word(base.wrapping_add(distance));
    each_lane!(lanes,
        rows => values.resize(values.len() + rows, value(0)),
        lanes => values.extend(lanes.iter().map(|lane| value(crate::kernel::Lane::word(*lane)))));
}
