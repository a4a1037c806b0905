//! What is asked beside queries and how: segments of a query, columns of a datasource, content types, SQL that ingests.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{node_with_edits, refused};
use crate::node::Node;

/// Asserts what a candidate says of a day of `edits`.
fn assert_candidate(node: &Node, candidate: &Value, day: &str) {
    let segments = node.sql("SELECT \"start\", version, partition_num, size FROM sys.segments ORDER BY 1");
    let found =
        segments.as_array().unwrap().iter().find(|s| s[0].as_str().unwrap().starts_with(day)).unwrap();
    assert!(
        candidate["interval"].as_str().unwrap().starts_with(&format!("{day}T00:00:00.000Z/")),
        "{candidate}"
    );
    assert_eq!(
        [&candidate["version"], &candidate["partitionNumber"], &candidate["size"]],
        [&found[1], &found[2], &found[3]]
    );
    let locations = candidate["locations"].as_array().unwrap();
    assert_eq!((locations.len(), &locations[0]["type"]), (1, &json!("historical")));
    assert_eq!(locations[0]["name"], node.url().replace("http://", ""));
}

#[test]
fn the_segments_of_a_query() {
    let node = node_with_edits();
    let path = "/druid/v2/candidates";
    let query = |source: Value, intervals: Value| {
        json!({"queryType": "timeseries", "dataSource": source, "granularity": "all", "intervals": intervals,
            "aggregations": [{"type": "count", "name": "n"}]})
    };
    let both = node.post(path, &query(json!("edits"), json!("2015-09-12/P2D")));
    assert_eq!(both.json().as_array().map(Vec::len), Some(2));
    let one = node.post(path, &query(json!("edits"), json!(["2015-09-13/2015-09-14"]))).json();
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    assert_candidate(&node, &one[0], "2015-09-13");
    let inner = query(
        json!({"type": "table", "name": "edits"}),
        json!({"type": "intervals",
        "intervals": ["2015-09-12/2015-09-13"]}),
    );
    let outer =
        node.post(path, &query(json!({"type": "query", "query": inner}), json!(["2015/2016"]))).json();
    assert_eq!(outer.as_array().map(Vec::len), Some(1));
    assert_candidate(&node, &outer[0], "2015-09-12");
    let union = json!({"type": "union", "dataSources": ["edits", "nothing"]});
    assert_eq!(node.post(path, &query(union, json!("2015/2016"))).json().as_array().map(Vec::len), Some(2));
    assert_eq!(node.post(path, &query(json!("nothing"), json!("2015/2016"))).json(), json!([]));
    let pretty = node.post(&format!("{path}?pretty"), &query(json!("edits"), json!("2015-09-12/P2D")));
    assert!(pretty.text.lines().count() > 10 && pretty.json() == both.json());
    refused(&node.post(path, &query(json!("edits"), json!("yesterday"))), 400, &["yesterday"]);
    refused(&node.post(path, &json!({})), 400, &["dataSource"]);
}

#[test]
fn the_columns_and_segments_of_a_datasource() {
    let node = node_with_edits();
    let path = "/druid/v2/datasources/edits";
    assert_eq!(node.get("/druid/v2/datasources").json(), json!(["edits"]));
    assert_eq!(node.get(path).json(), json!({"dimensions": ["channel", "user"], "metrics": ["added"]}));
    assert_eq!(node.get(&format!("{path}/dimensions")).json(), json!(["channel", "user"]));
    assert_eq!(node.get(&format!("{path}/metrics")).json(), json!(["added"]));
    let full = node.get(&format!("{path}?full&interval=2015-09-12/2015-09-14")).json();
    assert_eq!(full.as_object().unwrap().len(), 2);
    let found =
        node.get(&format!("{path}/candidates?intervals=2015-09-12/2015-09-13&numCandidates=1")).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_candidate(&node, &found[0], "2015-09-12");
    refused(&node.get(&format!("{path}/candidates?intervals=nonsense")), 400, &["nonsense"]);
}

#[test]
fn content_types_of_native_queries() {
    let node = node_with_edits();
    let query = json!({"queryType": "timeBoundary", "dataSource": "edits", "bound": "maxTime"});
    let wanted =
        json!([{"timestamp": "2015-09-13T03:00:00.000Z", "result": {"maxTime": "2015-09-13T03:00:00.000Z"}}]);
    let answer = node.post_as("/druid/v2", "application/json", &query.to_string());
    assert_eq!((answer.status, answer.json()), (200, wanted.clone()));
    assert!(answer.header("content-type").starts_with("application/json"));
    let asked = node.post_with("/druid/v2", &query, ("Accept", "application/json"));
    assert!(asked.json() == wanted && asked.header("content-type").starts_with("application/json"));
    // No query makes a response context that could be too long for its header.
    let groups = json!({"queryType": "groupBy", "dataSource": {"type": "union", "dataSources": ["edits", "nothing"]},
        "granularity": "all", "intervals": ["0000/3000"], "dimensions": ["user"]});
    let answer = node.post("/druid/v2", &groups);
    assert_eq!((answer.status, answer.header("x-druid-response-context")), (200, "{}"));
}

#[test]
fn the_first_content_type_counts() {
    let node = node_with_edits();
    let ask = |types: [&str; 2], body: &str| {
        let mut connection = TcpStream::connect(node.url().trim_start_matches("http://")).unwrap();
        let [first, second] = types;
        write!(
            connection,
            "POST /druid/v2/sql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {first}\r\n\
             Content-Type: {second}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    };
    let text = ask(["text/plain", "application/json"], "SELECT COUNT(*) AS n FROM edits");
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("[{\"n\":6}]"), "{text}");
    let json = ask(["application/json", "text/plain"], "{\"query\":\"SELECT COUNT(*) AS n FROM edits\"}");
    assert!(json.starts_with("HTTP/1.1 200") && json.contains("[{\"n\":6}]"), "{json}");
    let wrong = ask(["application/json", "text/plain"], "SELECT COUNT(*) AS n FROM edits");
    assert!(wrong.starts_with("HTTP/1.1 400"), "{wrong}");
}

#[test]
fn sql_that_ingests_is_refused() {
    let node = node_with_edits();
    let insert = "INSERT INTO copies SELECT * FROM edits PARTITIONED BY DAY";
    let replace = "REPLACE INTO copies OVERWRITE ALL SELECT * FROM edits PARTITIONED BY DAY";
    for query in [insert, replace] {
        let body = json!({"query": query, "context": {"executionMode": "ASYNC"}});
        let task =
            refused(&node.post("/druid/v2/sql/task", &body), 501, &["INSERT", "REPLACE", "index_parallel"]);
        assert_eq!(
            (&task["error"], &task["category"]),
            (&json!("Unsupported operation"), &json!("UNSUPPORTED"))
        );
        let word = query.split(' ').next().unwrap();
        refused(&node.post("/druid/v2/sql", &body), 400, &[word, "Cannot execute"]);
        refused(&node.post("/druid/v2/sql/statements", &body), 400, &[word, "Cannot execute"]);
    }
    assert_eq!(node.get("/druid/v2/datasources").json(), json!(["edits"]));
}

#[test]
fn smile_is_refused() {
    let node = node_with_edits();
    for path in ["/druid/v2", "/druid/v2/sql", "/druid/v2/sql/statements"] {
        let answer = node.post_as(path, "application/x-jackson-smile", ":)\n\u{1}");
        refused(&answer, 415, &["Smile", "application/json"]);
    }
}
