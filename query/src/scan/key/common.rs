//! How do the codes of a segment become those of all segments of a query?

use std::sync::Arc;

use alluvium_segments::Segment;

use super::{Key, Raw};
use crate::QueryError;
use crate::partial::Space;
use crate::scan::{Origin, Source};

/// What makes common codes of a segment's. Null stays 0.
#[derive(Debug, Clone)]
pub(crate) enum Common {
    /// What is added, wrapping.
    Shift(u64),
    /// The common code of each.
    Table(Arc<[u32]>),
}

impl Common {
    /// The codes stay those of the segment.
    pub(crate) const OWN: Self = Self::Shift(0);

    /// The common code of a segment's.
    #[inline]
    pub(crate) fn of(&self, code: u64) -> u64 {
        match self {
            _ if code == 0 => 0,
            Self::Shift(shift) => code.wrapping_add(*shift),
            Self::Table(table) => table.get(code as usize).map_or(0, |common| u64::from(*common)),
        }
    }
}

impl Key<'_> {
    /// How its codes become those of a space of the values of all segments, where that is bounded and takes no decoding.
    pub(crate) fn common(
        &self,
        source: &Source<'_>,
        segment: &Arc<dyn Segment>,
        space: &Space,
    ) -> Result<Option<Common>, QueryError> {
        if self.mapping.is_some() {
            return Ok(None);
        }
        Ok(match (&self.raw, space, source.origin(self.slot)) {
            (Raw::Ids, Space::Texts { texts, whole: true, .. }, Origin::Texts(column)) => {
                Some(Common::Table(texts.of_segment(segment, *column)?))
            }
            (Raw::Offset { min, .. }, Space::Distance { min: from, .. }, _) => {
                Some(Common::Shift(min.wrapping_sub(*from) as u64))
            }
            (Raw::Null, Space::Texts { .. } | Space::Distance { .. }, _) => Some(Common::Shift(0)),
            _ => None,
        })
    }
}
