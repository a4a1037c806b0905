//! How are the fields of a JSON object with a `type` read, so that an error names the field?

use serde_json::{Map, Value as Json};

use crate::FilterError;

/// A JSON object with a `type`.
pub(crate) struct Fields<'j> {
    /// The type, as written.
    pub(crate) kind: &'j str,
    map: &'j Map<String, Json>,
}

impl<'j> Fields<'j> {
    /// `what` is said of something that is no such object.
    pub(crate) fn new(json: &'j Json, what: &'static str) -> Result<Self, FilterError> {
        let Json::Object(map) = json else {
            return Err(FilterError::Shape(format!("a {what} must be an object, not {json}")));
        };
        match map.get("type") {
            Some(Json::String(kind)) => Ok(Self { kind, map }),
            Some(other) => {
                Err(FilterError::Shape(format!("the `type` of a {what} must be a name, not {other}")))
            }
            None => Err(FilterError::Shape(format!("a {what} needs the field `type`"))),
        }
    }

    pub(crate) fn missing(&self, field: &'static str) -> FilterError {
        FilterError::Missing { what: self.kind.to_owned(), field }
    }

    pub(crate) fn wrong(&self, field: &'static str, problem: impl Into<String>) -> FilterError {
        FilterError::Field { what: self.kind.to_owned(), field, problem: problem.into() }
    }

    /// The field, unless absent or null.
    pub(crate) fn get(&self, field: &str) -> Option<&'j Json> {
        self.map.get(field).filter(|v| !v.is_null())
    }

    pub(crate) fn need(&self, field: &'static str) -> Result<&'j Json, FilterError> {
        self.get(field).ok_or_else(|| self.missing(field))
    }

    /// Text; numbers and booleans are taken as their text.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<String>, FilterError> {
        self.get(field).map(|json| self.as_text(field, json)).transpose()
    }

    pub(crate) fn need_text(&self, field: &'static str) -> Result<String, FilterError> {
        self.text(field)?.ok_or_else(|| self.missing(field))
    }

    pub(crate) fn as_text(&self, field: &'static str, json: &Json) -> Result<String, FilterError> {
        match json {
            Json::String(text) => Ok(text.clone()),
            Json::Number(n) => Ok(n.to_string()),
            Json::Bool(b) => Ok(b.to_string()),
            other => Err(self.wrong(field, format!("must be text, not {other}"))),
        }
    }

    /// A truth value; also as text.
    pub(crate) fn flag(&self, field: &'static str, default: bool) -> Result<bool, FilterError> {
        match self.get(field) {
            None => Ok(default),
            Some(Json::Bool(b)) => Ok(*b),
            Some(Json::String(s)) if s.eq_ignore_ascii_case("true") => Ok(true),
            Some(Json::String(s)) if s.eq_ignore_ascii_case("false") => Ok(false),
            Some(other) => Err(self.wrong(field, format!("must be true or false, not {other}"))),
        }
    }

    /// An integer; also as text.
    pub(crate) fn long(&self, field: &'static str) -> Result<Option<i64>, FilterError> {
        let Some(json) = self.get(field) else { return Ok(None) };
        let long = json.as_i64().or_else(|| json.as_str()?.parse().ok());
        long.map(Some).ok_or_else(|| self.wrong(field, format!("must be an integer, not {json}")))
    }

    /// A number; also as text.
    pub(crate) fn double(&self, field: &'static str) -> Result<Option<f64>, FilterError> {
        let Some(json) = self.get(field) else { return Ok(None) };
        let double = json.as_f64().or_else(|| json.as_str()?.parse().ok());
        double.map(Some).ok_or_else(|| self.wrong(field, format!("must be a number, not {json}")))
    }

    pub(crate) fn list(&self, field: &'static str) -> Result<&'j [Json], FilterError> {
        match self.need(field)? {
            Json::Array(items) => Ok(items),
            other => Err(self.wrong(field, format!("must be a list, not {other}"))),
        }
    }

    /// A time zone; UTC when absent.
    pub(crate) fn zone(&self, field: &'static str) -> Result<chrono_tz::Tz, FilterError> {
        match self.text(field)? {
            None => Ok(chrono_tz::Tz::UTC),
            Some(name) => {
                alluvium_segments::time::parse_zone(&name).map_err(|e| self.wrong(field, e.to_string()))
            }
        }
    }
}
