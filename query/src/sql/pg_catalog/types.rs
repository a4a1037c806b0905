//! Which numbers and names have types in PostgreSQL's catalogue?

use datafusion::arrow::datatypes::DataType;

/// A type: number, name, name in SQL, bytes (-1: they differ), category, number of the type of its elements.
pub(super) struct PgType {
    pub(super) oid: i64,
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) length: i64,
    pub(super) category: &'static str,
    pub(super) element: i64,
}

const fn scalar(
    oid: i64,
    name: &'static str,
    sql: &'static str,
    length: i64,
    category: &'static str,
) -> PgType {
    PgType { oid, name, sql, length, category, element: 0 }
}

const fn array(oid: i64, name: &'static str, sql: &'static str, element: i64) -> PgType {
    PgType { oid, name, sql, length: -1, category: "A", element }
}

/// The types.
pub(super) const TYPES: [PgType; 25] = [
    scalar(16, "bool", "boolean", 1, "B"),
    scalar(17, "bytea", "bytea", -1, "U"),
    scalar(18, "char", "\"char\"", 1, "Z"),
    scalar(19, "name", "name", 64, "S"),
    scalar(20, "int8", "bigint", 8, "N"),
    scalar(21, "int2", "smallint", 2, "N"),
    scalar(23, "int4", "integer", 4, "N"),
    scalar(25, "text", "text", -1, "S"),
    scalar(26, "oid", "oid", 4, "N"),
    scalar(114, "json", "json", -1, "U"),
    scalar(700, "float4", "real", 4, "N"),
    scalar(701, "float8", "double precision", 8, "N"),
    scalar(705, "unknown", "unknown", -2, "X"),
    scalar(1042, "bpchar", "character", -1, "S"),
    scalar(1043, "varchar", "character varying", -1, "S"),
    scalar(1082, "date", "date", 4, "D"),
    scalar(1114, "timestamp", "timestamp without time zone", 8, "D"),
    scalar(1184, "timestamptz", "timestamp with time zone", 8, "D"),
    scalar(1700, "numeric", "numeric", -1, "N"),
    array(1000, "_bool", "boolean[]", 16),
    array(1009, "_text", "text[]", 25),
    array(1016, "_int8", "bigint[]", 20),
    array(1022, "_float8", "double precision[]", 701),
    array(1115, "_timestamp", "timestamp without time zone[]", 1114),
    array(1015, "_varchar", "character varying[]", 1043),
];

/// The type of a number.
pub(super) fn of(oid: i64) -> Option<&'static PgType> {
    TYPES.iter().find(|known| known.oid == oid)
}

/// The number of the type of a column.
pub(super) fn oid(data_type: &DataType) -> i64 {
    match data_type {
        DataType::Boolean => 16,
        DataType::Int8 | DataType::Int16 | DataType::Int32 => 23,
        DataType::Float32 => 700,
        DataType::Float64 => 701,
        DataType::Timestamp(..) => 1114,
        DataType::Date32 | DataType::Date64 => 1082,
        DataType::List(of) => match of.data_type() {
            DataType::Int64 => 1016,
            DataType::Float64 | DataType::Float32 => 1022,
            _ => 1009,
        },
        t if t.is_integer() => 20,
        _ => 25,
    }
}
