//! What does a plan give over one segment? Blocks of rows are chosen, then grouped and aggregated, or returned.

mod aggregate;
mod buckets;
mod computed;
mod keep;
mod key;
mod output;
mod row_values;
mod rows;
mod select;
mod source;

use std::ops::Range;

use alluvium_segments::SegmentRef;

use crate::QueryError;
use crate::partial::Partial;
use crate::plan::{Operator, Plan};
use crate::run::Control;

pub(crate) use key::{Codes, Key};
pub(crate) use output::slot_column;
pub(crate) use row_values::RowValues;
pub(crate) use rows::compare_keys;
pub(crate) use source::{Kind, Origin, SlotId, Source, Values};

/// The result of a plan over the given blocks of one segment.
pub(crate) fn scan(
    plan: &Plan,
    segment: &SegmentRef,
    blocks: Range<usize>,
    control: &Control,
) -> Result<Partial, QueryError> {
    control.check()?;
    Ok(match &plan.operator {
        Operator::Aggregate(aggregate) => {
            Partial::Groups(aggregate::aggregate(&plan.scope, aggregate, segment, blocks, control)?)
        }
        Operator::Rows(rows) => Partial::Rows(rows::rows(&plan.scope, rows, segment, blocks, control)?),
        Operator::TimeBounds => {
            Partial::TimeBounds(rows::time_bounds(&plan.scope, segment, blocks, control)?)
        }
    })
}
