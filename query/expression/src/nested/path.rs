//! Where in a nested value? The part of JSONPath that Druid has: `$`, `.name`, `['name']` and `[number]`, a number below
//! zero counting from the end.

use std::fmt;

use alluvium_segments::PathStep;
use serde_json::Value as Json;

use super::java_order::{by_hash, hash, hash_of_list};

/// A way into a nested value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(i64),
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("JSONPath [{text}] is invalid, {why}");
        let mut rest = text.strip_prefix('$').ok_or_else(|| wrong("it must start with '$'"))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, next) = after.split_at(end);
                if after.is_empty() {
                    // One that nothing follows is not looked at.
                    break;
                }
                if name.is_empty() {
                    return Err(wrong("a name must follow '.'"));
                }
                steps.push(Step::Field(name.to_owned()));
                rest = next;
            } else if rest == "[" && !steps.is_empty() {
                // Druid's reader does not look at one that nothing follows.
                break;
            } else if let Some(after) = rest.strip_prefix('[') {
                let (step, next) = bracket(after).ok_or_else(|| wrong("expected ['name'] or [number]"))?;
                steps.push(step);
                rest = next;
            } else {
                return Err(wrong("expected '.' or '['"));
            }
        }
        Ok(Self { steps })
    }

    /// Reads a path of jq's form, `.name[0]."other"`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse_jq(text: &str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self::default());
        }
        Self::parse(&format!("${}", text.replace("?", "").replace(".\"", "['").replace('"', "']")))
    }

    /// Of steps by name.
    #[must_use]
    pub fn of_fields(names: impl IntoIterator<Item = String>) -> Self {
        Self { steps: names.into_iter().map(Step::Field).collect() }
    }

    /// One step further, into an object.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        self.steps.push(Step::Field(name.to_owned()));
        self
    }

    /// One step further, into a list.
    #[must_use]
    pub fn item(mut self, at: i64) -> Self {
        self.steps.push(Step::Item(at));
        self
    }

    /// The path of a leaf; `None` where it counts from the end of a list.
    #[must_use]
    pub fn to_leaf(&self) -> Option<Vec<PathStep>> {
        let step = |step: &Step| match step {
            Step::Field(name) => Some(PathStep::Field(name.as_str().into())),
            Step::Item(number) => u64::try_from(*number).ok().map(PathStep::Item),
        };
        self.steps.iter().map(step).collect()
    }

    /// Its steps, as the virtual columns of nested values name them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let step = |step: &Step| match step {
            Step::Field(name) => serde_json::json!({"type": "field", "field": name}),
            Step::Item(at) => serde_json::json!({"type": "arrayElement", "index": at}),
        };
        self.steps.iter().map(step).collect()
    }

    /// What is there, if anything is; JSON's null is nothing.
    #[must_use]
    pub fn find<'j>(&self, json: &'j Json) -> Option<&'j Json> {
        let mut at = json;
        for step in &self.steps {
            at = match (step, at) {
                (Step::Field(name), Json::Object(fields)) => fields.get(name)?,
                (Step::Item(number), Json::Array(items)) => {
                    let from_end = items.len().checked_sub(usize::try_from(number.unsigned_abs()).ok()?);
                    let index = if *number < 0 { from_end? } else { usize::try_from(*number).ok()? };
                    items.get(index)?
                }
                _ => return None,
            };
        }
        Some(at).filter(|found| !found.is_null())
    }

    /// The paths of all scalars and lists of scalars of a value, in the order of Java's hashes of them; an object without
    /// fields has none.
    #[must_use]
    pub fn all(json: &Json) -> Vec<Self> {
        let mut found = Vec::new();
        collect(json, Self::default(), &mut found);
        by_hash(found, Self::java_hash)
    }

    fn java_hash(&self) -> i32 {
        hash_of_list(self.steps.iter().map(|step| match step {
            Step::Field(name) => hash(name),
            Step::Item(number) => *number as i32,
        }))
    }
}

fn collect(json: &Json, here: JsonPath, found: &mut Vec<JsonPath>) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                collect(value, here.clone().field(name), found);
            }
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, here.clone().item(at as i64), found);
            }
        }
        _ => found.push(here),
    }
}

/// What is between brackets, the first of which has been read, and the text after them.
fn bracket(text: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            let end = inner.find(&format!("{quote}]"))?;
            return Some((Step::Field(inner.get(..end)?.to_owned()), inner.get(end + 2..)?));
        }
    }
    let end = text.find(']')?;
    Some((Step::Item(text.get(..end)?.parse().ok()?), text.get(end + 1..)?))
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Field(name) if name.contains(['.', '[', '\'', '"']) => write!(f, "['{name}']")?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_followed() {
        let json = serde_json::json!({"a": {"b.c": [1, {"d": null}, "x"]}, "e": []});
        let find = |path: &str| JsonPath::parse(path).unwrap().find(&json).map(Json::to_string);
        assert_eq!(find("$.a['b.c'][0]").as_deref(), Some("1"));
        assert_eq!(find("$.a[\"b.c\"][-1]").as_deref(), Some("\"x\""));
        assert_eq!((find("$.a['b.c'][-4]"), find("$.a['b.c'][1].d"), find("$.a[0]")), (None, None, None));
        assert_eq!(find("$.e").as_deref(), Some("[]"));
        for wrong in ["a", "$a", "$[x]", "$['a'", "$..a"] {
            assert!(JsonPath::parse(wrong).is_err(), "{wrong}");
        }
        let all: Vec<String> = JsonPath::all(&json).iter().map(JsonPath::to_string).collect();
        assert_eq!(all.len(), 4);
        let json = serde_json::json!({"a": 1, "b": {"c": "x", "d": [1, 2, 3]}, "s": "one"});
        let all: Vec<String> = JsonPath::all(&json).iter().map(JsonPath::to_string).collect();
        assert_eq!(all, ["$.s", "$.b.c", "$.b.d", "$.a"]);
        assert_eq!(JsonPath::parse_jq(".a.\"b.c\"[0]").unwrap().to_string(), "$.a['b.c'][0]");
    }
}
