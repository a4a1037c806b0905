//! Which rows does a native filter ask for? The model, as JSON has it; [`RowFilter`] tests rows, and
//! [`ColumnFilter`] gives predicates over the values of its column.

mod number;
mod predicate;
mod read;
mod row;
mod search;
mod whole;
mod write;

use std::sync::Arc;

use alluvium_segments::time::Interval;
use alluvium_sketches::Bloom;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

pub use self::number::{DoublePredicate, LongPredicate};
pub use self::predicate::{StringPredicate, TextRange};
pub use self::row::{RowFilter, matches};
pub use self::search::SearchQuery;
pub use self::whole::WholePredicate;
use crate::{Expr, ExprType, ExtractionFn, FilterError, JavaRegex, LikePattern, StringOrdering, Value};

/// A native filter. Serialised as Druid's JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every row.
    True,
    /// No row.
    False,
    /// Rows that all of them match.
    And(Vec<Filter>),
    /// Rows that any of them matches.
    Or(Vec<Filter>),
    /// Rows that do not match; unknown stays unknown.
    Not(Box<Filter>),
    /// True where it is true; false where it is false or unknown.
    IsTrue(Box<Filter>),
    /// True where it is false; false where it is true or unknown.
    IsFalse(Box<Filter>),
    /// A test of one column.
    Column(ColumnFilter),
    /// Rows whose columns, as text, have a value in common.
    ColumnComparison(Vec<DimensionRef>),
    /// Rows for which an expression is true.
    Expression(Expr),
}

/// A column, possibly seen through an extraction function.
#[derive(Debug, Clone, PartialEq)]
pub struct DimensionRef {
    /// Name of the column.
    pub column: String,
    /// Applied to its values.
    pub extraction: Option<ExtractionFn>,
}

/// A test of one column. A row of several values matches when any of them does.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnFilter {
    /// Name of the column.
    pub column: String,
    /// Applied to its values before the test.
    pub extraction: Option<ExtractionFn>,
    /// What is asked.
    pub test: ColumnTest,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnTest {
    /// `equals`: the same value by a type; `value` is of `match_type`, never null.
    Equals {
        /// How to compare.
        match_type: ExprType,
        /// With what.
        value: Value,
    },
    /// `arrayContainsElement`: an array that has the value among its elements by a type; a single value is an array of
    /// one. Null asks for an element that is null.
    Contains {
        /// How to compare.
        match_type: ExprType,
        /// With what, of `match_type`.
        value: Value,
    },
    /// `null`
    IsNull,
    /// `range`: between bounds by a type; at least one bound.
    Range {
        /// How to compare.
        match_type: ExprType,
        /// Lower bound, of `match_type`.
        lower: Option<Value>,
        /// Upper bound, of `match_type`.
        upper: Option<Value>,
        /// Whether the lower bound itself is left out.
        lower_open: bool,
        /// Whether the upper bound itself is left out.
        upper_open: bool,
    },
    /// `inType`: one of some values by a type; null among them matches null.
    InType {
        /// How to compare.
        match_type: ExprType,
        /// With what, each of `match_type` or null.
        values: Vec<Value>,
    },
    /// `selector`: the same text; `None` asks for null.
    Selector(Option<Arc<str>>),
    /// `in`: one of some texts, or null.
    In(Vec<Option<Arc<str>>>),
    /// `bound`: between texts in an ordering.
    Bound {
        /// Lower bound.
        lower: Option<Arc<str>>,
        /// Upper bound.
        upper: Option<Arc<str>>,
        /// Whether the lower bound itself is left out.
        lower_strict: bool,
        /// Whether the upper bound itself is left out.
        upper_strict: bool,
        /// How to compare.
        ordering: StringOrdering,
    },
    /// `interval`: an instant in any of the intervals.
    Interval(Vec<Interval>),
    /// `like`
    Like {
        /// The pattern as written.
        pattern: String,
        /// The escape character.
        escape: Option<char>,
        /// The pattern compiled.
        like: LikePattern,
    },
    /// `regex`: found anywhere in the text.
    Regex(JavaRegex),
    /// `bloom` of what an extraction function makes (one without is an expression).
    Bloom {
        /// The filter's base64.
        text: Arc<str>,
        /// The filter.
        bloom: Arc<Bloom>,
    },
    /// `search`
    Search(SearchQuery),
}

impl ColumnTest {
    /// A LIKE test.
    ///
    /// # Errors
    /// When the pattern ends with its escape character.
    pub fn like(pattern: &str, escape: Option<char>) -> Result<Self, FilterError> {
        let like = LikePattern::new(pattern, escape).map_err(|e| FilterError::Field {
            what: "like".to_owned(),
            field: "pattern",
            problem: e.to_string(),
        })?;
        Ok(Self::Like { pattern: pattern.to_owned(), escape, like })
    }
}

impl Filter {
    /// A test of a column without extraction function.
    #[must_use]
    pub fn column(column: &str, test: ColumnTest) -> Self {
        Self::Column(ColumnFilter { column: column.to_owned(), extraction: None, test })
    }

    /// `equals`; the value's own type decides how to compare. Null asks for null.
    #[must_use]
    pub fn equals(column: &str, value: Value) -> Self {
        let test = match value.value_type() {
            None => ColumnTest::IsNull,
            Some(match_type) => ColumnTest::Equals { match_type, value },
        };
        Self::column(column, test)
    }

    /// The negation.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Reads Druid's JSON.
    ///
    /// # Errors
    /// When a field is missing or wrong (named), or the type is unknown or not supported (`spatial`,
    /// `javascript`).
    pub fn from_json(json: &Json) -> Result<Self, FilterError> {
        read::filter(json, 0)
    }

    /// Druid's JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        write::filter(self)
    }

    /// Columns that are read, each once, in order of first use.
    #[must_use]
    pub fn required_columns(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        self.visit_columns(&mut |name| {
            if !names.iter().any(|n: &Arc<str>| n.as_ref() == name) {
                names.push(name.into());
            }
        });
        names
    }

    fn visit_columns(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::True | Self::False => {}
            Self::And(fields) | Self::Or(fields) => fields.iter().for_each(|f| f.visit_columns(visit)),
            Self::Not(field) | Self::IsTrue(field) | Self::IsFalse(field) => field.visit_columns(visit),
            Self::Column(filter) => visit(&filter.column),
            Self::ColumnComparison(dimensions) => dimensions.iter().for_each(|d| visit(&d.column)),
            Self::Expression(expr) => expr.required_columns().iter().for_each(|name| visit(name)),
        }
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
