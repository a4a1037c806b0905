//! What does JDBC know of a column or a parameter? Numbers, names and Java classes that follow from its SQL type.

use alluvium_query::sql::{SqlColumn, SqlType};

use super::messages::Rep;

/// How a type looks to Avatica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JdbcType {
    pub(super) sql: SqlType,
    /// How values are represented, in name and in number.
    pub(super) rep: Rep,
    pub(super) rep_name: &'static str,
    /// The class of an object of this type.
    pub(super) class: &'static str,
    pub(super) precision: u32,
    pub(super) display_size: u32,
}

impl JdbcType {
    pub(super) fn of(sql: SqlType) -> Self {
        // Exact numbers are NUMBER, for JSON parsers make small longs integers.
        let (rep, rep_name, class, precision, display_size) = match sql.name {
            "BIGINT" => (Rep::Number, "NUMBER", "java.lang.Long", 19, 20),
            "INTEGER" => (Rep::Number, "NUMBER", "java.lang.Integer", 10, 11),
            "DOUBLE" | "FLOAT" => (Rep::Double, "DOUBLE", "java.lang.Double", 15, 25),
            "BOOLEAN" => (Rep::Boolean, "BOOLEAN", "java.lang.Boolean", 1, 5),
            "TIMESTAMP" => (Rep::Long, "LONG", "java.sql.Timestamp", 3, 23),
            "DATE" => (Rep::Integer, "INTEGER", "java.sql.Date", 0, 10),
            "ARRAY" => (Rep::Array, "ARRAY", "java.sql.Array", 0, 40),
            "VARCHAR" => (Rep::String, "STRING", "java.lang.String", 0, 40),
            _ => (Rep::Object, "OBJECT", "java.lang.Object", 0, 40),
        };
        Self { sql, rep, rep_name, class, precision, display_size }
    }

    /// The type of a column, and of its elements if it holds arrays.
    pub(super) fn of_column(column: &SqlColumn) -> (Self, Option<Self>) {
        (Self::of(column.sql_type), column.element.map(Self::of))
    }
}

/// The name of a parameter by its place.
pub(super) fn parameter_name(place: usize) -> String {
    format!("?{place}")
}
