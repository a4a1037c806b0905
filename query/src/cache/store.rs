//! Where are results kept, and which go when there is no room? In a map under a limit in bytes; the oldest goes, unless it
//! has been asked for since it was last its turn (the "second chance" or CLOCK rule: Corbato 1968). Readers share a lock.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::RwLock;

/// What map, queue and counters take for an entry, in bytes.
const ENTRY_BYTES: usize = 160;

/// Results by key.
#[derive(Debug)]
pub(crate) struct Store<K, V> {
    limit: usize,
    inner: RwLock<Inner<K, V>>,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

#[derive(Debug)]
struct Inner<K, V> {
    slots: HashMap<Arc<K>, Slot<V>>,
    /// The keys of all slots, the next to go first.
    queue: VecDeque<Arc<K>>,
    bytes: usize,
}

#[derive(Debug)]
struct Slot<V> {
    value: V,
    bytes: usize,
    used: AtomicBool,
}

/// What a cache holds, and how often it helped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Times that a result was there.
    pub hits: u64,
    /// Times that it was not.
    pub misses: u64,
    /// Results that had to go.
    pub evictions: u64,
    /// Results held now.
    pub entries: u64,
    /// Memory taken now, in bytes.
    pub bytes: u64,
}

impl<K: Eq + Hash, V: Clone> Store<K, V> {
    /// An empty store for so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let inner = Inner { slots: HashMap::new(), queue: VecDeque::new(), bytes: 0 };
        let counter = AtomicU64::default;
        let (hits, misses, evictions) = (counter(), counter(), counter());
        Self { limit, inner: RwLock::new(inner), hits, misses, evictions }
    }

    /// The value of a key, if it is still `good`.
    pub(crate) fn get(&self, key: &K, good: impl FnOnce(&V) -> bool) -> Option<V> {
        // Whether it is good is looked at without the lock.
        let found = self.inner.read().slots.get(key).map(|slot| {
            slot.used.store(true, Ordering::Relaxed);
            slot.value.clone()
        });
        let found = found.filter(good);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a value that takes `bytes`, instead of the one there is. What is larger than the store is not kept.
    pub(crate) fn put(&self, key: K, value: V, bytes: usize) {
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        if bytes > self.limit {
            return;
        }
        let mut inner = self.inner.write();
        let slot = Slot { value, bytes, used: AtomicBool::new(false) };
        inner.bytes += bytes;
        let key = Arc::new(key);
        match inner.slots.insert(Arc::clone(&key), slot) {
            Some(old) => inner.bytes -= old.bytes,
            None => inner.queue.push_back(key),
        }
        let evicted = inner.shrink(self.limit);
        drop(inner);
        self.evictions.fetch_add(evicted, Ordering::Relaxed);
    }

    /// What it holds.
    pub(crate) fn counts(&self) -> CacheCounts {
        let inner = self.inner.read();
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CacheCounts {
            hits: of(&self.hits),
            misses: of(&self.misses),
            evictions: of(&self.evictions),
            entries: inner.slots.len() as u64,
            bytes: inner.bytes as u64,
        }
    }
}

impl<K: Eq + Hash, V> Inner<K, V> {
    /// Drops entries until the rest takes at most `limit` bytes; how many.
    fn shrink(&mut self, limit: usize) -> u64 {
        let mut evicted = 0;
        while self.bytes > limit {
            let Some(key) = self.queue.pop_front() else { break };
            let used = self.slots.get(&key).is_some_and(|slot| slot.used.swap(false, Ordering::Relaxed));
            if used {
                self.queue.push_back(key);
            } else if let Some(slot) = self.slots.remove(&key) {
                self.bytes -= slot.bytes;
                evicted += 1;
            }
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(limit: usize, keys: std::ops::Range<u32>) -> Store<u32, u32> {
        let store = Store::new(limit * (ENTRY_BYTES + 100));
        keys.for_each(|key| store.put(key, key * 2, 100));
        store
    }

    #[test]
    fn the_oldest_goes_unless_it_was_asked_for() {
        let store = filled(3, 0..3);
        assert_eq!(store.get(&0, |_| true), Some(0));
        store.put(3, 6, 100);
        let held: Vec<u32> = (0..4).filter(|key| store.get(key, |_| true).is_some()).collect();
        assert_eq!(held, [0, 2, 3]);
        let counts = store.counts();
        assert_eq!((counts.hits, counts.misses, counts.evictions, counts.entries), (4, 1, 1, 3));
        assert_eq!(counts.bytes as usize, 3 * (ENTRY_BYTES + 100));
    }

    #[test]
    fn bytes_stay_below_the_limit() {
        let store = filled(10, 0..1000);
        assert_eq!((store.counts().entries, store.counts().evictions), (10, 990));
        store.put(7, 1, 9 * (ENTRY_BYTES + 100) - ENTRY_BYTES);
        assert_eq!(store.counts().entries, 2);
        store.put(8, 1, 1 << 30);
        assert_eq!(store.get(&8, |_| true), None);
        assert_eq!(store.counts().entries, 2);
    }

    #[test]
    fn a_value_is_replaced_and_a_bad_one_is_a_miss() {
        let store = filled(2, 0..2);
        store.put(1, 9, 50);
        assert_eq!(store.get(&1, |value| *value == 9), Some(9));
        assert_eq!(store.get(&1, |value| *value == 2), None);
        assert_eq!(store.counts().bytes as usize, 2 * ENTRY_BYTES + 150);
    }
}
