//! What does the query's context ask for? Values may be texts; keys nobody knows are kept and do nothing.

use serde_json::{Map, Value};

use crate::QueryError;
use crate::plan::{CacheUse, ProjectionUse};

/// Which caches a query may use, where the server has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Caching {
    /// That of the partial results of segments.
    pub(crate) segments: CacheUse,
    /// That of whole answers.
    pub(crate) results: CacheUse,
}

/// The `context` of a query.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    map: Map<String, Value>,
}

impl Context {
    /// Of these keys.
    pub(crate) fn of(map: &Map<String, Value>) -> Self {
        Self { map: map.clone() }
    }

    /// Reads the `context` field.
    pub(crate) fn read(body: &Value) -> Result<Self, QueryError> {
        match body.get("context") {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(map)) => Ok(Self { map: map.clone() }),
            Some(other) => Err(QueryError::invalid(format!("`context` must be an object, not `{other}`"))),
        }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Whether it says anything of a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// A text; numbers as they are written.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A boolean.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool, QueryError> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) => Ok(text.eq_ignore_ascii_case("true")),
            Some(other) => Err(Self::wrong(key, "true or false", other)),
        }
    }

    /// An integer.
    pub(crate) fn long(&self, key: &str) -> Result<Option<i64>, QueryError> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => {
                let parsed = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
                parsed.map(Some).ok_or_else(|| Self::wrong(key, "an integer", value))
            }
        }
    }

    /// Refuses values of parameters that change no answer here but have a form.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        self.long("priority")?;
        for key in ["vectorize", "vectorizeVirtualColumns"] {
            match self.get(key) {
                None | Some(Value::Bool(_)) => {}
                Some(Value::String(text))
                    if ["true", "false", "force"].iter().any(|known| text.eq_ignore_ascii_case(known)) => {}
                Some(other) => return Err(Self::wrong(key, "true, false or force", other)),
            }
        }
        Ok(())
    }

    /// Whether segments may, must or must not be answered from their projections.
    pub(crate) fn projections(&self) -> Result<ProjectionUse, QueryError> {
        if self.flag("noProjections", false)? {
            return Ok(ProjectionUse::Never);
        }
        match self.get("useProjection") {
            Some(Value::String(name)) => Ok(ProjectionUse::Named(name.clone())),
            Some(other) => Err(Self::wrong("useProjection", "the name of a projection", other)),
            None if self.flag("forceProjections", false)? => Ok(ProjectionUse::Forced),
            None => Ok(ProjectionUse::WhereSmaller),
        }
    }

    /// Which caches may be used: all that are not refused.
    pub(crate) fn caching(&self) -> Result<Caching, QueryError> {
        let both = |read: &str, fill: &str| {
            Ok::<_, QueryError>(CacheUse { read: self.flag(read, true)?, fill: self.flag(fill, true)? })
        };
        Ok(Caching {
            segments: both("useCache", "populateCache")?,
            results: both("useResultLevelCache", "populateResultLevelCache")?,
        })
    }

    fn wrong(key: &str, wanted: &str, found: &Value) -> QueryError {
        QueryError::Context(format!("query context parameter `{key}` must be {wanted}, not `{found}`"))
    }
}
