//! Why did a query fail, of which class is that, and how does Druid say it (status and body)?

use alluvium_expression::{ExprError, FilterError};
use alluvium_segments::time::TimeError;
use alluvium_segments::{ErrorClass, SegmentError};
use alluvium_sketches::SketchError;
use serde_json::{Map, Value, json};

pub use crate::refusal::Refusal;

/// Functions whose failures Druid does not put into words of its functions.
const IN_MACROS: [&str; 13] = [
    "decode_base64_utf8",
    "parse_json",
    "json_value",
    "json_query",
    "json_query_array",
    "json_keys",
    "json_object",
    "json_merge",
    "regexp_extract",
    "regexp_like",
    "regexp_replace",
    "like",
    "lookup",
];

/// A failed query.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The request is wrong: what and where.
    #[error("{0}")]
    Invalid(String),
    /// A context parameter is wrong: which, and what it must be.
    #[error("{0}")]
    Context(String),
    /// An SQL text is wrong at a place.
    #[error("{message}")]
    InvalidSql {
        /// What is wrong.
        message: String,
        /// Where.
        at: crate::sql::Position,
    },
    /// The text is not JSON at all.
    #[error("{0}")]
    Unparsable(String),
    /// The body of the request is JSON, but no request.
    #[error("{0}")]
    Unreadable(String),
    /// Druid knows it, this server does not (yet).
    #[error("{0}")]
    Unsupported(String),
    /// What the request speaks of is not there.
    #[error("{0}")]
    NotFound(String),
    /// The query would need more than its limits allow.
    #[error("{0}")]
    ResourceLimit(String),
    /// The deadline passed.
    #[error("Query [{query_id}] timed out after {timeout_ms} ms")]
    Timeout {
        /// Which query.
        query_id: String,
        /// What it was allowed.
        timeout_ms: i64,
    },
    /// Someone asked for it to stop.
    #[error("Query [{0}] was cancelled")]
    Cancelled(String),
    /// A segment could not be read.
    #[error(transparent)]
    Segment(#[from] SegmentError),
    /// Segments that are published but cannot be opened overlap the query.
    #[error("segment `{segment}` cannot be read: {reason}")]
    BrokenSegment {
        /// Its identity.
        segment: String,
        /// Why it cannot be opened.
        reason: String,
    },
    /// What Druid refuses in words of its own.
    #[error("{message}")]
    Refused {
        /// Who refused.
        refusal: Refusal,
        /// What cannot be done.
        message: String,
    },
    /// Something inside failed.
    #[error("{0}")]
    Internal(String),
}

impl From<TimeError> for QueryError {
    fn from(error: TimeError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ExprError> for QueryError {
    fn from(error: ExprError) -> Self {
        match (&error, error.class()) {
            (ExprError::Arithmetic(_) | ExprError::Thrown { .. }, _) => {
                Self::refused(Refusal::Evaluation, error.to_string())
            }
            (ExprError::Evaluation(_) | ExprError::MixedUse(_) | ExprError::ArrayNotAllowed(_), _) => {
                Self::failed(error.to_string())
            }
            (ExprError::Failed { .. }, _) => Self::refused(Refusal::Function, error.to_string()),
            (_, ErrorClass::Unsupported) => Self::Unsupported(error.to_string()),
            (_, ErrorClass::Runtime) => Self::Internal(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}

impl From<SketchError> for QueryError {
    fn from(error: SketchError) -> Self {
        match error {
            SketchError::Mismatch { .. } => Self::failed(error.to_string()),
            other => Self::Invalid(other.to_string()),
        }
    }
}

impl From<FilterError> for QueryError {
    fn from(error: FilterError) -> Self {
        match &error {
            // What Druid reads when it is used fails as the query does.
            FilterError::Expression(_) | FilterError::Field { field: "index", .. } => {
                return Self::failed(error.to_string());
            }
            FilterError::Unsupported { name, .. } if name == "javascript" => return Self::no_scripts(),
            _ => {}
        }
        match error.class() {
            ErrorClass::Unsupported => Self::Unsupported(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}

impl QueryError {
    /// The request is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// An exception that ends a query.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::refused(Refusal::Evaluation, message)
    }

    /// Scripts are not run here, nor in a Druid that is not told to.
    pub(crate) fn no_scripts() -> Self {
        Self::failed("JavaScript is disabled")
    }

    /// An expression that failed on the values of a row.
    pub(crate) fn of_row(error: ExprError) -> Self {
        match &error {
            ExprError::Argument { function, .. } if !IN_MACROS.contains(function) => {
                Self::refused(Refusal::Function, error.to_string())
            }
            ExprError::Argument { .. } => Self::failed(error.to_string()),
            _ => Self::from(error),
        }
    }

    pub(crate) fn refused(refusal: Refusal, message: impl Into<String>) -> Self {
        Self::Refused { refusal, message: message.into() }
    }

    /// The same error, met while a statement was planned.
    pub(crate) fn while_planning(self) -> Self {
        match self {
            Self::Refused { refusal, message } => Self::Refused { refusal: refusal.of_constants(), message },
            other => other,
        }
    }

    /// Named, but not available here.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::Unsupported(message.into())
    }

    /// The class, from which the status follows.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Invalid(_)
            | Self::Context(_)
            | Self::InvalidSql { .. }
            | Self::Unparsable(_)
            | Self::Unreadable(_)
            | Self::ResourceLimit(_) => ErrorClass::InvalidInput,
            Self::Unsupported(_) => ErrorClass::Unsupported,
            Self::NotFound(_) => ErrorClass::NotFound,
            Self::Refused { refusal, .. } => match refusal.words().status {
                400 => ErrorClass::InvalidInput,
                501 => ErrorClass::Unsupported,
                _ => ErrorClass::Runtime,
            },
            Self::Timeout { .. } => ErrorClass::Timeout,
            Self::Cancelled(_) => ErrorClass::Cancelled,
            Self::Segment(error) => error.class(),
            Self::BrokenSegment { .. } | Self::Internal(_) => ErrorClass::Runtime,
        }
    }

    /// The HTTP status Druid answers with.
    #[must_use]
    pub fn http_status(&self) -> u16 {
        match self.class() {
            ErrorClass::InvalidInput => 400,
            ErrorClass::NotFound => 404,
            ErrorClass::Conflict => 409,
            ErrorClass::CapacityExceeded => 429,
            ErrorClass::Unsupported => 501,
            ErrorClass::Timeout => 504,
            ErrorClass::Cancelled | ErrorClass::Runtime => 500,
        }
    }

    fn category(&self) -> &'static str {
        match self.class() {
            ErrorClass::InvalidInput => "INVALID_INPUT",
            ErrorClass::NotFound => "NOT_FOUND",
            ErrorClass::Conflict => "CONFLICT",
            ErrorClass::CapacityExceeded => "CAPACITY_EXCEEDED",
            ErrorClass::Unsupported => "UNSUPPORTED",
            ErrorClass::Timeout => "TIMEOUT",
            ErrorClass::Cancelled => "CANCELED",
            ErrorClass::Runtime => "RUNTIME_FAILURE",
        }
    }

    /// Druid's legacy code and the exception class that carried it, where it still uses them.
    fn legacy(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Timeout { .. } => Some(("Query timeout", "org.apache.druid.query.QueryTimeoutException")),
            Self::Cancelled(_) => {
                Some(("Query cancelled", "org.apache.druid.query.QueryInterruptedException"))
            }
            Self::ResourceLimit(_) => {
                Some(("Resource limit exceeded", "org.apache.druid.query.ResourceLimitExceededException"))
            }
            Self::Context(_) => {
                Some(("Query context parse failed", "org.apache.druid.query.BadQueryContextException"))
            }
            Self::Unparsable(_) => {
                Some(("Json parse failed", "com.fasterxml.jackson.core.JsonParseException"))
            }
            Self::Segment(_) | Self::BrokenSegment { .. } | Self::Internal(_) => {
                Some(("Unknown exception", "org.apache.druid.query.QueryInterruptedException"))
            }
            Self::Invalid(_)
            | Self::InvalidSql { .. }
            | Self::Unreadable(_)
            | Self::Unsupported(_)
            | Self::NotFound(_)
            | Self::Refused { .. } => None,
        }
    }

    /// The message with the causes it wraps.
    fn full_message(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }

    /// The body Druid answers with: `error`, `errorCode`, `persona`, `category`, `errorMessage`, `context`
    /// (legacy exceptions also have `errorClass` and `host`).
    #[must_use]
    pub fn to_druid_json(&self) -> Value {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
        if let Self::Unreadable(message) | Self::Refused { refusal: Refusal::Uncaught, message } = self {
            put("error", json!(message));
        } else if let Self::Refused { refusal, message } = self {
            let words = refusal.words();
            put("error", json!(words.error));
            put("errorCode", json!(words.code));
            put("persona", json!(words.persona));
            put("category", json!(words.category));
            put("errorMessage", json!(message));
            put("context", json!({}));
        } else if let Some((code, class)) = self.legacy() {
            put("error", json!(code));
            put("errorCode", json!("legacyQueryException"));
            put("persona", json!("OPERATOR"));
            put("category", json!(self.category()));
            put("errorMessage", json!(self.full_message()));
            put("errorClass", json!(class));
            put("host", Value::Null);
            put("context", json!({"errorClass": class, "legacyErrorCode": code}));
        } else {
            let code = match self {
                Self::Unsupported(_) => "notYetImplemented",
                Self::NotFound(_) => "notFound",
                _ => "invalidInput",
            };
            put("error", json!("druidException"));
            put("errorCode", json!(code));
            put("persona", json!("USER"));
            put("category", json!(self.category()));
            put("errorMessage", json!(self.full_message()));
            put("context", if let Self::InvalidSql { at, .. } = self { at.to_json() } else { json!({}) });
        }
        Value::Object(body)
    }
}
