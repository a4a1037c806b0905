//! What is a parameter's value? A kind of Java's and a number, text or list, in either form; here it becomes an SQL type
//! and a value.

use alluvium_query::sql::SqlParameter;
use serde_json::{Value, json};

use super::fault::Fault;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The parameter of a kind (a name of Avatica's `Rep`) whose value is JSON. Times are milliseconds on the clock of
/// the client's calendar, dates are days.
pub(super) fn parameter(kind: &str, value: Value) -> Result<SqlParameter, Fault> {
    let wrong = || Fault::new(format!("a parameter of type {kind} cannot be {value}"));
    let (sql_type, value) = match kind {
        "STRING" | "CHARACTER" | "PRIMITIVE_CHAR" => ("VARCHAR", value),
        "BOOLEAN" | "PRIMITIVE_BOOLEAN" => ("BOOLEAN", value),
        "BYTE" | "SHORT" | "INTEGER" | "LONG" | "PRIMITIVE_BYTE" | "PRIMITIVE_SHORT" | "PRIMITIVE_INT"
        | "PRIMITIVE_LONG" | "BIG_INTEGER" => ("BIGINT", value),
        "FLOAT" | "DOUBLE" | "PRIMITIVE_FLOAT" | "PRIMITIVE_DOUBLE" | "NUMBER" | "BIG_DECIMAL" => {
            ("DOUBLE", value)
        }
        "JAVA_SQL_TIMESTAMP" | "JAVA_UTIL_DATE" => ("TIMESTAMP", value),
        "JAVA_SQL_DATE" if value.is_null() => ("TIMESTAMP", value),
        "JAVA_SQL_DATE" => {
            let days = value.as_i64().and_then(|days| days.checked_mul(DAY_MS)).ok_or_else(wrong)?;
            ("TIMESTAMP", json!(days))
        }
        "ARRAY" => ("ARRAY", value),
        "OBJECT" | "NULL" if value.is_null() => ("VARCHAR", value),
        "OBJECT" => (if value.is_number() { "DOUBLE" } else { "VARCHAR" }, value),
        _ => return Err(Fault::new(format!("parameters of type {kind} cannot be used here"))),
    };
    Ok(SqlParameter { sql_type: sql_type.to_owned(), value })
}
