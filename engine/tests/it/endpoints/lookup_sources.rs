//! Lookups that are read from somewhere: the formats of files, what a specification may ask for, and the kinds there are not.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use alluvium::config::Config;
use serde_json::{Value, json};

use super::refused;
use crate::node::Node;

const CONFIG: &str = "/druid/coordinator/v1/lookups/config";

fn node() -> Node {
    let node = Node::start();
    assert_eq!(node.post(CONFIG, &json!({})).status, 202);
    node
}

fn cached(namespace: Value) -> Value {
    json!({"version": "v1", "lookupExtractorFactory": {"type": "cachedNamespace", "firstCacheTimeout": 5000,
        "injective": false, "extractionNamespace": namespace}})
}

/// Posts a lookup that reads a document, and gives its entries.
fn entries(node: &Node, name: &str, document: &str, parse: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document");
    std::fs::write(&file, document).unwrap();
    let namespace = json!({"type": "uri", "uri": format!("file:{}", file.display()), "pollPeriod": "PT0S",
        "maxHeapPercentage": 10, "namespaceParseSpec": parse});
    let posted = node.post(&format!("{CONFIG}/__default/{name}"), &cached(namespace));
    assert_eq!(posted.status, 202, "{}", posted.text);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = node.get(&format!("/druid/v1/lookups/introspect/{name}"));
        if found.status == 200 {
            return found.json();
        }
        assert!(Instant::now() < deadline, "{name}: {}", found.text);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn lines_of_text() {
    let node = node();
    let csv = |name: &str, document: &str, more: Value| {
        let mut parse = json!({"format": "csv"});
        parse.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entries(&node, name, document, &parse)
    };
    let wanted = json!({"k1": "first, quoted", "k2": "second"});
    // The first column is the key and the second the value, unless they are named.
    let two = csv("two", "k1,\"first, quoted\"\nk2,second\n", json!({"columns": ["key", "value"]}));
    assert_eq!(two, wanted);
    let named = csv(
        "named",
        "x,\"first, quoted\",k1\ny,second,k2\n",
        json!({"columns": ["other", "value", "key"], "keyColumn": "key", "valueColumn": "value"}),
    );
    assert_eq!(named, wanted);
    let headed = csv(
        "headed",
        "value,key\n\"first, quoted\",k1\nsecond,k2\n",
        json!({"hasHeaderRow": true, "keyColumn": "key", "valueColumn": "value"}),
    );
    assert_eq!(headed, wanted);
    let skipped = csv(
        "skipped",
        "about this,file\nmade by,hand\nk1,\"first, quoted\"\nk2,second\n",
        json!({"skipHeaderRows": 2, "columns": ["key", "value"]}),
    );
    assert_eq!(skipped, wanted);
}

#[test]
fn lines_of_tabs() {
    let node = node();
    let columns = json!(["key", "other", "value"]);
    let tabs = json!({"format": "tsv", "columns": columns, "keyColumn": "key", "valueColumn": "value"});
    let wanted = json!({"k1": "first", "k2": "second"});
    assert_eq!(entries(&node, "tabs", "k1\tx\tfirst\nk2\ty\tsecond\n", &tabs), wanted);
    let bars = json!({"format": "tsv", "columns": columns, "keyColumn": "key", "valueColumn": "value",
        "delimiter": "|", "listDelimiter": ";", "skipHeaderRows": 1});
    // A lookup has one value a key: what a list delimiter would split stays whole.
    let lists = entries(&node, "bars", "a|b|c\nk1|x|first;again\nk2|y|second\n", &bars);
    assert_eq!(lists, json!({"k1": "first;again", "k2": "second"}));
    let headed = json!({"format": "tsv", "hasHeaderRow": true, "keyColumn": "key", "valueColumn": "value"});
    assert_eq!(entries(&node, "headed", "key\tvalue\nk1\tfirst\nk2\tsecond\n", &headed), wanted);
}

#[test]
fn lines_of_json() {
    let node = node();
    let custom = json!({"format": "customJson", "keyFieldName": "id", "valueFieldName": "name"});
    let document = "{\"id\": 1, \"name\": \"one\", \"more\": [2]}\n{\"id\": \"b\", \"name\": \"two\"}\n{\"id\": \"no name\"}\n";
    assert_eq!(entries(&node, "custom", document, &custom), json!({"1": "one", "b": "two"}));
    let simple = json!({"format": "simpleJson"});
    let document = "{\"a\": \"one\"}\n{\"b\": \"two\", \"c\": \"three\"}\n";
    assert_eq!(entries(&node, "simple", document, &simple), json!({"a": "one", "b": "two", "c": "three"}));
}

#[test]
fn a_start_waits_so_long_for_the_first_reading() {
    let folder = tempfile::tempdir().unwrap();
    // Takes connections, and never says anything.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = || Config {
        listen: "127.0.0.1:0".to_owned(),
        data_dir: folder.path().join("data"),
        ..Config::default()
    };
    let node = Node::start_at(config());
    assert_eq!(node.post(CONFIG, &json!({})).status, 202);
    let namespace = json!({"type": "uri", "uri": format!("http://{}/l", listener.local_addr().unwrap()),
        "namespaceParseSpec": {"format": "simpleJson"}});
    let mut spec = cached(namespace);
    let mut starts = Vec::new();
    let mut node = Some(node);
    for (version, timeout) in [("v1", 0), ("v2", 1500)] {
        spec["version"] = json!(version);
        spec["lookupExtractorFactory"]["firstCacheTimeout"] = json!(timeout);
        let posted = node.as_ref().unwrap().post(&format!("{CONFIG}/__default/silent"), &spec);
        assert_eq!(posted.status, 202, "{}", posted.text);
        drop(node.take());
        let started = Instant::now();
        node = Some(Node::start_at(config()));
        starts.push(started.elapsed());
    }
    assert!(starts[1] >= Duration::from_millis(1500) && starts[0] < starts[1], "{starts:?}");
}

/// Asserts that a specification is refused with words, and that nothing was taken.
fn unusable(node: &Node, spec: &Value, words: &[&str]) {
    refused(&node.post(&format!("{CONFIG}/__default/x"), spec), 400, words);
    assert_eq!(node.get(CONFIG).json(), json!([]));
}

#[test]
fn what_a_namespace_may_not_say() {
    let node = node();
    let uri = |more: Value| {
        let mut namespace =
            json!({"type": "uri", "uri": "file:/tmp/l", "namespaceParseSpec": {"format": "simpleJson"}});
        namespace.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cached(namespace)
    };
    unusable(&node, &uri(json!({"maxHeapPercentage": 101})), &["maxHeapPercentage"]);
    unusable(&node, &uri(json!({"pollPeriod": "often"})), &["pollPeriod", "often"]);
    unusable(&node, &uri(json!({"uriPrefix": "file:/tmp"})), &["uriPrefix"]);
    unusable(&node, &uri(json!({"namespaceParseSpec": {"format": "xml"}})), &["xml"]);
    unusable(&node, &uri(json!({"namespaceParseSpec": {"format": "csv"}})), &["columns"]);
    unusable(&node, &uri(json!({"unheardOf": 1})), &["unheardOf"]);
    let mut timeout = uri(json!({}));
    timeout["lookupExtractorFactory"]["firstCacheTimeout"] = json!("soon");
    unusable(&node, &timeout, &["soon"]);
    let jdbc = |more: Value| {
        let mut namespace = json!({"type": "jdbc", "table": "t", "keyColumn": "k", "valueColumn": "v",
            "connectorConfig": {"connectURI": "jdbc:postgresql://127.0.0.1:1/d", "user": "u", "password": "p"}});
        namespace.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        cached(namespace)
    };
    unusable(&node, &jdbc(json!({"jitterSeconds": "some"})), &["some"]);
    unusable(&node, &jdbc(json!({"loadTimeoutSeconds": "some"})), &["some"]);
    unusable(&node, &jdbc(json!({"maxHeapPercentage": -2})), &["maxHeapPercentage"]);
    // A database that does not answer is no reason to refuse; it is tried again.
    let knobs =
        json!({"jitterSeconds": 1, "loadTimeoutSeconds": 60, "maxHeapPercentage": -1, "pollPeriod": "PT1H"});
    assert_eq!(node.post(&format!("{CONFIG}/__default/away"), &jdbc(knobs)).status, 202);
    let status = node.get("/druid/coordinator/v1/lookups/status/__default/away").json();
    assert_eq!(status, json!({"loaded": false}));
}

#[test]
fn kinds_that_are_not_here_are_refused_by_name() {
    let node = node();
    let fetcher = json!({"type": "jdbcDataFetcher", "connectorConfig": {"connectURI": "jdbc:postgresql://h/d"},
        "table": "t", "keyColumn": "k", "valueColumn": "v", "streamingFetchSize": 1000});
    let guava = json!({"type": "guava", "concurrencyLevel": 4, "initialCapacity": 1, "maximumSize": 9,
        "expireAfterAccess": 1, "expireAfterWrite": 1});
    let map_db = json!({"type": "mapDb", "maxStoreSize": 1, "maxEntriesSize": 9, "expireAfterAccess": 1,
        "expireAfterWrite": 1});
    let factories = [
        json!({"type": "kafka", "kafkaTopic": "t", "kafkaProperties": {"bootstrap.servers": "localhost:9092"},
            "connectTimeout": 0, "isOneToOne": false}),
        json!({"type": "loadingLookup", "dataFetcher": fetcher, "loadingCacheSpec": guava,
            "reverseLoadingCacheSpec": guava}),
        json!({"type": "loadingLookup", "dataFetcher": fetcher, "loadingCacheSpec": map_db,
            "reverseLoadingCacheSpec": map_db}),
    ];
    for factory in factories {
        let kind = factory["type"].as_str().unwrap().to_owned();
        let spec = json!({"version": "v1", "lookupExtractorFactory": factory});
        unusable(&node, &spec, &[&kind, "map", "cachedNamespace", "pollingLookup"]);
    }
}
