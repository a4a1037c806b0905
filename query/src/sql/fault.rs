//! How does a failed text become Druid's error: what is wrong, and at which line and column?

use std::fmt;

use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::QueryError;
use crate::error::Refusal;

/// A place in a text; lines and columns from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the first character.
    pub line: u64,
    /// Column of the first character.
    pub column: u64,
    /// Line of the last character.
    pub end_line: u64,
    /// Column of the last character.
    pub end_column: u64,
}

impl Position {
    /// A single character.
    pub(crate) fn start(line: u64, column: u64) -> Self {
        Self { line, column, end_line: line, end_column: column }
    }

    /// A token or a part of the syntax tree.
    pub(crate) fn of(span: Span) -> Self {
        let end_column = span.end.column.saturating_sub(1).max(1);
        Self { line: span.start.line, column: span.start.column, end_line: span.end.line, end_column }
    }

    /// Druid's context of an error at this place.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        serde_json::json!({
            "sourceType": "sql",
            "line": self.line.to_string(),
            "column": self.column.to_string(),
            "endLine": self.end_line.to_string(),
            "endColumn": self.end_column.to_string(),
        })
    }
}

impl fmt::Display for Position {
    /// ` (line [1], column [15])`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " (line [{}], column [{}])", self.line, self.column)
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> QueryError {
    QueryError::Invalid(message.into())
}

pub(crate) fn invalid_at(message: impl Into<String>, at: Position) -> QueryError {
    QueryError::InvalidSql { message: message.into(), at }
}

/// A [`QueryError`] on its way through DataFusion.
pub(crate) fn outside(error: QueryError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// What DataFusion says, as a query's error: ours come back as they were, the planner's are the caller's fault.
pub(crate) fn from_datafusion(error: DataFusionError) -> QueryError {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<QueryError>() {
            Ok(ours) => *ours,
            Err(other) => QueryError::Internal(other.to_string()),
        },
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => from_datafusion(*inner),
        DataFusionError::Collection(errors) => match errors.into_iter().next() {
            Some(first) => from_datafusion(first),
            None => QueryError::Internal("the planner failed without saying why".to_owned()),
        },
        DataFusionError::Shared(shared) => from_shared(&shared),
        DataFusionError::SchemaError(fault, _) => invalid(schema_message(&fault)),
        DataFusionError::Plan(message) if message.starts_with("Correlated scalar subquery") => {
            QueryError::refused(Refusal::Planning, message)
        }
        DataFusionError::Plan(message) => invalid(message),
        DataFusionError::SQL(fault, _) => invalid(fault.to_string()),
        DataFusionError::NotImplemented(message) => QueryError::Unsupported(message),
        DataFusionError::ResourcesExhausted(message) => QueryError::ResourceLimit(exhausted(message)),
        DataFusionError::ArrowError(fault, _) if matches!(*fault, ArrowError::DivideByZero) => {
            QueryError::refused(Refusal::Evaluation, "/ by zero")
        }
        DataFusionError::ArrowError(fault, _) => invalid(fault.to_string()),
        DataFusionError::Execution(message) if is_of_rows(&message) => of_rows(),
        DataFusionError::Execution(message) => invalid(message),
        other => match other.to_string() {
            message if is_of_rows(&message) => of_rows(),
            message => QueryError::Internal(message),
        },
    }
}

/// What is said where memory is exhausted: what [`super::memory`] says, or that files may not be used.
fn exhausted(message: String) -> String {
    if message.contains("DiskManager is disabled") {
        return "Not enough memory to execute this query, which may use no files. Read fewer rows, or increase \
                [query.memory_per_query_bytes] or [query.spill_bytes]."
            .to_owned();
    }
    message
}

/// Whether an error says that a subquery which stands for a value has several.
fn is_of_rows(message: &str) -> bool {
    message.contains("Scalar subquery returned more than one row") || message.contains("more than one row")
}

fn of_rows() -> QueryError {
    QueryError::refused(Refusal::Function, "Subquery expression returned more than one row")
}

/// An error several readers share cannot be taken apart: it is repeated by class.
fn from_shared(error: &DataFusionError) -> QueryError {
    let ours = match error.find_root() {
        DataFusionError::External(inner) => inner.downcast_ref::<QueryError>(),
        _ => None,
    };
    match ours {
        Some(QueryError::Timeout { query_id, timeout_ms }) => {
            QueryError::Timeout { query_id: query_id.clone(), timeout_ms: *timeout_ms }
        }
        Some(QueryError::Cancelled(id)) => QueryError::Cancelled(id.clone()),
        Some(QueryError::Invalid(message)) => QueryError::Invalid(message.clone()),
        Some(QueryError::Refused { refusal, message }) => QueryError::refused(*refusal, message.clone()),
        Some(QueryError::Unsupported(message)) => QueryError::Unsupported(message.clone()),
        Some(QueryError::ResourceLimit(message)) => QueryError::ResourceLimit(message.clone()),
        Some(other) => QueryError::Internal(other.to_string()),
        None => match error.find_root() {
            DataFusionError::ResourcesExhausted(message) => {
                QueryError::ResourceLimit(exhausted(message.clone()))
            }
            root if is_of_rows(&root.to_string()) => of_rows(),
            root => QueryError::Internal(root.to_string()),
        },
    }
}

fn schema_message(fault: &SchemaError) -> String {
    match fault {
        SchemaError::FieldNotFound { field, .. } => match &field.relation {
            Some(table) => format!("Column '{}' not found in table '{}'", field.name, table.table()),
            None => format!("Column '{}' not found in any table", field.name),
        },
        SchemaError::AmbiguousReference { field } => format!("Column '{}' is ambiguous", field.name),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            format!("Column '{name}' appears more than once; give each occurrence an alias")
        }
    }
}
