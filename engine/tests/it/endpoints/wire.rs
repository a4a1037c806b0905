//! Paths, methods, bodies and the status family.

use serde_json::json;

use super::refused;
use crate::node::Node;

#[test]
fn the_node_tells_who_it_is() {
    let node = Node::start();
    let status = node.get("/status").json();
    assert_eq!(status["version"], "31.0.0");
    assert_eq!(status["modules"][0]["artifact"], "druid-kafka-indexing-service");
    for field in ["maxMemory", "totalMemory", "freeMemory", "usedMemory", "directMemory"] {
        assert!(status["memory"][field].is_i64() || status["memory"][field].is_u64(), "{status}");
    }
    assert_eq!(node.get("/status/health").json(), json!(true));
    assert_eq!(node.get("/status/ready").json(), json!(true));
    assert_eq!(node.get("/status/selfDiscovered").json(), json!({ "selfDiscovered": true }));
    assert_eq!(node.get("/status/properties").json()["druid.router.managementProxy.enabled"], "true");
    assert_eq!(node.get("/druid/broker/v1/loadstatus").json(), json!({ "inventoryInitialized": true }));
    assert_eq!(node.get("/druid/coordinator/v1/leader").text, node.url());
    assert_eq!(node.get("/druid/coordinator/v1/isLeader").json(), json!({ "leader": true }));
}

#[test]
fn the_status_page_needs_nothing_from_outside() {
    let node = Node::start();
    let page = node.get("/");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("/status/overview"));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"));
    let overview = node.get("/status/overview").json();
    for list in ["datasources", "supervisors", "tasks", "segments"] {
        assert!(overview[list].is_array(), "{overview}");
    }
}

#[test]
fn what_is_not_there_is_said_so() {
    let node = Node::start();
    let body = refused(&node.get("/druid/nothing"), 404, &["/druid/nothing"]);
    assert_eq!((&body["errorCode"], &body["category"]), (&json!("notFound"), &json!("NOT_FOUND")));
    refused(&node.get("/druid/v2/sql"), 405, &["GET"]);
    refused(&node.delete("/status"), 405, &["DELETE"]);
}

#[test]
fn trailing_slashes_and_query_strings_do_not_matter() {
    let node = Node::start();
    let sql = json!({ "query": "SELECT 1 AS one" });
    for path in ["/druid/v2/sql", "/druid/v2/sql/", "/druid/v2/sql?capabilities", "/druid/v2/sql/?x=y"] {
        assert_eq!(node.post(path, &sql).text, "[{\"one\":1}]\n", "{path}");
    }
    let native = json!({ "queryType": "timeBoundary", "dataSource": "nothing" });
    for path in ["/druid/v2", "/druid/v2/", "/druid/v2/?pretty"] {
        assert_eq!(node.post(path, &native).json(), json!([]), "{path}");
    }
    assert_eq!(node.get("/druid/v2/datasources/").json(), json!([]));
}

#[test]
fn bodies_are_limited_and_of_known_kinds() {
    let node = Node::start();
    let long = "x".repeat((64 << 20) + 1);
    refused(&node.post_as("/druid/v2", "application/json", &long), 413, &["max_body_bytes"]);
    refused(&node.post_as("/druid/v2", "application/x-jackson-smile", ":)"), 415, &["Smile"]);
    for kind in ["application/json;charset=UTF-8", "application/octet-stream"] {
        let answer = node.post_as("/druid/v2/sql", kind, r#"{"query":"SELECT 1 AS one"}"#);
        assert_eq!(answer.text, "[{\"one\":1}]\n", "{kind}");
    }
    let text = node.post_as("/druid/v2/sql", "text/plain", "SELECT 1 + 1 AS two");
    assert_eq!(text.text, "[{\"two\":2}]\n");
    let form = node.post_as("/druid/v2/sql", "application/x-www-form-urlencoded", "SELECT+1+%2B+1+AS+two");
    assert_eq!(form.text, "[{\"two\":2}]\n");
}

#[test]
fn metrics_are_prometheus_text() {
    let node = Node::start();
    node.post("/druid/v2/sql", &json!({ "query": "SELECT 1" }));
    node.post("/druid/v2/sql", &json!({ "query": "SELECT broken FROM nowhere" }));
    let metrics = node.get("/metrics");
    assert!(metrics.header("content-type").starts_with("text/plain"));
    let value = |name: &str| -> f64 {
        let line = metrics.text.lines().find(|l| l.split([' ', '{']).next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in\n{}", metrics.text))
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!(value("alluvium_queries_total") >= 2.0);
    assert!(value("alluvium_query_failures_total") >= 1.0);
    for name in
        ["alluvium_sql_fallbacks_total", "alluvium_live_copied_bytes_total", "alluvium_uptime_seconds"]
    {
        assert!(value(name) >= 0.0);
    }
}
