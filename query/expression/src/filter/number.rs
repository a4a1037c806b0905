//! Does a number match? What the query side evaluates over blocks of numeric columns and compares with zone
//! maps.

use super::{ColumnFilter, ColumnTest, StringPredicate};
use crate::value::{double_text, float_text, parse_double};
use crate::{ExprType, StringOrdering, Value};

/// A test of longs, compiled once.
#[derive(Debug, Clone)]
pub struct LongPredicate {
    test: LongTest,
    null: Option<bool>,
}

#[derive(Debug, Clone)]
enum LongTest {
    Never,
    /// Inclusive bounds.
    Ranges(Vec<(i64, i64)>),
    /// Sorted.
    OneOf(Vec<i64>),
    /// By the decimal text.
    Text(Box<StringPredicate>),
}

/// A test of doubles, compiled once. For single-precision columns literals are rounded to single precision
/// first, so that `f = 0.1` holds for a stored 0.1.
#[derive(Debug, Clone)]
pub struct DoublePredicate {
    test: DoubleTest,
    null: Option<bool>,
    single: bool,
}

#[derive(Debug, Clone)]
enum DoubleTest {
    Never,
    Range {
        lower: f64,
        upper: f64,
        open: (bool, bool),
    },
    /// Sorted, -0.0 before 0.0, which are two values; no NaN.
    OneOf(Vec<f64>),
    Intervals(Vec<(i64, i64)>),
    Text(Box<StringPredicate>),
}

/// Bounds by number where the filter compares numbers.
struct NumberBounds {
    lower: Option<(Value, bool)>,
    upper: Option<(Value, bool)>,
}

/// `Err(())`: nothing matches. `Ok(None)`: the test does not compare numbers.
fn bounds(test: &ColumnTest) -> Result<Option<NumberBounds>, ()> {
    match test {
        ColumnTest::Range { match_type: ExprType::String, .. } => Ok(None),
        ColumnTest::Range { lower, upper, lower_open, upper_open, .. } => {
            let number = |v: &Option<Value>, open| v.as_ref().map(|v| (v.as_number(), open));
            let bounds =
                NumberBounds { lower: number(lower, *lower_open), upper: number(upper, *upper_open) };
            readable(bounds).map(Some)
        }
        ColumnTest::Bound { lower, upper, lower_strict, upper_strict, ordering: StringOrdering::Numeric } => {
            let number = |t: &Option<std::sync::Arc<str>>, strict| {
                t.as_ref().map(|t| (crate::value::parse_number(t.trim()), strict))
            };
            readable(NumberBounds {
                lower: number(lower, *lower_strict),
                upper: number(upper, *upper_strict),
            })
            .map(Some)
        }
        _ => Ok(None),
    }
}

/// What a test of numbers says of null.
fn of_null(filter: &ColumnFilter, readable: impl Fn(&str) -> bool) -> Option<bool> {
    match &filter.test {
        _ if filter.extraction.is_some() => StringPredicate::of_null(filter),
        // A text that no number has asks for null.
        ColumnTest::Selector(Some(text)) if !readable(text) => Some(true),
        ColumnTest::Bound { ordering: StringOrdering::Numeric, .. } => None,
        _ => StringPredicate::of_null(filter),
    }
}

/// Text that is no number sorts before all numbers: as a lower bound it bounds nothing, as an upper everything.
fn readable(mut bounds: NumberBounds) -> Result<NumberBounds, ()> {
    if bounds.upper.as_ref().is_some_and(|(v, _)| v.is_null()) {
        return Err(());
    }
    bounds.lower = bounds.lower.filter(|(v, _)| !v.is_null());
    Ok(bounds)
}

impl LongPredicate {
    /// The test of a column of longs.
    #[must_use]
    pub fn new(filter: &ColumnFilter) -> Self {
        let text = || LongTest::Text(Box::new(StringPredicate::new(filter)));
        let listed = |values: Vec<i64>| {
            if values.is_empty() { LongTest::Never } else { LongTest::OneOf(sorted(values)) }
        };
        let test = match &filter.test {
            _ if filter.extraction.is_some() => text(),
            ColumnTest::IsNull
            | ColumnTest::Selector(None)
            | ColumnTest::Contains { value: Value::Null, .. } => LongTest::Never,
            ColumnTest::Equals { value, .. } | ColumnTest::Contains { value, .. } => {
                listed(value.exact_long().into_iter().collect())
            }
            ColumnTest::InType { values, .. } => {
                listed(values.iter().filter_map(Value::exact_long).collect())
            }
            ColumnTest::Selector(Some(value)) => {
                listed(Value::String(value.clone()).exact_long().into_iter().collect())
            }
            ColumnTest::In(values) => {
                let longs = values.iter().flatten().filter_map(|v| Value::String(v.clone()).exact_long());
                listed(longs.collect())
            }
            ColumnTest::Interval(intervals) => {
                LongTest::Ranges(intervals.iter().map(|i| (i.start, i.end.saturating_sub(1))).collect())
            }
            test => match bounds(test) {
                Err(()) => LongTest::Never,
                Ok(None) => text(),
                Ok(Some(bounds)) => match long_range(&bounds) {
                    Some(range) => LongTest::Ranges(vec![range]),
                    None => LongTest::Never,
                },
            },
        };
        let readable = |text: &str| Value::String(text.into()).exact_long().is_some();
        Self { test, null: of_null(filter, readable) }
    }

    /// Tests a value.
    #[must_use]
    pub fn matches(&self, value: i64) -> bool {
        self.truth(value) == Some(true)
    }

    /// Tests a value with three-valued logic (only an extraction function that gives null makes it unknown).
    #[must_use]
    pub fn truth(&self, value: i64) -> Option<bool> {
        Some(match &self.test {
            LongTest::Never => false,
            LongTest::Ranges(ranges) => {
                ranges.iter().any(|(lower, upper)| (*lower..=*upper).contains(&value))
            }
            LongTest::OneOf(values) => values.binary_search(&value).is_ok(),
            LongTest::Text(predicate) => return predicate.matches_long(value),
        })
    }

    /// What it says of null.
    #[must_use]
    pub fn matches_null(&self) -> Option<bool> {
        self.null
    }

    /// Inclusive bounds outside of which no value matches; `Some((1, 0))` when none matches at all. `None`:
    /// nothing is known.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        match &self.test {
            LongTest::Never => Some((1, 0)),
            LongTest::Ranges(ranges) => {
                let lower = ranges.iter().map(|r| r.0).min();
                lower.zip(ranges.iter().map(|r| r.1).max()).or(Some((1, 0)))
            }
            LongTest::OneOf(values) => values.first().copied().zip(values.last().copied()),
            LongTest::Text(_) => None,
        }
    }

    /// Whether every value inside [`Self::range`] matches.
    #[must_use]
    pub fn range_is_exact(&self) -> bool {
        match &self.test {
            LongTest::Never => true,
            LongTest::Ranges(ranges) => ranges.len() <= 1,
            LongTest::OneOf(values) => values.len() == 1,
            LongTest::Text(_) => false,
        }
    }

    /// The only values that match, ascending, when they are listed.
    #[must_use]
    pub fn values(&self) -> Option<&[i64]> {
        match &self.test {
            LongTest::OneOf(values) => Some(values),
            LongTest::Never => Some(&[]),
            _ => None,
        }
    }
}

fn sorted(mut values: Vec<i64>) -> Vec<i64> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Inclusive bounds; `None` when nothing lies between.
fn long_range(bounds: &NumberBounds) -> Option<(i64, i64)> {
    let lower = match &bounds.lower {
        None => i64::MIN,
        Some((Value::Long(v), open)) => v.checked_add(i64::from(*open))?,
        Some((value, open)) => {
            let d = value.as_double()?;
            let start = d.ceil();
            if d.is_nan() || start >= 9.223_372_036_854_776e18 {
                return None;
            }
            // The cast saturates at the smallest long.
            (start as i64).checked_add(i64::from(*open && start == d))?
        }
    };
    let upper = match &bounds.upper {
        None => i64::MAX,
        Some((Value::Long(v), open)) => v.checked_sub(i64::from(*open))?,
        Some((value, open)) => {
            let d = value.as_double()?;
            let end = d.floor();
            if end < -9.223_372_036_854_776e18 {
                return None;
            }
            if d.is_nan() { i64::MAX } else { (end as i64).checked_sub(i64::from(*open && end == d))? }
        }
    };
    (lower <= upper).then_some((lower, upper))
}

impl DoublePredicate {
    /// The test of a column of doubles, or of floats widened to doubles (`single`).
    #[must_use]
    pub fn new(filter: &ColumnFilter, single: bool) -> Self {
        let round = |d: f64| if single { f64::from(d as f32) } else { d };
        let text = || DoubleTest::Text(Box::new(StringPredicate::new(filter)));
        let listed = |values: &mut dyn Iterator<Item = f64>| {
            let mut values: Vec<f64> = values.map(round).filter(|d| !d.is_nan()).collect();
            values.sort_unstable_by(f64::total_cmp);
            if values.is_empty() { DoubleTest::Never } else { DoubleTest::OneOf(values) }
        };
        let test = match &filter.test {
            _ if filter.extraction.is_some() => text(),
            ColumnTest::IsNull
            | ColumnTest::Selector(None)
            | ColumnTest::Contains { value: Value::Null, .. } => DoubleTest::Never,
            ColumnTest::Equals { value, .. } | ColumnTest::Contains { value, .. } => {
                listed(&mut value.as_double().into_iter())
            }
            ColumnTest::InType { values, .. } => listed(&mut values.iter().filter_map(Value::as_double)),
            ColumnTest::Selector(Some(value)) => listed(&mut parse_double(value).into_iter()),
            ColumnTest::In(values) => listed(&mut values.iter().flatten().filter_map(|v| parse_double(v))),
            ColumnTest::Interval(intervals) => {
                DoubleTest::Intervals(intervals.iter().map(|i| (i.start, i.end)).collect())
            }
            test => match bounds(test) {
                Err(()) => DoubleTest::Never,
                Ok(None) => text(),
                Ok(Some(bounds)) => {
                    let end = |bound: &Option<(Value, bool)>, none: f64| {
                        let (value, open) = bound.as_ref()?;
                        Some((value.as_double().map_or(none, round), *open))
                    };
                    let lower = end(&bounds.lower, f64::NEG_INFINITY).unwrap_or((f64::NEG_INFINITY, false));
                    let upper = end(&bounds.upper, f64::INFINITY).unwrap_or((f64::INFINITY, false));
                    DoubleTest::Range { lower: lower.0, upper: upper.0, open: (lower.1, upper.1) }
                }
            },
        };
        Self { test, null: of_null(filter, |text| parse_double(text).is_some()), single }
    }

    /// Tests a value.
    #[must_use]
    pub fn matches(&self, value: f64) -> bool {
        self.truth(value) == Some(true)
    }

    /// Tests a value with three-valued logic (only an extraction function that gives null makes it unknown).
    #[must_use]
    pub fn truth(&self, value: f64) -> Option<bool> {
        Some(match &self.test {
            DoubleTest::Never => false,
            DoubleTest::Range { lower, upper, open } => {
                // The zeros differ.
                let (from, to) = (value.total_cmp(lower), value.total_cmp(upper));
                let above = if open.0 { from.is_gt() } else { from.is_ge() };
                !value.is_nan() && above && if open.1 { to.is_lt() } else { to.is_le() }
            }
            // Here too.
            DoubleTest::OneOf(values) => values.binary_search_by(|v| v.total_cmp(&value)).is_ok(),
            DoubleTest::Intervals(intervals) => {
                let t = value as i64;
                !value.is_nan() && intervals.iter().any(|(start, end)| (*start..*end).contains(&t))
            }
            DoubleTest::Text(predicate) => {
                let text = if self.single { float_text(value as f32) } else { double_text(value) };
                return predicate.matches(Some(&text));
            }
        })
    }

    /// What it says of null.
    #[must_use]
    pub fn matches_null(&self) -> Option<bool> {
        self.null
    }

    /// Inclusive bounds outside of which no value matches; `Some((1.0, 0.0))` when none matches at all. `None`:
    /// nothing is known.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        match &self.test {
            DoubleTest::Never => Some((1.0, 0.0)),
            DoubleTest::Range { lower, upper, .. } => Some((*lower, *upper)),
            DoubleTest::OneOf(values) => values.first().copied().zip(values.last().copied()),
            DoubleTest::Intervals(_) | DoubleTest::Text(_) => None,
        }
    }
}
