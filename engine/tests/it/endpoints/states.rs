//! In which states are tasks and supervisors, as the tables of schema `sys` say it?

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{EDITS, edits_task, node_with_edits};
use crate::node::Node;

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A batch task that reads a document which comes only when this listener answers.
fn waiting_task(name: &str, listener: &TcpListener) -> Value {
    let mut task = edits_task("");
    task["spec"]["dataSchema"]["dataSource"] = json!(name);
    task["spec"]["ioConfig"]["inputSource"] =
        json!({"type": "http", "uris": [format!("http://{}/edits.json", listener.local_addr().unwrap())]});
    task
}

#[test]
fn tasks_wait_run_and_end() {
    let node = Node::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Two slots: the third waits for one.
    let ids: Vec<String> = ["one", "two", "three"]
        .iter()
        .map(|name| {
            let answer = node.post("/druid/indexer/v1/task", &waiting_task(name, &listener));
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()["task"].as_str().unwrap().to_owned()
        })
        .collect();
    let states = || {
        node.sql("SELECT datasource, status, runner_status FROM sys.tasks ORDER BY created_time, datasource")
    };
    let of = |name: &str, runner: &str| json!([name, "RUNNING", runner]);
    until("two tasks run and one waits", || {
        let states = states();
        let found: BTreeSet<String> = states.as_array().unwrap().iter().map(Value::to_string).collect();
        let wanted = [of("one", "RUNNING"), of("two", "RUNNING"), of("three", "PENDING")];
        wanted.iter().all(|state| found.contains(&state.to_string()))
    });
    let answering = std::thread::spawn(move || {
        for number in 0.. {
            let Ok((mut connection, _)) = listener.accept() else { return };
            let mut request = [0; 4096];
            let read = connection.read(&mut request).unwrap_or(0);
            if request[..read].starts_with(b"GET /stop") {
                return;
            }
            // The first one asked gets its rows, the others nothing that could be read.
            let (status, body) = if number == 0 { ("200 OK", EDITS) } else { ("404 Not Found", "") };
            let _ = write!(
                connection,
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    until("all tasks have ended", || states().as_array().unwrap().iter().all(|state| state[2] == "NONE"));
    let ended: Vec<String> =
        states().as_array().unwrap().iter().map(|s| s[1].as_str().unwrap().to_owned()).collect();
    assert_eq!(ended.iter().filter(|state| *state == "SUCCESS").count(), 1, "{ended:?}");
    assert_eq!(ended.iter().filter(|state| *state == "FAILED").count(), ids.len() - 1, "{ended:?}");
    drop(answering);
}

#[test]
fn a_supervisor_without_its_broker() {
    let node = Node::start();
    let state = || node.sql("SELECT state, healthy FROM sys.supervisors WHERE supervisor_id = 'stream'");
    let answer = node.post("/druid/indexer/v1/supervisor", &super::ingestion::supervisor_spec());
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut seen = BTreeSet::new();
    until("an unhealthy supervisor", || {
        let found = state();
        seen.insert(found[0][0].as_str().unwrap_or_default().to_owned());
        found[0] == json!(["UNHEALTHY_SUPERVISOR", 0])
    });
    assert!(seen.contains("PENDING"), "{seen:?}");
    assert_eq!(node.post("/druid/indexer/v1/supervisor/stream/suspend", &json!({})).status, 200);
    until("a suspended supervisor", || state() == json!([["SUSPENDED", 1]]));
}

#[test]
fn no_process_of_its_own_runs_a_task() {
    let node = node_with_edits();
    let kinds = node.sql("SELECT server_type FROM sys.servers ORDER BY 1");
    let wanted = ["broker", "coordinator", "historical", "indexer", "overlord"];
    assert_eq!(kinds, json!(wanted.map(|kind| [kind])));
}
