//! From a stream in memory to the catalogue: each record once, through stops, crashes, failures and resets.

use std::sync::atomic::Ordering;
use std::time::Duration;

use alluvium_segments::catalog::MetadataStore;
use serde_json::json;

use crate::world::{World, record, spec, up_to, wait_for};

fn produce(world: &World, numbers: std::ops::Range<i64>) {
    for n in numbers {
        world.stream.produce("topic", (n % 2) as i32, &record(n));
    }
}

fn hand_off(world: &World) {
    world.service.hand_off("d", &json!({"taskGroupIds": [0, 1]})).unwrap();
}

#[test]
fn a_row_is_visible_then_committed_and_never_both() {
    let world = World::new();
    produce(&world, 0..1000);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 1000);
    assert_eq!(world.committed("d"), 0);
    hand_off(&world);
    wait_for("the commit", || {
        let seen = world.longs("d", "n");
        assert_eq!(seen, up_to(1000));
        world.committed("d") == 1000
    });
    assert_eq!(world.store.segments(Some("d")).unwrap().len(), 3);
    wait_for("the swap", || world.catalog.snapshot().datasource("d").unwrap().live.is_empty());
    assert_eq!(world.longs("d", "n"), up_to(1000));
    produce(&world, 1000..1100);
    wait_for("more rows", || world.longs("d", "n").len() == 1100);
    wait_for("lag", || {
        world.status("d")["aggregateLag"] == 0 && world.status("d")["latestOffsets"]["0"] == 550
    });
    world.service.stop();
    assert_eq!(world.committed("d"), 1100);
    assert_eq!(world.longs("d", "n"), up_to(1100));
}

#[test]
fn crashes_lose_and_double_nothing() {
    let mut world = World::committing(60);
    world.service.submit_supervisor(&spec(&json!({"spec": {"ioConfig": {"taskCount": 2}}})), false).unwrap();
    let mut produced = 0;
    for round in 0..12 {
        produce(&world, produced..produced + 300);
        produced += 300;
        std::thread::sleep(Duration::from_millis(17 * (round % 5)));
        world.crash();
        let seen = world.longs("d", "n");
        let mut once = seen.clone();
        once.dedup();
        assert_eq!(seen, once);
    }
    wait_for("all rows", || world.longs("d", "n").len() as i64 == produced);
    assert_eq!(world.longs("d", "n"), up_to(produced));
    wait_for("all commits", || world.committed("d") as i64 == produced);
}

#[test]
fn rows_in_memory_are_persisted_and_stay_visible() {
    let world = World::new();
    let tuning = json!({"spec": {"tuningConfig": {"maxRowsInMemory": 100, "maxRowsPerSegment": 5000}}});
    produce(&world, 0..4000);
    world.service.submit_supervisor(&spec(&tuning), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 4000);
    produce(&world, 4000..5000);
    wait_for("rows", || world.longs("d", "n") == up_to(5000));
    world.service.suspend("d").unwrap();
    assert_eq!(world.committed("d"), 5000);
    assert_eq!(world.longs("d", "n"), up_to(5000));
    let state = world.status("d");
    assert_eq!((state["state"].as_str(), state["suspended"].as_bool()), (Some("SUSPENDED"), Some(true)));
    let again = world.service.suspend("d").unwrap_err().to_string();
    assert_eq!(again, "[d] is already suspended");
    produce(&world, 5000..5010);
    world.service.resume("d").unwrap();
    wait_for("rows", || world.longs("d", "n") == up_to(5010));
}

#[test]
fn an_orderly_restart_resumes() {
    let mut world = World::new();
    produce(&world, 0..100);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 100);
    world.restart();
    assert_eq!(world.longs("d", "n"), up_to(100));
    produce(&world, 100..200);
    wait_for("rows", || world.longs("d", "n") == up_to(200));
    let tasks = world.service.tasks(&alluvium_ingest::service::TaskFilter::default()).unwrap();
    let states: Vec<&str> = tasks.as_array().unwrap().iter().map(|t| t["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["RUNNING", "SUCCESS"]);
}

#[test]
fn bad_records_are_counted_once_and_kept() {
    let mut world = World::new();
    produce(&world, 0..10);
    world.stream.produce("topic", 0, b"{broken");
    world.stream.produce("topic", 1, &[0xff, 0xfe]);
    world.stream.hole("topic", 1);
    let saved = json!({"spec": {"tuningConfig": {"maxSavedParseExceptions": 5}}});
    world.service.submit_supervisor(&spec(&saved), false).unwrap();
    wait_for("rejects", || world.longs("d__rejects", "offset") == [5, 5]);
    let stats = world.service.supervisor_stats("d").unwrap();
    let task = stats["0"].as_object().unwrap().values().next().unwrap();
    assert_eq!(task["totals"]["buildSegments"]["unparseable"], 2);
    assert_eq!(world.status("d")["recentErrors"].as_array().unwrap().len(), 2);
    world.restart();
    assert_eq!(world.committed("d__rejects"), 2);
    assert_eq!(world.store.offsets("d").unwrap(), [("topic".to_owned(), 0, 6), ("topic".to_owned(), 1, 7)]);
    assert_eq!(world.longs("d__rejects", "partition"), [0, 1]);
}

#[test]
fn too_many_bad_records_fail_the_task() {
    let world = World::new();
    world.stream.produce("topic", 0, b"{broken");
    let strict = json!({"spec": {"tuningConfig": {"maxParseExceptions": 0}}});
    world.service.submit_supervisor(&spec(&strict), false).unwrap();
    wait_for("an unhealthy state", || world.status("d")["state"] == "UNHEALTHY_TASKS");
    let errors = world.status("d")["recentErrors"].to_string();
    assert!(errors.contains("maxParseExceptions is 0"), "{errors}");
    assert_eq!(world.committed("d"), 0);
    assert!(!world.service.supervisor_health("d").unwrap());
}

#[test]
fn a_full_disk_stops_nothing_for_good() {
    let world = World::committing(30);
    world.deep.full.store(true, Ordering::Release);
    produce(&world, 0..100);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("the trouble", || {
        let trouble = world.status("d")["activeTasks"][0]["trouble"].to_string();
        trouble.contains("no space left")
    });
    let errors = world.status("d")["recentErrors"].to_string();
    assert!(errors.contains("no space left"), "{errors}");
    produce(&world, 100..200);
    assert_eq!(world.committed("d"), 0);
    world.deep.full.store(false, Ordering::Release);
    wait_for("the commits", || world.committed("d") == 200);
    assert_eq!(world.longs("d", "n"), up_to(200));
}

#[test]
fn a_fenced_task_gives_up_its_rows_and_reads_them_again() {
    let world = World::new();
    produce(&world, 0..100);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 100);
    // Another node takes over for a moment.
    let far = i64::MAX / 2;
    let other = world.store.acquire_lease("supervisor/d", "other", 1, far).unwrap().unwrap();
    world.store.release_lease(&other).unwrap();
    hand_off(&world);
    wait_for("the fence", || world.status("d")["recentErrors"].to_string().contains("the lease is gone"));
    assert_eq!(world.committed("d"), 0);
    wait_for("rows again", || world.longs("d", "n") == up_to(100));
    hand_off(&world);
    wait_for("the commit", || world.committed("d") == 100);
    assert_eq!(world.longs("d", "n"), up_to(100));
}

#[test]
fn resets_do_what_they_say() {
    let world = World::new();
    produce(&world, 0..100);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 100);
    hand_off(&world);
    wait_for("the commit", || world.committed("d") == 100);
    world.service.reset("d").unwrap();
    wait_for("everything twice", || world.longs("d", "n").len() == 200);
    let body = json!({"type": "kafka", "partitions":
        {"type": "end", "stream": "topic", "partitionOffsetMap": {"0": 50, "1": 49}}});
    world.service.reset_offsets("d", &body).unwrap();
    wait_for("one row more than committed", || world.longs("d", "n").len() == 101);
    let wrong = world.service.reset_offsets("d", &json!({"partitions": {"stream": "x"}})).unwrap_err();
    assert!(wrong.to_string().contains("not the supervisor's stream"), "{wrong}");
    world.service.terminate("d").unwrap();
    assert!(world.service.supervisor("d").is_err());
    let history = world.service.supervisor_history("d").unwrap();
    assert_eq!(history[0]["spec"]["type"], "NoopSupervisorSpec");
    assert_eq!(world.committed("d"), 101);
}

#[test]
fn lost_offsets_are_reported_and_new_partitions_found() {
    let mut world = World::new();
    produce(&world, 0..20);
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 20);
    world.stream.produce("topic", 5, &record(20));
    wait_for("the new partition", || world.longs("d", "n") == up_to(21));
    world.service.suspend("d").unwrap();
    produce(&world, 22..40);
    world.stream.truncate("topic", 0, 12);
    world.service.resume("d").unwrap();
    wait_for("the report", || {
        world.status("d")["recentErrors"].to_string().contains("records 10 to 11 are gone")
    });
    assert_eq!(world.longs("d", "n"), up_to(21));
    world.restart();
    let automatic = json!({"spec": {"tuningConfig": {"resetOffsetAutomatically": true}}});
    world.service.submit_supervisor(&spec(&automatic), false).unwrap();
    wait_for("what is left", || world.longs("d", "n").len() == 21 + 18 - 2);
}
