//! The lookup API: configuration, state, introspection; files that are read again; lookups over a restart.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::refused;
use crate::node::{Node, Process};

const CONFIG: &str = "/druid/coordinator/v1/lookups/config";

fn map(version: &str, entries: &Value) -> Value {
    json!({"version": version, "lookupExtractorFactory": {"type": "map", "map": entries}})
}

/// A node whose lookups are initialised.
fn node() -> Node {
    let node = Node::start();
    assert_eq!(node.post(CONFIG, &json!({})).status, 202);
    node
}

#[test]
fn nothing_is_there_before_the_beginning() {
    let node = Node::start();
    for path in ["", "/all", "/__default", "/__default/a"] {
        refused(&node.get(&format!("{CONFIG}{path}")), 404, &[]);
    }
    refused(&node.get("/druid/coordinator/v1/lookups/status"), 404, &[]);
    assert_eq!(node.get(&format!("{CONFIG}?discover=true")).json(), json!(["__default"]));
    let early = json!({"__default": {"a": map("v1", &json!({}))}});
    refused(&node.post(CONFIG, &early), 500, &["Not initialized", "empty map"]);
    let begun = node.post(CONFIG, &json!({}));
    assert_eq!((begun.status, begun.json()), (202, json!({})));
    assert_eq!(node.get(CONFIG).json(), json!([]));
    assert_eq!(node.get(&format!("{CONFIG}/all")).json(), json!({}));
    assert_eq!(node.get("/druid/coordinator/v1/lookups/status").json(), json!({}));
}

#[test]
fn the_answers_of_every_path() {
    let node = node();
    let (a, b) = (map("v1", &json!({"x": "one", "y": "two"})), map("v1", &json!({})));
    let tiers = json!({"__default": {"a": a}, "other": {"b": b}});
    let posted = node.post(CONFIG, &tiers);
    assert_eq!((posted.status, posted.json()), (202, tiers.clone()));
    let address = node.url().replace("http://", "");
    let state = json!({"current": {"a": a}, "toLoad": {}, "toDrop": []});
    let root = "/druid/coordinator/v1/lookups";
    for (path, wanted) in [
        (format!("{root}/config"), json!(["__default", "other"])),
        (format!("{root}/config/all"), tiers),
        (format!("{root}/config/__default"), json!(["a"])),
        (format!("{root}/config/__default?detailed=true"), json!({"a": a})),
        (format!("{root}/config/__default/a"), a.clone()),
        (
            format!("{root}/status"),
            json!({"__default": {"a": {"loaded": true}}, "other": {"b": {"loaded": true}}}),
        ),
        (format!("{root}/status/__default"), json!({"a": {"loaded": true}})),
        (format!("{root}/status/__default/a?detailed"), json!({"loaded": true})),
        (format!("{root}/nodeStatus"), json!({"__default": {&address: state}, "other": {}})),
        (format!("{root}/nodeStatus?discover=true"), json!({"__default": {&address: state}})),
        (format!("{root}/nodeStatus/__default"), json!({&address: state})),
        (format!("{root}/nodeStatus/__default/{address}"), state),
        (
            format!("{root}/nodeStatus/__default/{address}?detailed=false"),
            json!({"current": {"a": "v1"}, "toLoad": {}, "toDrop": []}),
        ),
        ("/druid/listen/v1/lookups".to_owned(), json!({"a": a})),
        ("/druid/listen/v1/lookups/a".to_owned(), a.clone()),
        ("/druid/v1/lookups/introspect/a".to_owned(), json!({"x": "one", "y": "two"})),
        ("/druid/v1/lookups/introspect/a/keys".to_owned(), json!(["x", "y"])),
        ("/druid/v1/lookups/introspect/a/values".to_owned(), json!(["one", "two"])),
    ] {
        let answer = node.get(&path);
        assert_eq!((answer.status, answer.json()), (200, wanted), "{path}");
    }
    for path in
        ["config/nope", "config/other/a", "status/nope", "status/__default/nope", "nodeStatus/__default/x:1"]
    {
        refused(&node.get(&format!("{root}/{path}")), 404, &[]);
    }
    for path in ["listen/v1/lookups/b", "v1/lookups/introspect/b", "v1/lookups/introspect/a/version"] {
        refused(&node.get(&format!("/druid/{path}")), 404, &[]);
    }
    assert_eq!(node.sql("SELECT LOOKUP('x', 'a'), LOOKUP('z', 'a')"), json!([["one", null]]));
}

#[test]
fn versions_ascend_and_what_is_deleted_is_gone() {
    let node = node();
    let path = format!("{CONFIG}/__default/a");
    assert_eq!(node.post(&path, &map("v2", &json!({"x": "two"}))).status, 202);
    for version in ["v2", "v1"] {
        refused(&node.post(&path, &map(version, &json!({}))), 500, &["can't replace", "version"]);
    }
    assert_eq!(node.sql("SELECT v FROM lookup.a"), json!([["two"]]));
    assert_eq!(node.post(&path, &map("v3", &json!({"x": "three"}))).status, 202);
    assert_eq!(node.sql("SELECT v FROM lookup.a"), json!([["three"]]));
    assert_eq!(node.post(&format!("{CONFIG}/__default/b"), &map("v", &json!({}))).status, 202);
    assert_eq!(node.delete(&path).status, 202);
    refused(&node.delete(&path), 404, &["[a]"]);
    refused(&node.get("/druid/listen/v1/lookups/a"), 404, &[]);
    assert_eq!(node.get(CONFIG).json(), json!(["__default"]));
    assert_eq!(node.delete(&format!("{CONFIG}/__default")).status, 202);
    assert_eq!(node.get(CONFIG).json(), json!([]));
    assert_eq!(
        node.sql("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'lookup'"),
        json!([])
    );
}

#[test]
fn specifications_that_cannot_be_used_are_refused_whole() {
    let node = node();
    let jdbc = json!({"version": "v1", "lookupExtractorFactory": {"type": "cachedNamespace", "extractionNamespace":
        {"type": "jdbc", "table": "t", "keyColumn": "k", "valueColumn": "v", "connectorConfig":
            {"connectURI": "jdbc:mysql://localhost/d"}}}});
    let both = json!({"__default": {"good": map("v1", &json!({})), "bad": jdbc}});
    refused(&node.post(CONFIG, &both), 400, &["`bad`", "jdbc:mysql"]);
    assert_eq!(node.get(CONFIG).json(), json!([]));
}

/// Waits until a query gives something.
fn until(node: &Node, query: &str, wanted: &Value) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = node.post("/druid/v2/sql", &json!({"query": query, "resultFormat": "array"}));
        if answer.status == 200 && answer.json() == *wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{query} gives {}", answer.text);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn files_are_read_again() {
    let node = node();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        let mut file = std::fs::File::create(&path).unwrap();
        if name.ends_with(".gz") {
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap();
        } else {
            file.write_all(text.as_bytes()).unwrap();
        }
    };
    write("a-1.csv", "k1,first\nk2,second\n");
    write("b.csv", "k1,other\n");
    let prefix = format!("file://{}", folder.path().display());
    let spec = json!({"version": "v1", "lookupExtractorFactory": {"type": "cachedNamespace", "injective": true,
        "extractionNamespace": {"type": "uri", "uriPrefix": prefix, "fileRegex": "a-.*", "pollPeriod": "PT0.05S",
            "namespaceParseSpec": {"format": "csv", "columns": ["k", "v"]}}}});
    assert_eq!(node.post(&format!("{CONFIG}/__default/f"), &spec).status, 202);
    let query = "SELECT LOOKUP('k1', 'f'), COUNT(*) FROM lookup.f";
    until(&node, query, &json!([["first", 2]]));
    let version = node.get("/druid/v1/lookups/introspect/f/version").json();
    assert!(version["version"].as_str().unwrap().contains("a-1.csv"), "{version}");
    // Times of files may be coarse.
    std::thread::sleep(Duration::from_millis(20));
    write("a-2.csv.gz", "k1,newer\n");
    until(&node, query, &json!([["newer", 1]]));
    std::fs::remove_file(folder.path().join("a-2.csv.gz")).unwrap();
    std::fs::remove_file(folder.path().join("a-1.csv")).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(node.sql(query), json!([["newer", 1]]), "what was read stays while nothing can be");
}

#[test]
fn lookups_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("l.json");
    std::fs::write(&file, "{\"x\": \"from a file\"}\n").unwrap();
    let namespace = json!({"type": "uri", "uri": format!("file:{}", file.display()),
        "namespaceParseSpec": {"format": "simpleJson"}});
    let cached = json!({"version": "v1", "lookupExtractorFactory":
        {"type": "cachedNamespace", "extractionNamespace": namespace}});
    let server = Process::start(folder.path());
    server.post(CONFIG, &json!({}));
    let both = json!({"__default": {"m": map("v1", &json!({"x": "from a map"})), "f": cached}});
    assert_eq!(server.post(CONFIG, &both).status, 202);
    server.signal("-TERM");
    assert!(server.ended().0);
    let server = Process::start(folder.path());
    let query = json!({"query": "SELECT LOOKUP('x', 'm'), LOOKUP('x', 'f')", "resultFormat": "array"});
    assert_eq!(server.post("/druid/v2/sql", &query).json(), json!([["from a map", "from a file"]]));
    assert_eq!(server.get(&format!("{CONFIG}/all")).json(), both);
}
