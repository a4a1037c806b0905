//! How are the texts of a sealed dictionary found? They lie sorted in the file: offsets, then UTF-8; texts are
//! borrowed from the map, and checked to be UTF-8 when they are read.

use std::cmp::Ordering;
use std::sync::Arc;

use super::order;
use crate::SegmentError;
use crate::encoding::Damage;
use crate::file::FileBytes;

/// The dictionary of a mapped string column. Id 0 is null; text `i` has id `i + 1`.
#[derive(Debug)]
pub(crate) struct SortedDictionary {
    file: Arc<FileBytes>,
    offsets: usize,
    bytes: usize,
    width: usize,
    cardinality: u32,
}

impl SortedDictionary {
    /// Checks the lengths of its sections.
    pub(crate) fn open(
        file: &Arc<FileBytes>,
        (offsets, bytes): (usize, usize),
        width: u8,
        cardinality: u32,
    ) -> Result<Self, SegmentError> {
        // One offset a text and the end of the last, which makes one an id.
        let expected = cardinality as usize * usize::from(width);
        let found = file.section_bytes(offsets);
        if found != expected || !matches!(width, 4 | 8) || cardinality == 0 {
            let expected = format!("{cardinality} offsets of 4 or 8 bytes");
            let damage = Damage::new(expected, format!("{found} bytes at width {width}"));
            return Err(file.corrupt(offsets, 0, damage));
        }
        Ok(Self { file: Arc::clone(file), offsets, bytes, width: usize::from(width), cardinality })
    }

    /// Number of ids, null included.
    pub(crate) fn cardinality(&self) -> u32 {
        self.cardinality
    }

    /// The text of an id; `None` for id 0.
    pub(crate) fn value(&self, id: u32) -> Result<Option<&str>, SegmentError> {
        if id == 0 {
            return Ok(None);
        }
        let bytes = self.bytes_of(id)?;
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let damage = Damage::new(format!("UTF-8 for id {id}"), e.to_string());
            self.file.corrupt(self.bytes, 0, damage)
        })?;
        Ok(Some(text))
    }

    fn bytes_of(&self, id: u32) -> Result<&[u8], SegmentError> {
        if id == 0 || id >= self.cardinality {
            let path = self.file.path().display();
            let message = format!("id {id} is not in the dictionary of {} ids in `{path}`", self.cardinality);
            return Err(SegmentError::Invalid(message));
        }
        let at = (id as usize - 1) * self.width;
        let pair = self.file.read(self.offsets, at..at + 2 * self.width)?;
        let (low, high) = pair.split_at_checked(self.width).unwrap_or_default();
        let offset = |bytes: &[u8]| bytes.iter().rev().fold(0usize, |sum, b| sum << 8 | usize::from(*b));
        self.file.read(self.bytes, offset(low)..offset(high))
    }

    /// The id of a text.
    pub(crate) fn lookup(&self, value: Option<&str>) -> Result<Option<u32>, SegmentError> {
        let Some(value) = value else { return Ok(Some(0)) };
        let id = self.lower_bound(value)?;
        Ok((id < self.cardinality && self.bytes_of(id)? == value.as_bytes()).then_some(id))
    }

    /// The smallest id whose text is not before `value`.
    pub(crate) fn lower_bound(&self, value: &str) -> Result<u32, SegmentError> {
        let (mut low, mut high) = (1, self.cardinality);
        while low < high {
            let middle = low + (high - low) / 2;
            if order::compare_bytes(self.bytes_of(middle)?, value.as_bytes()) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The error for texts that do not ascend.
    pub(super) fn unordered(&self, id: u32) -> SegmentError {
        let damage = Damage::new("texts in ascending order", format!("id {id} not after its predecessor"));
        self.file.corrupt(self.bytes, 0, damage)
    }
}
