//! How do the metrics of rows that are rolled up become one? As the metric's function says; nulls are skipped.

use std::ops::Range;

use crate::combine::Combine;
use crate::{MetricFunction, NullMask};

/// Combines the rows `order[group]` of each group.
pub(super) fn combine_groups<T: Combine + Default>(
    values: &[T],
    nulls: &NullMask,
    order: &[u32],
    groups: impl Iterator<Item = Range<usize>>,
    function: MetricFunction,
) -> (Vec<T>, NullMask) {
    let (mut out, mut mask) = (Vec::new(), NullMask::default());
    for group in groups {
        let rows = order.get(group).unwrap_or_default().iter().map(|row| *row as usize);
        let present = rows.filter(|row| !nulls.is_null(*row)).filter_map(|row| values.get(row).copied());
        let sum = present.reduce(|a, b| a.combine(function, b));
        mask.push(sum.is_none());
        out.push(sum.unwrap_or_default());
    }
    (out, mask)
}
