//! `/druid/v2/sql/avatica` and `/druid/v2/sql/avatica-protobuf`: the door of JDBC.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::StatusCode;

use super::answer::Outcome;
use super::reply::Reply;
use super::request::Request;
use crate::avatica::{Form, answer};
use crate::node::Node;

/// Where the first clients of Avatica put a request.
const REQUEST_HEADER: &str = "request";

/// Answers a call in JSON.
pub(crate) fn json(node: Arc<Node>, request: Request) -> BoxFuture<'static, Outcome> {
    call(node, request, Form::Json)
}

/// Answers a call in protobuf.
pub(crate) fn protobuf(node: Arc<Node>, request: Request) -> BoxFuture<'static, Outcome> {
    call(node, request, Form::Protobuf)
}

/// The status of an error is 500, whatever it is: clients read errors there and nowhere else.
fn call(node: Arc<Node>, request: Request, form: Form) -> BoxFuture<'static, Outcome> {
    async move {
        let header = request.headers.get(REQUEST_HEADER).filter(|_| form == Form::Json);
        let body = header.map_or(&request.body[..], |header| header.as_bytes());
        let address = node.address().to_string();
        let answer = answer(node.avatica(), form, body, &address).await;
        let reply = Reply::bytes(answer.content_type, answer.body);
        Ok(match answer.succeeded {
            true => reply,
            false => reply.with_status(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }
    .boxed()
}
