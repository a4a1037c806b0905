//! How does a test start a node, in this process or as the real binary, and talk to it?

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use alluvium::config::Config;
use alluvium::server::Server;
use serde_json::Value;

/// A node in this process over a folder of its own; stopped when dropped.
pub(crate) struct Node {
    server: Option<Server>,
    agent: ureq::Agent,
    _folder: tempfile::TempDir,
}

/// An answer: status, content type, body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Node {
    pub(crate) fn start() -> Self {
        Self::start_with(Config::default())
    }

    /// With a configuration, but for address and folder.
    pub(crate) fn start_with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (listen, data_dir) = ("127.0.0.1:0".to_owned(), folder.path().join("data"));
        let config = Config { listen, data_dir, ..config };
        Self { server: Some(Server::start(config).unwrap()), agent: agent(), _folder: folder }
    }

    /// With a configuration whose folder is the caller's.
    pub(crate) fn start_at(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { server: Some(Server::start(config).unwrap()), agent: agent(), _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        self.server.as_ref().unwrap().url()
    }

    /// Where PostgreSQL's protocol is served.
    pub(crate) fn postgres_address(&self) -> std::net::SocketAddr {
        self.server.as_ref().unwrap().postgres_address().unwrap()
    }

    /// Where Flight SQL is served.
    pub(crate) fn flight_address(&self) -> std::net::SocketAddr {
        self.server.as_ref().unwrap().flight_address().unwrap()
    }

    /// Whether a query of that id runs.
    pub(crate) fn is_running(&self, query_id: &str) -> bool {
        self.server.as_ref().unwrap().node().queries().is_running(query_id)
    }

    /// How many queries run.
    pub(crate) fn running(&self) -> usize {
        self.server.as_ref().unwrap().node().queries().running()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        read(self.agent.get(format!("{}{path}", self.url())).call().unwrap())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        read(self.agent.delete(format!("{}{path}", self.url())).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_as(path, "application/json", &body.to_string())
    }

    pub(crate) fn post_as(&self, path: &str, content_type: &str, body: &str) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.url())).header("Content-Type", content_type);
        read(request.send(body).unwrap())
    }

    /// The status of what bytes are answered with.
    pub(crate) fn post_bytes(&self, path: &str, body: &[u8]) -> u16 {
        let request = self.agent.post(format!("{}{path}", self.url()));
        let mut answer = request.header("Content-Type", "application/octet-stream").send(body).unwrap();
        answer.body_mut().read_to_vec().unwrap();
        answer.status().as_u16()
    }

    /// The same with a header.
    pub(crate) fn post_with(&self, path: &str, body: &Value, (name, value): (&str, &str)) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.url()));
        let request = request.header("Content-Type", "application/json").header(name, value);
        read(request.send(body.to_string()).unwrap())
    }

    /// Runs a batch task to its end and gives its status.
    pub(crate) fn run_task(&self, task: &Value) -> Value {
        let answer = self.post("/druid/indexer/v1/task", task);
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = answer.json()["task"].as_str().unwrap().to_owned();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let status = self.get(&format!("/druid/indexer/v1/task/{id}/status")).json()["status"].clone();
            if status["status"] != "RUNNING" {
                return status;
            }
            assert!(Instant::now() < deadline, "{status}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Rows of an SQL query as arrays.
    pub(crate) fn sql(&self, query: &str) -> Value {
        let body = serde_json::json!({ "query": query, "resultFormat": "array" });
        let answer = self.post("/druid/v2/sql", &body);
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.json()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            let stopped = server.stop();
            assert!(stopped.is_ok() || std::thread::panicking(), "{stopped:?}");
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.body_mut().read_to_string().unwrap() }
}

/// The real binary, run to its end.
pub(crate) fn alluvium(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_alluvium")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The real binary as a server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_alluvium"))
            .args(["server", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        Self { url: url.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned(), child }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for the end; whether it was a success, and what was logged.
    pub(crate) fn ended(mut self) -> (bool, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().success(), log)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        read(agent().get(format!("{}{path}", self.url)).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let request = agent().post(format!("{}{path}", self.url)).header("Content-Type", "application/json");
        read(request.send(body.to_string()).unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
