//! Which rows does a walk through time see? Rows in memory are in the order in which they were given, and Druid walks them
//! once, bucket after bucket: a row of an earlier bucket than one before it is passed over.

use std::sync::Arc;

use alluvium_segments::SegmentRef;
use alluvium_segments::time::{Granularity, Millis};
use roaring::RoaringBitmap;

use crate::QueryError;
use crate::filter::Verdicts;
use crate::plan::Scope;
use crate::run::Control;
use crate::scan::{Values, visit};

/// The rows in a scope with their times, in their order.
fn times(
    scope: &Scope,
    verdicts: &Verdicts,
    segment: &SegmentRef,
    control: &Control,
) -> Result<Vec<(u32, Millis)>, QueryError> {
    let (rows, _) = visit(
        (scope, verdicts),
        segment,
        control,
        |source| Ok((Vec::new(), source.time()?)),
        |(rows, time), source| {
            source.load(*time)?;
            let found: Vec<u32> = (0..source.len()).map(|position| source.row(position)).collect();
            if let Values::Long(times) = source.values(*time) {
                rows.extend(found.into_iter().zip(times.values.iter().copied()));
            }
            Ok(())
        },
    )?;
    Ok(rows)
}

/// A segment of which only the rows in the scope are seen that a walk sees, from its end when it is backwards.
pub(crate) fn walked(
    (scope, verdicts): (&Scope, &Verdicts),
    (granularity, backwards): (&Granularity, bool),
    segment: &SegmentRef,
    control: &Control,
) -> Result<SegmentRef, QueryError> {
    let mut rows = times(scope, verdicts, segment, control)?;
    if backwards {
        rows.reverse();
    }
    let mut hidden = RoaringBitmap::new();
    hidden.insert_range(0..u32::try_from(segment.segment.rows()).unwrap_or(u32::MAX));
    let mut reached: Option<Millis> = None;
    for (row, time) in rows {
        let bucket = granularity.bucket_start(time);
        if reached.is_none_or(|reached| if backwards { bucket <= reached } else { bucket >= reached }) {
            reached = Some(bucket);
            hidden.remove(row);
        }
    }
    Ok(SegmentRef { hidden: Some(Arc::new(hidden)), ..segment.clone() })
}

/// The times of the first and the last row in the scope.
pub(crate) fn ends(
    (scope, verdicts): (&Scope, &Verdicts),
    segment: &SegmentRef,
    control: &Control,
) -> Result<Option<(Millis, Millis)>, QueryError> {
    let rows = times(scope, verdicts, segment, control)?;
    Ok(rows.first().zip(rows.last()).map(|((_, first), (_, last))| (*first, *last)))
}
