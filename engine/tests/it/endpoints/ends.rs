//! How does a query end before its time? By its deadline, on request, with the connection of its client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{edits_task, refused};
use crate::node::Node;

/// A node with so many rows that a join of them with themselves takes minutes.
fn busy_node() -> Node {
    let node = Node::start();
    let line = |n| format!("{{\"t\":\"2015-09-12T00:00:00Z\",\"channel\":\"{n}\",\"added\":{n}}}");
    let lines: Vec<String> = (0..20_000).map(line).collect();
    assert_eq!(node.run_task(&edits_task(&lines.join("\n")))["status"], "SUCCESS");
    node
}

fn slow_query(id: &str, timeout: i64) -> Value {
    json!({
        "query": "SELECT COUNT(*) FROM edits a CROSS JOIN edits b CROSS JOIN edits c WHERE a.added + b.added > c.added",
        "context": { "sqlQueryId": id, "timeout": timeout },
    })
}

/// Waits until a query of that id runs, or does not.
fn wait_until(node: &Node, id: &str, runs: bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while node.is_running(id) != runs {
        assert!(Instant::now() < deadline, "`{id}` should be running: {runs}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_deadline_ends_a_query() {
    let node = busy_node();
    let started = Instant::now();
    let body = refused(&node.post("/druid/v2/sql", &slow_query("late", 200)), 504, &[]);
    assert_eq!((&body["error"], &body["category"]), (&json!("Query timeout"), &json!("TIMEOUT")));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_query_is_ended_on_request() {
    let node = busy_node();
    thread::scope(|scope| {
        let asking = scope.spawn(|| node.post("/druid/v2/sql", &slow_query("unwanted", 60_000)));
        wait_until(&node, "unwanted", true);
        assert_eq!(node.delete("/druid/v2/sql/unwanted").status, 202);
        let body = refused(&asking.join().unwrap(), 500, &["unwanted"]);
        assert_eq!((&body["error"], &body["category"]), (&json!("Query cancelled"), &json!("CANCELED")));
    });
    wait_until(&node, "unwanted", false);
}

#[test]
fn a_query_ends_with_its_connection() {
    let node = busy_node();
    let body = slow_query("orphan", 60_000).to_string();
    let mut connection = TcpStream::connect(node.url().trim_start_matches("http://")).unwrap();
    let length = body.len();
    write!(connection, "POST /druid/v2/sql HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}")
        .unwrap();
    wait_until(&node, "orphan", true);
    drop(connection);
    wait_until(&node, "orphan", false);
}

/// A native query that takes minutes: rows by rows by rows.
fn slow_native(id: &str) -> Value {
    let join = |left: Value, prefix: &str| {
        json!({"type": "join", "left": left, "rightPrefix": prefix, "joinType": "INNER", "condition": "1",
            "right": {"type": "query", "query": {"queryType": "scan", "dataSource": "edits",
                "intervals": ["2015-09-12/2015-09-13"], "columns": ["added"]}}})
    };
    json!({"queryType": "timeseries", "dataSource": join(join(json!("edits"), "b."), "c."), "granularity": "all",
        "intervals": ["2015-09-12/2015-09-13"], "context": {"queryId": id},
        "aggregations": [{"type": "longSum", "name": "n", "expression": "added + \"b.added\" * \"c.added\""}]})
}

#[test]
fn a_native_query_is_ended_on_request() {
    let node = busy_node();
    thread::scope(|scope| {
        let asking = scope.spawn(|| node.post("/druid/v2", &slow_native("unwanted")));
        wait_until(&node, "unwanted", true);
        assert_eq!(node.delete("/druid/v2/unwanted").status, 202);
        let body = refused(&asking.join().unwrap(), 500, &["unwanted"]);
        assert_eq!((&body["error"], &body["category"]), (&json!("Query cancelled"), &json!("CANCELED")));
    });
    wait_until(&node, "unwanted", false);
}

#[test]
fn all_queries_of_an_id_are_ended() {
    let node = busy_node();
    thread::scope(|scope| {
        let ask = || node.post("/druid/v2/sql", &slow_query("both", 60_000));
        let asking = [scope.spawn(ask), scope.spawn(ask)];
        let deadline = Instant::now() + Duration::from_secs(20);
        while node.running() < 2 {
            assert!(Instant::now() < deadline, "two queries should be running");
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(node.delete("/druid/v2/sql/both").status, 202);
        for asked in asking {
            let body = refused(&asked.join().unwrap(), 500, &["both"]);
            assert_eq!(body["error"], "Query cancelled");
        }
        wait_until(&node, "both", false);
        refused(&node.delete("/druid/v2/sql/both"), 404, &["both"]);
    });
}

#[test]
fn an_answer_that_is_cut_off_can_be_told_from_a_whole_one() {
    let node = busy_node();
    let ask = |query: &str, id: &str| {
        let body =
            json!({"query": query, "resultFormat": "objectLines", "context": {"sqlQueryId": id}}).to_string();
        let mut connection = TcpStream::connect(node.url().trim_start_matches("http://")).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (path, length) = ("/druid/v2/sql", body.len());
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        connection
    };
    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    ask("SELECT channel, added FROM edits", "whole").read_to_end(&mut whole).unwrap();
    let endless = "SELECT a.channel, b.channel AS other FROM edits a CROSS JOIN edits b";
    let mut connection = ask(endless, "cut");
    let mut first = vec![0; 300_000];
    connection.read_exact(&mut first).unwrap();
    assert_eq!(node.delete("/druid/v2/sql/cut").status, 202);
    // The connection is closed, or reset, without the last chunk.
    let _ = connection.read_to_end(&mut cut);
    let last = b"\n\n\r\n0\r\n\r\n";
    assert!(
        first.starts_with(b"HTTP/1.1 200") && whole.ends_with(last),
        "a whole answer ends with an empty line"
    );
    assert!(!cut.ends_with(b"0\r\n\r\n") && !cut.windows(2).any(|pair| pair == b"\n\n"));
}
