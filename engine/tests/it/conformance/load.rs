//! How do the rows that the cases ask for get into a node?

use std::fs;

use serde_json::{Value, json};

use super::folder;
use crate::node::Node;

const DATASOURCES: [&str; 7] = ["plain", "typed", "sketched", "places", "extras", "discovered", "delimited"];

/// Loads every datasource by its batch task, and the lookups. What a task cannot load yet is left out: its cases then say so.
pub(super) fn load(node: &Node) {
    for name in DATASOURCES {
        let read = |file: &str| fs::read_to_string(folder().join("data").join(file)).unwrap();
        let mut task: Value = serde_json::from_str(&read(&format!("{name}.spec.json"))).unwrap();
        let data = &mut task["spec"]["ioConfig"]["inputSource"]["data"];
        *data = json!(read(data.as_str().unwrap().strip_prefix('@').unwrap()));
        let answer = node.post("/druid/indexer/v1/task", &task);
        if answer.status == 200 {
            let status = node.run_task(&task);
            assert_eq!(status["status"], "SUCCESS", "{name}: {status}");
        } else {
            println!("{name} is not loaded: {}", answer.text);
        }
    }
    let lookups: Value =
        serde_json::from_str(&fs::read_to_string(folder().join("data/lookups.json")).unwrap()).unwrap();
    for body in [json!({}), lookups] {
        let answer = node.post("/druid/coordinator/v1/lookups/config", &body);
        if answer.status >= 400 {
            println!("no lookups: {}", answer.text);
        }
    }
}
