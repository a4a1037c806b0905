//! The supervisor and task API, asked well and badly.

use serde_json::{Value, json};

use super::{EDITS, edits_task, node_with_edits, refused};
use crate::node::Node;

const SUPERVISOR: &str = "/druid/indexer/v1/supervisor";
const TASK: &str = "/druid/indexer/v1/task";

pub(super) fn supervisor_spec() -> Value {
    json!({
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": "stream",
                "timestampSpec": { "column": "t", "format": "iso" },
                "dimensionsSpec": { "dimensions": ["channel"] },
                "granularitySpec": { "segmentGranularity": "DAY", "rollup": false }
            },
            "ioConfig": {
                "topic": "stream", "inputFormat": { "type": "json" },
                "consumerProperties": { "bootstrap.servers": "127.0.0.1:1" }
            },
            "tuningConfig": { "type": "kafka" }
        }
    })
}

#[test]
fn tasks_are_reported() {
    let node = node_with_edits();
    let tasks = node.get("/druid/indexer/v1/tasks").json();
    let task = &tasks[0];
    assert_eq!((&task["statusCode"], &task["dataSource"]), (&json!("SUCCESS"), &json!("edits")));
    let id = task["id"].as_str().unwrap();
    assert_eq!(node.get(&format!("{TASK}/{id}")).json()["task"], id);
    let report = node.get(&format!("{TASK}/{id}/reports")).json();
    let stats = &report["ingestionStatsAndErrors"]["payload"]["rowStats"]["buildSegments"];
    assert_eq!(stats["processed"], 6, "{report}");
    assert_eq!(node.get("/druid/indexer/v1/completeTasks").json().as_array().unwrap().len(), 1);
    assert_eq!(node.get("/druid/indexer/v1/tasks?datasource=other").json(), json!([]));
}

#[test]
fn bad_tasks_are_refused_or_fail_with_a_reason() {
    let node = Node::start();
    refused(&node.post_as(TASK, "application/json", "{"), 400, &[]);
    refused(&node.post(TASK, &json!({ "type": "no_such_type" })), 400, &["no_such_type"]);
    let mut unknown = edits_task(EDITS);
    unknown["spec"]["ioConfig"]["unheardOf"] = json!(1);
    refused(&node.post(TASK, &unknown), 400, &["unheardOf"]);
    refused(&node.get(&format!("{TASK}/nope/status")), 404, &["nope"]);
    let mut missing = edits_task(EDITS);
    missing["spec"]["ioConfig"]["inputSource"] =
        json!({ "type": "local", "baseDir": "/nowhere", "filter": "*.json" });
    let status = node.run_task(&missing);
    assert_eq!(status["status"], "FAILED", "{status}");
    assert!(status["errorMsg"].as_str().unwrap().contains("/nowhere"), "{status}");
    assert_eq!(node.get("/druid/v2/datasources").json(), json!([]), "nothing is half there");
}

#[test]
fn a_supervisor_whose_broker_is_away() {
    let node = Node::start();
    assert_eq!(node.get(SUPERVISOR).json(), json!([]));
    let answer = node.post(SUPERVISOR, &supervisor_spec());
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!("stream")), "{}", answer.text);
    assert_eq!(node.get(SUPERVISOR).json(), json!(["stream"]));
    let spec = node.get(&format!("{SUPERVISOR}/stream")).json();
    assert_eq!(spec["spec"]["ioConfig"]["topic"], "stream");
    let status = node.get(&format!("{SUPERVISOR}/stream/status")).json();
    assert_eq!((&status["id"], &status["payload"]["stream"]), (&json!("stream"), &json!("stream")));
    assert_eq!(node.get(&format!("{SUPERVISOR}?full")).json()[0]["id"], "stream");
    let state = node.get(&format!("{SUPERVISOR}?state=true")).json();
    assert_eq!(state[0]["suspended"], false);

    assert_eq!(node.post(&format!("{SUPERVISOR}/stream/suspend"), &json!({})).status, 200);
    refused(&node.post(&format!("{SUPERVISOR}/stream/suspend"), &json!({})), 400, &["already suspended"]);
    assert_eq!(node.post(&format!("{SUPERVISOR}/stream/resume"), &json!({})).status, 200);
    assert_eq!(
        node.post(&format!("{SUPERVISOR}/stream/terminate"), &json!({})).json(),
        json!({ "id": "stream" })
    );
    let history = node.get(&format!("{SUPERVISOR}/stream/history")).json();
    assert_eq!(history[0]["spec"]["type"], "NoopSupervisorSpec", "{history}");
    refused(&node.get(&format!("{SUPERVISOR}/stream")), 404, &["[stream] does not exist"]);
}

#[test]
fn bad_supervisor_specs_are_refused_by_field() {
    let node = Node::start();
    refused(&node.post_as(SUPERVISOR, "application/json", "{\"type\":"), 400, &[]);
    let refuses = |path: &str, value: Value, word: &str| {
        let mut spec = supervisor_spec();
        let (parent, field) = path.rsplit_once('/').unwrap();
        spec.pointer_mut(parent).unwrap()[field] = value;
        refused(&node.post(SUPERVISOR, &spec), 400, &[word]);
    };
    refuses("/spec/ioConfig/unheardOf", json!(1), "unheardOf");
    refuses("/spec/dataSchema/dataSource", json!(""), "dataSource");
    refuses("/spec/ioConfig/topic", json!(null), "topic");
    refuses("/spec/ioConfig/consumerProperties", json!({}), "bootstrap.servers");
    refuses("/spec/dataSchema/granularitySpec/segmentGranularity", json!("FORTNIGHT"), "FORTNIGHT");
    refuses("/spec/ioConfig/taskDuration", json!("soon"), "taskDuration");
    for call in ["", "/status", "/stats", "/history"] {
        refused(&node.get(&format!("{SUPERVISOR}/nope{call}")), 404, &["[nope] does not exist"]);
    }
    for call in ["suspend", "resume", "reset", "terminate"] {
        let answer = node.post(&format!("{SUPERVISOR}/nope/{call}"), &json!({}));
        refused(&answer, 404, &["[nope] does not exist"]);
    }
    assert_eq!(node.get(SUPERVISOR).json(), json!([]));
}
