//! In which shape does an answer leave? One file a query type; Druid's shapes, key order and rules for empty
//! results.

mod dictionary;
mod group_by;
mod metadata;
mod scan;
mod search;
mod table;
mod timeseries;
mod top_n;
mod write;

use alluvium_segments::time::{Granularity, Interval, condense};
use chrono_tz::Tz;

use crate::QueryError;
use crate::run::Control;

pub(crate) use dictionary::check_dictionary;
pub(crate) use group_by::{group_by, group_by_table};
pub(crate) use metadata::{data_source_metadata, segment_metadata, time_boundary};
pub(crate) use scan::{ScanColumn, row_columns, scan, scan_columns};
pub(crate) use search::{Hit, search};
pub(crate) use table::{Cells, Show, Table};
pub(crate) use timeseries::{timeseries, timeseries_table, with_buckets};
pub(crate) use top_n::{handed_on, top_n, top_n_table};
pub(crate) use write::TimeFormat;

/// What an answer needs to know besides the result.
#[derive(Debug)]
pub(crate) struct Surroundings<'q> {
    /// Intervals of the query.
    pub(crate) intervals: &'q [Interval],
    /// Where segments have rows, clipped to the intervals.
    pub(crate) coverage: Vec<Interval>,
    /// How instants are written.
    pub(crate) times: TimeFormat,
    /// What is shown of aggregates.
    pub(crate) show: Show,
}

/// More buckets than any chart shows; keeps a wrong granularity from filling the memory.
const MAX_BUCKETS: usize = 10_000_000;

impl Surroundings<'_> {
    /// Starts of all buckets between a segment's first row and its last, ascending; those in `known` have rows.
    pub(crate) fn buckets(
        &self,
        granularity: &Granularity,
        known: &[i64],
        control: &Control,
    ) -> Result<Vec<i64>, QueryError> {
        if matches!(granularity, Granularity::All) {
            return Ok((!self.coverage.is_empty()).then(|| self.all_time()).into_iter().collect());
        }
        buckets_within(&self.coverage, granularity, known, control)
    }

    /// How the start of a bucket is written that is the time of a result: on the clock of the zone where results of several
    /// segments were put together.
    pub(crate) fn times_of(&self, granularity: &Granularity, start: i64) -> TimeFormat {
        let is_plain = self.times.zone == Tz::UTC || matches!(granularity, Granularity::All);
        let alone = !is_plain && self.segments_of(granularity, start) < 2;
        if alone { TimeFormat { zone: Tz::UTC, ..self.times } } else { self.times }
    }

    /// The number of segments that have rows about the bucket that begins there.
    pub(crate) fn segments_of(&self, granularity: &Granularity, start: i64) -> usize {
        match granularity {
            Granularity::All => self.coverage.len(),
            _ => {
                let bucket = granularity.bucket(start);
                self.coverage.iter().filter(|covered| covered.overlaps(bucket)).count()
            }
        }
    }

    /// The instant on the one row of granularity `all`: the first of the data, else of the query.
    pub(crate) fn all_time(&self) -> i64 {
        let first = self.coverage.iter().map(|i| i.start).min();
        first.or_else(|| self.intervals.first().map(|i| i.start)).unwrap_or_default()
    }
}

/// Starts of all buckets of some intervals, ascending; those in `known` have rows.
pub(crate) fn buckets_within(
    coverage: &[Interval],
    granularity: &Granularity,
    known: &[i64],
    control: &Control,
) -> Result<Vec<i64>, QueryError> {
    // What has no end is filled as far as there are rows.
    let bounded = |mut covered: Interval| {
        if covered.start <= Interval::ETERNITY.start {
            covered.start = known.iter().min().copied().unwrap_or(covered.end);
        }
        if covered.end >= Interval::ETERNITY.end {
            covered.end = known.iter().max().copied().unwrap_or(covered.start);
        }
        covered
    };
    let mut starts = Vec::new();
    for covered in condense(coverage.iter().copied().map(bounded).collect()) {
        let mut start = granularity.bucket_start(covered.start);
        // Two intervals may lie in one bucket.
        if starts.last() == Some(&start) {
            start = granularity.bucket_end(start);
        }
        while start < covered.end {
            starts.push(start);
            if starts.len() % 4096 == 0 {
                control.check()?;
            }
            if starts.len() > MAX_BUCKETS {
                let message = format!("the granularity gives more than {MAX_BUCKETS} buckets");
                return Err(QueryError::ResourceLimit(format!("{message}; set skipEmptyBuckets")));
            }
            start = granularity.bucket_end(start);
        }
    }
    Ok(starts)
}
