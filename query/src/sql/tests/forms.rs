//! Forms of answers, parameters, settings, plans and errors.

use serde_json::{Value, json};

use super::fixture::{ask, engine, rows};
use crate::QueryError;
use crate::sql::{ResultFormat, SqlParameter, SqlRequest};

#[tokio::test]
async fn forms_and_settings() {
    let (engine, _folder) = engine();
    let query = "SELECT __time, channel AS c, COUNT(*) FROM wiki WHERE page = 'D' GROUP BY 1, 2;";
    let request = SqlRequest::text(query);
    let answer = engine.sql(request, 0).await.unwrap();
    assert_eq!((answer.content_type, answer.header_included), ("application/json", false));
    let body = String::from_utf8(answer.collect().await.unwrap()).unwrap();
    assert_eq!(body, "[{\"__time\":\"2015-09-13T00:00:00.000Z\",\"c\":\"en\",\"EXPR$2\":1}]\n");
    let csv = SqlRequest { result_format: ResultFormat::Csv, header: true, ..SqlRequest::text(query) };
    assert_eq!(ask(&engine, csv).await.unwrap(), "__time,c,EXPR$2\n2015-09-13T00:00:00.000Z,en,1\n\n");
    let zone = "SET sqlTimeZone = 'America/Los_Angeles'; SELECT TIME_FLOOR(__time, 'P1D') AS d, COUNT(*) FROM wiki \
                WHERE __time < TIMESTAMP '2015-09-12 00:00:00' GROUP BY 1";
    assert_eq!(rows(&engine, zone).await, "[[\"2015-09-11T00:00:00.000-07:00\",7]]");
    let empty = SqlRequest { header: true, ..SqlRequest::text("SELECT page FROM wiki LIMIT 0") };
    assert_eq!(ask(&engine, empty).await.unwrap(), "[{\"page\":null}]\n");
}

#[tokio::test]
async fn context_and_parameters() {
    let (engine, _folder) = engine();
    let exact = "SET useApproximateCountDistinct = false; SELECT COUNT(DISTINCT channel) FROM wiki";
    assert_eq!(rows(&engine, exact).await, "[[3]]");
    let limited = "SET sqlOuterLimit = 2; SELECT channel FROM wiki ORDER BY __time";
    assert_eq!(rows(&engine, limited).await, "[[\"en\"],[\"en\"]]");
    let parameter = |sql_type: &str, value: Value| SqlParameter { sql_type: sql_type.to_owned(), value };
    let request = SqlRequest {
        result_format: ResultFormat::Array,
        parameters: vec![
            parameter("VARCHAR", json!("50")),
            parameter("VARCHAR", json!("2015-09-12T02:15:00.000Z")),
            parameter("VARCHAR", json!("de")),
            parameter("VARCHAR", json!("en")),
            parameter("BIGINT", json!(1)),
        ],
        ..SqlRequest::text(
            "SELECT page FROM wiki WHERE added >= ? AND __time >= ? AND channel IN (?, ?) ORDER BY __time LIMIT ?",
        )
    };
    assert_eq!(ask(&engine, request).await.unwrap(), "[[\"C\"]]\n");
}

#[tokio::test]
async fn explain_shows_the_native_query() {
    let (engine, _folder) = engine();
    let request =
        SqlRequest::text("EXPLAIN PLAN FOR SELECT channel, COUNT(*) AS n FROM wiki GROUP BY channel");
    let answer: Value = serde_json::from_str(&ask(&engine, request).await.unwrap()).unwrap();
    let plan = answer[0]["PLAN"].as_str().unwrap();
    let plan: Value = serde_json::from_str(plan).unwrap_or_else(|_| panic!("{plan}"));
    assert_eq!(plan[0]["query"]["queryType"], "groupBy");
    assert_eq!(plan[0]["query"]["dataSource"]["name"], "wiki");
    assert_eq!(
        plan[0]["signature"],
        json!([{"name": "d0", "type": "STRING"}, {"name": "a0", "type": "LONG"}])
    );
    assert_eq!(plan[0]["columnMappings"][1], json!({"queryColumn": "a0", "outputColumn": "n"}));
    assert_eq!(answer[0]["RESOURCES"], "[{\"name\":\"wiki\",\"type\":\"DATASOURCE\"}]");
    assert_eq!(answer[0]["ATTRIBUTES"], "{\"statementType\":\"SELECT\"}");
    let native: Value = plan[0]["query"].clone();
    let native = engine.engine().native(native, 0).await.unwrap();
    let events: Value = serde_json::from_slice(&native.body).unwrap();
    assert_eq!(events.as_array().unwrap().len(), 4, "{events}");
}

#[tokio::test]
async fn errors() {
    let (engine, _folder) = engine();
    for (query, wanted) in [
        ("SELECT * FROM nope", "Object 'nope' not found (line [1], column [15])"),
        ("SELECT nope FROM wiki", "Column 'nope' not found in any table (line [1], column [8])"),
        ("SELECT FROM", "line [1]"),
        ("SELECT 1 FORM x y", "unexpected token"),
        ("INSERT INTO wiki SELECT 1", "Cannot execute INSERT"),
        ("SELECT TIME_FLOOR(__time) FROM wiki", "TIME_FLOOR"),
        ("SELECT no_such_function(1)", "no_such_function"),
        ("SELECT COUNT(*) FROM wiki WHERE __time > 'soon'", "Illegal TIMESTAMP constant ['soon']"),
    ] {
        let error = ask(&engine, SqlRequest::text(query)).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{query}: {error}");
        assert_eq!(error.http_status(), 400, "{query}: {error:?}");
        assert_eq!(error.to_druid_json()["errorCode"], "invalidInput", "{query}: {error:?}");
    }
    let error = ask(&engine, SqlRequest::text("SELECT * FROM nope")).await.unwrap_err();
    let context = error.to_druid_json()["context"].clone();
    assert_eq!((&context["sourceType"], &context["endColumn"]), (&json!("sql"), &json!("18")));
}

#[tokio::test]
async fn a_query_can_be_stopped() {
    let (engine, _folder) = engine();
    let context = json!({"sqlQueryId": "mine"}).as_object().cloned().unwrap();
    let request = SqlRequest { context, ..SqlRequest::text("SELECT page FROM wiki") };
    let answer = engine.sql(request, 0).await.unwrap();
    assert_eq!(answer.sql_query_id, "mine");
    assert!(engine.engine().cancel("mine"));
    assert!(matches!(answer.collect().await, Err(QueryError::Cancelled(_))));
    assert!(!engine.engine().cancel("mine"));
}

/// The test's own thread has a small stack, as unlike the server's.
fn on_query_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(crate::sql::STACK_BYTES);
    thread.spawn(test).unwrap().join().unwrap();
}

#[test]
fn long_and_deep_statements_end_in_an_answer() {
    on_query_stack(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (engine, _folder) = engine();
            let chain = |n: usize, by: &str, one: &dyn Fn(usize) -> String| {
                (0..n).map(one).collect::<Vec<_>>().join(by)
            };
            let names = chain(3000, " OR ", &|i| format!("page = '{i}'"));
            let counted = format!("SELECT COUNT(*) FROM wiki WHERE page = 'A' OR {names}");
            assert_eq!(rows(&engine, &counted).await, "[[3]]");
            let numbers = chain(1000, " AND ", &|i| format!("added <> {}", i + 11));
            let counted = format!("SELECT COUNT(*) FROM wiki WHERE {numbers}");
            assert_eq!(rows(&engine, &counted).await, "[[1]]");
            let sum = format!("SELECT SUM(added + {}) FROM wiki", chain(100, " + ", &|_| "1".to_owned()));
            assert_eq!(rows(&engine, &sum).await, "[[980]]");
            let one = |_: usize| "SELECT 1".to_owned();
            let united = chain(150, " UNION ALL ", &one);
            assert_eq!(rows(&engine, &united).await.matches("[1]").count(), 150);
            for (wrong, wanted) in [
                (chain(300, " UNION ALL ", &one), "at most 200 queries"),
                (format!("SELECT {}", chain(5000, " + ", &|_| "1".to_owned())), "more than 300 levels"),
                (format!("SELECT 1 {}", "IS NULL ".repeat(5000)), "more than 300 levels"),
                (
                    format!("SELECT {}", chain(30_000, " + ", &|_| "1".to_owned())),
                    "more than 20000 operators",
                ),
            ] {
                let error = rows(&engine, &wrong).await;
                assert!(error.contains(wanted), "{error}");
            }
        });
    });
}
