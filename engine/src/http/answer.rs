//! What is sent back, and how does an error look? The only writer of error bodies: Druid's shapes and statuses.

use alluvium_ingest::IngestError;
use alluvium_query::QueryError;
use alluvium_segments::{ErrorClass, SegmentError};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::reply::Reply;

/// What a handler makes of a request.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// Why a request is not answered.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    shape: Shape,
    message: String,
}

#[derive(Debug, Clone)]
enum Shape {
    /// Druid's full body, by class.
    Class(ErrorClass),
    /// A failed query, which words itself.
    Query(StatusCode, Value),
    /// A body that cannot be read as JSON.
    JsonParse,
    /// `{"error":message}`, as the supervisor and task API write it.
    Plain(StatusCode),
    /// The full body with a status of its own.
    Status(StatusCode),
}

/// How a class is written: status, `error`, `errorCode`, `persona`, `category`, `errorClass`.
struct Wording {
    status: StatusCode,
    error: &'static str,
    code: &'static str,
    persona: &'static str,
    category: &'static str,
    class: Option<&'static str>,
}

const MODERN: &str = "druidException";
const LEGACY: &str = "legacyQueryException";

fn wording(class: ErrorClass) -> Wording {
    let modern = |status, code, category| Wording {
        status,
        error: MODERN,
        code,
        persona: "USER",
        category,
        class: None,
    };
    let legacy = |status, error, category, class| Wording {
        status,
        error,
        code: LEGACY,
        persona: "OPERATOR",
        category,
        class: Some(class),
    };
    match class {
        ErrorClass::InvalidInput => modern(StatusCode::BAD_REQUEST, "invalidInput", "INVALID_INPUT"),
        ErrorClass::NotFound => modern(StatusCode::NOT_FOUND, "notFound", "NOT_FOUND"),
        ErrorClass::Conflict => modern(StatusCode::CONFLICT, "general", "CONFLICT"),
        ErrorClass::CapacityExceeded => legacy(
            StatusCode::TOO_MANY_REQUESTS,
            "Query capacity exceeded",
            "CAPACITY_EXCEEDED",
            "org.apache.druid.query.QueryCapacityExceededException",
        ),
        ErrorClass::Unsupported => legacy(
            StatusCode::NOT_IMPLEMENTED,
            "Unsupported operation",
            "UNSUPPORTED",
            "org.apache.druid.query.QueryUnsupportedException",
        ),
        ErrorClass::Timeout => legacy(
            StatusCode::GATEWAY_TIMEOUT,
            "Query timeout",
            "TIMEOUT",
            "org.apache.druid.query.QueryTimeoutException",
        ),
        ErrorClass::Cancelled => legacy(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Query cancelled",
            "CANCELED",
            "org.apache.druid.query.QueryInterruptedException",
        ),
        ErrorClass::Runtime => legacy(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Unknown exception",
            "RUNTIME_FAILURE",
            "org.apache.druid.query.QueryInterruptedException",
        ),
    }
}

impl Refusal {
    /// In the words of a class of errors.
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self { shape: Shape::Class(class), message: message.into() }
    }

    /// 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::InvalidInput, message)
    }

    /// 400 for a body that is not the JSON it should be.
    pub(crate) fn json_parse_failed(message: &str) -> Self {
        Self { shape: Shape::JsonParse, message: message.to_owned() }
    }

    /// `{"error":message}`.
    pub(crate) fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self { shape: Shape::Plain(status), message: message.into() }
    }

    /// `{"error":"[id] does not exist"}`, 404.
    pub(crate) fn no_such_id(id: &str) -> Self {
        Self::plain(StatusCode::NOT_FOUND, format!("[{id}] does not exist"))
    }

    /// The full body under a status that no class has (404 for a path, 405, 413, 415).
    pub(crate) fn status(status: StatusCode, message: impl Into<String>) -> Self {
        Self { shape: Shape::Status(status), message: message.into() }
    }

    /// 500 for a handler that panicked.
    pub(crate) fn crashed(message: &str) -> Self {
        tracing::error!(message, "a request handler panicked");
        Self::new(ErrorClass::Runtime, format!("internal error, please report it: {message}"))
    }

    /// The body and its status.
    pub(crate) fn into_reply(self) -> Reply {
        let words = match self.shape {
            Shape::Query(status, body) => return Reply::json(&body).with_status(status),
            Shape::Plain(status) => {
                return Reply::json(&json!({ "error": self.message })).with_status(status);
            }
            Shape::Class(class) => wording(class),
            Shape::JsonParse => Wording {
                error: "Json parse failed",
                code: LEGACY,
                class: Some("com.fasterxml.jackson.core.JsonParseException"),
                ..wording(ErrorClass::InvalidInput)
            },
            Shape::Status(status) if status == StatusCode::NOT_FOUND => wording(ErrorClass::NotFound),
            Shape::Status(status) => Wording { status, ..wording(ErrorClass::InvalidInput) },
        };
        let mut body = json!({
            "error": words.error,
            "errorCode": words.code,
            "persona": words.persona,
            "category": words.category,
            "errorMessage": self.message,
            "context": {},
        });
        if let (Some(class), Some(fields)) = (words.class, body.as_object_mut()) {
            fields.insert("errorClass".to_owned(), Value::from(class));
            fields.insert("host".to_owned(), Value::Null);
        }
        Reply::json(&body).with_status(words.status)
    }
}

/// An error's own text and that of its causes.
pub(crate) fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&below.to_string());
        cause = below.source();
    }
    text
}

impl From<SegmentError> for Refusal {
    fn from(error: SegmentError) -> Self {
        Self::new(error.class(), full_text(&error))
    }
}

impl From<IngestError> for Refusal {
    /// Druid's ingestion API says `{"error":message}` for what does not exist or is in the wrong state.
    fn from(error: IngestError) -> Self {
        let text = full_text(&error);
        match &error {
            IngestError::NotFound(_) => Self::plain(StatusCode::NOT_FOUND, text),
            IngestError::Invalid(_) => Self::plain(StatusCode::BAD_REQUEST, text),
            other => Self::new(other.class(), text),
        }
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { shape: Shape::Query(status, error.to_druid_json()), message: error.to_string() }
    }
}
