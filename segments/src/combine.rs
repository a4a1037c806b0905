//! How do two stored values of a metric become one? Used when rows are rolled up: in a live tail, at the seal
//! and when segments are merged. Callers skip nulls.

use crate::{MetricFunction, SegmentError};

/// Makes one state of several, for the metrics of one recipe.
pub trait CombineStates {
    /// The text of one state that is worth all of the given ones, in their order; there is at least one.
    ///
    /// # Errors
    /// Why a text is no such state, or does not go with the others.
    fn combine(&self, states: &mut dyn Iterator<Item = &str>) -> Result<String, String>;
}

/// Finds how states of a recipe become one. Handed in from above: this crate knows no aggregators.
///
/// The error says why the recipe is none.
pub type Combining = fn(recipe: &str) -> Result<Box<dyn CombineStates + Send>, String>;

/// For segments without metrics that are merged.
///
/// # Errors
/// Always.
pub fn combines_nothing(recipe: &str) -> Result<Box<dyn CombineStates + Send>, String> {
    Err(format!("nobody has said how states of `{recipe}` become one"))
}

/// What goes wrong with a metric's states, as an error of this crate.
pub(crate) fn refused(name: &str, reason: &str) -> SegmentError {
    SegmentError::Invalid(format!("states of metric `{name}` cannot become one: {reason}"))
}

/// A number a metric can hold.
pub trait Combine: Copy {
    /// The value of both. Longs wrap; for floats the smallest and the largest of anything and NaN is NaN, and
    /// -0.0 is below 0.0 (Java's `Math.min` and `Math.max`).
    #[must_use]
    fn combine(self, function: MetricFunction, other: Self) -> Self;
}

impl Combine for i64 {
    fn combine(self, function: MetricFunction, other: Self) -> Self {
        match function {
            MetricFunction::Count | MetricFunction::Sum => self.wrapping_add(other),
            MetricFunction::Min => self.min(other),
            MetricFunction::Max => self.max(other),
            MetricFunction::Merge => self,
        }
    }
}

macro_rules! combine_floats {
    ($float:ty) => {
        impl Combine for $float {
            fn combine(self, function: MetricFunction, other: Self) -> Self {
                let first = match function {
                    MetricFunction::Count | MetricFunction::Sum => return self + other,
                    MetricFunction::Min => self.total_cmp(&other).is_le(),
                    MetricFunction::Max => self.total_cmp(&other).is_ge(),
                    MetricFunction::Merge => true,
                };
                if self.is_nan() || (first && !other.is_nan()) { self } else { other }
            }
        }
    };
}

combine_floats!(f32);
combine_floats!(f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_java_does() {
        use MetricFunction::{Count, Max, Min, Sum};
        assert_eq!(i64::MAX.combine(Sum, 1), i64::MIN);
        assert_eq!(2i64.combine(Count, 3), 5);
        assert_eq!(2i64.combine(Min, 3), 2);
        assert_eq!(2.0f64.combine(Max, 3.0), 3.0);
        assert_eq!(2.5f32.combine(Sum, 3.0), 5.5);
        assert!(0.0f64.combine(Min, -0.0).is_sign_negative());
        assert!((-0.0f64).combine(Max, 0.0).is_sign_positive());
        for nan in [f64::NAN, -f64::NAN] {
            for function in [Min, Max, Sum] {
                assert!(nan.combine(function, 1.0).is_nan());
                assert!(1.0.combine(function, nan).is_nan());
            }
        }
    }
}
