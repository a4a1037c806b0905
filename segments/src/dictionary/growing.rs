//! How does a dictionary grow under one writer while readers look at it? Texts get ids in arrival order and are
//! stored once, in pages that the readers share; new pages are merged geometrically (as in a log-structured
//! merge tree) up to a bounded size, so there are few pages and no long pause.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::page::{Page, PageBuilder};
use crate::SegmentError;

/// Pages of this many texts are not merged further.
const PAGE_TEXTS: usize = 1 << 16;
/// Pages of this many bytes of text are not merged further.
const PAGE_BYTES: usize = 8 << 20;

/// The dictionary as readers see it: the ids `1..cardinality`.
#[derive(Debug, Default)]
pub(crate) struct DictionaryView {
    pages: Vec<Arc<Page>>,
    /// Number of ids, null included.
    cardinality: u32,
}

impl DictionaryView {
    pub(crate) fn cardinality(&self) -> u32 {
        self.cardinality.max(1)
    }

    /// The text of an id; `None` for id 0.
    pub(crate) fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        if id == 0 {
            return Ok(None);
        }
        if id >= self.cardinality() {
            let message = format!("dictionary id {id} does not exist: ids are below {}", self.cardinality());
            return Err(SegmentError::Invalid(message));
        }
        let page = &self.pages[page_of(&self.pages, id)];
        Ok(Some(page.text((id - page.first()) as usize)))
    }

    /// Bytes of memory its pages take.
    pub(crate) fn size(&self) -> usize {
        self.pages.iter().map(|p| p.size()).sum()
    }

    /// The id of a text.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.pages.iter().find_map(|p| p.find(text))
    }
}

/// The page that holds an id of a published text.
fn page_of(pages: &[Arc<Page>], id: u32) -> usize {
    // Most texts asked for are old, and the first page is the oldest.
    match pages {
        [_] => 0,
        [_, second, ..] if id < second.first() => 0,
        _ => pages.partition_point(|p| p.first() <= id) - 1,
    }
}

/// Part of the hash, kept so that growing the table and most misses read no text.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    id: u32,
}

impl Entry {
    /// Spreads the kept hash over 64 bits: the table uses both ends.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// The writer's side: finds and adds texts.
#[derive(Debug)]
pub(crate) struct GrowingDictionary {
    hasher: DefaultHashBuilder,
    table: HashTable<Entry>,
    pages: Vec<Arc<Page>>,
    /// Texts in no page yet.
    tail: PageBuilder,
    /// The id of the tail's first text.
    tail_first: u32,
    page_bytes: usize,
    view: Arc<DictionaryView>,
    /// Whether no reader will look texts up.
    unread: bool,
}

impl Default for GrowingDictionary {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
            pages: Vec::new(),
            tail: PageBuilder::default(),
            tail_first: 1,
            page_bytes: 0,
            view: Arc::default(),
            unread: false,
        }
    }
}

impl GrowingDictionary {
    /// Tells that no reader will look texts up.
    pub(crate) fn set_unread(&mut self) {
        self.unread = true;
    }

    /// Number of ids, null included.
    pub(crate) fn cardinality(&self) -> u32 {
        self.tail_first + self.tail.len() as u32
    }

    /// The id of a text, which is added when it is new. The caller keeps the number of texts below `u32::MAX`.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        let full = self.hasher.hash_one(text.as_bytes());
        let hash = (full ^ full >> 32) as u32;
        let spread = Entry::spread(hash);
        let known = self.table.find(spread, |e| e.hash == hash && self.text(e.id) == text);
        if let Some(entry) = known {
            return entry.id;
        }
        if self.tail.len() >= PAGE_TEXTS || self.tail.text_bytes() >= PAGE_BYTES {
            self.finish_page();
        }
        let id = self.cardinality();
        self.tail.push(text);
        self.table.insert_unique(spread, Entry { hash, id }, |e| Entry::spread(e.hash));
        id
    }

    /// The text of an id that `intern` gave.
    pub(crate) fn text(&self, id: u32) -> &str {
        match id.checked_sub(self.tail_first) {
            Some(i) => self.tail.text(i as usize),
            None => {
                let page = &self.pages[page_of(&self.pages, id)];
                page.text((id - page.first()) as usize)
            }
        }
    }

    /// Makes a page of the tail and merges it with smaller neighbours.
    fn finish_page(&mut self) {
        if self.tail.len() == 0 {
            return;
        }
        let mut last = self.tail.finish(self.tail_first, !self.unread);
        self.tail_first += last.len() as u32;
        while let Some(before) = self.pages.last() {
            let (texts, bytes) = (before.len() + last.len(), before.text_bytes() + last.text_bytes());
            if before.len() >= 2 * last.len() || texts > PAGE_TEXTS || bytes > PAGE_BYTES {
                break;
            }
            last = before.join(&last);
            self.pages.pop();
        }
        self.pages.push(Arc::new(last));
        self.page_bytes = self.pages.iter().map(|p| p.size()).sum();
    }

    /// All texts so far, for readers.
    pub(crate) fn publish(&mut self) -> Arc<DictionaryView> {
        self.finish_page();
        if self.view.cardinality() != self.cardinality() {
            self.view =
                Arc::new(DictionaryView { pages: self.pages.clone(), cardinality: self.cardinality() });
        }
        Arc::clone(&self.view)
    }

    /// Bytes of memory it takes, about.
    pub(crate) fn size(&self) -> usize {
        let tail = self.tail.text_bytes() + self.tail.len() * size_of::<u32>();
        self.page_bytes + tail + self.table.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_by_arrival(texts in prop::collection::vec(("[a-c\u{E000}\u{10000}]{0,3}", any::<bool>()), 1..200)) {
            let mut dictionary = GrowingDictionary::default();
            let mut expected: HashMap<String, u32> = HashMap::new();
            let mut old: Vec<(Arc<DictionaryView>, usize)> = Vec::new();
            let mut by_id = vec![None];
            for (text, publish) in &texts {
                let next = expected.len() as u32 + 1;
                let id = *expected.entry(text.clone()).or_insert_with(|| {
                    by_id.push(Some(text.clone()));
                    next
                });
                prop_assert_eq!(dictionary.intern(text), id);
                prop_assert_eq!(dictionary.text(id), text);
                if *publish {
                    old.push((dictionary.publish(), by_id.len()));
                }
            }
            for (view, cardinality) in old {
                prop_assert_eq!(view.cardinality() as usize, cardinality);
                for (id, text) in by_id.iter().enumerate() {
                    let inside = id < cardinality;
                    prop_assert_eq!(view.value(id as u32).is_ok(), inside);
                    if inside {
                        prop_assert_eq!(view.value(id as u32).unwrap(), text.as_deref());
                    }
                    if let Some(text) = text {
                        prop_assert_eq!(view.find(text), inside.then_some(id as u32));
                    }
                }
            }
        }
    }

    #[test]
    fn pages_stay_few_and_bounded() {
        let mut dictionary = GrowingDictionary::default();
        for i in 0..200_000u32 {
            assert_eq!(dictionary.intern(&format!("v{i}")), i + 1);
            if i % 100 == 0 {
                dictionary.publish();
            }
        }
        let view = dictionary.publish();
        assert!(view.pages.len() < 24, "{} pages", view.pages.len());
        assert!(view.pages.iter().all(|p| p.len() <= PAGE_TEXTS));
        for i in (0..200_000u32).step_by(997) {
            assert_eq!(view.find(&format!("v{i}")), Some(i + 1));
            assert_eq!(view.value(i + 1).unwrap(), Some(format!("v{i}").as_str()));
        }
        assert_eq!(view.find("v200000"), None);
        assert!(dictionary.size() > 200_000 * 8);
    }
}
