//! How is our side run? The real binary as a server process, asked over HTTP with keep-alive.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Connection, request};

/// A server that speaks Druid's API: one of ours, ended when dropped, or one that runs already.
#[derive(Debug)]
pub struct Node {
    process: Option<Child>,
    url: String,
    connection: Connection,
}

/// A server of ours over a folder of its own; both go when it is dropped.
#[derive(Debug)]
pub struct ScratchNode {
    /// The server.
    pub node: Node,
    /// Its folder.
    pub folder: PathBuf,
}

impl Drop for ScratchNode {
    fn drop(&mut self) {
        self.node.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Node {
    /// Starts `binary` as a server over `data`.
    ///
    /// # Errors
    /// When the process does not start or does not say where it listens.
    pub fn start(binary: &Path, data: &Path) -> Result<Self, String> {
        let config = data.join("bench.toml");
        std::fs::create_dir_all(data).map_err(|e| format!("`{}`: {e}", data.display()))?;
        std::fs::write(&config, "log = \"warn\"\n").map_err(|e| format!("`{}`: {e}", config.display()))?;
        let mut process = Command::new(binary)
            .args(["server", "--listen", "127.0.0.1:0", "--data-dir"])
            .args([data, Path::new("--config"), &config])
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start `{}`: {e}", binary.display()))?;
        let stdout = process.stdout.take().ok_or("the server has no standard output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let line = lines.find(|l| l.contains("http://")).ok_or("the server did not say where it listens")?;
        let at = line.find("http://").unwrap_or_default();
        let url = line[at..].split_whitespace().next().unwrap_or_default().trim_end_matches('/').to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        let connection = Connection::open(&url)?;
        Ok(Self { process: Some(process), url, connection })
    }

    /// Speaks to a server that runs already.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn attach(url: &str) -> Result<Self, String> {
        let connection = Connection::open(url)?;
        Ok(Self { process: None, url: url.trim_end_matches('/').to_owned(), connection })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server process, when it is ours.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// POSTs JSON; the whole answer as bytes, and the time from the first byte sent to the last read.
    ///
    /// # Errors
    /// When the connection breaks or the status is not 200.
    pub fn post(&mut self, path: &str, body: &Value) -> Result<(&[u8], Duration), String> {
        let bytes = request("POST", path, &body.to_string());
        let answer = self.connection.send(&bytes).map_err(|e| e.to_string())?;
        if answer.status == 200 {
            Ok((answer.body, answer.elapsed))
        } else {
            Err(String::from_utf8_lossy(answer.body).into_owned())
        }
    }

    /// GETs JSON.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not JSON.
    pub fn get(&mut self, path: &str) -> Result<Value, String> {
        let answer = self.connection.send(&request("GET", path, "")).map_err(|e| e.to_string())?;
        serde_json::from_slice(answer.body)
            .map_err(|e| format!("{e}: {}", String::from_utf8_lossy(answer.body)))
    }

    /// The rows of an SQL statement.
    ///
    /// # Errors
    /// When it is refused.
    pub fn sql(&mut self, text: &str) -> Result<Vec<Value>, String> {
        let (bytes, _) = self.post("/druid/v2/sql", &json!({"query": text, "resultFormat": "array"}))?;
        serde_json::from_slice(bytes).map_err(|e| e.to_string())
    }

    /// Submits a batch task and waits for its end; gives the seconds it took.
    ///
    /// # Errors
    /// When the task is refused or fails.
    pub fn run_task(&mut self, task: &Value) -> Result<f64, String> {
        let started = Instant::now();
        let (answer, _) = self.post("/druid/indexer/v1/task", task)?;
        let answer: Value = serde_json::from_slice(answer).map_err(|e| e.to_string())?;
        let id = answer["task"].as_str().ok_or_else(|| format!("no task id in {answer}"))?.to_owned();
        loop {
            let status = self.get(&format!("/druid/indexer/v1/task/{id}/status"))?;
            match status["status"]["status"].as_str() {
                Some("SUCCESS") => return Ok(started.elapsed().as_secs_f64()),
                Some("FAILED") => return Err(format!("the task failed: {status}")),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Ends the process, when it is ours.
    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}
