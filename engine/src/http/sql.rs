//! `/druid/v2/sql`: SQL queries, streamed, and their end on request.

use std::io;
use std::sync::Arc;

use alluvium_query::sql::{ResultFormat, SqlAnswer, SqlBody, SqlRequest};
use alluvium_segments::ErrorClass;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use super::answer::{Outcome, Refusal};
use super::background::on_query_threads;
use super::native::refuse_smile;
use super::reply::Reply;
use super::request::{BodyFormat, Request, decode};
use crate::clock::now_ms;
use crate::node::Node;

/// A body up to this length is sent whole, so that an error on the way still gets its status.
const WHOLE_BYTES: usize = 256 << 10;

/// A longer text is read on the query threads.
const LIGHT_TEXT_BYTES: usize = 16 << 10;

/// More rows are ordered and written on the query threads.
const LIGHT_ROWS: usize = 10_000;

/// Pieces of a long body that may wait for a slow client.
const PIECES_WAITING: usize = 4;

/// The start of a body, and the rest when it is long.
struct Begun {
    content_type: &'static str,
    header_included: bool,
    start: Vec<u8>,
    rest: Option<SqlBody>,
}

/// Answers an SQL query.
pub(crate) fn query(node: Arc<Node>, request: Request) -> BoxFuture<'static, Outcome> {
    async move {
        refuse_smile(&request)?;
        let mut sql = read(&request)?;
        let id = query_id(&node, &mut sql);
        let outcome = answer(&node, sql).await;
        let reply = outcome.unwrap_or_else(Refusal::into_reply);
        Ok(reply.with_header("x-druid-sql-query-id", &id).with_header("x-druid-query-id", &id))
    }
    .boxed()
}

/// Ends all statements of an id; 404 when there are none.
pub(crate) fn cancel(node: &Node, request: &Request) -> Outcome {
    match node.queries().cancel(request.param(0)) {
        true => Ok(Reply::text("").with_status(StatusCode::ACCEPTED)),
        false => Err(Refusal::status(
            StatusCode::NOT_FOUND,
            format!("no query with id `{}` is running", request.param(0)),
        )),
    }
}

/// 501 for statements of Druid's multi-stage engine.
pub(crate) fn ingestion(_node: &Node, _request: &Request) -> Outcome {
    Err(Refusal::new(
        ErrorClass::Unsupported,
        "SQL that ingests (INSERT, REPLACE) is not run here; submit a task of type `index_parallel` at \
         /druid/indexer/v1/task, or query at /druid/v2/sql and /druid/v2/sql/statements",
    ))
}

fn read(request: &Request) -> Result<SqlRequest, Refusal> {
    let mut sql = match request.body_format() {
        BodyFormat::Text => SqlRequest::text(request.text()?),
        BodyFormat::Form => SqlRequest::text(&decode(request.text()?, true)),
        BodyFormat::Json | BodyFormat::Smile => SqlRequest::from_json(&request.body)?,
    };
    if request.accepts(ResultFormat::Arrow.content_type()) {
        sql.result_format = ResultFormat::Arrow;
    }
    Ok(sql)
}

/// The id the client gave, or a new one.
fn query_id(node: &Node, sql: &mut SqlRequest) -> String {
    let given = sql.context.get("sqlQueryId").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = given.map_or_else(|| node.queries().new_query_id(now_ms()), str::to_owned);
    sql.context.insert("sqlQueryId".to_owned(), Value::from(id.as_str()));
    id
}

/// What is little work is done here, all else on the query threads.
async fn answer(node: &Node, sql: SqlRequest) -> Outcome {
    let engine = Arc::clone(node.sql());
    let begun = if sql.query.len() > LIGHT_TEXT_BYTES {
        on_query_threads(node, async move { begin(engine.sql(sql, now_ms()).await?).await }).await?
    } else {
        let opened = engine.open(sql, now_ms())?;
        if opened.is_light() {
            let answer = engine.answer(opened).await?;
            match answer.rows {
                Some(..=LIGHT_ROWS) => begin(answer).await?,
                _ => on_query_threads(node, begin(answer)).await?,
            }
        } else {
            on_query_threads(node, async move { begin(engine.answer(opened).await?).await }).await?
        }
    };
    let reply = match begun.rest {
        None => Reply::bytes(begun.content_type, begun.start),
        Some(rest) => {
            let (pieces, receiver) = mpsc::channel(PIECES_WAITING);
            node.query_threads().spawn(feed(begun.start, rest, pieces));
            Reply::stream(begun.content_type, receiver)
        }
    };
    Ok(if begun.header_included { reply.with_header("x-druid-sql-header-included", "yes") } else { reply })
}

/// The body as far as [`WHOLE_BYTES`].
async fn begin(answer: SqlAnswer) -> Result<Begun, Refusal> {
    let (content_type, header_included, mut body) =
        (answer.content_type, answer.header_included, answer.body);
    let mut start = Vec::new();
    while start.len() < WHOLE_BYTES {
        match body.next().await {
            None => return Ok(Begun { content_type, header_included, start, rest: None }),
            Some(piece) if start.is_empty() => start = piece?,
            Some(piece) => start.extend_from_slice(&piece?),
        }
    }
    Ok(Begun { content_type, header_included, start, rest: Some(body) })
}

/// Hands the pieces on until the body ends, fails, or the client has gone.
async fn feed(start: Vec<u8>, mut rest: SqlBody, pieces: mpsc::Sender<io::Result<Bytes>>) {
    if pieces.send(Ok(Bytes::from(start))).await.is_err() {
        return;
    }
    loop {
        let next = tokio::select! {
            next = rest.next() => next,
            () = pieces.closed() => return,
        };
        let Some(piece) = next else { return };
        let piece = piece.map(Bytes::from).map_err(|error| {
            tracing::warn!(%error, "an answer is cut off");
            io::Error::other(error)
        });
        let failed = piece.is_err();
        if pieces.send(piece).await.is_err() || failed {
            return;
        }
    }
}
