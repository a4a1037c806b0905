//! What happens when a segment file is damaged? The inspector finds it, and the server answers everything else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::node::{Process, alluvium};

fn task(datasource: &str) -> Value {
    let line = |n: i32| format!("{{\"t\":\"2020-01-0{}\",\"a\":\"value {n}\",\"n\":{n}}}", 1 + n % 2);
    let lines: Vec<String> = (0..2000).map(line).collect();
    json!({
        "type": "index_parallel",
        "spec": {
            "dataSchema": {
                "dataSource": datasource,
                "timestampSpec": { "column": "t", "format": "iso" },
                "dimensionsSpec": { "dimensions": ["a", { "type": "long", "name": "n" }] },
                "granularitySpec": { "segmentGranularity": "DAY", "rollup": false }
            },
            "ioConfig": {
                "type": "index_parallel", "inputFormat": { "type": "json" },
                "inputSource": { "type": "inline", "data": lines.join("\n") }
            }
        }
    })
}

fn load(server: &Process, datasource: &str) {
    let id =
        server.post("/druid/indexer/v1/task", &task(datasource)).json()["task"].as_str().unwrap().to_owned();
    let status =
        || server.get(&format!("/druid/indexer/v1/task/{id}/status")).json()["status"]["status"].clone();
    while status() == "RUNNING" {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(status(), "SUCCESS");
}

fn ask(server: &Process, sql: &str) -> (u16, String) {
    let answer = server.post("/druid/v2/sql", &json!({ "query": sql, "resultFormat": "array" }));
    (answer.status, answer.text)
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_inspector_reads_files_and_ids_and_finds_damage() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Process::start(&data);
    load(&server, "things");
    let ids = server.get("/druid/coordinator/v1/metadata/datasources/things/segments").json();
    let id = ids[0].as_str().unwrap();
    let run = |view: &str, target: &str, more: &[&str]| {
        let fixed = ["segment", view, target, "--data-dir", data.to_str().unwrap()];
        let output = alluvium(&[&fixed, more].concat());
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), output.stderr)
    };
    let (ok, text, _) = run("inspect", id, &["--json"]);
    let summary: Value = serde_json::from_str(&text).unwrap();
    assert!(
        ok && summary["rows"] == 1000 && summary["columnDetails"].as_array().unwrap().len() == 3,
        "{text}"
    );
    let (ok, text, _) = run("columns", id, &[]);
    assert!(ok && text.contains("cardinality") && text.contains("STRING"), "{text}");
    let (ok, text, _) = run("dump", id, &["--limit", "3", "--column", "n"]);
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(ok && text.lines().count() == 3 && first["n"].is_i64() && first.get("a").is_none(), "{text}");

    let file = &files(&data.join("cache"))[0];
    let path = file.to_str().unwrap();
    let (ok, text, _) = run("verify", path, &[]);
    assert!(ok && text.contains("every checksum is right"), "{text}");
    flip(file, fs::metadata(file).unwrap().len() as usize / 2);
    let (ok, text, said) = run("verify", path, &["--json"]);
    let found: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(!ok && found["ok"] != true, "{text}");
    assert!(String::from_utf8_lossy(&said).contains("damaged") || text.is_empty());
    let (ok, _, said) = run("inspect", "no_such_segment", &[]);
    assert!(!ok && String::from_utf8_lossy(&said).contains("no_such_segment"));
}

#[test]
fn a_damaged_segment_hinders_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path());
    load(&server, "sound");
    load(&server, "hurt");
    server.signal("-TERM");
    assert!(server.ended().0);
    // Both copies of one segment lose their end, where the footer is.
    let mut damaged = 0;
    for copy in ["cache", "deep"] {
        let all = files(&folder.path().join(copy));
        let path = all.iter().find(|path| path.to_str().unwrap().contains("hurt")).unwrap();
        let length = fs::metadata(path).unwrap().len() as usize;
        (length - 200..length).step_by(7).for_each(|at| flip(path, at));
        damaged += 1;
    }
    assert_eq!(damaged, 2);

    let server = Process::start(folder.path());
    assert_eq!(ask(&server, "SELECT COUNT(*) FROM sound"), (200, "[[2000]]\n".to_owned()));
    let (status, text) = ask(&server, "SELECT COUNT(*) FROM hurt");
    assert!(status == 500 && text.contains("hurt_2020-01-0"), "{status}: {text}");
    let other = "SELECT COUNT(*) FROM hurt WHERE __time >= TIMESTAMP '2020-01-02'";
    assert_eq!(ask(&server, other), (200, "[[1000]]\n".to_owned()), "the other day of the same datasource");
    let metrics = server.get("/metrics").text;
    assert!(metrics.contains("alluvium_broken_segments{datasource=\"hurt\"} 1"), "{metrics}");
    let (_, text) = ask(&server, "SELECT segment_id FROM sys.segments WHERE is_available = 0");
    assert!(text.contains("hurt_2020-01-01"), "{text}");
    let status = server.get("/druid/coordinator/v1/loadstatus").json();
    assert_eq!(status, json!({ "hurt": 50.0, "sound": 100.0 }));
}
