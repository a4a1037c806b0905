//! How does the command line speak with a running server? Plain HTTP, like any other client.

pub mod sql;
pub mod submit;
pub mod table;

use std::time::Duration;

use serde_json::Value;

use crate::EngineError;

/// Longest answer read, in bytes.
const ANSWER_LIMIT: u64 = 1 << 30;

/// A server somewhere.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
}

impl Client {
    /// For a server at `url` (`http://HOST:PORT`). Nothing is sent yet.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .build();
        Self { agent: config.new_agent(), url: url.trim_end_matches('/').to_owned() }
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// GET.
    ///
    /// # Errors
    /// When there is no answer; a status that is an error is an answer.
    pub fn get(&self, path: &str) -> Result<Answer, EngineError> {
        let url = format!("{}{path}", self.url);
        let answer = self.agent.get(&url).call();
        read(&url, answer)
    }

    /// POST of a JSON text.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&self, path: &str, body: &[u8]) -> Result<Answer, EngineError> {
        let url = format!("{}{path}", self.url);
        let answer = self.agent.post(&url).header("Content-Type", "application/json").send(body);
        read(&url, answer)
    }

    /// GET, and the answer must be JSON with status 200.
    ///
    /// # Errors
    /// When there is no such answer.
    pub fn get_json(&self, path: &str) -> Result<Value, EngineError> {
        self.get(path)?.accepted()
    }

    /// DELETE, and the answer must be JSON with a status of success.
    ///
    /// # Errors
    /// When there is no such answer.
    pub fn delete_json(&self, path: &str) -> Result<Value, EngineError> {
        let url = format!("{}{path}", self.url);
        read(&url, self.agent.delete(&url).call())?.accepted()
    }

    /// POST, and the answer must be JSON with a status of success.
    ///
    /// # Errors
    /// When there is no such answer.
    pub fn post_json(&self, path: &str, body: &Value) -> Result<Value, EngineError> {
        self.post(path, body.to_string().as_bytes())?.accepted()
    }
}

fn read(
    url: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer, EngineError> {
    let unreachable =
        |e: ureq::Error| EngineError::Unreachable { url: url.to_owned(), message: e.to_string() };
    let mut answer = answer.map_err(unreachable)?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_LIMIT).read_to_vec().map_err(unreachable)?;
    Ok(Answer { status, body })
}

impl Answer {
    /// The JSON of a success.
    ///
    /// # Errors
    /// The server's own words when it refused, or when the body is not JSON.
    pub fn accepted(&self) -> Result<Value, EngineError> {
        if !(200..300).contains(&self.status) {
            return Err(EngineError::Refused(self.reason()));
        }
        serde_json::from_slice(&self.body)
            .map_err(|e| EngineError::Refused(format!("the server's answer is not JSON: {e}")))
    }

    /// What the server says is wrong.
    #[must_use]
    pub fn reason(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = body.get("errorMessage").or_else(|| body.get("error")).and_then(Value::as_str);
        let text = said.map_or_else(|| String::from_utf8_lossy(&self.body).trim().to_owned(), str::to_owned);
        format!("the server answered {}: {text}", self.status)
    }
}
