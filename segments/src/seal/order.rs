//! In which order do rows lie, and which of them are rolled up together? By time, then by the dimensions in
//! schema order (ids of sorted dictionaries stand for their texts; nulls first), then as they came.

use std::cmp::Ordering;
use std::ops::Range;

use super::merge::Strings;
use super::numbers::Numbers;
use crate::NullMask;
use crate::kernel::bits_for;

/// A column of all kept rows.
#[derive(Debug)]
pub(super) enum Loaded {
    Long(Numbers<i64>),
    Float(Numbers<f32>),
    Double(Numbers<f64>),
    String(Strings),
}

/// The sorted rows.
#[derive(Debug)]
pub(super) struct Order {
    /// Row numbers in their new order.
    pub(super) rows: Vec<u32>,
    /// Start of each group of rows that are rolled up into one; `None` when each row stays.
    pub(super) groups: Option<Vec<u32>>,
}

impl Order {
    /// Number of rows written.
    pub(super) fn len(&self) -> usize {
        self.groups.as_ref().map_or(self.rows.len(), Vec::len)
    }

    /// The ranges of `rows` that are rolled up.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let starts = self.groups.as_deref().unwrap_or_default();
        let ends = starts.iter().skip(1).copied().chain([self.rows.len() as u32]);
        starts.iter().zip(ends).map(|(start, end)| *start as usize..end as usize)
    }

    /// For each row written, the first row it comes from.
    pub(super) fn firsts(&self) -> Firsts<'_> {
        match &self.groups {
            None => Firsts::All(&self.rows),
            Some(groups) => {
                Firsts::Some(groups.iter().filter_map(|g| self.rows.get(*g as usize).copied()).collect())
            }
        }
    }
}

/// Row numbers, borrowed where each row stays.
#[derive(Debug)]
pub(super) enum Firsts<'o> {
    All(&'o [u32]),
    Some(Vec<u32>),
}

impl Firsts<'_> {
    pub(super) fn rows(&self) -> &[u32] {
        match self {
            Self::All(rows) => rows,
            Self::Some(rows) => rows,
        }
    }
}

/// Sorts rows; with `rollup`, finds the groups of equal time and dimensions.
pub(super) fn sort(times: &[i64], dimensions: &[&Loaded], rollup: bool) -> Order {
    let (mut keys, packed) = pack_keys(times, dimensions);
    let rest = dimensions.get(packed..).unwrap_or_default();
    let ties = |a: u32, b: u32| {
        rest.iter().map(|d| compare(d, a as usize, b as usize)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    let by = |a: &(u64, u32), b: &(u64, u32)| {
        a.0.cmp(&b.0).then_with(|| ties(a.1, b.1)).then_with(|| a.1.cmp(&b.1))
    };
    keys.sort_unstable_by(by);
    let groups = rollup.then(|| {
        let starts =
            keys.windows(2).enumerate().filter(|(_, p)| p[0].0 != p[1].0 || ties(p[0].1, p[1].1).is_ne());
        let first = (!keys.is_empty()).then_some(0);
        first.into_iter().chain(starts.map(|(i, _)| i as u32 + 1)).collect()
    });
    Order { rows: keys.into_iter().map(|(_, row)| row).collect(), groups }
}

/// Packs time and as many dimensions as fit into 64 bits, in an order-preserving way; returns how many did.
fn pack_keys(times: &[i64], dimensions: &[&Loaded]) -> (Vec<(u64, u32)>, usize) {
    let first = times.iter().copied().min().unwrap_or(0);
    let last = times.iter().copied().max().unwrap_or(0);
    let offset = |time: &i64| time.wrapping_sub(first) as u64;
    let mut keys: Vec<(u64, u32)> = times.iter().enumerate().map(|(i, t)| (offset(t), i as u32)).collect();
    let mut left = 64 - bits_for(offset(&last));
    let mut packed = 0;
    for dimension in dimensions {
        let Some((bits, low)) = key_bits(dimension).filter(|(bits, _)| *bits <= left) else { break };
        if bits > 0 {
            for (key, row) in &mut keys {
                // Where a dimension takes all 64 bits, everything before it is equal.
                let before = key.checked_shl(u32::from(bits)).unwrap_or(0);
                *key = before | rank(dimension, low, *row as usize);
            }
        }
        left -= bits;
        packed += 1;
    }
    (keys, packed)
}

/// Bits that the ranks of a dimension need, and its smallest number; `None` for those that are compared.
fn key_bits(dimension: &Loaded) -> Option<(u8, i64)> {
    match dimension {
        Loaded::String(s) if s.offsets.is_none() => Some((bits_for(u64::from(s.cardinality() - 1)), 0)),
        Loaded::Long(n) => {
            let low = n.values.iter().copied().min().unwrap_or(0);
            let high = n.values.iter().copied().max().unwrap_or(0);
            let range = high.checked_sub(low)?;
            Some((bits_for((range as u64).checked_add(1)?), low))
        }
        _ => None,
    }
}

fn rank(dimension: &Loaded, low: i64, row: usize) -> u64 {
    match dimension {
        Loaded::String(s) => s.ids.get(row).map_or(0, |id| u64::from(*id)),
        Loaded::Long(n) if n.nulls.is_null(row) => 0,
        Loaded::Long(n) => n.values.get(row).map_or(0, |v| v.wrapping_sub(low) as u64 + 1),
        _ => 0,
    }
}

fn compare(dimension: &Loaded, a: usize, b: usize) -> Ordering {
    match dimension {
        Loaded::Long(n) => numbers(n, a, b, i64::cmp),
        Loaded::Float(n) => numbers(n, a, b, f32::total_cmp),
        Loaded::Double(n) => numbers(n, a, b, f64::total_cmp),
        Loaded::String(s) => s.row(a).cmp(s.row(b)),
    }
}

fn numbers<T>(n: &Numbers<T>, a: usize, b: usize, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let null = |nulls: &NullMask, row| nulls.is_null(row);
    match (null(&n.nulls, a), null(&n.nulls, b)) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => match (n.values.get(a), n.values.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        },
    }
}
