//! Which rows of the inputs go into the file, and at which times?

use std::ops::Range;

use crate::time::{Granularity, format_iso};
use crate::{BLOCK_ROWS, Column, NumericBlock, SegmentError, SegmentRef, TIME_COLUMN};

/// The rows of one input that are kept.
#[derive(Debug)]
pub(super) struct Kept<'r> {
    /// The input.
    pub(super) input: &'r SegmentRef,
    /// Number of kept rows.
    pub(super) count: usize,
    /// Their numbers, ascending; `None` for all rows.
    rows: Option<Vec<u32>>,
}

/// Up to a block of kept rows.
#[derive(Debug, Clone)]
pub(super) enum Part<'k> {
    /// A range of rows.
    Range(Range<usize>),
    /// Single rows.
    Rows(&'k [u32]),
}

impl Kept<'_> {
    /// The kept rows, a block at a time.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let ranges = (self.rows.is_none()).then(|| (0..self.count).step_by(BLOCK_ROWS)).into_iter().flatten();
        let ranges = ranges.map(|start| Part::Range(start..self.count.min(start + BLOCK_ROWS)));
        let rows = self.rows.as_deref().unwrap_or_default().chunks(BLOCK_ROWS).map(Part::Rows);
        ranges.chain(rows)
    }
}

/// Finds the kept rows of every input and their times, truncated anew where an input's granularity is not the
/// target's (but not to before `first`, where the new segment begins).
pub(super) fn keep<'r>(
    inputs: &'r [SegmentRef],
    granularity: &Granularity,
    first: i64,
) -> Result<(Vec<Kept<'r>>, Vec<i64>), SegmentError> {
    let mut times = Vec::new();
    let mut kept = Vec::new();
    for input in inputs {
        let start = times.len();
        let rows = keep_one(input, &mut times)?;
        kept.push(Kept { input, count: times.len() - start, rows });
        if *granularity != Granularity::None && input.segment.schema().query_granularity != *granularity {
            for time in times.iter_mut().skip(start) {
                *time = granularity.bucket_start(*time).max(first.min(*time));
            }
        }
    }
    if times.len() >= u32::MAX as usize {
        let message = format!("{} rows are too many for one segment (at most 2^32 - 2)", times.len());
        return Err(SegmentError::Invalid(message));
    }
    Ok((kept, times))
}

fn keep_one(input: &SegmentRef, times: &mut Vec<i64>) -> Result<Option<Vec<u32>>, SegmentError> {
    let segment = &input.segment;
    let Some(Column::Time(column)) = segment.column(TIME_COLUMN)? else {
        return Err(SegmentError::NotFound {
            what: "time column of segment",
            name: segment.id().to_string(),
        });
    };
    let interval = segment.id().interval;
    if let Some((first, last)) = segment.time_bounds()
        && !(interval.contains(first) && interval.contains(last))
    {
        // Such rows would be invisible under the segment's identity: a loss that nobody sees.
        let times = format!("{} to {}", format_iso(first), format_iso(last));
        let message = format!("segment `{}` holds rows from {times}, outside its interval", segment.id());
        return Err(SegmentError::Invalid(message));
    }
    let inside = |(first, last)| input.visible.contains(first) && input.visible.contains(last);
    let hidden = input.hidden.as_ref().filter(|h| !h.is_empty());
    let all = hidden.is_none() && segment.time_bounds().is_none_or(inside);
    let mut rows = Vec::new();
    let mut block = NumericBlock::default();
    for start in (0..segment.rows()).step_by(BLOCK_ROWS) {
        column.read(start..segment.rows().min(start + BLOCK_ROWS), &mut block)?;
        if all {
            times.extend_from_slice(&block.values);
            continue;
        }
        for (i, time) in block.values.iter().enumerate() {
            let row = (start + i) as u32;
            if input.visible.contains(*time) && hidden.is_none_or(|h| !h.contains(row)) {
                rows.push(row);
                times.push(*time);
            }
        }
    }
    Ok((!all).then_some(rows))
}
