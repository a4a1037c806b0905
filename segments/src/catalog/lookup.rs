//! What does a registered lookup say? Texts by text, as of one load; the next load makes another one, and queries
//! that hold this one go on with it.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashTable;

/// The name by which the rows of a lookup are read, as a table of the columns `k` and `v`: that of no datasource, for
/// those have no slash.
const PREFIX: &str = "lookup/";

/// The table of a lookup, by the lookup's name.
#[must_use]
pub fn lookup_table(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The lookup whose table has this name; `None` for the name of a datasource.
#[must_use]
pub fn lookup_of_table(table: &str) -> Option<&str> {
    table.strip_prefix(PREFIX)
}

/// Number of the next load.
static LOADS: AtomicU64 = AtomicU64::new(1);

/// Texts by text, in the order in which they were given. Of two entries for a key the later counts.
#[derive(Default)]
pub struct Lookup {
    entries: Vec<(Box<str>, Box<str>)>,
    index: HashTable<u32>,
    hash: RandomState,
    one_to_one: bool,
    load: u64,
}

impl Lookup {
    /// What these entries say; `one_to_one` when no two keys share a value, which is believed. Entries beyond `u32::MAX` are not kept.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (String, String)>, one_to_one: bool) -> Self {
        let load = LOADS.fetch_add(1, Ordering::Relaxed);
        let mut lookup = Self { one_to_one, load, ..Self::default() };
        entries.into_iter().for_each(|(key, value)| lookup.put(key, value));
        lookup.entries.shrink_to_fit();
        lookup
    }

    fn put(&mut self, key: String, value: String) {
        let hash = self.hash.hash_one(key.as_str());
        let entries = &mut self.entries;
        let same = |at: &u32| entries.get(*at as usize).is_some_and(|(known, _)| **known == *key);
        if let Some(at) = self.index.find(hash, same).copied() {
            if let Some(entry) = entries.get_mut(at as usize) {
                entry.1 = value.into();
            }
            return;
        }
        let Ok(at) = u32::try_from(entries.len()) else { return };
        entries.push((key.into(), value.into()));
        let state = &self.hash;
        let again = |at: &u32| entries.get(*at as usize).map_or(0, |(key, _)| state.hash_one(&**key));
        self.index.insert_unique(hash, at, again);
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let hash = self.hash.hash_one(key);
        let same = |at: &u32| self.entries.get(*at as usize).is_some_and(|(known, _)| **known == *key);
        let at = self.index.find(hash, same)?;
        self.entries.get(*at as usize).map(|(_, value)| &**value)
    }

    /// Keys and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + '_ {
        self.entries.iter().map(|(key, value)| (&**key, &**value))
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether no two keys have the same value, as its maker says.
    #[must_use]
    pub fn is_one_to_one(&self) -> bool {
        self.one_to_one
    }

    /// A number that no other lookup of this process has.
    #[must_use]
    pub fn load(&self) -> u64 {
        self.load
    }

    /// A text that differs when what it says does: the same after a restart.
    #[must_use]
    pub fn digest(&self) -> String {
        let add =
            |sum, text: &str| crc32c::crc32c_append(crc32c::crc32c_append(sum, text.as_bytes()), &[0xFF]);
        let keys = self.iter().fold(0, |sum, (key, _)| add(sum, key));
        let values = self.iter().fold(0, |sum, (_, value)| add(sum, value));
        format!("{:x}_{keys:08x}{values:08x}", self.len())
    }

    /// Bytes of its texts.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// Whether it says the same as another.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.one_to_one == other.one_to_one && self.entries == other.entries
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookup({} entries)", self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_entry_counts_and_keeps_the_place_of_the_first() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("", "none")];
        let lookup = Lookup::new(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())), true);
        assert_eq!(lookup.iter().collect::<Vec<_>>(), [("a", "3"), ("b", "2"), ("", "none")]);
        assert_eq!((lookup.get("a"), lookup.get(""), lookup.get("c")), (Some("3"), Some("none"), None));
        assert_eq!((lookup.len(), lookup.text_bytes(), lookup.is_one_to_one()), (3, 8, true));
    }

    #[test]
    fn tables_of_lookups_have_names_of_their_own() {
        assert_eq!(lookup_of_table(&lookup_table("city/country")), Some("city/country"));
        assert_eq!(lookup_of_table("lookup"), None);
    }
}
