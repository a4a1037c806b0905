//! How are 64-bit keys numbered fast? Linear probing in a power-of-two table that is at most half full.

/// Keys whose slots are fetched before it is their turn.
const AHEAD: usize = 16;
/// Smaller tables are in the cache anyway.
const CACHED_SLOTS: usize = 1 << 14;

/// Keys of one word to group numbers.
#[derive(Debug, Clone)]
pub(crate) struct NarrowTable {
    /// Key and group number plus one (0: free).
    slots: Vec<(u64, u32)>,
    keys: Vec<u64>,
}

impl Default for NarrowTable {
    fn default() -> Self {
        Self { slots: vec![(0, 0); 1024], keys: Vec::new() }
    }
}

/// Folded multiplication (wyhash's mixing step).
#[inline]
pub(crate) fn mix(key: u64) -> u64 {
    let wide = u128::from(key ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xa076_1d64_78bd_642f_u64);
    (wide >> 64) as u64 ^ wide as u64
}

impl NarrowTable {
    /// The key of each group.
    pub(crate) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The key of each group.
    pub(crate) fn into_keys(self) -> Vec<u64> {
        self.keys
    }

    /// Forgets all groups, keeping the room for as many; gives their keys.
    pub(crate) fn take_keys(&mut self) -> Vec<u64> {
        self.slots.fill((0, 0));
        std::mem::take(&mut self.keys)
    }

    /// Forgets all groups and makes room for so many.
    pub(crate) fn reset(&mut self, groups: usize) {
        self.keys.clear();
        self.slots.clear();
        self.slots.resize((groups * 2).next_power_of_two().max(1024), (0, 0));
    }

    /// The group of a key.
    #[inline]
    pub(crate) fn intern(&mut self, key: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = mix(key) as usize & mask;
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
    pub(crate) fn intern_block(&mut self, block: &[u64], out: &mut Vec<u32>) {
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
    fn prefetch(&self, key: u64) {
        if self.slots.len() < CACHED_SLOTS {
            return;
        }
        let at = mix(key) as usize & (self.slots.len() - 1);
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

    fn insert(&mut self, key: u64, at: usize) -> u32 {
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
        let mut slots = vec![(0, 0); size];
        for (i, key) in self.keys.iter().enumerate() {
            let mut at = mix(*key) as usize & mask;
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
        let mut table = NarrowTable::default();
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
        let mut table = NarrowTable::default();
        (0..10_000).for_each(|key| assert_eq!(u64::from(table.intern(key)), key));
        assert_eq!(table.keys().len(), 10_000);
    }
}
