//! How does the process begin and end? Clear words and an exit code when it cannot start, nothing lost when it
//! is stopped or killed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::node::{Process, alluvium};

/// Runs the server, which must fail; gives its exit code and what it said.
fn fails(arguments: &[&str]) -> (i32, String) {
    let output = alluvium(&[&["server"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or_else(|| panic!("no exit code: {said}")), said)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = fails(&["--listen", &address, "--data-dir", text(folder.path())]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&address) && said.contains("--listen") && said.contains("in use"), "{said}");
}

#[test]
fn a_bad_configuration_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("alluvium.toml");
    fs::write(&config, "lissten = '127.0.0.1:0'").unwrap();
    let (code, said) = fails(&["--config", text(&config)]);
    assert!(code == 2 && said.contains("lissten") && said.contains("alluvium.toml"), "{code}: {said}");
    let (code, said) = fails(&["--config", text(&folder.path().join("absent.toml"))]);
    assert!(code == 2 && said.contains("absent.toml"), "{code}: {said}");
    let (code, said) = fails(&["--lissten", "x"]);
    assert!(code == 2 && said.contains("--lissten"), "{code}: {said}");
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let (code, said) = fails(&["--listen", "127.0.0.1:0", "--data-dir", text(&file)]);
    assert!(code == 1 && said.contains(text(&file)) && said.contains("--data-dir"), "{code}: {said}");
}

#[test]
fn a_data_folder_has_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let first = Process::start(folder.path());
    let (code, said) = fails(&["--listen", "127.0.0.1:0", "--data-dir", text(folder.path())]);
    assert!(code == 1 && said.contains("in use by another server"), "{code}: {said}");
    assert_eq!(first.get("/status/health").status, 200);
}

fn load(server: &Process) {
    let task = json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": "kept",
                "timestampSpec": { "column": "t", "format": "iso" },
                "dimensionsSpec": { "dimensions": ["a"] },
                "granularitySpec": { "segmentGranularity": "DAY", "rollup": false }
            },
            "ioConfig": {
                "type": "index_parallel", "inputFormat": { "type": "json" },
                "inputSource": { "type": "inline", "data": "{\"t\":\"2020-01-01\",\"a\":\"x\"}\n{\"t\":\"2020-01-02\"}" }
            }
        }
    });
    let id = server.post("/druid/indexer/v1/task", &task).json()["task"].as_str().unwrap().to_owned();
    let status =
        || server.get(&format!("/druid/indexer/v1/task/{id}/status")).json()["status"]["status"].clone();
    while status() == "RUNNING" {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(status(), "SUCCESS");
}

fn rows(server: &Process) -> Value {
    server.post("/druid/v2/sql", &json!({ "query": "SELECT COUNT(*) AS n FROM kept" })).json()
}

#[test]
fn data_survives_a_stop_and_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path());
    load(&server);
    assert_eq!(rows(&server), json!([{ "n": 2 }]));
    drop(server);
    // That was SIGKILL.
    for signal in ["-TERM", "-INT"] {
        let server = Process::start(folder.path());
        assert_eq!(rows(&server), json!([{ "n": 2 }]), "before {signal}");
        server.signal(signal);
        let (clean, log) = server.ended();
        assert!(clean, "{log}");
    }
}
