//! How are the texts of a large sealed dictionary kept small, and found? In pages: the first text whole, the others as
//! what they share with their predecessor and what follows, compressed where that saves more. A page is decoded when a
//! text of it is first wanted and stays; a look-up compares the first texts as they lie in the map and decodes one page.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use super::order;
use super::pages::{ENTRY_BYTES, PAGE_TEXTS};
use crate::SegmentError;
use crate::encoding::{Damage, lz4_block};
use crate::file::FileBytes;

/// LZ4 makes no more bytes of one.
const MOST_LZ4_BYTES: usize = 255;

/// The dictionary of a mapped string column, in pages. Id 0 is null; text `i` has id `i + 1`.
#[derive(Debug)]
pub(crate) struct PagedDictionary {
    file: Arc<FileBytes>,
    entries: usize,
    bytes: usize,
    cardinality: u32,
    decoded: OnceLock<Box<[OnceLock<Box<Page>>]>>,
}

/// Texts of a page, one after the other, and their ends.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    texts: Box<str>,
    ends: Box<[u32]>,
}

impl Page {
    fn text(&self, i: usize) -> Option<&str> {
        let start = if i == 0 { 0 } else { *self.ends.get(i - 1)? as usize };
        self.texts.get(start..*self.ends.get(i)? as usize)
    }
}

/// What the directory says of a page.
#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: usize,
    /// Bytes of the first text.
    head: usize,
    /// Bytes of the body in the file.
    stored: usize,
    /// Bytes of the body; more than are stored: it is compressed.
    body: usize,
    /// Bytes of all texts.
    texts: usize,
}

impl PagedDictionary {
    /// Checks that the directory has an entry for every page.
    pub(crate) fn open(
        file: &Arc<FileBytes>,
        (entries, bytes): (usize, usize),
        cardinality: u32,
    ) -> Result<Self, SegmentError> {
        let expected = (cardinality.saturating_sub(1) as usize).div_ceil(PAGE_TEXTS) * ENTRY_BYTES;
        let found = file.section_bytes(entries);
        if found != expected || cardinality == 0 {
            let damage = Damage::new(format!("{expected} bytes of text pages"), format!("{found} bytes"));
            return Err(file.corrupt(entries, 0, damage));
        }
        Ok(Self { file: Arc::clone(file), entries, bytes, cardinality, decoded: OnceLock::new() })
    }

    /// Number of ids, null included.
    pub(crate) fn cardinality(&self) -> u32 {
        self.cardinality
    }

    fn pages(&self) -> usize {
        (self.cardinality as usize - 1).div_ceil(PAGE_TEXTS)
    }

    fn entry(&self, page: usize) -> Result<Entry, SegmentError> {
        let at = page * ENTRY_BYTES;
        let (words, _) = self.file.read(self.entries, at..at + ENTRY_BYTES)?.as_chunks::<8>();
        let word = |i: usize| words.get(i).map_or(0, |word| u64::from_le_bytes(*word));
        let half = |i: usize| (word(1 + i / 2) >> (32 * (i % 2))) as u32 as usize;
        let offset = usize::try_from(word(0)).unwrap_or(usize::MAX);
        Ok(Entry { offset, head: half(0), stored: half(1), body: half(2), texts: half(3) })
    }

    /// The first text of a page, as it lies in the map.
    fn head(&self, page: usize) -> Result<&[u8], SegmentError> {
        let entry = self.entry(page)?;
        self.file.read(self.bytes, entry.offset..entry.offset.saturating_add(entry.head))
    }

    /// A page, decoded the first time.
    fn page(&self, number: usize) -> Result<&Page, SegmentError> {
        let decoded = self.decoded.get_or_init(|| (0..self.pages()).map(|_| OnceLock::new()).collect());
        let Some(slot) = decoded.get(number) else {
            return Err(SegmentError::Invalid(format!("page {number} is not among {}", decoded.len())));
        };
        if let Some(page) = slot.get() {
            return Ok(page);
        }
        let entry = self.entry(number)?;
        let bytes = self.file.read(
            self.bytes,
            entry.offset..entry.offset.saturating_add(entry.head).saturating_add(entry.stored),
        )?;
        let (head, stored) = bytes.split_at_checked(entry.head).unwrap_or_default();
        let count = (self.cardinality as usize - 1 - number * PAGE_TEXTS).min(PAGE_TEXTS);
        let page = decode(head, stored, entry, count)
            .map_err(|damage| self.file.corrupt(self.bytes, entry.offset, damage))?;
        Ok(slot.get_or_init(|| Box::new(page)))
    }

    /// The text of an id; `None` for id 0.
    pub(crate) fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        if id == 0 {
            return Ok(None);
        }
        if id >= self.cardinality {
            let path = self.file.path().display();
            let message = format!("id {id} is not in the dictionary of {} ids in `{path}`", self.cardinality);
            return Err(SegmentError::Invalid(message));
        }
        let at = id as usize - 1;
        let text = self.page(at / PAGE_TEXTS)?.text(at % PAGE_TEXTS);
        text.map(Some).ok_or_else(|| SegmentError::Invalid(format!("id {id} has no text in its page")))
    }

    /// The id of a text.
    pub(crate) fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        let Some(value) = value else { return Ok(Some(0)) };
        let id = self.lower_bound(value)?;
        Ok((id < self.cardinality && self.value(id)? == Some(value)).then_some(id))
    }

    /// The smallest id whose text is not before `value`.
    pub(crate) fn lower_bound(&self, value: &str) -> Result<u32, SegmentError> {
        // The first page whose first text is not before the value: that text is the answer, unless the page before
        // holds such texts too.
        let (mut low, mut high) = (0, self.pages());
        while low < high {
            let middle = low + (high - low) / 2;
            if order::compare_bytes(self.head(middle)?, value.as_bytes()) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(before) = low.checked_sub(1) else { return Ok(1) };
        let page = self.page(before)?;
        let (mut low, mut high) = (1, page.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if page.text(middle).is_some_and(|text| order::compare(text, value) == Ordering::Less) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok((before * PAGE_TEXTS + low + 1) as u32)
    }

    /// The error for texts that do not ascend.
    pub(super) fn unordered(&self, id: u32) -> SegmentError {
        let damage = Damage::new("texts in ascending order", format!("id {id} not after its predecessor"));
        self.file.corrupt(self.bytes, 0, damage)
    }
}

/// Restores the texts of a page.
fn decode(head: &[u8], stored: &[u8], entry: Entry, count: usize) -> Result<Page, Damage> {
    let plain;
    let body = if entry.body == entry.stored {
        stored
    } else {
        if entry.body > stored.len() * MOST_LZ4_BYTES {
            let most = format!("at most {} bytes of texts", stored.len() * MOST_LZ4_BYTES);
            return Err(Damage::new(most, format!("{} bytes", entry.body)));
        }
        let mut bytes = vec![0; entry.body];
        lz4_block::decompress(stored, &mut bytes)?;
        plain = bytes;
        &plain
    };
    let mut lengths = body;
    let shared = numbers(&mut lengths, count - 1)?;
    let suffixes = numbers(&mut lengths, count - 1)?;
    let mut rest = lengths;
    let wrong = || Damage::new(format!("{count} texts of {} bytes", entry.texts), "others");
    let mut bytes = Vec::with_capacity(entry.texts.min(head.len() + PAGE_TEXTS * body.len()));
    let mut ends = Vec::with_capacity(count);
    bytes.extend_from_slice(head);
    ends.push(bytes.len() as u32);
    let mut last = 0;
    for (shared, suffix) in shared.iter().zip(&suffixes) {
        let start = bytes.len();
        let (suffix, after) = rest.split_at_checked(*suffix as usize).ok_or_else(wrong)?;
        let shared = *shared as usize;
        if shared > start - last || start + shared + suffix.len() > entry.texts {
            return Err(wrong());
        }
        bytes.extend_from_within(last..last + shared);
        bytes.extend_from_slice(suffix);
        ends.push(bytes.len() as u32);
        (last, rest) = (start, after);
    }
    let texts = String::from_utf8(bytes).map_err(|e| Damage::new("texts in UTF-8", e.to_string()))?;
    let whole = ends.iter().all(|end| texts.is_char_boundary(*end as usize));
    if !rest.is_empty() || texts.len() != entry.texts || !whole {
        return Err(wrong());
    }
    Ok(Page { texts: texts.into_boxed_str(), ends: ends.into_boxed_slice() })
}

/// Reads numbers of 7 bits a byte, low bits first, from the front.
fn numbers(bytes: &mut &[u8], count: usize) -> Result<Vec<u32>, Damage> {
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let mut number = 0u32;
        for shift in (0..35).step_by(7) {
            let Some((byte, rest)) = bytes.split_first() else {
                return Err(Damage::new(format!("{count} lengths of texts"), out.len().to_string()));
            };
            *bytes = rest;
            number |= u32::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        out.push(number);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pages::put_page;
    use super::*;

    fn entry(bytes: &[u8]) -> Entry {
        let word = |i: usize| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().unwrap()) as usize;
        let half = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap()) as usize;
        Entry { offset: word(0), head: half(2), stored: half(3), body: half(4), texts: half(5) }
    }

    proptest! {
        #[test]
        fn pages_come_back(texts in prop::collection::vec("(common)?[a-c\u{E9}\u{1F600}]{0,9}", 1..PAGE_TEXTS)) {
            let texts: Vec<&[u8]> = texts.iter().map(|t| t.as_bytes()).collect();
            let (mut entries, mut bytes) = (Vec::new(), vec![9; 5]);
            put_page(&texts, &mut entries, &mut bytes);
            let entry = entry(&entries);
            prop_assert_eq!((entry.offset, entry.offset + entry.head + entry.stored), (5, bytes.len()));
            let (head, stored) = bytes[5..].split_at(entry.head);
            let page = decode(head, stored, entry, texts.len()).unwrap();
            for (i, text) in texts.iter().enumerate() {
                prop_assert_eq!(page.text(i).map(str::as_bytes), Some(*text));
            }
            prop_assert_eq!(page.text(texts.len()), None);
            prop_assert!(decode(head, &stored[..stored.len().saturating_sub(1)], entry, texts.len() + 1).is_err());
        }

        #[test]
        fn garbage_never_panics(
            head in "[a\u{E9}]{0,4}", stored in prop::collection::vec(prop_oneof![any::<u8>(), 0u8..5], 0..200),
            more in 0usize..300, texts in 0usize..2000, count in 1usize..=PAGE_TEXTS,
        ) {
            let entry = Entry { offset: 0, head: head.len(), stored: stored.len(), body: stored.len() + more, texts };
            let _ = decode(head.as_bytes(), &stored, entry, count);
        }
    }
}
