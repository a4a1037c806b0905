//! How are values of a block added to the states of their groups? Loops over numbers only; which rows and which
//! groups is decided once a block.

use alluvium_segments::NumericBlock;

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
    /// The first so many.
    All(usize),
    /// Those at these positions (a position may come twice).
    At(&'a [u32]),
}

impl Rows<'_> {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::All(n) => *n,
            Self::At(positions) => positions.len(),
        }
    }
}

/// Calls `f(group, position)` for each row in order.
#[inline]
pub(crate) fn for_each(target: Target<'_>, rows: Rows<'_>, mut f: impl FnMut(usize, usize)) {
    match (target, rows) {
        (Target::One(group), Rows::All(n)) => (0..n).for_each(|p| f(group as usize, p)),
        (Target::One(group), Rows::At(at)) => at.iter().for_each(|p| f(group as usize, *p as usize)),
        (Target::Each(groups), Rows::All(n)) => {
            groups.iter().take(n).enumerate().for_each(|(p, g)| f(*g as usize, p));
        }
        (Target::Each(groups), Rows::At(at)) => {
            groups.iter().zip(at).for_each(|(g, p)| f(*g as usize, *p as usize));
        }
    }
}

/// Adds the values of a block to numbers.
#[inline]
pub(crate) fn fold<T: Copy>(
    numbers: &mut Numbers<T>,
    target: Target<'_>,
    rows: Rows<'_>,
    block: &NumericBlock<T>,
    identity: T,
    combine: impl Fn(T, T) -> T + Copy,
) {
    if rows.len() == 0 {
        return;
    }
    if let (Target::One(group), false) = (target, block.nulls.any()) {
        let total = match rows {
            Rows::All(n) => reduce(&block.values[..n], identity, combine),
            Rows::At(at) => at.iter().fold(identity, |sum, p| combine(sum, block.values[*p as usize])),
        };
        let group = group as usize;
        numbers.values[group] = combine(numbers.values[group], total);
        numbers.seen[group] = true;
        return;
    }
    let (values, seen) = (&mut numbers.values, &mut numbers.seen);
    if block.nulls.any() {
        for_each(target, rows, |group, position| {
            if !block.nulls.is_null(position) {
                values[group] = combine(values[group], block.values[position]);
                seen[group] = true;
            }
        });
    } else {
        for_each(target, rows, |group, position| {
            values[group] = combine(values[group], block.values[position]);
            seen[group] = true;
        });
    }
}

/// Eight lanes, so that sums of floats vectorise; the order is the same in every run.
#[inline]
fn reduce<T: Copy>(values: &[T], identity: T, combine: impl Fn(T, T) -> T + Copy) -> T {
    let mut lanes = [identity; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, *value);
        }
    }
    let total = lanes.into_iter().fold(identity, combine);
    rest.iter().fold(total, |sum, value| combine(sum, *value))
}
