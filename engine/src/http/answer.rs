//! What is sent back, and how does an error look? The only writer of error bodies: Druid's shapes and statuses.

use alluvium_segments::{ErrorClass, SegmentError};
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::reply::Reply;

/// What a handler makes of a request.
pub(crate) type Outcome = Result<Reply, Refusal>;

/// Why a request is not answered.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    shape: Shape,
    message: String,
    context: Map<String, Value>,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Druid's full body, by class.
    Class(ErrorClass),
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
        Self { shape: Shape::Class(class), message: message.into(), context: Map::new() }
    }

    /// 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::InvalidInput, message)
    }

    /// 400 for a body that is not the JSON it should be.
    pub(crate) fn json_parse_failed(message: &str) -> Self {
        Self { shape: Shape::JsonParse, message: message.to_owned(), context: Map::new() }
    }

    /// `{"error":message}`.
    pub(crate) fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self { shape: Shape::Plain(status), message: message.into(), context: Map::new() }
    }

    /// `{"error":"[id] does not exist"}`, 404.
    pub(crate) fn no_such_id(id: &str) -> Self {
        Self::plain(StatusCode::NOT_FOUND, format!("[{id}] does not exist"))
    }

    /// The full body under a status that no class has (404 for a path, 405, 413, 415).
    pub(crate) fn status(status: StatusCode, message: impl Into<String>) -> Self {
        Self { shape: Shape::Status(status), message: message.into(), context: Map::new() }
    }

    /// 500 for a handler that panicked.
    pub(crate) fn crashed(message: &str) -> Self {
        tracing::error!(message, "a request handler panicked");
        Self::new(ErrorClass::Runtime, format!("internal error, please report it: {message}"))
    }

    /// Adds to the body's `context`.
    pub(crate) fn with_context(mut self, context: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.context.extend(context);
        self
    }

    /// The class, where it has one.
    pub(crate) fn class(&self) -> Option<ErrorClass> {
        match self.shape {
            Shape::Class(class) => Some(class),
            Shape::JsonParse => Some(ErrorClass::InvalidInput),
            Shape::Plain(_) | Shape::Status(_) => None,
        }
    }

    /// The body and its status.
    pub(crate) fn into_reply(self) -> Reply {
        let words = match self.shape {
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
            "context": self.context,
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
