//! Queries that are taken to run by themselves: accepted, looked at, their pages read, ended, kept over a restart.

use std::time::{Duration, Instant};

use alluvium::config::{Config, StatementsConfig};
use serde_json::{Value, json};

use super::{EDITS, edits_task, node_with_edits, refused};
use crate::node::Node;

const PATH: &str = "/druid/v2/sql/statements";

fn request(query: &str, context: Value) -> Value {
    let mut all = json!({"executionMode": "ASYNC"});
    all.as_object_mut().unwrap().extend(context.as_object().unwrap().clone());
    json!({ "query": query, "context": all })
}

/// The status of a statement that is over.
fn ended(node: &Node, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let status = node.get(&format!("{PATH}/{id}")).json();
        if status["state"] == "SUCCESS" || status["state"] == "FAILED" {
            return status;
        }
        assert!(Instant::now() < deadline, "{status}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn submit(node: &Node, body: &Value) -> String {
    let answer = node.post(PATH, body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["queryId"].as_str().unwrap().to_owned()
}

#[test]
fn a_statement_from_its_acceptance_to_its_rows() {
    let node = node_with_edits();
    let query = "SELECT __time, channel, added, added / 2.0 AS half FROM edits ORDER BY __time";
    let accepted = node.post(PATH, &request(query, json!({"sqlQueryId": "mine"}))).json();
    assert_eq!((&accepted["queryId"], &accepted["durationMs"]), (&json!("query-mine"), &json!(-1)));
    assert_eq!(accepted["state"], "ACCEPTED");
    let schema = json!([{"name": "__time", "type": "TIMESTAMP", "nativeType": "LONG"},
        {"name": "channel", "type": "VARCHAR", "nativeType": "STRING"},
        {"name": "added", "type": "BIGINT", "nativeType": "LONG"},
        {"name": "half", "type": "DOUBLE", "nativeType": "DOUBLE"}]);
    assert_eq!(accepted["schema"], schema);
    assert!(accepted.get("result").is_none());
    let status = ended(&node, "query-mine");
    assert_eq!((&status["state"], &status["schema"]), (&json!("SUCCESS"), &schema));
    assert!(status["durationMs"].as_i64().unwrap() >= 0);
    let created = status["createdAt"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.len() == 24, "{created}");
    assert_eq!(accepted["createdAt"], created);
    let result = &status["result"];
    assert_eq!((&result["numTotalRows"], &result["dataSource"]), (&json!(6), &json!("__query_select")));
    assert_eq!(result["sampleRecords"][0], json!([1_442_016_600_000_i64, "#en", 10, 5.0]));
    assert_eq!((&result["pages"][0]["id"], &result["pages"][0]["numRows"]), (&json!(0), &json!(6)));
    assert_eq!(result["pages"][0]["sizeInBytes"], result["totalSizeInBytes"]);
    let detail = node.get(&format!("{PATH}/query-mine?detail=true")).json();
    assert_eq!((&detail["stages"], &detail["warnings"]), (&json!([]), &json!([])));
    assert_eq!(detail["counters"], json!({}));

    let results = |rest: &str| node.get(&format!("{PATH}/query-mine/results{rest}"));
    let first = json!({"__time": 1_442_016_600_000_i64, "channel": "#en", "added": 10, "half": 5.0});
    assert_eq!(results("").json()[0], first);
    assert_eq!(results("?page=0").json().as_array().unwrap().len(), 6);
    assert_eq!(results("?resultFormat=array").json()[5], json!([1_442_113_200_000_i64, "#fr", 2, 1.0]));
    let lines = results("?resultFormat=csv&filename=edits.csv");
    assert_eq!(lines.text.lines().next(), Some("1442016600000,#en,10,5.0"));
    assert_eq!(lines.header("content-disposition"), "attachment; filename=\"edits.csv\"");
    assert_eq!(results("?resultFormat=objectLines").text.lines().count(), 7);
    refused(&results("?page=1"), 400, &["Invalid page id [1] passed"]);
    refused(&results("?page=-1"), 400, &["Page cannot be negative"]);
    refused(&results("?resultFormat=xml"), 400, &["xml"]);
    refused(&results("?filename=a/b"), 400, &["invalid characters"]);
    assert_eq!(node.delete(&format!("{PATH}/query-mine")).status, 200);
    assert_eq!(ended(&node, "query-mine")["state"], "SUCCESS");
}

#[test]
fn rows_come_in_pages() {
    let node = node_with_edits();
    let pages = json!({"selectDestination": "durableStorage", "rowsPerPage": 4});
    let mut body = request("SELECT added FROM edits ORDER BY __time", pages);
    body["resultFormat"] = json!("arrayLines");
    let id = submit(&node, &body);
    let result = &ended(&node, &id)["result"];
    let rows: Vec<&Value> = result["pages"].as_array().unwrap().iter().map(|page| &page["numRows"]).collect();
    assert_eq!((rows, &result["numTotalRows"]), (vec![&json!(4), &json!(2)], &json!(6)));
    // In the form the statement was submitted with.
    assert_eq!(node.get(&format!("{PATH}/{id}/results?page=1")).text, "[1]\n[2]\n\n");
    let all = node.get(&format!("{PATH}/{id}/results?resultFormat=array")).text;
    assert_eq!(all, "[[10],[20],[5],[7],[1],[2]]\n");
    let id = submit(&node, &request("SELECT added FROM edits WHERE FALSE", json!({})));
    assert_eq!(ended(&node, &id)["result"]["numTotalRows"], 0);
    assert_eq!(node.get(&format!("{PATH}/{id}/results")).text, "[]\n");
}

#[test]
fn what_is_wrong_is_said_in_druids_words() {
    let node = node_with_edits();
    let plain = node.post(PATH, &json!({ "query": "SELECT 1" }));
    refused(&plain, 400, &["Execution mode is not provided to the sql statement api."]);
    let sync = node.post(PATH, &json!({"query": "SELECT 1", "context": {"executionMode": "SYNC"}}));
    refused(&sync, 400, &["does not support the provided execution mode [SYNC]"]);
    refused(&node.post(PATH, &request("SELECT nope FROM edits", json!({}))), 400, &["Column 'nope'"]);
    let elsewhere = request("SELECT 1", json!({"selectDestination": "moon"}));
    refused(&node.post(PATH, &elsewhere), 400, &["selectDestination"]);
    let insert = request("INSERT INTO t SELECT 1", json!({}));
    refused(&node.post(PATH, &insert), 400, &["INSERT"]);
    for path in ["query-none", "query-none/results", "..%2f..%2fmetadata.db"] {
        let body = refused(&node.get(&format!("{PATH}/{path}")), 404, &["was not found"]);
        assert_eq!((&body["errorCode"], &body["category"]), (&json!("notFound"), &json!("NOT_FOUND")));
        assert!(body["context"].is_object(), "{body}");
    }
    refused(&node.delete(&format!("{PATH}/query-none")), 404, &["was not found"]);
    // A plan is answered at once.
    let plan = node.post(PATH, &request("EXPLAIN PLAN FOR SELECT COUNT(*) FROM edits", json!({})));
    assert!(plan.json()[0]["PLAN"].is_string());
    let id = submit(&node, &request("SELECT 1", json!({"sqlQueryId": "twice"})));
    refused(&node.post(PATH, &request("SELECT 1", json!({"sqlQueryId": "twice"}))), 400, &["exists already"]);
    ended(&node, &id);
}

/// A query that takes hours.
pub(super) const LONG: &str = "SELECT COUNT(*) FROM edits a, edits b, edits c, edits d, edits e, edits f, edits g, edits h, \
    edits i, edits j, edits k, edits l WHERE a.added + b.added + c.added + l.added < 0";

#[test]
fn statements_wait_and_are_ended() {
    let statements = StatementsConfig { slots: 1, ..StatementsConfig::default() };
    let node = Node::start_with(Config { statements, ..Config::default() });
    assert_eq!(node.run_task(&edits_task(EDITS))["status"], "SUCCESS");
    let long = submit(&node, &request(LONG, json!({"sqlQueryId": "long"})));
    let state = |id: &str| node.get(&format!("{PATH}/{id}")).json()["state"].as_str().unwrap().to_owned();
    let deadline = Instant::now() + Duration::from_secs(10);
    while state(&long) != "RUNNING" {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let waiting = submit(&node, &request("SELECT 1 AS one", json!({})));
    assert_eq!(state(&waiting), "ACCEPTED");
    refused(&node.get(&format!("{PATH}/{long}/results")), 400, &["is currently in [RUNNING] state"]);
    assert_eq!(node.delete(&format!("{PATH}/{long}")).status, 202);
    let status = ended(&node, &long);
    assert_eq!(
        (&status["state"], &status["errorDetails"]["category"]),
        (&json!("FAILED"), &json!("CANCELED"))
    );
    refused(&node.get(&format!("{PATH}/{long}/results")), 400, &["failed. Check the status api"]);
    assert_eq!(ended(&node, &waiting)["result"]["sampleRecords"], json!([[1]]));
    let deadline = Instant::now() + Duration::from_secs(10);
    while node.is_running("long") {
        assert!(Instant::now() < deadline, "a statement that was ended still runs");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn results_outlive_the_process_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let config = |statements: StatementsConfig| Config {
        listen: "127.0.0.1:0".to_owned(),
        data_dir: folder.path().join("data"),
        statements,
        ..Config::default()
    };
    let node = Node::start_at(config(StatementsConfig::default()));
    let id = submit(&node, &request("SELECT 1 AS one", json!({})));
    let before = ended(&node, &id);
    // As a process that was killed leaves it.
    let cut = folder.path().join("data/statements/query-cut");
    std::fs::create_dir(&cut).unwrap();
    let file = folder.path().join(format!("data/statements/{id}/statement.json"));
    let text = std::fs::read_to_string(file).unwrap().replace(&id, "query-cut").replace("SUCCESS", "RUNNING");
    std::fs::write(cut.join("statement.json"), text).unwrap();
    drop(node);
    let node = Node::start_at(config(StatementsConfig::default()));
    assert_eq!(node.get(&format!("{PATH}/{id}")).json(), before);
    assert_eq!(node.get(&format!("{PATH}/{id}/results")).text, "[{\"one\":1}]\n");
    let cut = node.get(&format!("{PATH}/query-cut")).json();
    assert_eq!(cut["state"], "FAILED");
    assert!(cut["errorDetails"]["errorMessage"].as_str().unwrap().contains("the server was stopped"));
    drop(node);
    let node = Node::start_at(config(StatementsConfig { keep_ms: 1, ..StatementsConfig::default() }));
    refused(&node.get(&format!("{PATH}/{id}")), 404, &["was not found"]);
}
