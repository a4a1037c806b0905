//! How is a run of a growing dictionary kept? An immutable page: texts in id order and an index in text order.

use std::sync::OnceLock;

use super::{order, sorted};

/// Texts with consecutive ids, and the same ids ordered by text.
#[derive(Debug)]
pub(crate) struct Page {
    first: u32,
    bytes: String,
    ends: Vec<u32>,
    /// Positions in the page, in Druid's string order; of pages nobody reads made when they are read after all.
    sorted: OnceLock<Vec<u32>>,
}

/// Texts of a page that is still growing.
#[derive(Debug, Default)]
pub(crate) struct PageBuilder {
    bytes: String,
    ends: Vec<u32>,
}

fn slice<'t>(bytes: &'t str, ends: &[u32], i: usize) -> &'t str {
    let start = if i == 0 { 0 } else { ends[i - 1] as usize };
    &bytes[start..ends[i] as usize]
}

impl PageBuilder {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn text(&self, i: usize) -> &str {
        slice(&self.bytes, &self.ends, i)
    }

    /// The finished page; its first text has the id `first`. Leaves an empty builder. `read` tells whether texts
    /// will be looked up in it.
    pub(crate) fn finish(&mut self, first: u32, read: bool) -> Page {
        let Self { bytes, ends } = std::mem::take(self);
        let page = Page { first, bytes, ends, sorted: OnceLock::new() };
        if read {
            page.sorted();
        }
        page
    }
}

impl Page {
    /// The id of its first text.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        let sorted = self.sorted.get().map_or(0, Vec::capacity);
        self.bytes.capacity() + (self.ends.capacity() + sorted) * size_of::<u32>()
    }

    /// The text at a position (id minus `first`).
    pub(crate) fn text(&self, i: usize) -> &str {
        slice(&self.bytes, &self.ends, i)
    }

    fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| sorted(self.len(), |i| self.text(i as usize)))
    }

    /// The id of a text.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        let sorted = self.sorted();
        let at = sorted.binary_search_by(|i| order::compare(self.text(*i as usize), text)).ok()?;
        Some(self.first + sorted[at])
    }

    /// This page and the one that follows it, as one.
    pub(crate) fn join(&self, next: &Self) -> Self {
        let mut bytes = String::with_capacity(self.bytes.len() + next.bytes.len());
        bytes.push_str(&self.bytes);
        bytes.push_str(&next.bytes);
        let mut ends = Vec::with_capacity(self.len() + next.len());
        ends.extend_from_slice(&self.ends);
        ends.extend(next.ends.iter().map(|end| end + self.bytes.len() as u32));
        let joined = Self { first: self.first, bytes, ends, sorted: OnceLock::new() };
        if let (Some(a), Some(b)) = (self.sorted.get(), next.sorted.get()) {
            let _ = joined.sorted.set(self.merge(a, next, b));
        }
        joined
    }

    /// The positions of this page and of the one that follows it, in order.
    fn merge(&self, a: &[u32], next: &Self, b: &[u32]) -> Vec<u32> {
        let mut sorted = Vec::with_capacity(a.len() + b.len());
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        let moved = self.len() as u32;
        while let (Some(&&x), Some(&&y)) = (a.peek(), b.peek()) {
            if order::compare(self.text(x as usize), next.text(y as usize)).is_lt() {
                sorted.push(x);
                a.next();
            } else {
                sorted.push(y + moved);
                b.next();
            }
        }
        sorted.extend(a);
        sorted.extend(b.map(|y| y + moved));
        sorted
    }
}
