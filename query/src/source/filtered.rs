//! What is left of a data source by a filter? The rows for which it is not true are hidden.

use std::sync::Arc;

use alluvium_segments::SegmentRef;
use roaring::RoaringBitmap;

use crate::QueryError;
use crate::filter::Verdicts;
use crate::plan::Scope;
use crate::run::Control;
use crate::scan::visit;

/// A segment of which only the rows in the scope are seen.
pub(super) fn filtered(
    scope: &Scope,
    verdicts: &Verdicts,
    segment: &SegmentRef,
    control: &Control,
) -> Result<SegmentRef, QueryError> {
    let seen = visit(
        (scope, verdicts),
        segment,
        control,
        |_| Ok(RoaringBitmap::new()),
        |seen, source| {
            let rows: Vec<u32> = (0..source.len()).map(|position| source.row(position)).collect();
            seen.extend(rows);
            Ok(())
        },
    )?;
    let mut hidden = RoaringBitmap::new();
    hidden.insert_range(0..u32::try_from(segment.segment.rows()).unwrap_or(u32::MAX));
    hidden -= seen;
    Ok(SegmentRef { hidden: Some(Arc::new(hidden)), ..segment.clone() })
}
