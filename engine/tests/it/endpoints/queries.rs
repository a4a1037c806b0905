//! Native queries and SQL over HTTP: shapes, headers, formats, refusals.

use serde_json::{Value, json};

use super::{node_with_edits, refused};
use crate::node::Node;

fn timeseries() -> Value {
    json!({
        "queryType": "timeseries", "dataSource": "edits", "intervals": ["2015-09-12/2015-09-14"],
        "granularity": "day",
        "aggregations": [
            { "type": "count", "name": "n" }, { "type": "longSum", "name": "added", "fieldName": "added" }
        ],
        "context": { "queryId": "my-id" }
    })
}

#[test]
fn native_queries_have_druids_shapes() {
    let node = node_with_edits();
    let answer = node.post("/druid/v2", &timeseries());
    assert_eq!(answer.header("x-druid-query-id"), "my-id");
    assert!(!answer.header("x-druid-response-context").is_empty());
    assert_eq!(
        answer.text.trim_end(),
        concat!(
            r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"n":3,"added":35}},"#,
            r#"{"timestamp":"2015-09-13T00:00:00.000Z","result":{"n":3,"added":10}}]"#
        )
    );
    let pretty = node.post("/druid/v2?pretty", &timeseries());
    assert!(pretty.text.lines().count() > 5, "{}", pretty.text);
    assert_eq!(pretty.json(), answer.json());

    let top = json!({
        "queryType": "topN", "dataSource": "edits", "intervals": "2015-09-12/P2D", "granularity": "all",
        "dimension": "channel", "metric": "added", "threshold": 2,
        "aggregations": [{ "type": "longSum", "name": "added", "fieldName": "added" }]
    });
    let result = node.post("/druid/v2", &top).json()[0]["result"].clone();
    let expected = json!([{ "channel": "#en", "added": 31 }, { "channel": "#de", "added": 7 }]);
    // #fr has 7 as well; ties go by value.
    assert_eq!(result, expected);

    let group = json!({
        "queryType": "groupBy", "dataSource": "edits", "intervals": "2015-09-12/P2D", "granularity": "all",
        "dimensions": ["user"], "aggregations": [{ "type": "count", "name": "n" }]
    });
    let rows = node.post("/druid/v2", &group).json();
    assert_eq!(rows[0]["version"], "v1");
    let users: Vec<&Value> = rows.as_array().unwrap().iter().map(|r| &r["event"]["user"]).collect();
    assert_eq!(users, [&json!(null), &json!(""), &json!("ann"), &json!("bob"), &json!("cy")]);

    let scan = json!({
        "queryType": "scan", "dataSource": "edits", "intervals": "2015-09-12/P1D", "order": "ascending",
        "columns": ["__time", "user"], "resultFormat": "compactedList", "limit": 2
    });
    let events = node.post("/druid/v2", &scan).json()[0]["events"].clone();
    assert_eq!(events, json!([[1_442_016_600_000_i64, "ann"], [1_442_019_000_000_i64, "bob"]]));
}

#[test]
fn native_refusals() {
    let node = node_with_edits();
    let broken = node.post_as("/druid/v2", "application/json", "{\"queryType\":");
    assert_eq!(refused(&broken, 400, &[])["error"], "Json parse failed");
    refused(
        &node.post("/druid/v2", &json!({ "queryType": "select", "dataSource": "edits" })),
        400,
        &["select"],
    );
    let mut missing = timeseries();
    missing.as_object_mut().unwrap().remove("intervals");
    let body = refused(&node.post("/druid/v2", &missing), 400, &["intervals"]);
    assert_eq!(body["category"], "INVALID_INPUT");
    let mut nowhere = timeseries();
    nowhere["dataSource"] = json!("nowhere");
    let answer = node.post("/druid/v2", &nowhere);
    assert_eq!(answer.status, 200, "{}", answer.text);
    // A column nobody has is null.
    let mut column = timeseries();
    column["aggregations"] = json!([{ "type": "longSum", "name": "x", "fieldName": "nothing" }]);
    assert_eq!(node.post("/druid/v2", &column).json()[0]["result"], json!({ "x": null }));
    assert_eq!(node.delete("/druid/v2/no-such-query").status, 202);
}

#[test]
fn sql_formats_and_headers() {
    let node = node_with_edits();
    let sql = "SELECT channel, COUNT(*) AS n FROM edits GROUP BY 1 ORDER BY 1 LIMIT 2";
    let ask = |format: &str, header: bool| {
        let context = json!({ "sqlQueryId": "sql-id" });
        let body = json!({ "query": sql, "resultFormat": format, "header": header, "context": context });
        node.post("/druid/v2/sql", &body)
    };
    let plain = ask("object", false);
    assert_eq!(plain.text, "[{\"channel\":\"#de\",\"n\":1},{\"channel\":\"#en\",\"n\":3}]\n");
    assert_eq!(plain.header("x-druid-sql-query-id"), "sql-id");
    assert_eq!(plain.header("x-druid-sql-header-included"), "");
    let headed = ask("array", true);
    assert_eq!(headed.header("x-druid-sql-header-included"), "yes");
    assert_eq!(headed.text, "[[\"channel\",\"n\"],[\"#de\",1],[\"#en\",3]]\n");
    let lines = ask("objectLines", false);
    assert!(lines.header("content-type").starts_with("text/plain"));
    assert_eq!(lines.text, "{\"channel\":\"#de\",\"n\":1}\n{\"channel\":\"#en\",\"n\":3}\n\n");
    let csv = ask("csv", true);
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert_eq!(csv.text, "channel,n\n#de,1\n#en,3\n\n");
}

#[test]
fn sql_refusals() {
    let node = node_with_edits();
    let ask = |sql: &str| node.post("/druid/v2/sql", &json!({ "query": sql }));
    let body = refused(&ask("SELECT * FROM nope"), 400, &["nope"]);
    assert_eq!(body["error"], "druidException");
    refused(&ask("SELECT nothing FROM edits"), 400, &["nothing"]);
    refused(&ask("SELECT * FORM edits"), 400, &["line [1]"]);
    refused(&ask(""), 400, &[]);
    refused(&node.post_as("/druid/v2/sql", "application/json", "{"), 400, &[]);
    refused(&node.post("/druid/v2/sql", &json!({ "sql": "SELECT 1" })), 400, &["query"]);
    refused(&node.delete("/druid/v2/sql/no-such-query"), 404, &[]);
    assert_eq!(ask("SELECT 1 AS one").json(), json!([{ "one": 1 }]), "the server goes on");
}

#[test]
fn a_long_answer_is_streamed_whole() {
    let node = Node::start();
    let lines: Vec<String> = (0..20_000)
        .map(|n| {
            format!("{{\"t\":\"2015-09-12T00:00:00Z\",\"channel\":\"channel number {n:06}\",\"added\":{n}}}")
        })
        .collect();
    assert_eq!(node.run_task(&super::edits_task(&lines.join("\n")))["status"], "SUCCESS");
    let rows = node.sql("SELECT channel, added FROM edits");
    let mut added: Vec<i64> = rows.as_array().unwrap().iter().map(|r| r[1].as_i64().unwrap()).collect();
    added.sort_unstable();
    assert!(added.iter().copied().eq(0..20_000));
}
