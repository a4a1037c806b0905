//! Which group is a key in? Keys become dense group numbers; aggregates know nothing but these numbers.
//!
//! - [`Interner::Flat`]: the key indexes an array; when there are few possible keys, or not many more than rows.
//! - [`Interner::Narrow`]: keys of one or two words in an open-addressing table.
//! - [`Interner::Listed`]: a group a row; where hardly any two rows have one key.
//! - [`WideTable`]: keys of several words.

mod layout;
mod limits;
mod narrow;
mod wide;

pub(crate) use layout::{FewWords, Layout, Words};
pub use limits::GroupLimits;
pub(crate) use narrow::{Key, NarrowTable, Pair, mix};
pub(crate) use wide::WideTable;

/// A flat array has at most so many places for each row.
const PLACES_A_ROW: u128 = 4;

/// Keys to group numbers; groups are numbered in the order in which their keys came.
#[derive(Debug)]
pub(crate) enum Interner<K = u64> {
    /// `groups[key]` is the group number plus one; 0 for none yet. Without groups there may be no such array.
    Flat { groups: Vec<u32>, keys: Vec<K>, possible: usize },
    /// By hash.
    Narrow(NarrowTable<K>),
    /// The key of each group; keys may come several times, each time as another group.
    Listed(Vec<K>),
}

impl Interner {
    /// For keys below `possible` of about `rows` rows.
    pub(crate) fn for_keys(possible: u128, rows: usize, limits: &GroupLimits) -> Self {
        let dense = possible <= rows as u128 * PLACES_A_ROW && possible <= u128::from(limits.most_flat);
        if dense || possible <= u128::from(limits.flat) {
            Self::Flat { groups: Vec::new(), keys: Vec::new(), possible: possible as usize }
        } else {
            Self::Narrow(NarrowTable::default())
        }
    }

    /// Whether keys are below 2^32.
    pub(crate) fn takes_narrow(&self) -> bool {
        matches!(self, Self::Flat { .. })
    }

    /// Replaces keys below 2^32 by their groups.
    pub(crate) fn intern_narrow(&mut self, block: &mut [u32]) {
        match self {
            Self::Flat { groups, keys, possible } => {
                make(groups, *possible);
                block.iter_mut().for_each(|key| *key = flat(groups, keys, u64::from(*key)));
            }
            other => block.iter_mut().for_each(|key| *key = other.intern_one(u64::from(*key))),
        }
    }
}

impl<K: Key> Interner<K> {
    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.keys().len()
    }

    /// The key of each group.
    pub(crate) fn keys(&self) -> &[K] {
        match self {
            Self::Flat { keys, .. } | Self::Listed(keys) => keys,
            Self::Narrow(table) => table.keys(),
        }
    }

    /// The key of each group.
    pub(crate) fn into_keys(self) -> Vec<K> {
        match self {
            Self::Flat { keys, .. } | Self::Listed(keys) => keys,
            Self::Narrow(table) => table.into_keys(),
        }
    }

    /// The group of one key.
    pub(crate) fn intern_one(&mut self, key: K) -> u32 {
        match self {
            Self::Flat { groups, keys, possible } => {
                make(groups, *possible);
                flat(groups, keys, key)
            }
            Self::Narrow(table) => table.intern(key),
            Self::Listed(keys) => {
                keys.push(key);
                keys.len() as u32 - 1
            }
        }
    }

    /// The groups of a block of keys; replaces `out`.
    pub(crate) fn intern(&mut self, block: &[K], out: &mut Vec<u32>) {
        out.clear();
        match self {
            Self::Flat { groups, keys, possible } => {
                make(groups, *possible);
                out.extend(block.iter().map(|key| flat(groups, keys, *key)));
            }
            Self::Narrow(table) => table.intern_block(block, out),
            Self::Listed(keys) => {
                let first = keys.len() as u32;
                keys.extend_from_slice(block);
                out.extend(first..keys.len() as u32);
            }
        }
    }
}

/// Makes a flat array when there is none; its memory is taken from the system where keys are met.
#[inline]
fn make(groups: &mut Vec<u32>, possible: usize) {
    if groups.is_empty() {
        *groups = vec![0; possible];
    }
}

#[inline]
fn flat<K: Key>(groups: &mut [u32], keys: &mut Vec<K>, key: K) -> u32 {
    let slot = &mut groups[key.place() as usize];
    if *slot == 0 {
        keys.push(key);
        *slot = keys.len() as u32;
    }
    *slot - 1
}
