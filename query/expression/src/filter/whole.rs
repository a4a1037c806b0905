//! Does an array or a nested value match, which is one value whatever it holds?

use super::{ColumnFilter, ColumnTest, DoublePredicate, LongPredicate, StringPredicate};
use crate::Value;

/// A test of whole values, compiled once.
#[derive(Debug, Clone)]
pub struct WholePredicate {
    test: ColumnTest,
    text: StringPredicate,
    long: LongPredicate,
    double: DoublePredicate,
}

impl WholePredicate {
    /// The test of a column of such values.
    #[must_use]
    pub fn new(filter: &ColumnFilter) -> Self {
        Self {
            test: filter.test.clone(),
            text: StringPredicate::new(filter),
            long: LongPredicate::new(filter),
            double: DoublePredicate::new(filter, false),
        }
    }

    /// Tests a value; `None` is unknown.
    #[must_use]
    pub fn matches(&self, value: &Value) -> Option<bool> {
        match (&self.test, value) {
            (ColumnTest::Contains { .. }, Value::Null) => None,
            (ColumnTest::Equals { value: wanted, .. }, Value::Null) if wanted.is_array() => None,
            (ColumnTest::Range { match_type, .. }, Value::Null) if match_type.is_array() => None,
            (_, Value::Null) => self.text.matches(None),
            (ColumnTest::Equals { match_type, value: wanted }, found) if wanted.is_array() => {
                found.cast(*match_type).equals(wanted)
            }
            (ColumnTest::InType { match_type, values }, found) if match_type.is_array() => {
                let found = found.cast(*match_type);
                Some(values.iter().any(|wanted| found.equals(wanted) == Some(true)))
            }
            (ColumnTest::Range { match_type, .. }, found) if match_type.is_array() => self.in_range(found),
            (ColumnTest::Contains { match_type, value: wanted }, found) => {
                let holds = |element: &Value| match wanted {
                    Value::Null => element.is_null(),
                    wanted => element.cast(*match_type).equals(wanted) == Some(true),
                };
                Some(found.elements().iter().any(holds))
            }
            (_, Value::Long(v)) => self.long.truth(*v),
            (_, Value::Double(v)) => self.double.truth(*v),
            (_, Value::String(text)) => self.text.matches(Some(text)),
            (_, Value::Json(json)) => match crate::nested::scalar(json) {
                Some(scalar) => self.matches(&scalar),
                None => Some(false),
            },
            // An array is neither null nor any single value.
            _ => Some(false),
        }
    }

    fn in_range(&self, found: &Value) -> Option<bool> {
        let ColumnTest::Range { match_type, lower, upper, lower_open, upper_open } = &self.test else {
            return None;
        };
        let found = found.cast(*match_type);
        let above = lower.as_ref().is_none_or(|lower| {
            let order = found.total_order(lower);
            order.is_gt() || (!lower_open && order.is_eq())
        });
        let below = upper.as_ref().is_none_or(|upper| {
            let order = found.total_order(upper);
            order.is_lt() || (!upper_open && order.is_eq())
        });
        Some(above && below)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Filter, decode};
    use alluvium_segments::{ColumnType, Element};

    fn matches(filter: serde_json::Value, value: &str) -> Option<bool> {
        let Filter::Column(filter) = Filter::from_json(&filter).unwrap() else {
            panic!("no test of a column")
        };
        WholePredicate::new(&filter).matches(&decode(value, ColumnType::Array(Element::Long)))
    }

    #[test]
    fn arrays_are_one_value() {
        let equals =
            json!({"type": "equals", "column": "a", "matchValueType": "ARRAY<LONG>", "matchValue": [1, 2]});
        assert_eq!((matches(equals.clone(), "[1,2]"), matches(equals, "[1]")), (Some(true), Some(false)));
        let holds = |value: serde_json::Value| json!({"type": "arrayContainsElement", "column": "a", "elementMatchValueType": "LONG", "elementMatchValue": value});
        assert_eq!(
            (matches(holds(json!(2)), "[1,2]"), matches(holds(json!(3)), "[1,2]")),
            (Some(true), Some(false))
        );
        assert_eq!(
            (matches(holds(json!(null)), "[1,null]"), matches(holds(json!(null)), "[]")),
            (Some(true), Some(false))
        );
        let range = json!({"type": "range", "column": "a", "matchValueType": "ARRAY<LONG>", "lower": [1, 2], "lowerOpen": true});
        assert_eq!((matches(range.clone(), "[1,3]"), matches(range, "[1,2]")), (Some(true), Some(false)));
        assert_eq!(matches(json!({"type": "selector", "dimension": "a", "value": "1"}), "[1]"), Some(false));
    }
}
