//! Which group is a key in? Keys become dense group numbers; aggregates know nothing but these numbers.
//!
//! - [`Interner::Flat`]: the key indexes an array; when there are few possible keys.
//! - [`Interner::Narrow`]: keys of 64 bits in an open-addressing table.
//! - [`WideTable`]: keys of several words.

mod narrow;
mod wide;

pub(crate) use narrow::NarrowTable;
pub(crate) use wide::WideTable;

/// Largest number of possible keys for which a flat array is taken.
const FLAT_KEYS: u64 = 1 << 18;

/// Keys to group numbers; groups are numbered in the order in which their keys came.
#[derive(Debug)]
pub(crate) enum Interner {
    /// `groups[key]` is the group number plus one; 0 for none yet.
    Flat { groups: Vec<u32>, keys: Vec<u64> },
    /// One word a key.
    Narrow(NarrowTable),
}

impl Interner {
    /// For keys below `possible`.
    pub(crate) fn for_keys(possible: u128) -> Self {
        if possible <= u128::from(FLAT_KEYS) {
            Self::Flat { groups: vec![0; possible as usize], keys: Vec::new() }
        } else {
            Self::Narrow(NarrowTable::default())
        }
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Flat { keys, .. } => keys.len(),
            Self::Narrow(table) => table.keys().len(),
        }
    }

    /// The key of each group.
    pub(crate) fn keys(&self) -> &[u64] {
        match self {
            Self::Flat { keys, .. } => keys,
            Self::Narrow(table) => table.keys(),
        }
    }

    /// The group of one key.
    pub(crate) fn intern_one(&mut self, key: u64) -> u32 {
        match self {
            Self::Flat { groups, keys } => flat(groups, keys, key),
            Self::Narrow(table) => table.intern(key),
        }
    }

    /// Whether keys are below 2^32.
    pub(crate) fn takes_narrow(&self) -> bool {
        matches!(self, Self::Flat { .. })
    }

    /// Replaces keys below 2^32 by their groups.
    pub(crate) fn intern_narrow(&mut self, block: &mut [u32]) {
        match self {
            Self::Flat { groups, keys } => {
                block.iter_mut().for_each(|key| *key = flat(groups, keys, u64::from(*key)));
            }
            Self::Narrow(table) => block.iter_mut().for_each(|key| *key = table.intern(u64::from(*key))),
        }
    }

    /// The groups of a block of keys; replaces `out`.
    pub(crate) fn intern(&mut self, block: &[u64], out: &mut Vec<u32>) {
        out.clear();
        match self {
            Self::Flat { groups, keys } => out.extend(block.iter().map(|key| flat(groups, keys, *key))),
            Self::Narrow(table) => table.intern_block(block, out),
        }
    }
}

#[inline]
fn flat(groups: &mut [u32], keys: &mut Vec<u64>, key: u64) -> u32 {
    let slot = &mut groups[key as usize];
    if *slot == 0 {
        keys.push(key);
        *slot = keys.len() as u32;
    }
    *slot - 1
}
