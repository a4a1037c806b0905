//! How do the metrics of rows that are rolled up become one? As the metric's function says; nulls are skipped.

use std::ops::Range;

use crate::{MetricFunction, NullMask};

/// A number that metrics combine.
pub(super) trait Combine: Copy + Default {
    /// Two values as one.
    fn combine(self, other: Self, function: MetricFunction) -> Self;
}

impl Combine for i64 {
    fn combine(self, other: Self, function: MetricFunction) -> Self {
        match function {
            MetricFunction::Count | MetricFunction::Sum => self.wrapping_add(other),
            MetricFunction::Min => self.min(other),
            MetricFunction::Max => self.max(other),
        }
    }
}

macro_rules! combine_floats {
    ($type:ty) => {
        impl Combine for $type {
            /// As Java's `Math.min` and `Math.max`: NaN wins, and -0.0 is less than 0.0.
            fn combine(self, other: Self, function: MetricFunction) -> Self {
                let (low, high) = match (self.is_nan(), other.is_nan()) {
                    (true, _) => (self, self),
                    (_, true) => (other, other),
                    _ if self.total_cmp(&other).is_le() => (self, other),
                    _ => (other, self),
                };
                match function {
                    MetricFunction::Count | MetricFunction::Sum => self + other,
                    MetricFunction::Min => low,
                    MetricFunction::Max => high,
                }
            }
        }
    };
}

combine_floats!(f32);
combine_floats!(f64);

/// Combines the rows `order[group]` of each group.
pub(super) fn combine_groups<T: Combine>(
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
        let sum = present.reduce(|a, b| a.combine(b, function));
        mask.push(sum.is_none());
        out.push(sum.unwrap_or_default());
    }
    (out, mask)
}
