//! `/druid/v2`: native queries, and their end on request.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::StatusCode;
use hyper::header::IF_NONE_MATCH;
use serde_json::Value;

use super::answer::{Outcome, Refusal};
use super::background::on_query_threads;
use super::reply::Reply;
use super::request::{BodyFormat, Request};
use crate::clock::now_ms;
use crate::node::Node;

/// Longest `X-Druid-Response-Context`, in bytes; Druid cuts about here.
const CONTEXT_BYTES: usize = 7000;

/// Granularities in which no span that is asked for has many buckets.
const LIGHT_GRANULARITIES: [&str; 6] = ["all", "year", "quarter", "month", "week", "day"];

/// Answers a native query.
pub(crate) fn query(node: Arc<Node>, request: Request) -> BoxFuture<'static, Outcome> {
    async move {
        refuse_smile(&request)?;
        let pretty = request.flag("pretty");
        let body: Value = request.json()?;
        let engine = Arc::clone(node.queries());
        let tags = request.headers.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).map(str::to_owned);
        let answer = if is_light(&body) {
            engine.native_unless(body, now_ms(), tags.as_deref()).await?
        } else {
            let work = async move {
                engine.native_unless(body, now_ms(), tags.as_deref()).await.map_err(Refusal::from)
            };
            on_query_threads(&node, work).await?
        };
        let etag = answer.etag.as_deref();
        let tagged = |reply: Reply| match etag {
            Some(etag) => reply.with_header("etag", etag),
            None => reply,
        };
        if answer.unchanged {
            let reply = Reply::text("").with_status(StatusCode::NOT_MODIFIED);
            return Ok(tagged(reply).with_header("x-druid-query-id", &answer.query_id));
        }
        let body = if pretty { indent(answer.body) } else { answer.body };
        let context = answer.response_context.to_string();
        let context = if context.len() <= CONTEXT_BYTES { context.as_str() } else { r#"{"truncated":true}"# };
        Ok(tagged(Reply::bytes("application/json", body))
            .with_header("x-druid-query-id", &answer.query_id)
            .with_header("x-druid-response-context", context))
    }
    .boxed()
}

/// Whether an answer has few rows by its kind, so that nothing but the segments' work takes time.
fn is_light(body: &Value) -> bool {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    let coarse = || LIGHT_GRANULARITIES.iter().any(|g| text("granularity").eq_ignore_ascii_case(g));
    text("queryType") == "timeseries" && coarse() && body.get("dataSource").is_some_and(Value::is_string)
}

/// Ends all queries of an id; 202 whether there are any or not, as Druid answers.
pub(crate) fn cancel(node: &Node, request: &Request) -> Outcome {
    node.queries().cancel(request.param(0));
    Ok(Reply::text("").with_status(StatusCode::ACCEPTED))
}

/// 415 for Druid's binary JSON.
pub(crate) fn refuse_smile(request: &Request) -> Result<(), Refusal> {
    match request.body_format() {
        BodyFormat::Smile => Err(Refusal::status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Smile bodies are not read here; send JSON with Content-Type application/json",
        )),
        _ => Ok(()),
    }
}

/// The same JSON over several lines; what is not JSON stays as it is.
fn indent(body: Vec<u8>) -> Vec<u8> {
    let value = serde_json::from_slice::<Value>(&body);
    value.ok().and_then(|value| serde_json::to_vec_pretty(&value).ok()).unwrap_or(body)
}
