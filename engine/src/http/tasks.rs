//! `/druid/indexer/v1/task` and `/tasks`: work that has an end.

use alluvium_ingest::IngestError;
use alluvium_ingest::service::TaskFilter;
use serde_json::{Value, json};

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::node::Node;

fn shown(result: Result<Value, IngestError>) -> Outcome {
    Ok(Reply::json(&result?))
}

/// Starts a task.
pub(crate) fn submit(node: &Node, request: &Request) -> Outcome {
    node.refuse_while_stopping()?;
    let task: Value = request.json()?;
    shown(node.ingest().submit_task(&task))
}

/// Tasks, newest first: `?state=&datasource=&type=&max=`.
pub(crate) fn list(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().tasks(&filter(request, request.query("state"))?))
}

/// Tasks that run.
pub(crate) fn running(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().tasks(&filter(request, Some("running"))?))
}

/// Tasks that wait for a slot.
pub(crate) fn pending(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().tasks(&filter(request, Some("pending"))?))
}

/// Tasks that wait for a lock.
pub(crate) fn waiting(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().tasks(&filter(request, Some("waiting"))?))
}

/// Tasks that have ended.
pub(crate) fn complete(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().tasks(&filter(request, Some("complete"))?))
}

fn filter(request: &Request, state: Option<&str>) -> Result<TaskFilter, Refusal> {
    let max = request.query("max").map(str::parse).transpose();
    Ok(TaskFilter {
        state: state.map(str::to_owned),
        datasource: request.query("datasource").map(str::to_owned),
        task_type: request.query("type").map(str::to_owned),
        max: max.map_err(|_| Refusal::invalid("query parameter `max` is not a number"))?,
    })
}

/// The task as it was posted.
pub(crate) fn task(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().task(request.param(0)))
}

/// How it stands.
pub(crate) fn status(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().task_status(request.param(0)))
}

/// How several stand: the body is a list of ids.
pub(crate) fn statuses(node: &Node, request: &Request) -> Outcome {
    let ids: Vec<String> = request.json()?;
    shown(node.ingest().task_statuses(&ids))
}

/// What happened, as text; `?offset=` leaves out so many bytes, counted from the end when negative.
pub(crate) fn log(node: &Node, request: &Request) -> Outcome {
    let log = node.ingest().task_log(request.param(0))?;
    let offset: i64 = request
        .query("offset")
        .map_or(Ok(0), str::parse)
        .map_err(|_| Refusal::invalid("query parameter `offset` is not a number"))?;
    let skip = if offset < 0 { (log.len() as i64 + offset).max(0) } else { offset };
    let bytes = log.as_bytes().get(skip as usize..).unwrap_or_default().to_vec();
    Ok(Reply::text(bytes))
}

/// Row counters and errors.
pub(crate) fn reports(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().task_report(request.param(0)))
}

/// Ends a task.
pub(crate) fn shutdown(node: &Node, request: &Request) -> Outcome {
    shown(node.ingest().shutdown_task(request.param(0)))
}

/// Ends all tasks of a datasource.
pub(crate) fn shutdown_all(node: &Node, request: &Request) -> Outcome {
    Ok(Reply::json(&node.ingest().shutdown_all_tasks(request.param(0))))
}

/// How many tasks may run.
pub(crate) fn capacity(node: &Node, _request: &Request) -> Outcome {
    let running =
        node.ingest().tasks(&TaskFilter { state: Some("running".to_owned()), ..TaskFilter::default() })?;
    Ok(Reply::json(&json!({
        "currentClusterCapacity": node.config().ingest.task_slots,
        "maximumCapacityWithAutoScale": node.config().ingest.task_slots,
        "usedClusterCapacity": running.as_array().map_or(0, Vec::len),
    })))
}

/// The one worker: this node.
pub(crate) fn workers(node: &Node, _request: &Request) -> Outcome {
    let running =
        node.ingest().tasks(&TaskFilter { state: Some("running".to_owned()), ..TaskFilter::default() })?;
    let ids: Vec<&Value> = running.as_array().into_iter().flatten().filter_map(|t| t.get("id")).collect();
    let address = node.address();
    Ok(Reply::json(&[json!({
        "worker": {
            "scheme": "http", "host": address.to_string(), "ip": address.ip().to_string(),
            "capacity": node.config().ingest.task_slots, "version": "0", "category": "_default_worker_category",
        },
        "currCapacityUsed": ids.len(),
        "currParallelIndexCapacityUsed": ids.len(),
        "availabilityGroups": [],
        "runningTasks": ids,
        "lastCompletedTaskTime": null,
        "blacklistedUntil": null,
    })]))
}
