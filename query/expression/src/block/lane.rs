//! Numbers of a block of rows as kernels pass them on: one for all rows, borrowed, or computed.

use std::borrow::Cow;

use alluvium_segments::{NullMask, NumericBlock};

/// A number a row.
pub(super) enum Lane<'b, T: Copy + Default> {
    /// The same for all rows.
    Const(Option<T>),
    /// One a row.
    Block(Cow<'b, NumericBlock<T>>),
}

impl<T: Copy + Default> Lane<'_, T> {
    pub(super) fn owned(values: Vec<T>, nulls: NullMask) -> Self {
        Self::Block(Cow::Owned(NumericBlock { values, nulls }))
    }

    /// All rows spelled out.
    pub(super) fn into_block(self, rows: usize) -> NumericBlock<T> {
        match self {
            Self::Block(block) => block.into_owned(),
            Self::Const(Some(value)) => NumericBlock { values: vec![value; rows], nulls: no_nulls(rows) },
            Self::Const(None) => NumericBlock { values: vec![T::default(); rows], nulls: all_null(rows) },
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Const(value) => value.is_none(),
            Self::Block(block) => block.nulls.is_null(row),
        }
    }

    pub(super) fn has_nulls(&self) -> bool {
        match self {
            Self::Const(value) => value.is_none(),
            Self::Block(block) => block.nulls.any(),
        }
    }

    /// The value of a row that is not null.
    pub(super) fn get(&self, row: usize) -> T {
        match self {
            Self::Const(value) => value.unwrap_or_default(),
            Self::Block(block) => block.values.get(row).copied().unwrap_or_default(),
        }
    }

    /// Applies `f` to each value; null stays null.
    pub(super) fn map<U: Copy + Default>(&self, f: impl Fn(T) -> U) -> Lane<'static, U> {
        match self {
            Self::Const(value) => Lane::Const(value.map(f)),
            Self::Block(block) => {
                Lane::owned(block.values.iter().map(|v| f(*v)).collect(), block.nulls.clone())
            }
        }
    }
}

pub(super) fn no_nulls(rows: usize) -> NullMask {
    let mut nulls = NullMask::default();
    nulls.push_valid(rows);
    nulls
}

pub(super) fn all_null(rows: usize) -> NullMask {
    let mut nulls = NullMask::default();
    (0..rows).for_each(|_| nulls.push(true));
    nulls
}

/// Null where either is.
fn either(a: &NullMask, b: &NullMask) -> NullMask {
    match (a.any(), b.any()) {
        (_, false) => a.clone(),
        (false, true) => b.clone(),
        (true, true) => {
            let mut nulls = NullMask::default();
            (0..a.len()).for_each(|i| nulls.push(a.is_null(i) || b.is_null(i)));
            nulls
        }
    }
}

/// Applies `f` to the values of each row; null where either is null. `f` also sees the values below nulls.
pub(super) fn zip<T, U>(a: &Lane<'_, T>, b: &Lane<'_, T>, f: impl Fn(T, T) -> U) -> Lane<'static, U>
where
    T: Copy + Default,
    U: Copy + Default,
{
    match (a, b) {
        (Lane::Const(None), _) | (_, Lane::Const(None)) => Lane::Const(None),
        (Lane::Const(Some(x)), Lane::Const(Some(y))) => Lane::Const(Some(f(*x, *y))),
        (Lane::Const(Some(x)), Lane::Block(block)) => {
            Lane::owned(block.values.iter().map(|y| f(*x, *y)).collect(), block.nulls.clone())
        }
        (Lane::Block(block), Lane::Const(Some(y))) => {
            Lane::owned(block.values.iter().map(|x| f(*x, *y)).collect(), block.nulls.clone())
        }
        (Lane::Block(left), Lane::Block(right)) => {
            let pairs = left.values.iter().zip(&right.values);
            Lane::owned(pairs.map(|(x, y)| f(*x, *y)).collect(), either(&left.nulls, &right.nulls))
        }
    }
}
