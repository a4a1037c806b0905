//! Batch tasks: all rows at once or none, beside what is there or instead of it.

use serde_json::{Value, json};

use crate::world::{World, record, up_to, wait_for};

fn task(append: bool, numbers: std::ops::Range<i64>, tuning: &Value) -> Value {
    let lines: Vec<String> = numbers.map(|n| String::from_utf8(record(n)).unwrap()).collect();
    json!({"type": "index_parallel", "spec": {
        "dataSchema": {
            "dataSource": "d",
            "timestampSpec": {"column": "t", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["page", {"type": "long", "name": "n"}]},
            "granularitySpec": {"segmentGranularity": "hour", "rollup": false},
        },
        "ioConfig": {
            "type": "index_parallel",
            "inputSource": {"type": "inline", "data": lines.join("\n")},
            "inputFormat": {"type": "json"},
            "appendToExisting": append,
        },
        "tuningConfig": tuning,
    }})
}

fn run(world: &World, task: &Value) -> Value {
    let id = world.service.submit_task(task).unwrap()["task"].as_str().unwrap().to_owned();
    let status = || world.service.task_status(&id).unwrap()["status"].clone();
    wait_for("the task", || status()["status"] != "RUNNING");
    status()
}

#[test]
fn append_and_replace() {
    let mut world = World::new();
    let plain = json!({"type": "index_parallel"});
    assert_eq!(run(&world, &task(true, 0..300, &plain))["status"], "SUCCESS");
    assert_eq!(run(&world, &task(true, 300..600, &plain))["status"], "SUCCESS");
    assert_eq!(world.longs("d", "n"), up_to(600));
    let small = json!({"type": "index_parallel", "maxRowsInMemory": 50, "maxRowsPerSegment": 60});
    assert_eq!(run(&world, &task(false, 0..360, &small))["status"], "SUCCESS");
    assert_eq!(world.longs("d", "n"), up_to(360));
    assert_eq!(run(&world, &task(true, 360..400, &plain))["status"], "SUCCESS");
    assert_eq!(world.longs("d", "n"), up_to(400));
    world.restart();
    assert_eq!(world.longs("d", "n"), up_to(400));
}

#[test]
fn a_failed_task_leaves_nothing() {
    let world = World::new();
    let strict = json!({"type": "index_parallel", "maxParseExceptions": 0});
    let mut broken = task(false, 0..10, &strict);
    broken["spec"]["ioConfig"]["inputSource"]["data"] = json!("{\"t\":1,\"n\":1}\n{broken");
    let status = run(&world, &broken);
    assert_eq!(status["status"], "FAILED");
    assert!(status["errorMsg"].to_string().contains("maxParseExceptions"), "{status}");
    assert_eq!((world.committed("d"), world.longs("d", "n").len()), (0, 0));
    let id = status["id"].as_str().unwrap();
    let report = world.service.task_report(id).unwrap();
    let payload = &report["ingestionStatsAndErrors"]["payload"];
    assert_eq!(payload["rowStats"]["buildSegments"]["unparseable"], 1);
    assert!(world.service.task_status("nobody").is_err());
}
