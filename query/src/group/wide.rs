//! How are keys of several words numbered? Rows of words in one arena, found by hash.

use hashbrown::HashTable;

use super::narrow::mix;

/// Keys of `width` words to group numbers.
#[derive(Debug)]
pub(crate) struct WideTable {
    width: usize,
    words: Vec<u64>,
    groups: HashTable<u32>,
}

fn hash(words: &[u64]) -> u64 {
    words.iter().fold(0, |hash, word| mix(hash.rotate_left(23) ^ word))
}

impl WideTable {
    /// For keys of `width` words.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, words: Vec::new(), groups: HashTable::new() }
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The key of a group.
    pub(crate) fn key(&self, group: u32) -> &[u64] {
        let start = group as usize * self.width;
        &self.words[start..start + self.width]
    }

    /// The group of a key.
    pub(crate) fn intern(&mut self, key: &[u64]) -> u32 {
        let (words, width) = (&self.words, self.width);
        let row = |group: u32| &words[group as usize * width..(group as usize + 1) * width];
        let hashed = hash(key);
        if let Some(group) = self.groups.find(hashed, |group| row(*group) == key) {
            return *group;
        }
        let group = self.groups.len() as u32;
        self.groups.insert_unique(hashed, group, |group| hash(row(*group)));
        self.words.extend_from_slice(key);
        group
    }
}
