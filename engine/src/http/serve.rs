//! How does a connection live? Accepted, kept alive, answered request by request, closed gracefully on stop.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::{Outcome, Refusal};
use super::reply::Body;
use super::request::Request;
use super::routes::{self, Handler};
use crate::EngineError;
use crate::node::Node;

/// A client that sends no request head for this long is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// How many microseconds a query took, from its body being read to its answer, or the beginning of a long one.
const TIME_HEADER: &str = "x-alluvium-time-us";

/// A body that is too long is read on up to this many times the limit.
const READ_ON: usize = 4;

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address (`HOST:PORT`; port 0 picks a free one).
    ///
    /// # Errors
    /// When the address is not one, or is in use.
    pub async fn bind(address: &str) -> Result<Self, EngineError> {
        let failed = |source| EngineError::Listen { address: address.to_owned(), source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address: bound })
    }

    /// The address, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` turns true; then lets open requests end, at most for `patience`.
    pub async fn serve(self, node: Arc<Node>, mut stop: watch::Receiver<bool>, patience: Duration) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, Arc::clone(&node), stop.clone()));
                    }
                    Err(error) => {
                        // Out of descriptors, most likely: others may close theirs.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = stopping(&mut stop) => break,
            }
        }
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!("requests still running are cut off");
        }
    }
}

async fn connection(stream: TcpStream, node: Arc<Node>, mut stop: watch::Receiver<bool>) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let node = Arc::clone(&node);
        async move { Ok::<_, std::convert::Infallible>(answer(node, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = stopping(&mut stop) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended");
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // The sender is dropped only after the stop.
    let _ = stop.wait_for(|stopping| *stopping).await;
}

/// One request, from its head to its reply.
async fn answer(node: Arc<Node>, incoming: hyper::Request<Incoming>) -> Response<Body> {
    let (head, body) = incoming.into_parts();
    let request = Request::new(&head.method, &head.uri, head.headers);
    let path = request.path.clone();
    let outcome = AssertUnwindSafe(dispatch(node, request, body)).catch_unwind().await;
    let reply = match outcome {
        Ok(Ok(reply)) => reply,
        Ok(Err(refusal)) => refusal.into_reply(),
        Err(_) => Refusal::crashed("a handler panicked").into_reply(),
    };
    tracing::debug!(path, status = reply.status().as_u16(), "answered");
    reply.into_response()
}

async fn dispatch(node: Arc<Node>, mut request: Request, body: Incoming) -> Outcome {
    let route = routes::find(&mut request)?;
    request.body = read_body(body, node.config().http.max_body_bytes).await?;
    let read = Instant::now();
    match route.handler {
        Handler::Inline(handler) => handler(&node, &request),
        Handler::Blocking(handler) => {
            let job = tokio::task::spawn_blocking(move || handler(&node, &request));
            job.await.unwrap_or_else(|panic| Err(Refusal::crashed(&panic.to_string())))
        }
        Handler::Task(handler) => {
            let reply = handler(node, request).await?;
            Ok(reply.with_header(TIME_HEADER, &read.elapsed().as_micros().to_string()))
        }
    }
}

/// The whole body. One that is too long is read to its end all the same, up to a point: a client that is still
/// writing would not see the refusal.
async fn read_body(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = Vec::with_capacity(if expected <= limit { expected } else { 0 });
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Refusal::invalid(format!("the body cannot be read: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if expected.max(length) <= limit {
            whole.extend_from_slice(&data);
        } else if length > limit.saturating_mul(READ_ON) {
            break;
        }
    }
    if expected.max(length) > limit {
        let text = format!("the body is longer than {limit} bytes (http.max_body_bytes)");
        return Err(Refusal::status(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    Ok(Bytes::from(whole))
}
