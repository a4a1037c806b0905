//! How is a JSON object of a spec read, so that each field is honoured, noted or refused, and none forgotten?

use std::collections::HashSet;

use alluvium_segments::time::Period;
use serde_json::{Map, Value};

use super::SpecError;

/// The fields of one JSON object; [`Fields::finish`] refuses those nobody asked for.
pub(crate) struct Fields<'j> {
    path: String,
    map: &'j Map<String, Value>,
    seen: HashSet<&'static str>,
}

impl<'j> Fields<'j> {
    /// Reads `json`, which must be an object, found at `path`.
    pub(crate) fn new(json: &'j Value, path: &str) -> Result<Self, SpecError> {
        let map = json.as_object().ok_or_else(|| SpecError::invalid(path, "must be a JSON object"))?;
        Ok(Self { path: path.to_owned(), map, seen: HashSet::new() })
    }

    /// The dotted path of a field.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A field that is there and not null.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'j Value> {
        self.seen.insert(name);
        self.map.get(name).filter(|v| !v.is_null())
    }

    /// A field that must be there.
    pub(crate) fn require(&mut self, name: &'static str) -> Result<&'j Value, SpecError> {
        self.get(name).ok_or_else(|| SpecError::missing(self.path_of(name)))
    }

    /// Text; numbers and booleans are taken as their text, as Druid's reader does.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, SpecError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(s)) => Ok(Some(s.clone())),
            Some(v @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(v.to_string())),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must be a string")),
        }
    }

    /// Text that must be there and not be empty.
    pub(crate) fn required_text(&mut self, name: &'static str) -> Result<String, SpecError> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must not be empty")),
            None => Err(SpecError::missing(self.path_of(name))),
        }
    }

    /// One of a few words, any case; returned in lower case.
    pub(crate) fn word(
        &mut self,
        name: &'static str,
        allowed: &[&str],
        default: &str,
    ) -> Result<String, SpecError> {
        let word = self.text(name)?.map_or_else(|| default.to_owned(), |t| t.to_ascii_lowercase());
        if allowed.contains(&word.as_str()) {
            return Ok(word);
        }
        Err(SpecError::invalid(self.path_of(name), format!("must be one of {}", allowed.join(", "))))
    }

    /// A truth value; `"true"` and `"false"` are taken too.
    pub(crate) fn boolean(&mut self, name: &'static str, default: bool) -> Result<bool, SpecError> {
        Ok(self.maybe_boolean(name)?.unwrap_or(default))
    }

    /// A truth value, if it is there.
    pub(crate) fn maybe_boolean(&mut self, name: &'static str) -> Result<Option<bool>, SpecError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(Value::String(s)) if s == "true" => Ok(Some(true)),
            Some(Value::String(s)) if s == "false" => Ok(Some(false)),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must be true or false")),
        }
    }

    /// A whole number; numbers in quotes are taken too.
    pub(crate) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, SpecError> {
        let Some(json) = self.get(name) else { return Ok(None) };
        let whole = |f: f64| (f.fract() == 0.0 && f.abs() < 9e18).then_some(f as i64);
        let number = match json {
            Value::Number(n) => n.as_i64().or_else(|| n.as_f64().and_then(whole)),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| SpecError::invalid(self.path_of(name), "must be a whole number"))
    }

    /// A whole number of at least `least`.
    pub(crate) fn at_least(
        &mut self,
        name: &'static str,
        least: i64,
        default: i64,
    ) -> Result<i64, SpecError> {
        match self.integer(name)? {
            None => Ok(default),
            Some(n) if n >= least => Ok(n),
            Some(_) => Err(SpecError::invalid(self.path_of(name), format!("must be at least {least}"))),
        }
    }

    /// A row or byte limit: above 0; absent, or Druid's -1 and 0 for "by itself", gives `None`.
    pub(crate) fn limit(&mut self, name: &'static str) -> Result<Option<u64>, SpecError> {
        match self.integer(name)? {
            None | Some(-1 | 0) => Ok(None),
            Some(n) if n > 0 => Ok(Some(n.unsigned_abs())),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must not be negative")),
        }
    }

    /// A count that may be 0; absent, -1 and Java's largest int give `None` (without limit).
    pub(crate) fn limit_with_zero(&mut self, name: &'static str) -> Result<Option<u64>, SpecError> {
        match self.integer(name)? {
            None | Some(-1) => Ok(None),
            Some(n) if n >= i64::from(i32::MAX) => Ok(None),
            Some(n) if n >= 0 => Ok(Some(n.unsigned_abs())),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must not be negative")),
        }
    }

    /// An ISO period of fixed length, in milliseconds, not negative.
    pub(crate) fn period_ms(&mut self, name: &'static str) -> Result<Option<i64>, SpecError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let fail = |why: &str| SpecError::invalid(self.path_of(name), format!("`{text}` {why}"));
        // Longer numbers cannot be held in milliseconds.
        if text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > 10) {
            return Err(fail("is too long a period"));
        }
        let period: Period = text.parse().map_err(|_| fail("is not an ISO-8601 period such as PT1H"))?;
        match period.fixed_millis() {
            Some(millis) if millis >= 0 => Ok(Some(millis)),
            Some(_) => Err(fail("must not be negative")),
            None => Err(fail("must not use months or years")),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, SpecError> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        let text = |(i, v): (usize, &Value)| match v {
            Value::String(s) => Ok(s.clone()),
            Value::Number(n) => Ok(n.to_string()),
            _ => Err(SpecError::invalid(format!("{}[{i}]", self.path_of(name)), "must be a string")),
        };
        list.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A list of anything.
    pub(crate) fn list(&mut self, name: &'static str) -> Result<Option<&'j Vec<Value>>, SpecError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(SpecError::invalid(self.path_of(name), "must be a list")),
        }
    }

    /// Knobs of Druid's that mean nothing here: noted where they are set.
    pub(crate) fn no_effect(&mut self, names: &[&'static str], notes: &mut Vec<String>) {
        for name in names {
            if self.get(name).is_some() {
                notes.push(self.path_of(name));
            }
        }
    }

    /// Refuses a field unless it is absent or has a harmless value (`null`, `false`, empty, or `harmless`).
    pub(crate) fn refuse(
        &mut self,
        name: &'static str,
        harmless: Option<&Value>,
        why: &str,
    ) -> Result<(), SpecError> {
        let Some(json) = self.get(name) else { return Ok(()) };
        let empty = match json {
            Value::Bool(b) => !b,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if empty && harmless.is_none() || harmless == Some(json) {
            return Ok(());
        }
        Err(SpecError::unsupported(self.path_of(name), why))
    }

    /// Refuses the fields nobody asked for.
    pub(crate) fn finish(self) -> Result<(), SpecError> {
        match self.map.keys().find(|key| !self.seen.contains(key.as_str())) {
            Some(key) => Err(SpecError::unknown(self.path_of(key))),
            None => Ok(()),
        }
    }
}
