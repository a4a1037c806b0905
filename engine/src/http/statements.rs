//! `/druid/v2/sql/statements`: queries nobody waits for.

use std::io;
use std::sync::Arc;

use alluvium_query::sql::{ResultFormat, SqlRequest};
use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::StatusCode;
use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::answer::{Outcome, Refusal};
use super::background::on_query_threads;
use super::native::refuse_smile;
use super::reply::Reply;
use super::request::Request;
use super::sql;
use crate::node::Node;
use crate::statements::{Ended, Pieces, Submitted};

/// Pieces of a long result that may wait for a slow client.
const PIECES_WAITING: usize = 4;

/// Takes a statement.
pub(crate) fn submit(node: Arc<Node>, request: Request) -> BoxFuture<'static, Outcome> {
    async move {
        refuse_smile(&request)?;
        let text = SqlRequest::from_json(&request.body)?;
        if text.context.contains_key("resultFormat") {
            return Err(Refusal::invalid("Query context parameter [resultFormat] is not allowed"));
        }
        if text.result_format == ResultFormat::Arrow {
            return Err(Refusal::invalid(
                "results of statements are not given as Arrow; use another resultFormat",
            ));
        }
        let statements = Arc::clone(node.statements());
        let submitted = on_query_threads(&node, async move { Ok(statements.submit(text)?) }).await?;
        match submitted {
            Submitted::Accepted(status) => Ok(Reply::json(&status)),
            Submitted::Explains => sql::query(node, request).await,
        }
    }
    .boxed()
}

/// How a statement stands.
pub(crate) fn status(node: &Node, request: &Request) -> Outcome {
    let detail = request.query("detail").is_some_and(|detail| detail == "true");
    Ok(Reply::json(&node.statements().status(request.param(0), detail)?))
}

/// The rows of a statement.
pub(crate) fn results(node: &Node, request: &Request) -> Outcome {
    let page = match request.query("page").filter(|page| !page.is_empty()) {
        None => None,
        Some(page) => {
            let number = page.parse().map_err(|_| Refusal::invalid(format!("page [{page}] is no number")))?;
            Some(number)
        }
    };
    let format = request.query("resultFormat").filter(|format| !format.is_empty());
    let file = request.query("filename").map(checked_filename).transpose()?;
    let pieces = node.statements().results(request.param(0), page, format)?;
    let (content_type, receiver) = (pieces.content_type(), send(pieces));
    let reply = Reply::stream(content_type, receiver);
    Ok(match file {
        Some(name) => reply.with_header("content-disposition", &format!("attachment; filename=\"{name}\"")),
        None => reply,
    })
}

/// Ends a statement.
pub(crate) fn end(node: &Node, request: &Request) -> Outcome {
    let id = request.param(0);
    match node.statements().end(id)? {
        Ended::Cancelled => Ok(Reply::text("").with_status(StatusCode::ACCEPTED)),
        Ended::WasOver => Ok(Reply::text("")),
        // In the words of the status.
        Ended::Unknown => status(node, request),
    }
}

/// Reads on a thread of its own, as fast as the client takes.
fn send(pieces: Pieces) -> mpsc::Receiver<io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    tokio::task::spawn_blocking(move || {
        for piece in pieces {
            let failed = piece.as_ref().err().map(ToString::to_string);
            if let Some(error) = &failed {
                tracing::warn!(error, "the results of a statement are cut off");
            }
            if sender.blocking_send(piece.map(Bytes::from)).is_err() || failed.is_some() {
                return;
            }
        }
    });
    receiver
}

fn checked_filename(name: &str) -> Result<&str, Refusal> {
    if name.is_empty() {
        return Err(Refusal::invalid("Filename cannot be empty."));
    }
    if name.chars().count() > 255 {
        return Err(Refusal::invalid("Filename cannot be longer than 255 characters."));
    }
    if name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\0', '\n', '\r']) {
        let text = "Filename contains invalid characters. (/, \\, :, *, ?, \", <, >, |, \\0, \\n, or \\r)";
        return Err(Refusal::invalid(text));
    }
    Ok(name)
}
