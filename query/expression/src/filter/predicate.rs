//! Does a text match? What the query side evaluates once per dictionary entry, or answers by ranges of a
//! sorted dictionary.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use alluvium_sketches::{Bloom, Item};
use hashbrown::HashSet;

use super::{ColumnFilter, ColumnTest, SearchQuery};
use crate::order::compare_text;
use crate::{ExtractionFn, JavaRegex, LikePattern, StringOrdering, Value};

/// A test of texts, compiled once.
#[derive(Debug, Clone)]
pub struct StringPredicate {
    extraction: Option<ExtractionFn>,
    test: TextTest,
}

/// Texts between two bounds, in Druid's string order. Null is never inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRange {
    /// Lower bound.
    pub lower: Option<Arc<str>>,
    /// Whether the lower bound itself is left out.
    pub lower_open: bool,
    /// Upper bound.
    pub upper: Option<Arc<str>>,
    /// Whether the upper bound itself is left out.
    pub upper_open: bool,
    /// Whether every text in the range matches; otherwise texts outside do not, and those inside must be tested.
    pub exact: bool,
}

#[derive(Debug, Clone)]
enum TextTest {
    IsNull,
    /// Sorted in Druid's order, null first.
    OneOf {
        values: Vec<Option<Arc<str>>>,
        set: HashSet<Arc<str>>,
        null: bool,
    },
    Bound {
        lower: Option<Arc<str>>,
        upper: Option<Arc<str>>,
        open: (bool, bool),
        ordering: StringOrdering,
        /// Whether null is a value, below all texts.
        null: bool,
    },
    /// Text read as a number; text that is none does not match.
    Numbers {
        ranges: Vec<NumberRange>,
    },
    Like(LikePattern),
    Regex(JavaRegex),
    Search(SearchQuery),
    Bloom(Arc<Bloom>),
}

#[derive(Debug, Clone)]
struct NumberRange {
    lower: Option<Value>,
    upper: Option<Value>,
    open: (bool, bool),
}

impl NumberRange {
    fn contains(&self, number: &Value) -> bool {
        let above = self.lower.as_ref().is_none_or(|l| match number.compare(l) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => !self.open.0,
            _ => false,
        });
        above
            && self.upper.as_ref().is_none_or(|u| match number.compare(u) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => !self.open.1,
                _ => false,
            })
    }
}

fn one_of(values: impl IntoIterator<Item = Option<Arc<str>>>) -> TextTest {
    let mut values: Vec<Option<Arc<str>>> = values.into_iter().collect();
    values.sort_unstable_by(|a, b| crate::order::compare_nullable(a.as_deref(), b.as_deref()));
    values.dedup();
    let set = values.iter().flatten().cloned().collect();
    let null = values.first().is_some_and(Option::is_none);
    TextTest::OneOf { values, set, null }
}

impl StringPredicate {
    /// The test of a column of texts.
    #[must_use]
    pub fn new(filter: &ColumnFilter) -> Self {
        let test = match &filter.test {
            // A single value is an array of one element.
            ColumnTest::IsNull | ColumnTest::Contains { value: Value::Null, .. } => TextTest::IsNull,
            ColumnTest::Equals { match_type, value } | ColumnTest::Contains { match_type, value }
                if match_type.is_numeric() =>
            {
                let range = NumberRange {
                    lower: Some(value.clone()),
                    upper: Some(value.clone()),
                    open: (false, false),
                };
                TextTest::Numbers { ranges: vec![range] }
            }
            ColumnTest::Equals { value, .. } | ColumnTest::Contains { value, .. } => {
                match value.array_len() {
                    None | Some(1) => one_of(value.as_string().map(Some)),
                    Some(_) => one_of([]),
                }
            }
            ColumnTest::InType { values, .. } => one_of(values.iter().map(Value::as_string)),
            ColumnTest::Selector(None) => TextTest::IsNull,
            ColumnTest::Selector(value) => one_of([value.clone()]),
            ColumnTest::In(values) => one_of(values.iter().cloned()),
            ColumnTest::Range { match_type, lower, upper, lower_open, upper_open } => {
                let open = (*lower_open, *upper_open);
                if match_type.element().is_numeric() {
                    let range = NumberRange { lower: lower.clone(), upper: upper.clone(), open };
                    TextTest::Numbers { ranges: vec![range] }
                } else {
                    let text = |v: &Option<Value>| v.as_ref().and_then(Value::as_string);
                    let ordering = StringOrdering::Lexicographic;
                    TextTest::Bound { lower: text(lower), upper: text(upper), open, ordering, null: false }
                }
            }
            ColumnTest::Bound { lower, upper, lower_strict, upper_strict, ordering } => TextTest::Bound {
                lower: lower.clone(),
                upper: upper.clone(),
                open: (*lower_strict, *upper_strict),
                ordering: *ordering,
                null: true,
            },
            ColumnTest::Interval(intervals) => {
                let range = |i: &alluvium_segments::time::Interval| NumberRange {
                    lower: Some(Value::Long(i.start)),
                    upper: Some(Value::Long(i.end)),
                    open: (false, true),
                };
                TextTest::Numbers { ranges: intervals.iter().map(range).collect() }
            }
            ColumnTest::Like { like, .. } => TextTest::Like(like.clone()),
            ColumnTest::Regex(regex) => TextTest::Regex(regex.clone()),
            ColumnTest::Search(query) => TextTest::Search(query.clone()),
            ColumnTest::Bloom { bloom, .. } => TextTest::Bloom(Arc::clone(bloom)),
        };
        Self { extraction: filter.extraction.clone(), test }
    }

    /// What a filter says of null, without compiling its test.
    pub(super) fn of_null(filter: &ColumnFilter) -> Option<bool> {
        if filter.extraction.is_some() {
            return Self::new(filter).matches(None);
        }
        match &filter.test {
            ColumnTest::IsNull
            | ColumnTest::Selector(None)
            | ColumnTest::Contains { value: Value::Null, .. }
            | ColumnTest::Bound { lower: None, .. } => Some(true),
            ColumnTest::In(values) if values.is_empty() => Some(false),
            ColumnTest::In(values) => values.iter().any(Option::is_none).then_some(true),
            ColumnTest::InType { values, .. } => values.iter().any(Value::is_null).then_some(true),
            _ => None,
        }
    }

    /// Tests a value; `None`: unknown, because the value is null and the test does not ask for null.
    #[must_use]
    pub fn matches(&self, value: Option<&str>) -> Option<bool> {
        let seen = match &self.extraction {
            None => value.map(Cow::Borrowed),
            Some(function) => function.apply(value),
        };
        self.test.matches(seen.as_deref())
    }

    /// Tests an integer as its text (extraction functions on time see the instant).
    #[must_use]
    pub(crate) fn matches_long(&self, value: i64) -> Option<bool> {
        match &self.extraction {
            None => self.test.matches(Some(&value.to_string())),
            Some(function) => self.test.matches(function.apply_long(value).as_deref()),
        }
    }

    /// The only values that match, sorted in Druid's order with null first, when they can be listed.
    #[must_use]
    pub fn values(&self) -> Option<&[Option<Arc<str>>]> {
        const NULL: &[Option<Arc<str>>] = &[None];
        match (&self.extraction, &self.test) {
            (None, TextTest::OneOf { values, .. }) => Some(values),
            (None, TextTest::IsNull) => Some(NULL),
            _ => None,
        }
    }

    /// The range outside of which nothing matches, when there is one in string order.
    #[must_use]
    pub fn range(&self) -> Option<TextRange> {
        if self.extraction.is_some() {
            return None;
        }
        match &self.test {
            TextTest::Bound {
                lower,
                upper,
                open,
                ordering: StringOrdering::Lexicographic | StringOrdering::Natural,
                ..
            } => Some(TextRange {
                lower: lower.clone(),
                lower_open: open.0,
                upper: upper.clone(),
                upper_open: open.1,
                exact: true,
            }),
            TextTest::Like(like) if like.exact().is_some() => {
                let text: Option<Arc<str>> = like.exact().map(Arc::from);
                let (lower, upper) = (text.clone(), text);
                Some(TextRange { lower, lower_open: false, upper, upper_open: false, exact: true })
            }
            TextTest::Like(like) if like.prefix().is_empty() => None,
            TextTest::Like(like) => {
                let prefix = like.prefix();
                Some(TextRange {
                    lower: Some(prefix.into()),
                    lower_open: false,
                    // Nothing that starts with the prefix sorts after it, save texts of noncharacters.
                    upper: Some(format!("{prefix}{}", "\u{ffff}".repeat(8)).into()),
                    upper_open: false,
                    exact: like.is_prefix_only(),
                })
            }
            _ => None,
        }
    }
}

impl TextRange {
    /// Whether a text lies inside.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let above = self.lower.as_ref().is_none_or(|l| match compare_text(text, l) {
            Ordering::Greater => true,
            Ordering::Equal => !self.lower_open,
            Ordering::Less => false,
        });
        above
            && self.upper.as_ref().is_none_or(|u| match compare_text(text, u) {
                Ordering::Less => true,
                Ordering::Equal => !self.upper_open,
                Ordering::Greater => false,
            })
    }
}

impl TextTest {
    fn matches(&self, value: Option<&str>) -> Option<bool> {
        let Some(text) = value else {
            return match self {
                Self::IsNull => Some(true),
                Self::OneOf { null: true, .. } => Some(true),
                // Nothing is among no values, and below all texts lies null.
                Self::OneOf { values, .. } if values.is_empty() => Some(false),
                Self::Bound { lower: None, null: true, .. } => Some(true),
                // A Bloom filter may have null in it.
                Self::Bloom(bloom) => Some(bloom.test(Item::Null)),
                _ => None,
            };
        };
        Some(match self {
            Self::IsNull => false,
            Self::OneOf { set, .. } => set.contains(text),
            Self::Bound { lower, upper, open, ordering, .. } => {
                let above = lower.as_ref().is_none_or(|l| match ordering.compare(text, l) {
                    Ordering::Greater => true,
                    Ordering::Equal => !open.0,
                    Ordering::Less => false,
                });
                above
                    && upper.as_ref().is_none_or(|u| match ordering.compare(text, u) {
                        Ordering::Less => true,
                        Ordering::Equal => !open.1,
                        Ordering::Greater => false,
                    })
            }
            Self::Numbers { ranges } => {
                let number = crate::value::parse_number(text);
                !number.is_null() && ranges.iter().any(|r| r.contains(&number))
            }
            Self::Like(like) => like.matches(text),
            Self::Regex(regex) => regex.is_found(text),
            Self::Search(query) => query.accepts(Some(text)),
            Self::Bloom(bloom) => bloom.test(Item::Text(text)),
        })
    }
}
