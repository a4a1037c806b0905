//! How are the fields of a JSON object read, so that every complaint names the field?

use alluvium_segments::ColumnType;
use serde_json::{Map, Value};

use crate::QueryError;

/// A JSON object with what it describes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'j> {
    what: &'static str,
    map: &'j Map<String, Value>,
}

impl<'j> Fields<'j> {
    /// The fields of an object.
    pub(crate) fn of(what: &'static str, json: &'j Value) -> Result<Self, QueryError> {
        let map = json.as_object();
        let map =
            map.ok_or_else(|| QueryError::invalid(format!("{what} must be an object, not `{json}`")))?;
        Ok(Self { what, map })
    }

    /// A field that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'j Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// A field that must be there.
    pub(crate) fn need(&self, key: &str) -> Result<&'j Value, QueryError> {
        self.get(key).ok_or_else(|| QueryError::invalid(format!("{} needs the field `{key}`", self.what)))
    }

    pub(crate) fn wrong(&self, key: &str, wanted: &str) -> QueryError {
        let found = self.map.get(key).unwrap_or(&Value::Null);
        QueryError::invalid(format!("{}: field `{key}` must be {wanted}, not `{found}`", self.what))
    }

    /// The `type` of the object.
    pub(crate) fn kind(&self) -> Result<&'j str, QueryError> {
        self.text("type")
    }

    /// A text that must be there.
    pub(crate) fn text(&self, key: &str) -> Result<&'j str, QueryError> {
        self.need(key)?.as_str().ok_or_else(|| self.wrong(key, "a string"))
    }

    /// A text, if there is one.
    pub(crate) fn text_opt(&self, key: &str) -> Result<Option<&'j str>, QueryError> {
        self.get(key).map(|v| v.as_str().ok_or_else(|| self.wrong(key, "a string"))).transpose()
    }

    /// A boolean, also as text.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool, QueryError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) => Ok(text.eq_ignore_ascii_case("true")),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    /// An integer, also as text.
    pub(crate) fn long_opt(&self, key: &str) -> Result<Option<i64>, QueryError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let parsed = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
        let parsed = parsed.or_else(|| value.as_f64().filter(|d| d.fract() == 0.0).map(|d| d as i64));
        parsed.map(Some).ok_or_else(|| self.wrong(key, "an integer"))
    }

    /// A count, 0 when it is not there.
    pub(crate) fn count(&self, key: &str) -> Result<u64, QueryError> {
        let value = self.long_opt(key)?.unwrap_or(0);
        u64::try_from(value).map_err(|_| self.wrong(key, "an integer that is not negative"))
    }

    /// The items of a list; none when it is not there.
    pub(crate) fn list(&self, key: &str) -> Result<&'j [Value], QueryError> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(key, "a list")),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, QueryError> {
        let text =
            |v: &Value| v.as_str().map(str::to_owned).ok_or_else(|| self.wrong(key, "a list of strings"));
        self.list(key)?.iter().map(text).collect()
    }

    /// A column type by Druid's name; names of none are as good as nothing.
    pub(crate) fn column_type(&self, key: &str) -> Result<Option<ColumnType>, QueryError> {
        let Some(name) = self.text_opt(key)? else { return Ok(None) };
        Ok(name.parse().ok())
    }
}
