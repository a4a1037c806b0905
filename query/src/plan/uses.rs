//! What may a plan be answered from besides rows: projections, and results that are known already?

use serde::{Deserialize, Serialize};

/// Whether segments are answered from their projections.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectionUse {
    /// Where one answers with fewer rows.
    #[default]
    WhereSmaller,
    /// None is.
    Never,
    /// All sealed ones must be.
    Forced,
    /// All sealed ones must be, by the projection of this name.
    Named(String),
}

/// What may be done with a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheUse {
    /// Results may be taken from it.
    pub read: bool,
    /// Results may be kept in it.
    pub fill: bool,
}

impl CacheUse {
    /// It is left alone.
    pub const NONE: Self = Self { read: false, fill: false };
    /// Both.
    pub const ALL: Self = Self { read: true, fill: true };

    /// What both allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { read: self.read && other.read, fill: self.fill && other.fill }
    }

    /// Whether it is left alone.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}
