//! When must rows be written out, and when committed? Limits of the spec and of the server.

use crate::spec::SupervisorSpec;

/// Limits of one task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommitLimits {
    /// Rows of one segment.
    pub(crate) segment_rows: u64,
    /// Rows of all segments not committed.
    pub(crate) total_rows: u64,
    /// Rows in memory before they are persisted.
    pub(crate) memory_rows: u64,
    /// Bytes in memory before they are persisted.
    pub(crate) memory_bytes: u64,
    /// Age of the oldest row in memory before it is persisted.
    pub(crate) persist_ms: i64,
    /// Age of the oldest row that is not committed.
    pub(crate) age_ms: i64,
}

impl CommitLimits {
    /// Of a supervisor's task; `age_ms` and `memory_bytes` are the server's bounds.
    pub(crate) fn of(spec: &SupervisorSpec, age_ms: i64, memory_bytes: u64) -> Self {
        let tuning = &spec.tuning;
        let bytes = memory_bytes / u64::from(spec.io.task_count.max(1));
        Self {
            segment_rows: tuning.max_rows_per_segment,
            total_rows: tuning.max_total_rows.unwrap_or(u64::MAX),
            memory_rows: tuning.max_rows_in_memory,
            memory_bytes: tuning.max_bytes_in_memory.unwrap_or(bytes).max(1 << 20),
            persist_ms: tuning.intermediate_persist_period_ms,
            age_ms: age_ms.min(spec.io.task_duration_ms).max(1),
        }
    }
}
