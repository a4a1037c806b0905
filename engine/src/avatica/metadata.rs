//! What is told about tables? The answers of JDBC's metadata calls, asked of `INFORMATION_SCHEMA` in SQL, with the
//! columns in JDBC's order and under its names.

use super::request::Metadata;

/// The SQL text that answers a call.
pub(super) fn sql(wanted: &Metadata) -> String {
    match wanted {
        Metadata::Catalogs => {
            "SELECT DISTINCT CATALOG_NAME AS TABLE_CAT FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY TABLE_CAT"
                .to_owned()
        }
        Metadata::Schemas { catalog, schema } => format!(
            "SELECT SCHEMA_NAME AS TABLE_SCHEM, CATALOG_NAME AS TABLE_CATALOG \
             FROM INFORMATION_SCHEMA.SCHEMATA{} ORDER BY TABLE_CATALOG, TABLE_SCHEM",
            conditions([equal("CATALOG_NAME", catalog), like("SCHEMA_NAME", schema)])
        ),
        Metadata::Tables { catalog, schema, table, types } => format!(
            "SELECT TABLE_CATALOG AS TABLE_CAT, TABLE_SCHEMA AS TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, \
             {NULL} AS REMARKS, {NULL} AS TYPE_CAT, {NULL} AS TYPE_SCHEM, {NULL} AS TYPE_NAME, \
             {NULL} AS SELF_REFERENCING_COL_NAME, {NULL} AS REF_GENERATION \
             FROM INFORMATION_SCHEMA.TABLES{} ORDER BY TABLE_TYPE, TABLE_CAT, TABLE_SCHEM, TABLE_NAME",
            conditions([
                equal("TABLE_CATALOG", catalog),
                like("TABLE_SCHEMA", schema),
                like("TABLE_NAME", table),
                one_of("TABLE_TYPE", types),
            ])
        ),
        Metadata::TableTypes => {
            "SELECT DISTINCT TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES ORDER BY TABLE_TYPE".to_owned()
        }
        Metadata::Columns { catalog, schema, table, column } => format!(
            "SELECT {COLUMNS} FROM INFORMATION_SCHEMA.COLUMNS{} \
             ORDER BY TABLE_CAT, TABLE_SCHEM, TABLE_NAME, ORDINAL_POSITION",
            conditions([
                equal("TABLE_CATALOG", catalog),
                like("TABLE_SCHEMA", schema),
                like("TABLE_NAME", table),
                like("COLUMN_NAME", column),
            ])
        ),
        Metadata::TypeInfo => format!("SELECT {TYPE_INFO} FROM INFORMATION_SCHEMA.SCHEMATA WHERE FALSE"),
    }
}

/// A text that is not known.
const NULL: &str = "CAST(NULL AS VARCHAR)";

const COLUMNS: &str = "TABLE_CATALOG AS TABLE_CAT, TABLE_SCHEMA AS TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, \
    CAST(JDBC_TYPE AS INTEGER) AS DATA_TYPE, DATA_TYPE AS TYPE_NAME, -1 AS COLUMN_SIZE, -1 AS BUFFER_LENGTH, \
    -1 AS DECIMAL_DIGITS, -1 AS NUM_PREC_RADIX, CASE IS_NULLABLE WHEN 'YES' THEN 1 ELSE 0 END AS NULLABLE, \
    CAST(NULL AS VARCHAR) AS REMARKS, COLUMN_DEFAULT AS COLUMN_DEF, -1 AS SQL_DATA_TYPE, \
    -1 AS SQL_DATETIME_SUB, -1 AS CHAR_OCTET_LENGTH, CAST(ORDINAL_POSITION AS INTEGER) AS ORDINAL_POSITION, \
    IS_NULLABLE, CAST(NULL AS VARCHAR) AS SCOPE_CATALOG, CAST(NULL AS VARCHAR) AS SCOPE_SCHEMA, \
    CAST(NULL AS VARCHAR) AS SCOPE_TABLE, -1 AS SOURCE_DATA_TYPE, 'NO' AS IS_AUTOINCREMENT, \
    'NO' AS IS_GENERATEDCOLUMN";

/// Druid tells no types; the columns are there.
const TYPE_INFO: &str = "SCHEMA_NAME AS TYPE_NAME, 0 AS DATA_TYPE, 0 AS \"PRECISION\", \
    SCHEMA_NAME AS LITERAL_PREFIX, SCHEMA_NAME AS LITERAL_SUFFIX, SCHEMA_NAME AS CREATE_PARAMS, 0 AS NULLABLE, \
    FALSE AS CASE_SENSITIVE, 0 AS SEARCHABLE, FALSE AS UNSIGNED_ATTRIBUTE, FALSE AS FIXED_PREC_SCALE, \
    FALSE AS AUTO_INCREMENT, SCHEMA_NAME AS LOCAL_TYPE_NAME, 0 AS MINIMUM_SCALE, 0 AS MAXIMUM_SCALE, \
    0 AS SQL_DATA_TYPE, 0 AS SQL_DATETIME_SUB, 0 AS NUM_PREC_RADIX";

/// ` WHERE a AND b`, or nothing.
fn conditions<const N: usize>(conditions: [Option<String>; N]) -> String {
    let conditions: Vec<String> = conditions.into_iter().flatten().collect();
    match conditions.as_slice() {
        [] => String::new(),
        conditions => format!(" WHERE {}", conditions.join(" AND ")),
    }
}

fn equal(column: &str, value: &Option<String>) -> Option<String> {
    value.as_ref().map(|value| format!("{column} = {}", literal(value)))
}

fn like(column: &str, pattern: &Option<String>) -> Option<String> {
    let pattern = pattern.as_ref()?;
    Some(format!("{column} LIKE {} ESCAPE '\\'", literal(pattern)))
}

fn one_of(column: &str, values: &Option<Vec<String>>) -> Option<String> {
    let values: Vec<String> = values.as_ref()?.iter().map(|value| literal(value)).collect();
    Some(match values.as_slice() {
        [] => "FALSE".to_owned(),
        values => format!("{column} IN ({})", values.join(", ")),
    })
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_quotes() {
        let tables = Metadata::Tables {
            catalog: Some("druid".to_owned()),
            schema: None,
            table: Some("it's\\_%".to_owned()),
            types: Some(vec!["TABLE".to_owned(), "VIEW".to_owned()]),
        };
        let text = sql(&tables);
        let wanted = " WHERE TABLE_CATALOG = 'druid' AND TABLE_NAME LIKE 'it''s\\_%' ESCAPE '\\' \
            AND TABLE_TYPE IN ('TABLE', 'VIEW') ORDER BY";
        assert!(text.contains(wanted), "{text}");
        let all = Metadata::Schemas { catalog: None, schema: None };
        assert!(!sql(&all).contains("WHERE"));
    }
}
