//! In which time bucket does a row lie? A small number a bucket: by division where all buckets have one length,
//! else by looking up the calendar once a run of rows.

use std::collections::HashMap;

use alluvium_segments::time::{Granularity, Interval};

/// Numbers buckets within the time range of one segment.
#[derive(Debug)]
pub(crate) enum Buckets {
    /// One bucket.
    All,
    /// Bucket `i` starts at `first + i * length`.
    Uniform { first: i64, length: i64, count: u64 },
    /// Numbered as they come.
    Calendar { granularity: Granularity, starts: Vec<i64>, numbers: HashMap<i64, u32>, last: (Interval, u32) },
}

/// More calendar buckets than any answer may have.
const MAX_CALENDAR: u64 = 1 << 26;

impl Buckets {
    /// For times within `bounds`, both inclusive.
    pub(crate) fn new(granularity: &Granularity, bounds: (i64, i64)) -> Self {
        if matches!(granularity, Granularity::All) {
            return Self::All;
        }
        if let Some((length, _)) = granularity.uniform() {
            let first = granularity.bucket_start(bounds.0);
            let span = (bounds.1.max(first) as i128 - first as i128) / i128::from(length);
            return Self::Uniform { first, length, count: span as u64 + 1 };
        }
        let granularity = granularity.clone();
        let nowhere = (Interval { start: 0, end: 0 }, 0);
        Self::Calendar { granularity, starts: Vec::new(), numbers: HashMap::new(), last: nowhere }
    }

    /// Number of possible bucket numbers.
    pub(crate) fn possible(&self) -> u64 {
        match self {
            Self::All => 1,
            Self::Uniform { count, .. } => *count,
            Self::Calendar { .. } => MAX_CALENDAR,
        }
    }

    /// The number of the bucket of `t`, which lies in the bounds.
    #[inline]
    pub(crate) fn number(&mut self, t: i64) -> u64 {
        match self {
            Self::All => 0,
            Self::Uniform { first, length, .. } => ((t - *first) / *length) as u64,
            Self::Calendar { granularity, starts, numbers, last } => {
                if !last.0.contains(t) {
                    let bucket = granularity.bucket(t);
                    let number = *numbers.entry(bucket.start).or_insert_with(|| {
                        starts.push(bucket.start);
                        starts.len() as u32 - 1
                    });
                    *last = (bucket, number);
                }
                u64::from(last.1)
            }
        }
    }

    /// Start of a bucket.
    pub(crate) fn start(&self, number: u64) -> i64 {
        match self {
            Self::All => Interval::ETERNITY.start,
            Self::Uniform { first, length, .. } => first + number as i64 * length,
            Self::Calendar { starts, .. } => starts.get(number as usize).copied().unwrap_or_default(),
        }
    }
}
