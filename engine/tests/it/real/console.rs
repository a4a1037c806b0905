//! Does the status page show what is there, in a real browser?

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::exactly_once::wait_for;
use super::server::Server;

#[test]
fn the_status_page_shows_a_datasource() {
    let Some(chromium) = super::part("Chromium", "ALLUVIUM_CHROMIUM") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), None);
    let task = json!({"type": "index_parallel", "spec": {
        "dataSchema": {
            "dataSource": "shown_in_the_browser",
            "timestampSpec": {"column": "t", "format": "millis"},
            "dimensionsSpec": {"dimensions": ["a"]},
            "granularitySpec": {"segmentGranularity": "DAY", "rollup": false}
        },
        "ioConfig": {
            "type": "index_parallel",
            "inputSource": {"type": "inline", "data": "{\"t\":1,\"a\":\"x\"}\n{\"t\":2,\"a\":\"y\"}\n{\"t\":3,\"a\":\"z\"}"},
            "inputFormat": {"type": "json"}
        }
    }});
    let (status, answer) = server.post("/druid/indexer/v1/task", &task).unwrap();
    assert_eq!(status, 200, "{answer}");
    wait_for("the batch", || server.number("SELECT COUNT(*) FROM shown_in_the_browser") == 3);
    std::thread::sleep(Duration::from_millis(100));

    let profile = folder.path().join("profile");
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(["--virtual-time-budget=4000", "--dump-dom", &server.url])
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("shown_in_the_browser"), "{page}\n{}", String::from_utf8_lossy(&output.stderr));
}
