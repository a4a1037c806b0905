//! In which time buckets are the chosen rows? In one where the segment or the block lies in one, else by runs where rows
//! ascend by time, else row by row.

use alluvium_segments::time::Granularity;
use alluvium_segments::{SegmentRef, Zone};

use super::buckets::{Buckets, Picked};
use super::source::{Origin, SlotId, Source, Values};
use crate::QueryError;
use crate::aggregate::Rows;

/// Numbers the buckets of the rows of one segment.
#[derive(Debug)]
pub(super) struct RowBuckets {
    buckets: Buckets,
    bounds: (i64, i64),
    time: SlotId,
    /// The bucket of all rows, when they lie in one.
    whole: Option<u64>,
    /// Whether all rows ascend by time.
    ordered: bool,
    /// Whether the loaded ones do.
    ascend: bool,
    /// Bucket number of each run, and the number of the chosen row it ends before.
    runs: Vec<(u64, usize)>,
}

impl RowBuckets {
    pub(super) fn new(
        granularity: &Granularity,
        segment: &SegmentRef,
        source: &mut Source<'_>,
    ) -> Result<Self, QueryError> {
        let bounds = segment.segment.time_bounds().unwrap_or((0, 0));
        let mut buckets = Buckets::new(granularity, bounds);
        let first = buckets.number(bounds.0);
        let whole = (buckets.number(bounds.1) == first).then_some(first);
        let ordered = segment.segment.order() == alluvium_segments::RowOrder::Time;
        let (time, runs) = (source.time()?, Vec::new());
        Ok(Self { buckets, bounds, time, whole, ordered, ascend: false, runs })
    }

    /// Number of possible bucket numbers.
    pub(super) fn possible(&self) -> u64 {
        self.buckets.possible(self.bounds)
    }

    /// Start of a bucket.
    pub(super) fn start(&self, number: u64) -> i64 {
        self.buckets.start(number)
    }

    /// The bucket of the whole segment or block, when it lies in one; without it [`RowBuckets::load`] is called next.
    pub(super) fn common(&mut self, source: &Source<'_>, block: Option<usize>) -> Option<u64> {
        if self.whole.is_some() {
            return self.whole;
        }
        let Origin::Long(column) = source.origin(self.time) else { return Some(0) };
        let Zone { bounds: Some((min, max)), .. } = column.zone(block?)? else { return None };
        let bucket = self.buckets.number(min);
        (self.buckets.number(max) == bucket).then_some(bucket)
    }

    /// Reads the times of the current rows; ascending ones are cut into runs.
    pub(super) fn load(&mut self, source: &mut Source<'_>, chosen: Rows<'_>) -> Result<(), QueryError> {
        source.load(self.time)?;
        let times = times(source, self.time);
        // Live rows mostly come in the order of their times.
        self.ascend = self.ordered || times.is_sorted();
        if self.ascend {
            match chosen {
                Rows::Span(start, end) => self.buckets.runs(&times[start..end], &mut self.runs),
                Rows::At(positions) => self.buckets.runs(Picked { times, positions }, &mut self.runs),
            }
        }
        Ok(())
    }

    /// Bucket number of each run of the loaded rows, and the number of the chosen row it ends before; `None` where rows
    /// do not ascend by time.
    pub(super) fn runs(&self) -> Option<&[(u64, usize)]> {
        self.ascend.then_some(&self.runs)
    }

    /// Hands out the bucket of each chosen row, whose times are loaded.
    pub(super) fn each(&mut self, source: &Source<'_>, chosen: Rows<'_>, mut each: impl FnMut(u64)) {
        if self.ascend {
            let mut from = 0;
            for (bucket, to) in &self.runs {
                (from..*to).for_each(|_| each(*bucket));
                from = *to;
            }
            return;
        }
        let times = times(source, self.time);
        (0..chosen.len()).for_each(|i| each(self.buckets.number(times[chosen.position(i)])));
    }
}

fn times<'s>(source: &'s Source<'_>, slot: SlotId) -> &'s [i64] {
    if let Values::Long(block) = source.values(slot) { &block.values } else { &[] }
}
