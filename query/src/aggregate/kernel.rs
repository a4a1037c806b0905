//! How are values of a block added to the states of their groups? Loops over numbers only; which rows and which
//! groups is decided once a block.

use alluvium_segments::kernel::Lane;
use alluvium_segments::{LaneSlice, NumericBlock, each_lane};

use crate::partial::Numbers;

/// Which group a row is in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// All rows in one.
    One(u32),
    /// A group number a row.
    Each(&'a [u32]),
}

/// Which rows of the block.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// From, up to but without.
    Span(usize, usize),
    /// Those at these positions (a position may come twice).
    At(&'a [u32]),
}

impl<'a> Rows<'a> {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Span(start, end) => end - start,
            Self::At(positions) => positions.len(),
        }
    }

    /// The `from`-th up to but without the `to`-th of them.
    pub(crate) fn part(&self, from: usize, to: usize) -> Rows<'a> {
        match self {
            Self::Span(start, _) => Rows::Span(start + from, start + to),
            Self::At(positions) => Rows::At(&positions[from..to]),
        }
    }

    /// The position of the `i`-th.
    #[inline]
    pub(crate) fn position(&self, i: usize) -> usize {
        match self {
            Self::Span(start, _) => start + i,
            Self::At(positions) => positions[i] as usize,
        }
    }
}

/// Calls `f(group, position)` for each row in order.
#[inline]
pub(crate) fn for_each(target: Target<'_>, rows: Rows<'_>, mut f: impl FnMut(usize, usize)) {
    match (target, rows) {
        (Target::One(group), Rows::Span(start, end)) => (start..end).for_each(|p| f(group as usize, p)),
        (Target::One(group), Rows::At(at)) => at.iter().for_each(|p| f(group as usize, *p as usize)),
        (Target::Each(groups), Rows::Span(start, end)) => {
            groups.iter().zip(start..end).for_each(|(g, p)| f(*g as usize, p));
        }
        (Target::Each(groups), Rows::At(at)) => {
            groups.iter().zip(at).for_each(|(g, p)| f(*g as usize, *p as usize));
        }
    }
}

/// Adds the values of a block to numbers; `track` says whether it is noted which groups have seen one.
#[inline]
pub(crate) fn fold<T: Copy>(
    numbers: &mut Numbers<T>,
    target: Target<'_>,
    rows: Rows<'_>,
    block: &NumericBlock<T>,
    (identity, track): (T, bool),
    combine: impl Fn(T, T) -> T + Copy,
) {
    if rows.len() == 0 {
        return;
    }
    if let (Target::One(group), false) = (target, block.nulls.any()) {
        let total = match rows {
            Rows::Span(start, end) => reduce(&block.values[start..end], identity, combine),
            Rows::At(at) => at.iter().fold(identity, |sum, p| combine(sum, block.values[*p as usize])),
        };
        let group = group as usize;
        numbers.values[group] = combine(numbers.values[group], total);
        numbers.seen[group] = true;
        return;
    }
    let (values, seen) = (&mut numbers.values[..], &mut numbers.seen[..]);
    if block.nulls.any() {
        for_each(target, rows, |group, position| {
            if !block.nulls.is_null(position) {
                values[group] = combine(values[group], block.values[position]);
                seen[group] = true;
            }
        });
    } else if track {
        for_each(target, rows, |group, position| {
            values[group] = combine(values[group], block.values[position]);
            seen[group] = true;
        });
    } else {
        for_each(target, rows, |group, position| {
            values[group] = combine(values[group], block.values[position]);
        });
    }
}

/// Adds the longs of lanes, none of them null, to numbers.
pub(crate) fn sum_lanes(
    numbers: &mut Numbers<i64>,
    target: Target<'_>,
    rows: Rows<'_>,
    base: u64,
    lanes: LaneSlice<'_>,
    track: bool,
) {
    fn each<T: Lane>(values: &mut [i64], target: Target<'_>, rows: Rows<'_>, base: u64, lanes: &[T]) {
        for_each(target, rows, |group, position| {
            let value = base.wrapping_add(lanes[position].word());
            values[group] = values[group].wrapping_add(value as i64);
        });
    }
    if rows.len() == 0 {
        return;
    }
    if let Target::One(group) = target {
        let bases = base.wrapping_mul(rows.len() as u64);
        let total = bases.wrapping_add(sum_of(rows, lanes));
        let slot = &mut numbers.values[group as usize];
        *slot = slot.wrapping_add(total as i64);
        numbers.seen[group as usize] = true;
        return;
    }
    let values = &mut numbers.values[..];
    each_lane!(lanes,
        _ => for_each(target, rows, |group, _| values[group] = values[group].wrapping_add(base as i64)),
        lanes => each(values, target, rows, base, lanes));
    if track {
        let seen = &mut numbers.seen[..];
        for_each(target, rows, |group, _| seen[group] = true);
    }
}

/// Sum of the lanes of some rows, wrapping.
pub(crate) fn sum_of(rows: Rows<'_>, lanes: LaneSlice<'_>) -> u64 {
    fn of<T: Lane>(rows: Rows<'_>, lanes: &[T]) -> u64 {
        match rows {
            Rows::Span(start, end) => alluvium_segments::kernel::sum(&lanes[start..end]),
            Rows::At(at) => at.iter().fold(0, |sum, p| sum.wrapping_add(lanes[*p as usize].word())),
        }
    }
    each_lane!(lanes, _ => 0, lanes => of(rows, lanes))
}

/// Eight lanes, so that sums of floats vectorise; the order is the same in every run.
#[inline]
fn reduce<T: Copy>(values: &[T], identity: T, combine: impl Fn(T, T) -> T + Copy) -> T {
    let mut lanes = [identity; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, *value);
        }
    }
    let total = lanes.into_iter().fold(identity, combine);
    rest.iter().fold(total, |sum, value| combine(sum, *value))
}
