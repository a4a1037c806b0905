//! In which time bucket does a row lie? A small number a bucket: by division where all buckets have one length, else
//! by looking up the calendar; once a run of rows that lie in one bucket.

use alluvium_segments::time::{Granularity, Interval};
use hashbrown::HashMap;

/// Numbers buckets within the time range of one segment.
#[derive(Debug)]
pub(crate) struct Buckets {
    kind: Kind,
    /// The bucket that was looked up last, and its number.
    last: (Interval, u64),
}

#[derive(Debug)]
enum Kind {
    /// One bucket.
    All,
    /// Bucket `i` starts at `first + i * length`.
    Uniform { first: i64, length: i64, count: u64 },
    /// Numbered as they come.
    Calendar { granularity: Granularity, starts: Vec<i64>, numbers: HashMap<i64, u32> },
}

/// More calendar buckets than any answer may have.
const MAX_CALENDAR: u64 = 1 << 26;
/// Calendar buckets of one segment that are counted to know how many there can be.
const COUNTED: u64 = 1 << 12;

impl Buckets {
    /// For times within `bounds`, both inclusive.
    pub(crate) fn new(granularity: &Granularity, bounds: (i64, i64)) -> Self {
        let kind = if matches!(granularity, Granularity::All) {
            Kind::All
        } else if let Some((length, _)) = granularity.uniform() {
            let first = granularity.bucket_start(bounds.0);
            let span = (bounds.1.max(first) as i128 - first as i128) / i128::from(length);
            Kind::Uniform { first, length, count: span as u64 + 1 }
        } else {
            let (granularity, starts) = (granularity.clone(), Vec::new());
            Kind::Calendar { granularity, starts, numbers: HashMap::new() }
        };
        Self { kind, last: (Interval { start: 0, end: 0 }, 0) }
    }

    /// Number of possible bucket numbers, for times within `bounds`.
    pub(crate) fn possible(&self, bounds: (i64, i64)) -> u64 {
        match &self.kind {
            Kind::All => 1,
            Kind::Uniform { count, .. } => *count,
            Kind::Calendar { granularity, .. } => {
                let (mut count, mut end) = (1, granularity.bucket(bounds.0).end);
                while end <= bounds.1 && count < COUNTED {
                    end = granularity.bucket_end(end);
                    count += 1;
                }
                if end <= bounds.1 { MAX_CALENDAR } else { count }
            }
        }
    }

    /// The bucket of `t`, which lies in the bounds, and its number.
    fn find(&mut self, t: i64) -> (Interval, u64) {
        if self.last.0.contains(t) {
            return self.last;
        }
        self.last = match &mut self.kind {
            Kind::All => (Interval::ETERNITY, 0),
            Kind::Uniform { first, length, .. } => {
                let number = (t - *first) / *length;
                let start = *first + number * *length;
                (Interval { start, end: start.saturating_add(*length) }, number as u64)
            }
            Kind::Calendar { granularity, starts, numbers } => {
                let bucket = granularity.bucket(t);
                let number = *numbers.entry(bucket.start).or_insert_with(|| {
                    starts.push(bucket.start);
                    starts.len() as u32 - 1
                });
                (bucket, u64::from(number))
            }
        };
        self.last
    }

    /// The number of the bucket of `t`, which lies in the bounds.
    #[inline]
    pub(crate) fn number(&mut self, t: i64) -> u64 {
        if self.last.0.contains(t) { self.last.1 } else { self.find(t).1 }
    }

    /// Cuts ascending times into runs of one bucket: its number, and where the run ends.
    pub(crate) fn runs(&mut self, times: impl TimesAt, out: &mut Vec<(u64, usize)>) {
        out.clear();
        out.reserve(times.len().min(32));
        let (mut at, len) = (0, times.len());
        while at < len {
            let (bucket, number) = self.find(times.at(at));
            at = times.first_from(at, bucket.end);
            out.push((number, at));
        }
    }

    /// Start of a bucket.
    pub(crate) fn start(&self, number: u64) -> i64 {
        match &self.kind {
            Kind::All => Interval::ETERNITY.start,
            Kind::Uniform { first, length, .. } => first + number as i64 * length,
            Kind::Calendar { starts, .. } => starts.get(number as usize).copied().unwrap_or_default(),
        }
    }
}

/// Ascending times of chosen rows.
pub(crate) trait TimesAt {
    /// Number of rows.
    fn len(&self) -> usize;
    /// Time of row `i`.
    fn at(&self, i: usize) -> i64;

    /// The first row after `from` whose time is not before `end`: doubling steps, then halving ones.
    fn first_from(&self, from: usize, end: i64) -> usize {
        let (mut low, mut step) = (from + 1, 1);
        while low + step < self.len() && self.at(low + step) < end {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle) < end {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

impl TimesAt for &[i64] {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn at(&self, i: usize) -> i64 {
        self[i]
    }
}

/// Times at some positions.
pub(crate) struct Picked<'t> {
    pub(crate) times: &'t [i64],
    pub(crate) positions: &'t [u32],
}

impl TimesAt for Picked<'_> {
    fn len(&self) -> usize {
        self.positions.len()
    }

    fn at(&self, i: usize) -> i64 {
        self.times[self.positions[i] as usize]
    }
}
