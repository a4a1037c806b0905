//! How does PostgreSQL say that something failed? With a code of five characters that tells clients what to do.

use alluvium_query::QueryError;
use alluvium_segments::ErrorClass;
use pgwire::error::{ErrorInfo, PgWireError};

/// An error of a code.
pub(super) fn fault(code: &str, message: &str) -> PgWireError {
    let info = ErrorInfo::new("ERROR".to_owned(), code.to_owned(), message.to_owned());
    PgWireError::UserError(Box::new(info))
}

/// What ended from outside.
pub(super) fn cancelled() -> PgWireError {
    fault("57014", "canceling statement due to user request")
}

/// A failed query.
pub(super) fn query_failed(error: &QueryError, text: &str) -> PgWireError {
    let body = error.to_druid_json();
    let message = body.get("errorMessage").and_then(serde_json::Value::as_str);
    let message = message.map_or_else(|| error.to_string(), str::to_owned);
    let mut info = ErrorInfo::new("ERROR".to_owned(), code(error, &message).to_owned(), message);
    if let QueryError::InvalidSql { at, .. } = error {
        info.position = position(text, at.line, at.column).map(|place| place.to_string());
    }
    PgWireError::UserError(Box::new(info))
}

fn code(error: &QueryError, message: &str) -> &'static str {
    match error {
        QueryError::Timeout { .. } | QueryError::Cancelled(_) => "57014",
        QueryError::ResourceLimit(_) => "53000",
        QueryError::Invalid(_) | QueryError::InvalidSql { .. } if message.starts_with("Object '") => "42P01",
        QueryError::Invalid(_) | QueryError::InvalidSql { .. } if message.starts_with("Column '") => "42703",
        QueryError::InvalidSql { .. } => "42601",
        _ => match error.class() {
            ErrorClass::InvalidInput => "42000",
            ErrorClass::Unsupported => "0A000",
            ErrorClass::CapacityExceeded => "53300",
            _ => "XX000",
        },
    }
}

/// The number of a character of a text, from 1.
fn position(text: &str, line: u64, column: u64) -> Option<usize> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let lines: usize = text.split_inclusive('\n').take(before).map(|line| line.chars().count()).sum();
    Some(lines + usize::try_from(column).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(position("SELECT\n  x", 2, 3), Some(10));
        assert_eq!(position("SELECT x", 1, 8), Some(8));
    }
}
