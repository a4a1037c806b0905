//! What does a search query accept?

use serde_json::{Value as Json, json};

use crate::fields::Fields;
use crate::{FilterError, JavaRegex};

/// A query of `search` filters, of search queries and of the `searchQuery` extraction function.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchQuery {
    /// Everything; null only where a query asks, not in filters.
    All,
    /// Texts that contain a part; without case when not `case_sensitive`.
    Contains {
        /// The part; lower case when case does not matter.
        value: String,
        /// Whether case matters.
        case_sensitive: bool,
    },
    /// Texts that contain all parts.
    Fragment {
        /// The parts; lower case when case does not matter.
        values: Vec<String>,
        /// Whether case matters.
        case_sensitive: bool,
    },
    /// Texts in which a regular expression is found.
    Regex(JavaRegex),
}

impl SearchQuery {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// When a field is missing or wrong, or the type is unknown.
    pub fn from_json(json: &Json) -> Result<Self, FilterError> {
        let fields = Fields::new(json, "search query")?;
        let case_sensitive = fields.flag("caseSensitive", false)?;
        let normal = |text: String| if case_sensitive { text } else { text.to_lowercase() };
        Ok(match fields.kind {
            "all" => Self::All,
            "contains" => Self::Contains { value: normal(fields.need_text("value")?), case_sensitive },
            "insensitive_contains" => {
                let value = fields.need_text("value")?.to_lowercase();
                Self::Contains { value, case_sensitive: false }
            }
            "fragment" => {
                let values = fields.list("values")?.iter().map(|v| fields.as_text("values", v).map(normal));
                Self::Fragment { values: values.collect::<Result<_, _>>()?, case_sensitive }
            }
            "regex" => {
                let pattern = fields.need_text("pattern")?;
                Self::Regex(JavaRegex::new(&pattern).map_err(|e| fields.wrong("pattern", e))?)
            }
            name => {
                return Err(FilterError::UnknownType {
                    kind: "search query",
                    name: name.to_owned(),
                    known: "all, contains, insensitive_contains, fragment, regex",
                });
            }
        })
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::All => json!({"type": "all"}),
            Self::Contains { value, case_sensitive: false } => {
                json!({"type": "insensitive_contains", "value": value})
            }
            Self::Contains { value, .. } => {
                json!({"type": "contains", "value": value, "caseSensitive": true})
            }
            Self::Fragment { values, case_sensitive } => {
                json!({"type": "fragment", "values": values, "caseSensitive": case_sensitive})
            }
            Self::Regex(regex) => json!({"type": "regex", "pattern": regex.text()}),
        }
    }

    /// Whether a value is accepted; null only by `all`.
    #[must_use]
    pub fn accepts(&self, value: Option<&str>) -> bool {
        let Some(text) = value else { return *self == Self::All };
        match self {
            Self::All => true,
            Self::Contains { value, case_sensitive: true } => text.contains(value.as_str()),
            Self::Contains { value, .. } => text.to_lowercase().contains(value.as_str()),
            Self::Fragment { values, case_sensitive } => {
                let text = if *case_sensitive { text.to_owned() } else { text.to_lowercase() };
                values.iter().all(|v| text.contains(v.as_str()))
            }
            Self::Regex(regex) => regex.is_found(text),
        }
    }
}
