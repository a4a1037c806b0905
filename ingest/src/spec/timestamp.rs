//! What does a `timestampSpec` say: in which field is a row's time, and how is it written?

use alluvium_segments::time::{Millis, format_iso, parse_iso};
use serde_json::{Value, json};

use super::SpecError;
use super::fields::Fields;

/// A validated `timestampSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampSpec {
    /// Input field.
    pub column: String,
    /// `auto`, `iso`, `posix`, `millis`, `micro`, `nano`, `ruby`, or a Joda pattern.
    pub format: String,
    /// What a row without time gets.
    pub missing: Option<Millis>,
}

impl Default for TimestampSpec {
    fn default() -> Self {
        Self { column: "timestamp".to_owned(), format: "auto".to_owned(), missing: None }
    }
}

impl TimestampSpec {
    /// As Druid shows it.
    pub(crate) fn to_json(&self) -> Value {
        json!({"column": self.column, "format": self.format, "missingValue": self.missing.map(format_iso)})
    }

    pub(crate) fn from_json(json: Option<&Value>, path: &str) -> Result<Self, SpecError> {
        let Some(json) = json else { return Ok(Self::default()) };
        let mut fields = Fields::new(json, path)?;
        let default = Self::default();
        let column = fields.text("column")?.unwrap_or(default.column);
        let format = fields.text("format")?.unwrap_or(default.format);
        let missing = match fields.get("missingValue") {
            None => None,
            Some(Value::Number(n)) => n.as_i64(),
            Some(Value::String(s)) => parse_iso(s).ok(),
            Some(_) => None,
        };
        if missing.is_none() && fields.get("missingValue").is_some() {
            return Err(SpecError::invalid(fields.path_of("missingValue"), "must be an ISO date-time"));
        }
        fields.finish()?;
        let spec = Self { column, format, missing };
        crate::parse::check_timestamp_format(&spec.format)
            .map_err(|why| SpecError::invalid(format!("{path}.format"), why))?;
        Ok(spec)
    }
}
