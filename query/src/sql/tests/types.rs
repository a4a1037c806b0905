//! Types of results, values by their types, and what is refused for types.

use serde_json::Value;

use super::fixture::{ask, engine};
use crate::sql::{ResultFormat, SqlRequest};

/// The SQL types of the columns, and the first row.
async fn typed(engine: &crate::sql::SqlEngine, text: &str) -> (String, Value) {
    let request = SqlRequest {
        result_format: ResultFormat::Array,
        header: true,
        types_header: false,
        sql_types_header: true,
        ..SqlRequest::text(text)
    };
    let body = ask(engine, request).await.unwrap();
    let rows: Vec<Value> = serde_json::from_str(&body).unwrap();
    let types: Vec<&str> = rows[1].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    (types.join(","), rows.get(2).cloned().unwrap_or_default())
}

#[tokio::test]
async fn results_have_types_of_their_own() {
    let (engine, _folder) = engine();
    for (text, types, row) in [
        (
            "SELECT 1, 3000000000, 1.5, 1e2, 'a', NULL",
            "INTEGER,BIGINT,DECIMAL,DOUBLE,CHAR,NULL",
            r#"[1,3000000000,1.5,100.0,"a",null]"#,
        ),
        ("SELECT 1024*1024*1024*1024, 7 / 2, 7 / 2.0", "INTEGER,INTEGER,DECIMAL", "[0,3,3.5]"),
        ("SELECT CAST(3000000000 AS INTEGER), CAST(0.1 AS FLOAT)", "INTEGER,FLOAT", "[-1294967296,0.1]"),
        ("SELECT SUBSTRING('hello', 2), CAST('ab' AS CHAR(5))", "CHAR,CHAR", r#"["ello ","ab   "]"#),
        (
            "SELECT DATE '2024-03-30', DATE '2024-03-30' + INTERVAL '1' DAY",
            "DATE,DATE",
            r#"["2024-03-30T00:00:00.000Z","2024-03-31T00:00:00.000Z"]"#,
        ),
        ("SELECT CAST(TRUE AS VARCHAR), CAST('true' AS BIGINT)", "VARCHAR,BIGINT", r#"["1",1]"#),
        ("SELECT GREATEST(1, 2), GREATEST(1, 2.5), COALESCE(NULL, 1)", "BIGINT,DOUBLE,INTEGER", "[2,2.5,1]"),
        ("SELECT '5' + 1, 'a' || 1, LENGTH('abc')", "INTEGER,VARCHAR,INTEGER", r#"[6,"a1",3]"#),
        ("SELECT x, ABS(x) FROM (VALUES (1), (-2)) AS t(x)", "INTEGER,INTEGER", "[1,1]"),
        (
            "SELECT CASE WHEN added > 0 THEN 1 ELSE 0 END, MAX(added), SUM(1) FROM wiki WHERE page = 'D' GROUP BY 1",
            "INTEGER,BIGINT,BIGINT",
            "",
        ),
        (
            "SELECT TIMESTAMPDIFF(MONTH, TIMESTAMP '2024-01-31 00:00:00', TIMESTAMP '2024-02-29 00:00:00')",
            "INTEGER",
            "[1]",
        ),
        (
            "SELECT 'abc' LIKE 'a!bc' ESCAPE '!', 'a%c' LIKE 'a!%c' ESCAPE '!'",
            "BOOLEAN,BOOLEAN",
            "[true,true]",
        ),
    ] {
        let (found, first) = typed(&engine, text).await;
        assert_eq!(found, types, "{text}");
        if !row.is_empty() {
            assert_eq!(first, serde_json::from_str::<Value>(row).unwrap(), "{text}");
        }
    }
}

#[tokio::test]
async fn arguments_of_other_types_are_refused() {
    let (engine, _folder) = engine();
    for (text, status) in [
        ("SELECT LEFT(added, 2) FROM wiki", 400),
        ("SELECT SQRT(__time) FROM wiki", 400),
        ("SELECT SUBSTRING(page, 'x') FROM wiki", 400),
        ("SELECT CONTAINS_STRING(page, channel) FROM wiki", 400),
        ("SELECT CAST(added > 0 AS BIGINT) FROM wiki", 400),
        ("SELECT CAST('abc' AS BIGINT)", 400),
        ("SELECT CAST(1 AS SMALLINT)", 400),
        ("SELECT LN(0)", 400),
        ("SELECT 1 / 0", 500),
        ("SELECT added / 0 FROM wiki", 500),
        ("SELECT REGEXP_LIKE(page, '(') FROM wiki", 500),
        ("SELECT EXTRACT(MICROSECOND FROM __time) FROM wiki", 501),
    ] {
        let error = ask(&engine, SqlRequest::text(text)).await.unwrap_err();
        assert_eq!(error.http_status(), status, "{text}: {error}");
    }
}
