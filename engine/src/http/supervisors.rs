//! `/druid/indexer/v1/supervisor`: streams that are read, from their spec to their end.

use alluvium_ingest::IngestError;
use alluvium_ingest::service::SupervisorDetail;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

fn shown(result: Result<Value, IngestError>) -> Outcome {
    Ok(Reply::json(&result?))
}

/// Names; `?full`, `?state=true` and `?system` say more.
pub(crate) fn list(node: &Node, request: &Request) -> Outcome {
    let detail = if request.flag("full") {
        SupervisorDetail::Full
    } else if request.flag("state") {
        SupervisorDetail::State
    } else if request.flag("system") {
        SupervisorDetail::System
    } else {
        SupervisorDetail::Ids
    };
    Ok(Reply::json(&node.ingest().supervisors(detail)))
}

/// Creates or changes a supervisor.
pub(crate) fn submit(node: &Node, request: &Request) -> Outcome {
    node.refuse_while_stopping()?;
    let spec: Value = request.json()?;
    shown(node.ingest().submit_supervisor(&spec, request.flag("skipRestartIfUnmodified")))
}

/// The spec.
pub(crate) fn spec(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().supervisor(request.param(0)))
}

/// State, offsets, lag.
pub(crate) fn status(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().supervisor_status(request.param(0)))
}

/// Row counters.
pub(crate) fn stats(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().supervisor_stats(request.param(0)))
}

/// 200 or 503.
pub(crate) fn health(node: &Node, request: &Request) -> Outcome {
    let healthy = node.ingest().supervisor_health(request.param(0))?;
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(Reply::json(&json!({ "healthy": healthy })).with_status(status))
}

/// All specs of one supervisor.
pub(crate) fn history(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().supervisor_history(request.param(0)))
}

/// All specs of all supervisors.
pub(crate) fn histories(node: &Node, _request: &Request) -> Outcome {
    shown(node.ingest().supervisors_history())
}

/// Commits and stands still.
pub(crate) fn suspend(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().suspend(request.param(0)))
}

/// Goes on.
pub(crate) fn resume(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().resume(request.param(0)))
}

/// Forgets all stored offsets.
pub(crate) fn reset(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().reset(request.param(0)))
}

/// Sets some offsets.
pub(crate) fn reset_offsets(node: &Node, request: &Request) -> Outcome {
    let body: Value = request.json()?;
    shown(node.ingest().reset_offsets(request.param(0), &body))
}

/// Commits and ends.
pub(crate) fn terminate(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().terminate(request.param(0)))
}

/// Commits now.
pub(crate) fn hand_off(node: &Node, request: &Request) -> Outcome {
    let body: Value = request.json()?;
    node.ingest().hand_off(request.param(0), &body)?;
    Ok(Reply::text("").with_status(StatusCode::ACCEPTED))
}

/// Suspends all.
pub(crate) fn suspend_all(node: &Node, _request: &Request) -> Outcome {
    shown(node.ingest().suspend_all())
}

/// Resumes all.
pub(crate) fn resume_all(node: &Node, _request: &Request) -> Outcome {
    shown(node.ingest().resume_all())
}

/// Terminates all.
pub(crate) fn terminate_all(node: &Node, _request: &Request) -> Outcome {
    shown(node.ingest().terminate_all())
}

/// What the status page shows of each supervisor.
pub(crate) fn overview(node: &Node) -> Vec<Value> {
    let states = node.ingest().supervisors(SupervisorDetail::State);
    let with_lag = |state: &Value| {
        let id = state.get("id").and_then(Value::as_str).unwrap_or_default();
        let status = node.ingest().supervisor_status(id).unwrap_or_default();
        let payload = |field: &str| status.pointer(&format!("/payload/{field}")).cloned();
        json!({
            "id": id,
            "state": state.get("state"),
            "detailedState": state.get("detailedState"),
            "stream": payload("stream"),
            "aggregateLag": payload("aggregateLag"),
            "recentErrors": payload("recentErrors"),
        })
    };
    states.as_array().map(|list| list.iter().map(with_lag).collect()).unwrap_or_default()
}

impl Node {
    /// 409 for new work while the node stops.
    pub(super) fn refuse_while_stopping(&self) -> Result<(), Refusal> {
        match self.is_stopping() {
            true => Err(Refusal::plain(StatusCode::CONFLICT, "the server is stopping")),
            false => Ok(()),
        }
    }
}
