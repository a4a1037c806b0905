//! What is told about tables? SQL over `INFORMATION_SCHEMA`, with the columns Flight SQL asks for.

use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables};

/// Whether the columns of the answers may be null, as Flight SQL prescribes it.
pub(super) const ONE_NAME: &[bool] = &[false];
/// The same of schemas: catalogue, schema.
pub(super) const SCHEMA_NULLS: &[bool] = &[true, false];
/// The same of tables: catalogue, schema, table, type.
pub(super) const TABLE_NULLS: &[bool] = &[true, true, false, false];
/// The same of primary keys: catalogue, schema, table, column, place, name.
pub(super) const KEY_NULLS: &[bool] = &[true, true, false, false, false, true];

/// The catalogues.
pub(super) const CATALOGS: &str =
    "SELECT DISTINCT CATALOG_NAME AS catalog_name FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY 1";

/// The types of tables.
pub(super) const TABLE_TYPES: &str =
    "SELECT DISTINCT TABLE_TYPE AS table_type FROM INFORMATION_SCHEMA.TABLES ORDER BY 1";

/// The keys of tables, of which there are none.
pub(super) const KEYS: &str = "SELECT TABLE_CATALOG AS catalog_name, TABLE_SCHEMA AS db_schema_name, \
    TABLE_NAME AS table_name, COLUMN_NAME AS column_name, CAST(ORDINAL_POSITION AS INTEGER) AS key_sequence, \
    COLUMN_DEFAULT AS key_name FROM INFORMATION_SCHEMA.COLUMNS WHERE FALSE";

/// The schemas.
pub(super) fn schemas(wanted: &CommandGetDbSchemas) -> String {
    let conditions = [
        equal("CATALOG_NAME", wanted.catalog.as_deref()),
        like("SCHEMA_NAME", wanted.db_schema_filter_pattern.as_deref()),
    ];
    format!(
        "SELECT CATALOG_NAME AS catalog_name, SCHEMA_NAME AS db_schema_name \
         FROM INFORMATION_SCHEMA.SCHEMATA{} ORDER BY 1, 2",
        all(conditions)
    )
}

/// The tables, without their schemas.
pub(super) fn tables(wanted: &CommandGetTables) -> String {
    let types: Vec<String> = wanted.table_types.iter().map(|name| literal(name)).collect();
    let types = (!types.is_empty()).then(|| format!("TABLE_TYPE IN ({})", types.join(", ")));
    let conditions = [
        equal("TABLE_CATALOG", wanted.catalog.as_deref()),
        like("TABLE_SCHEMA", wanted.db_schema_filter_pattern.as_deref()),
        like("TABLE_NAME", wanted.table_name_filter_pattern.as_deref()),
        types,
    ];
    format!(
        "SELECT TABLE_CATALOG AS catalog_name, TABLE_SCHEMA AS db_schema_name, TABLE_NAME AS table_name, \
         TABLE_TYPE AS table_type FROM INFORMATION_SCHEMA.TABLES{} ORDER BY 1, 2, 3",
        all(conditions)
    )
}

fn all<const N: usize>(conditions: [Option<String>; N]) -> String {
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

fn equal(column: &str, value: Option<&str>) -> Option<String> {
    value.map(|value| format!("{column} = {}", literal(value)))
}

/// Patterns are those of LIKE, with `\` as escape.
fn like(column: &str, pattern: Option<&str>) -> Option<String> {
    pattern.map(|pattern| format!("{column} LIKE {} ESCAPE '\\'", literal(pattern)))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let wanted = CommandGetTables {
            catalog: Some("druid".to_owned()),
            table_name_filter_pattern: Some("it's%".to_owned()),
            table_types: vec!["TABLE".to_owned()],
            ..CommandGetTables::default()
        };
        let text = tables(&wanted);
        let conditions = " WHERE TABLE_CATALOG = 'druid' AND TABLE_NAME LIKE 'it''s%' ESCAPE '\\' \
            AND TABLE_TYPE IN ('TABLE') ORDER BY";
        assert!(text.contains(conditions), "{text}");
        assert!(!schemas(&CommandGetDbSchemas::default()).contains("WHERE"));
    }
}
