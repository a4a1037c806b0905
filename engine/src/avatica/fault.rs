//! How does Avatica say that something failed? With a number that tells a lost connection from all else.

use alluvium_query::QueryError;

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) code: i32,
}

impl Fault {
    /// `sqlState` of every fault, as Druid has it.
    pub(super) const SQL_STATE: &'static str = "00000";

    /// The code of what is not told apart.
    const UNKNOWN: i32 = -1;
    /// The code at which a client with transparent reconnection opens its connection again.
    const NO_CONNECTION: i32 = 1;

    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Self::UNKNOWN }
    }

    pub(super) fn no_connection(id: &str) -> Self {
        Self { message: format!("NoSuchConnectionException: {id}"), code: Self::NO_CONNECTION }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        let body = error.to_druid_json();
        let text = |key: &str| body.get(key).and_then(serde_json::Value::as_str);
        let message = text("errorMessage").map_or_else(|| error.to_string(), str::to_owned);
        match text("error").filter(|code| *code != "druidException") {
            Some(code) => Self::new(format!("{code}: {message}")),
            None => Self::new(message),
        }
    }
}
