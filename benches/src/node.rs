//! How is our side run? The real binary as a server process, asked over HTTP with keep-alive.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running server; ended when dropped.
#[derive(Debug)]
pub struct Node {
    process: Child,
    url: String,
    agent: ureq::Agent,
}

impl Node {
    /// Starts `binary` as a server over `data`.
    ///
    /// # Errors
    /// When the process does not start or does not say where it listens.
    pub fn start(binary: &Path, data: &Path) -> Result<Self, String> {
        let mut process = Command::new(binary)
            .args(["server", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
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
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(600)))
            .build()
            .into();
        Ok(Self { process, url, agent })
    }

    /// POSTs JSON; the whole answer as text, and the time from the first byte sent to the last read.
    ///
    /// # Errors
    /// When the connection breaks or the status is not 200.
    pub fn post(&self, path: &str, body: &Value) -> Result<(String, Duration), String> {
        let body = body.to_string();
        let started = Instant::now();
        let request = self.agent.post(format!("{}{path}", self.url)).content_type("application/json");
        let mut answer = request.send(body.as_str()).map_err(|e| e.to_string())?;
        let text =
            answer.body_mut().with_config().limit(1 << 30).read_to_string().map_err(|e| e.to_string())?;
        let elapsed = started.elapsed();
        if answer.status().as_u16() == 200 { Ok((text, elapsed)) } else { Err(text) }
    }

    /// GETs JSON.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not JSON.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().map_err(|e| e.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| format!("{e}: {text}"))
    }

    /// Submits a batch task and waits for its end; gives the seconds it took.
    ///
    /// # Errors
    /// When the task is refused or fails.
    pub fn run_task(&self, task: &Value) -> Result<f64, String> {
        let started = Instant::now();
        let (answer, _) = self.post("/druid/indexer/v1/task", task)?;
        let answer: Value = serde_json::from_str(&answer).map_err(|e| e.to_string())?;
        let id = answer["task"].as_str().ok_or_else(|| format!("no task id in {answer}"))?;
        loop {
            let status = self.get(&format!("/druid/indexer/v1/task/{id}/status"))?;
            match status["status"]["status"].as_str() {
                Some("SUCCESS") => return Ok(started.elapsed().as_secs_f64()),
                Some("FAILED") => return Err(format!("the task failed: {status}")),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
