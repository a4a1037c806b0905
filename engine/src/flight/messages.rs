//! How do the rows of a call reach its client? Made on the query threads as they are taken, as Arrow's messages; the query ends
//! when the call does.

use std::sync::Arc;

use alluvium_query::QueryError;
use alluvium_query::sql::{ArrowMessage, SqlRequest};
use alluvium_segments::ErrorClass;
use arrow_flight::FlightData;
use futures::stream::{self, BoxStream};
use futures::{SinkExt, StreamExt};
use tokio::task::JoinHandle;
use tonic::Status;

use crate::clock::now_ms;
use crate::node::Node;

/// Messages that wait to be taken.
const MESSAGES_WAITING: usize = 2;

/// What goes to a client, message by message.
pub(super) type Messages = BoxStream<'static, Result<FlightData, Status>>;

/// Ends its task when nobody takes its messages any more.
struct Making(JoinHandle<()>);

impl Drop for Making {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What an answer looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// The columns of its query.
    Rows,
    /// Columns that Flight SQL prescribes: whether each may be null.
    Prescribed(&'static [bool]),
    /// The same, and a column more: the schema of each table that is listed.
    TablesWithSchemas(&'static [bool]),
}

/// The answer of a request.
pub(super) fn messages(node: &Node, request: SqlRequest, shape: Shape) -> Messages {
    let (mut sender, receiver) = futures::channel::mpsc::channel(MESSAGES_WAITING);
    let engine = Arc::clone(node.sql());
    let making = Making(node.query_threads().spawn(async move {
        let made = async {
            let arrow = engine.arrow(request, now_ms()).await?;
            let mut arrow = match shape {
                Shape::Rows => arrow,
                Shape::Prescribed(nulls) => arrow.with_nulls(nulls),
                Shape::TablesWithSchemas(nulls) => {
                    arrow.with_nulls(nulls).with_table_schemas(engine.engine().catalog().snapshot())
                }
            };
            let mut message = Some(arrow.schema());
            while let Some(ready) = message {
                if sender.send(Ok(data(ready))).await.is_err() {
                    break;
                }
                message = arrow.next().await?;
            }
            Ok::<(), QueryError>(())
        };
        if let Err(error) = made.await {
            // Nobody listens any more.
            let _ = sender.send(Err(refused(&error))).await;
        }
    }));
    let kept = stream::unfold((receiver, making), |(mut receiver, making)| async move {
        let next: Result<FlightData, Status> = receiver.next().await?;
        Some((next, (receiver, making)))
    });
    kept.boxed()
}

fn data(message: ArrowMessage) -> FlightData {
    FlightData { data_header: message.header.into(), data_body: message.body.into(), ..FlightData::default() }
}

/// A failed query in gRPC's words.
pub(super) fn refused(error: &QueryError) -> Status {
    let body = error.to_druid_json();
    let message = body.get("errorMessage").and_then(serde_json::Value::as_str);
    let message = message.map_or_else(|| error.to_string(), str::to_owned);
    match error.class() {
        ErrorClass::InvalidInput => Status::invalid_argument(message),
        ErrorClass::NotFound => Status::not_found(message),
        ErrorClass::Conflict => Status::already_exists(message),
        ErrorClass::CapacityExceeded => Status::resource_exhausted(message),
        ErrorClass::Unsupported => Status::unimplemented(message),
        ErrorClass::Timeout => Status::deadline_exceeded(message),
        ErrorClass::Cancelled => Status::cancelled(message),
        ErrorClass::Runtime => Status::internal(message),
    }
}
