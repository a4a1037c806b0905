//! Which types of PostgreSQL are the types of SQL here, and back?

use alluvium_query::sql::SqlType;
use pgwire::api::Type;

/// The type a column or parameter has to a client of PostgreSQL's.
pub(super) fn pg_type(sql_type: SqlType, element: Option<SqlType>) -> Type {
    match (sql_type.name, element.map(|element| element.name)) {
        ("BOOLEAN", _) => Type::BOOL,
        ("BIGINT", _) => Type::INT8,
        ("INTEGER", _) => Type::INT4,
        ("FLOAT", _) => Type::FLOAT4,
        ("DOUBLE", _) => Type::FLOAT8,
        ("TIMESTAMP", _) => Type::TIMESTAMP,
        ("DATE", _) => Type::DATE,
        ("ARRAY", Some("BIGINT" | "INTEGER")) => Type::INT8_ARRAY,
        ("ARRAY", Some("DOUBLE" | "FLOAT")) => Type::FLOAT8_ARRAY,
        ("ARRAY", Some("BOOLEAN")) => Type::BOOL_ARRAY,
        ("ARRAY", Some("TIMESTAMP")) => Type::TIMESTAMP_ARRAY,
        ("ARRAY", _) => Type::TEXT_ARRAY,
        _ => Type::TEXT,
    }
}

/// The type of a parameter a client has named; `None` where it has not.
pub(super) fn sql_type(pg: &Type) -> Option<SqlType> {
    let of = |name, jdbc| Some(SqlType { name, jdbc });
    match *pg {
        Type::BOOL => of("BOOLEAN", 16),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => of("BIGINT", -5),
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => of("DOUBLE", 8),
        Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::DATE => of("TIMESTAMP", 93),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Some(SqlType::VARCHAR),
        _ => None,
    }
}

/// The bytes of a value of a type; -1 for those that differ.
pub(super) fn size(pg: &Type) -> i16 {
    match *pg {
        Type::BOOL => 1,
        Type::INT4 | Type::FLOAT4 | Type::DATE => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIMESTAMP => 8,
        _ => -1,
    }
}
