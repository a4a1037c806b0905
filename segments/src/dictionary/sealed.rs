//! How are the texts of a sealed column found, whichever way they lie in the file?

use std::cmp::Ordering;

use super::order;
use super::paged::PagedDictionary;
use super::sorted::SortedDictionary;
use crate::SegmentError;

/// The dictionary of a mapped string column. Id 0 is null; texts ascend with their ids.
#[derive(Debug)]
pub(crate) enum SealedDictionary {
    /// Texts as they are.
    Plain(SortedDictionary),
    /// Pages of shortened texts.
    Paged(PagedDictionary),
}

impl SealedDictionary {
    /// Number of ids, null included.
    pub(crate) fn cardinality(&self) -> u32 {
        match self {
            Self::Plain(texts) => texts.cardinality(),
            Self::Paged(texts) => texts.cardinality(),
        }
    }

    /// The text of an id; `None` for id 0.
    pub(crate) fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        match self {
            Self::Plain(texts) => texts.value(id),
            Self::Paged(texts) => texts.value(id),
        }
    }

    /// The id of a text.
    pub(crate) fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        match self {
            Self::Plain(texts) => texts.lookup(value),
            Self::Paged(texts) => texts.lookup(value),
        }
    }

    /// The smallest id whose text is not before `value`.
    pub(crate) fn lower_bound(&self, value: &str) -> Result<u32, SegmentError> {
        match self {
            Self::Plain(texts) => texts.lower_bound(value),
            Self::Paged(texts) => texts.lower_bound(value),
        }
    }

    /// Reads every text and checks that they ascend.
    pub(crate) fn check(&self) -> Result<(), SegmentError> {
        let mut last: Option<&str> = None;
        for id in 1..self.cardinality() {
            let text = self.value(id)?;
            if last.is_some_and(|l| text.is_none_or(|t| order::compare(l, t) != Ordering::Less)) {
                return Err(match self {
                    Self::Plain(texts) => texts.unordered(id),
                    Self::Paged(texts) => texts.unordered(id),
                });
            }
            last = text;
        }
        Ok(())
    }
}
