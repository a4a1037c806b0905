//! JDBC's calls over HTTP: status and form of answers, what is closed, what is too much.

use alluvium::config::{AvaticaConfig, Config};
use serde_json::{Value, json};

use super::{EDITS, edits_task, node_with_edits};
use crate::node::Node;

const PATH: &str = "/druid/v2/sql/avatica/";

fn call(node: &Node, body: &Value) -> Value {
    let answer = node.post_as(PATH, "application/octet-stream", &body.to_string());
    assert_eq!(answer.header("content-type"), "application/json;charset=utf-8");
    let json = answer.json();
    assert_eq!(answer.status, if json["response"] == "error" { 500 } else { 200 }, "{json}");
    json
}

fn open(node: &Node, id: &str) -> Value {
    call(node, &json!({"request": "openConnection", "connectionId": id, "info": {}}))
}

fn create(node: &Node, id: &str) -> Value {
    call(node, &json!({"request": "createStatement", "connectionId": id}))
}

fn run(node: &Node, id: &str, statement: &Value, sql: &str) -> Value {
    call(
        node,
        &json!({"request": "prepareAndExecute", "connectionId": id, "statementId": statement, "sql": sql,
        "maxRowsInFirstFrame": -1, "maxRowCount": -1}),
    )
}

#[test]
fn a_connection_from_its_opening_to_its_end() {
    let node = node_with_edits();
    assert_eq!(open(&node, "c")["response"], "openConnection");
    assert!(open(&node, "c")["errorMessage"].as_str().unwrap().contains("already open"));
    let statement = create(&node, "c")["statementId"].clone();
    let answer = run(&node, "c", &statement, "SELECT channel, added FROM edits ORDER BY __time LIMIT 2");
    let result = &answer["results"][0];
    assert_eq!(result["firstFrame"], json!({"offset": 0, "done": true, "rows": [["#en", 10], ["#en", 20]]}));
    assert_eq!(result["signature"]["columns"][1]["type"]["name"], "BIGINT");
    let fetch = json!({"request": "fetch", "connectionId": "c", "statementId": statement, "offset": 2,
        "fetchMaxRowCount": 100});
    assert_eq!(call(&node, &fetch)["frame"], json!({"offset": 2, "done": true, "rows": []}));
    let other = create(&node, "c")["statementId"].clone();
    let mut nothing = fetch.clone();
    nothing["statementId"] = other;
    assert_eq!(call(&node, &nothing)["missingResults"], true);
    nothing["statementId"] = json!(99);
    assert_eq!(call(&node, &nothing)["missingStatement"], true);
    assert_eq!(run(&node, "c", &json!(99), "SELECT 1")["missingStatement"], true);
    let close = json!({"request": "closeStatement", "connectionId": "c", "statementId": statement});
    assert_eq!(call(&node, &close)["response"], "closeStatement");
    assert_eq!(call(&node, &fetch)["missingStatement"], true);
    let batch = json!({"request": "prepareAndExecuteBatch", "connectionId": "c", "statementId": 1});
    assert!(call(&node, &batch)["errorMessage"].as_str().unwrap().contains("Unsupported"));
    assert_eq!(call(&node, &json!({"request": "commit", "connectionId": "c"}))["response"], "commit");
    let close = json!({"request": "closeConnection", "connectionId": "c"});
    assert_eq!(call(&node, &close)["response"], "closeConnection");
    let lost = create(&node, "c");
    assert_eq!((&lost["errorCode"], &lost["sqlState"]), (&json!(1), &json!("00000")));
    assert_eq!(node.get(PATH).status, 405);
}

#[test]
fn errors_of_queries_are_errors_of_calls() {
    let node = node_with_edits();
    open(&node, "c");
    let statement = create(&node, "c")["statementId"].clone();
    let error = run(&node, "c", &statement, "SELECT nope FROM edits");
    assert_eq!((&error["errorCode"], &error["severity"]), (&json!(-1), &json!("ERROR")));
    assert!(error["errorMessage"].as_str().unwrap().contains("Column 'nope' not found"), "{error}");
    let prepare = json!({"request": "prepare", "connectionId": "c", "maxRowCount": -1,
        "sql": "SELECT COUNT(*) AS n FROM edits WHERE channel = ? AND __time < ? LIMIT ?"});
    let prepared = call(&node, &prepare);
    let types: Vec<&str> = prepared["statement"]["signature"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["typeName"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["VARCHAR", "TIMESTAMP", "BIGINT"]);
    let execute = json!({"request": "execute", "maxRowCount": 100, "statementHandle": prepared["statement"],
        "parameterValues": [{"type": "STRING", "value": "#en"},
            {"type": "JAVA_SQL_TIMESTAMP", "value": 1_442_102_400_000_i64}, {"type": "LONG", "value": 1}]});
    assert_eq!(call(&node, &execute)["results"][0]["firstFrame"]["rows"], json!([[2]]));
    let mut few = execute;
    few["parameterValues"] = json!([]);
    assert!(call(&node, &few)["errorMessage"].as_str().unwrap().contains("No value bound"));
    for body in ["", "[1]", "{\"request\":\"fly\"}"] {
        assert_eq!(node.post_as(PATH, "application/json", body).status, 500, "{body}");
    }
}

#[test]
fn connections_are_bounded_and_idle_ones_closed() {
    let avatica = AvaticaConfig { max_connections: 2, idle_timeout_ms: 300, ..AvaticaConfig::default() };
    let node = Node::start_with(Config { avatica, ..Config::default() });
    assert_eq!(node.run_task(&edits_task(EDITS))["status"], "SUCCESS");
    for id in ["a", "b"] {
        open(&node, id);
        create(&node, id);
    }
    assert!(open(&node, "c")["errorMessage"].as_str().unwrap().contains("Too many connections"));
    std::thread::sleep(std::time::Duration::from_millis(800));
    assert_eq!(create(&node, "a")["errorCode"], 1);
    // Those without statements make room.
    for id in ["c", "d", "e"] {
        assert_eq!(open(&node, id)["response"], "openConnection");
    }
    assert!(node.get("/metrics").text.contains("\nalluvium_jdbc_connections 1\n"));
}

/// Prepares a statement and runs it with values.
fn prepared(node: &Node, sql: &str, values: &Value) -> Value {
    let prepare = json!({"request": "prepare", "connectionId": "c", "maxRowCount": -1, "sql": sql});
    let statement = call(node, &prepare)["statement"].clone();
    let execute = json!({"request": "execute", "maxRowCount": 100, "statementHandle": statement,
        "parameterValues": values});
    let answer = call(node, &execute);
    assert_eq!(answer["response"], "executeResults", "{answer}");
    answer["results"][0]["firstFrame"]["rows"].clone()
}

#[test]
fn parameters_are_lists_or_texts_of_lists() {
    let node = node_with_edits();
    open(&node, "c");
    let text = json!([{"type": "STRING", "value": "#fr,#de"}]);
    let counted = "SELECT channel, COUNT(*) FROM edits WHERE ARRAY_CONTAINS(STRING_TO_ARRAY(?, ','), channel) \
        GROUP BY 1 ORDER BY 1";
    assert_eq!(prepared(&node, counted, &text), json!([["#de", 1], ["#fr", 2]]));
    let list = json!([{"type": "ARRAY", "value": ["#fr", "#de"]}]);
    let counted =
        "SELECT channel, COUNT(*) FROM edits WHERE ARRAY_CONTAINS(?, channel) GROUP BY 1 ORDER BY 1";
    assert_eq!(prepared(&node, counted, &list), json!([["#de", 1], ["#fr", 2]]));
}

#[test]
fn properties_of_a_connection() {
    let node = node_with_edits();
    // There is no authentication: who one says to be does not matter.
    let info = json!({"user": "ann", "password": "secret", "sqlTimeZone": "Asia/Tokyo"});
    let opened = call(&node, &json!({"request": "openConnection", "connectionId": "c", "info": info}));
    assert_eq!(opened["response"], "openConnection");
    let statement = create(&node, "c")["statementId"].clone();
    let answer = run(&node, "c", &statement, "SELECT TIME_FORMAT(MIN(__time), 'HH:mm') FROM edits");
    assert_eq!(answer["results"][0]["firstFrame"]["rows"], json!([["09:10"]]));
}
