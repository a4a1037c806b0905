//! How does a query end before its time? By its deadline, on request, with the connection of its client.

use std::io::Write;
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
