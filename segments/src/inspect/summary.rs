//! What is a file as a whole: identity, rows, times, bytes?

use serde::Serialize;

use crate::mapped::MappedSegment;
use crate::time::format_iso;
use crate::{Projection, RowOrder, Segment};

/// A projection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionSummary {
    /// Its name.
    pub name: String,
    /// What `__time` of its groups is truncated to, as in a spec.
    pub granularity: serde_json::Value,
    /// Its columns, `__time` left out.
    pub columns: Vec<String>,
    /// Number of groups.
    pub rows: u64,
    /// Bytes it takes in the file.
    pub bytes: u64,
    /// Rows of the segment for each group.
    pub reduction: f64,
}

/// A file as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The segment's identity in Druid's spelling.
    pub id: String,
    /// Datasource.
    pub datasource: String,
    /// Time chunk, `start/end`.
    pub interval: String,
    /// Version.
    pub version: String,
    /// Partition number.
    pub partition: u32,
    /// Format version of the file.
    pub format_version: u32,
    /// Rows.
    pub rows: u64,
    /// Columns, `__time` included.
    pub columns: usize,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of all values without any encoding.
    pub bytes_before: u64,
    /// `time` or `arrival`.
    pub order: &'static str,
    /// Smallest `__time`, ISO.
    pub first_time: Option<String>,
    /// Largest `__time`, ISO.
    pub last_time: Option<String>,
    /// Whether equal rows were combined.
    pub rollup: bool,
    /// What `__time` was truncated to, as in a spec.
    pub query_granularity: serde_json::Value,
    /// CRC-32C of the file, in hexadecimal.
    pub checksum: String,
    /// What was aggregated beforehand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projections: Vec<ProjectionSummary>,
}

/// Sums up an open file. Reads all of it for the checksum.
#[must_use]
pub fn summary(segment: &MappedSegment) -> Summary {
    let (id, footer) = (segment.id(), segment.footer());
    let bounds = segment.time_bounds();
    Summary {
        id: id.to_string(),
        datasource: id.datasource.clone(),
        interval: id.interval.to_string(),
        version: id.version.clone(),
        partition: id.partition,
        format_version: segment.format_version(),
        rows: footer.rows,
        columns: footer.columns.len(),
        bytes: segment.size_bytes(),
        bytes_before: footer.columns.iter().map(|c| c.bytes_before).sum(),
        order: match footer.order {
            RowOrder::Time => "time",
            RowOrder::Arrival => "arrival",
        },
        first_time: bounds.map(|(first, _)| format_iso(first)),
        last_time: bounds.map(|(_, last)| format_iso(last)),
        rollup: footer.schema.rollup,
        query_granularity: serde_json::to_value(&footer.schema.query_granularity).unwrap_or_default(),
        checksum: format!("{:08x}", segment.checksum()),
        projections: segment.projections().iter().map(|p| projection(p, footer.rows)).collect(),
    }
}

fn projection(projection: &Projection, rows: u64) -> ProjectionSummary {
    let spec = projection.spec();
    ProjectionSummary {
        name: spec.name.clone(),
        granularity: serde_json::to_value(&spec.granularity).unwrap_or_default(),
        columns: spec.columns.iter().map(|c| c.name.clone()).collect(),
        rows: projection.rows(),
        bytes: projection.bytes(),
        reduction: rows as f64 / projection.rows().max(1) as f64,
    }
}
