//! What is a segment called? Datasource, interval, version and partition number, in Druid's spelling.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{Interval, format_iso};

/// The identity of a segment. Orders by datasource, interval, version (as text), partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentId {
    /// Datasource name.
    pub datasource: String,
    /// Time chunk the segment answers for.
    pub interval: Interval,
    /// ISO time of the interval's first allocation; compared as text, newer overshadows older.
    pub version: String,
    /// Number within interval and version.
    pub partition: u32,
}

impl fmt::Display for SegmentId {
    /// `datasource_start_end_version[_partition]`; partition 0 is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (format_iso(self.interval.start), format_iso(self.interval.end));
        write!(f, "{}_{start}_{end}_{}", self.datasource, self.version)?;
        if self.partition > 0 {
            write!(f, "_{}", self.partition)?;
        }
        Ok(())
    }
}
