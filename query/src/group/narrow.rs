//! How are keys of one or two words numbered fast? Linear probing in a power-of-two table that is at most half full.

use std::fmt::Debug;

/// Keys whose slots are fetched before it is their turn.
const AHEAD: usize = 16;
/// Smaller tables are in the cache anyway.
const CACHED_SLOTS: usize = 1 << 14;

/// A key of few words.
pub(crate) trait Key: Copy + Eq + Default + Debug + Send + Sync + 'static {
    /// Its hash.
    fn hash(self) -> u64;
    /// Its first word, which is all of it where keys are places of an array.
    fn place(self) -> u64;
}

/// A key of two words.
pub(crate) type Pair = [u64; 2];

impl Key for u64 {
    #[inline]
    fn hash(self) -> u64 {
        mix(self)
    }

    #[inline]
    fn place(self) -> u64 {
        self
    }
}

impl Key for Pair {
    #[inline]
    fn hash(self) -> u64 {
        mix(mix(self[0]).rotate_left(23) ^ self[1])
    }

    #[inline]
    fn place(self) -> u64 {
        self[0]
    }
}

/// Keys to group numbers.
#[derive(Debug, Clone)]
pub(crate) struct NarrowTable<K = u64> {
    /// Key and group number plus one (0: free).
    slots: Vec<(K, u32)>,
    keys: Vec<K>,
}

impl<K: Key> Default for NarrowTable<K> {
    fn default() -> Self {
        Self { slots: vec![(K::default(), 0); 1024], keys: Vec::new() }
    }
}

/// Folded multiplication (wyhash's mixing step).
#[inline]
pub(crate) fn mix(key: u64) -> u64 {
    let wide = u128::from(key ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xa076_1d64_78bd_642f_u64);
    (wide >> 64) as u64 ^ wide as u64
}

impl<K: Key> NarrowTable<K> {
    /// The key of each group.
    pub(crate) fn keys(&self) -> &[K] {
        &self.keys
    }

    /// The key of each group.
    pub(crate) fn into_keys(self) -> Vec<K> {
        self.keys
    }

    /// Forgets all groups, keeping the room for as many; gives their keys.
    pub(crate) fn take_keys(&mut self) -> Vec<K> {
        self.slots.fill((K::default(), 0));
        std::mem::take(&mut self.keys)
    }

    /// Forgets all groups and makes room for so many.
    pub(crate) fn reset(&mut self, groups: usize) {
        self.keys.clear();
        self.slots.clear();
        self.slots.resize((groups * 2).next_power_of_two().max(1024), (K::default(), 0));
    }

    /// The group of a key.
    #[inline]
    pub(crate) fn intern(&mut self, key: K) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = key.hash() as usize & mask;
        loop {
            let (known, group) = self.slots[at];
            if group == 0 {
                return self.insert(key, at);
            }
            if known == key {
                return group - 1;
            }
            at = (at + 1) & mask;
        }
    }

    /// The groups of a block of keys; replaces `out`.
    pub(crate) fn intern_block(&mut self, block: &[K], out: &mut Vec<u32>) {
        out.clear();
        out.extend((0..block.len()).map(|i| {
            if let Some(ahead) = block.get(i + AHEAD) {
                self.prefetch(*ahead);
            }
            self.intern(block[i])
        }));
    }

    /// Brings the slot of a key into the cache, when the table is too large to be there.
    #[inline]
    fn prefetch(&self, key: K) {
        if self.slots.len() < CACHED_SLOTS {
            return;
        }
        let at = key.hash() as usize & (self.slots.len() - 1);
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "a hint to the processor")]
        // SAFETY: the place is inside the table, and a prefetch neither reads nor faults.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(self.slots.as_ptr().add(at).cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = at;
    }

    fn insert(&mut self, key: K, at: usize) -> u32 {
        self.keys.push(key);
        let group = self.keys.len() as u32;
        self.slots[at] = (key, group);
        if self.keys.len() * 2 > self.slots.len() {
            self.grow();
        }
        group - 1
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 4;
        let mask = size - 1;
        let mut slots = vec![(K::default(), 0); size];
        for (i, key) in self.keys.iter().enumerate() {
            let mut at = key.hash() as usize & mask;
            while slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = (*key, i as u32 + 1);
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_order_of_appearance() {
        let mut table: NarrowTable = NarrowTable::default();
        for round in 0..2 {
            for i in 0..10_000u64 {
                assert_eq!(table.intern(i.wrapping_mul(0x1234_5678_9abc_def1)), i as u32, "{round}");
            }
        }
        let keys: Vec<u64> = (0..30_000u64).rev().map(|i| i.wrapping_mul(0x1234_5678_9abc_def1)).collect();
        let mut block = Vec::new();
        table.intern_block(&keys, &mut block);
        let single: Vec<u32> = keys.iter().map(|key| table.intern(*key)).collect();
        assert_eq!(block, single);
        let mut table: NarrowTable = NarrowTable::default();
        (0..10_000).for_each(|key| assert_eq!(u64::from(table.intern(key)), key));
        assert_eq!(table.keys().len(), 10_000);
    }
}
