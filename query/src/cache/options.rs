//! How large may the caches become, and which queries may use them?

use crate::plan::CacheUse;

/// Settings of both caches. As in Druid, neither is used unless the server says so, and then by each query that does not
/// say otherwise in its context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheOptions {
    /// Partial results of sealed segments (`useCache`, `populateCache`).
    pub segments: CacheLimits,
    /// Whole answers (`useResultLevelCache`, `populateResultLevelCache`).
    pub results: CacheLimits,
}

/// Settings of one cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheLimits {
    /// Whether queries may be answered from it and whether their results may be kept in it.
    pub allowed: CacheUse,
    /// Memory it may take, in bytes.
    pub bytes: usize,
    /// Memory that one result may take, in bytes.
    pub entry_bytes: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { allowed: CacheUse::NONE, bytes: 256 << 20, entry_bytes: 1_000_000 }
    }
}

impl CacheLimits {
    /// Whether there is anything to keep, or to look for.
    pub(crate) fn is_off(&self) -> bool {
        self.allowed.is_none() || self.bytes == 0
    }
}
