//! What does a plan give over one segment? Blocks of rows are chosen, then grouped and aggregated, or returned.

mod aggregate;
mod buckets;
mod computed;
mod direct;
mod grouping;
mod keep;
mod key;
mod output;
mod row_buckets;
mod row_values;
mod rows;
mod select;
mod source;
mod values;
mod visit;

use std::ops::Range;

use alluvium_segments::SegmentRef;

use crate::QueryError;
use crate::filter::Verdicts;
use crate::partial::Partial;
use crate::plan::{Operator, Plan};
use crate::run::{Control, Horizon};

pub(crate) use aggregate::aggregate;
pub(crate) use key::{Codes, Common, Key};
pub(crate) use output::slot_column;
pub(crate) use row_values::RowValues;
pub(crate) use rows::compare_keys;
pub(crate) use select::SPARSE;
pub(crate) use source::{Kind, Origin, SlotId, Source, Values};
pub(crate) use visit::visit;

/// The rows or bounds that a plan gives over the given blocks of one segment.
pub(crate) fn scan(
    (plan, verdicts): (&Plan, &Verdicts),
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
    horizon: Option<&Horizon>,
) -> Result<Partial, QueryError> {
    control.check()?;
    Ok(match &plan.operator {
        Operator::Aggregate(_) => return Err(QueryError::Internal("groups are no rows".to_owned())),
        Operator::Rows(rows) => {
            Partial::Rows(rows::rows((&plan.scope, verdicts), rows, segment, blocks, control, horizon)?)
        }
        Operator::TimeBounds => {
            Partial::TimeBounds(rows::time_bounds((&plan.scope, verdicts), segment, blocks, control)?)
        }
    })
}
