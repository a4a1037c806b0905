//! What holds for a query that does not say it? Defaults of the configuration: keys of the context, and what
//! segmentMetadata finds out and over which time.

use alluvium_segments::time::Period;
use serde_json::{Map, Value, json};

/// What a query gets that does not ask for something else.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryDefaults {
    /// Keys of the context; those that a query has itself win.
    pub context: Map<String, Value>,
    /// `analysisTypes` of segmentMetadata; Druid's when `None`.
    pub analyses: Option<Vec<String>>,
    /// The time before the end of the newest segment that segmentMetadata without intervals looks at.
    pub history: Period,
}

impl Default for QueryDefaults {
    fn default() -> Self {
        let history = Period { weeks: 1, ..Period::default() };
        Self { context: Map::new(), analyses: None, history }
    }
}

impl QueryDefaults {
    /// Adds what a context does not say.
    pub(crate) fn fill(&self, context: &mut Map<String, Value>) {
        for (key, value) in &self.context {
            context.entry(key).or_insert_with(|| value.clone());
        }
    }

    /// Adds what the body of a native query does not say.
    pub(crate) fn complete(&self, body: &mut Value) {
        if self.context.is_empty() && self.analyses.is_none() {
            return;
        }
        let Value::Object(fields) = body else { return };
        if !self.context.is_empty() {
            let context = fields.entry("context").or_insert_with(|| json!({}));
            if context.is_null() {
                *context = json!({});
            }
            if let Value::Object(context) = context {
                self.fill(context);
            }
        }
        if let Some(analyses) = &self.analyses
            && fields.get("queryType").is_some_and(|kind| kind == "segmentMetadata")
            && fields.get("analysisTypes").is_none_or(Value::is_null)
        {
            fields.insert("analysisTypes".to_owned(), json!(analyses));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_says_wins() {
        let context = json!({"timeout": 1, "a": "b"}).as_object().cloned().unwrap_or_default();
        let defaults =
            QueryDefaults { context, analyses: Some(vec!["size".to_owned()]), ..QueryDefaults::default() };
        let completed = |mut body: Value| {
            defaults.complete(&mut body);
            body
        };
        assert_eq!(completed(json!({"context": null}))["context"], json!({"timeout": 1, "a": "b"}));
        let own = completed(json!({"queryType": "segmentMetadata", "context": {"timeout": 5}}));
        assert_eq!(own["context"], json!({"timeout": 5, "a": "b"}));
        assert_eq!(own["analysisTypes"], json!(["size"]));
        let said = completed(json!({"queryType": "segmentMetadata", "analysisTypes": []}));
        assert_eq!(said["analysisTypes"], json!([]));
        assert_eq!(completed(json!("text")), json!("text"));
    }
}
