//! How does a test run the real binary, kill it, and talk to it?

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running `alluvium server`; killed with SIGKILL when dropped.
pub(super) struct Server {
    process: Child,
    pub(super) url: String,
    agent: ureq::Agent,
}

/// At which door of a row's walk the server shall die, and the file in which it notes that it was there.
pub(super) struct CrashPlan<'a> {
    pub(super) door: &'a str,
    /// Dies at the `pass`-th time through the door, from 1.
    pub(super) pass: u32,
    pub(super) log: &'a Path,
}

impl Server {
    pub(super) fn start(data: &Path, crash: Option<&CrashPlan<'_>>) -> Self {
        Self::start_with(data, crash, "")
    }

    /// With a configuration file of this text.
    pub(super) fn start_with(data: &Path, crash: Option<&CrashPlan<'_>>, config: &str) -> Self {
        let mut command = command(data, config);
        if let Some(plan) = crash {
            command.env("ALLUVIUM_CRASH_AT", format!("{}:{}", plan.door, plan.pass));
            command.env("ALLUVIUM_CRASH_LOG", plan.log);
        }
        Self::spawn(data, command.stdin(Stdio::null()))
    }

    /// One that ends with the process of the tests, and its folder with it; `kill` and `stop` are not for it.
    pub(super) fn start_leashed(data: &Path, config: &str) -> Self {
        Self::spawn(data, &mut leashed(&command(data, config), data))
    }

    fn spawn(data: &Path, command: &mut Command) -> Self {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(data.join("server.log")).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        Self { process, url, agent }
    }

    /// POSTs JSON; gives status and answer, or nothing when the connection broke.
    pub(super) fn post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.agent.post(format!("{}{path}", self.url)).content_type("application/json");
        let mut answer = request.send(body.to_string()).ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(super) fn get(&self, path: &str) -> Option<(u16, Value)> {
        let mut answer = self.agent.get(format!("{}{path}", self.url)).call().ok()?;
        let text = answer.body_mut().read_to_string().ok()?;
        Some((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Rows of an SQL query as arrays; panics when it fails.
    pub(super) fn sql(&self, query: &str) -> Vec<Value> {
        let body = serde_json::json!({"query": query, "resultFormat": "array"});
        let (status, answer) = self.post("/druid/v2/sql", &body).expect("the server is up");
        assert_eq!(status, 200, "{query}: {answer}");
        answer.as_array().unwrap().clone()
    }

    /// The single number an SQL query gives, 0 for null or when it cannot be asked now.
    pub(super) fn number(&self, query: &str) -> i64 {
        let body = serde_json::json!({"query": query, "resultFormat": "array"});
        match self.post("/druid/v2/sql", &body) {
            Some((200, answer)) => answer.pointer("/0/0").and_then(Value::as_i64).unwrap_or(0),
            _ => 0,
        }
    }

    pub(super) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Stops as an operator would (SIGTERM) and asserts a clean end.
    pub(super) fn stop(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.ended_within(Duration::from_secs(60)), "the server did not stop in 60 s");
        assert!(self.process.wait().unwrap().success());
    }

    /// Whether the process ended by itself in time.
    pub(super) fn ended_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.process.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

fn command(data: &Path, config: &str) -> Command {
    let binary =
        std::env::var("ALLUVIUM_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_alluvium").to_owned());
    let mut command = Command::new(binary);
    command.args(["server", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    if !config.is_empty() {
        let file = data.join("alluvium.toml");
        std::fs::write(&file, config).unwrap();
        command.arg("--config").arg(file);
    }
    command
}

/// The same program under a shell that waits for the end of its input, which comes when whoever holds the other end is gone,
/// however it went; then the program is killed and the folder removed.
pub(super) fn leashed(command: &Command, folder: &Path) -> Command {
    let watch = "\"$@\" < /dev/null & cat > /dev/null; kill -KILL $!; wait $!; rm -rf \"$FOLDER\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", watch, "leash"]).arg(command.get_program()).args(command.get_args());
    shell.env("FOLDER", folder).stdin(Stdio::piped());
    shell
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
