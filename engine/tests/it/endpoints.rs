//! Do the endpoints answer as Druid's clients expect, in shape, status and headers, also when asked badly?

mod caching;
mod catalogue;
mod druid_properties;
mod ends;
mod ingestion;
mod jdbc;
mod lookup_sources;
mod lookups;
mod postgres;
mod queries;
mod sketches;
mod statements;
mod states;
mod transport;
mod wire;

use serde_json::{Value, json};

use crate::node::Node;

/// Six edits of two days, as JSON lines.
const EDITS: &str = r##"{"t":"2015-09-12T00:10:00Z","channel":"#en","user":"ann","added":10}
{"t":"2015-09-12T00:50:00Z","channel":"#en","user":"bob","added":20}
{"t":"2015-09-12T03:00:00Z","channel":"#fr","user":"ann","added":5}
{"t":"2015-09-13T01:00:00Z","channel":"#de","user":null,"added":7}
{"t":"2015-09-13T02:00:00Z","channel":"#en","user":"cy","added":1}
{"t":"2015-09-13T03:00:00Z","channel":"#fr","user":"","added":2}"##;

/// A batch task that makes datasource `edits` of text.
fn edits_task(data: &str) -> Value {
    json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": "edits",
                "timestampSpec": { "column": "t", "format": "iso" },
                "dimensionsSpec": { "dimensions": ["channel", "user"] },
                "metricsSpec": [{ "type": "longSum", "name": "added", "fieldName": "added" }],
                "granularitySpec": { "segmentGranularity": "DAY", "queryGranularity": "NONE", "rollup": false }
            },
            "ioConfig": {
                "type": "index_parallel",
                "inputSource": { "type": "inline", "data": data },
                "inputFormat": { "type": "json" }
            },
            "tuningConfig": { "type": "index_parallel" }
        }
    })
}

/// A node with datasource `edits`.
fn node_with_edits() -> Node {
    let node = Node::start();
    let status = node.run_task(&edits_task(EDITS));
    assert_eq!(status["status"], "SUCCESS", "{status}");
    node
}

/// Asserts a refusal in Druid's shape; gives its body.
fn refused(answer: &crate::node::Answer, status: u16, words: &[&str]) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
    let body = answer.json();
    assert!(body["error"].is_string(), "{body}");
    let text = body.get("errorMessage").unwrap_or(&body["error"]).as_str().unwrap();
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    body
}
