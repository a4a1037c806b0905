//! A reply on its way out: status, headers, and a body that is whole or streamed.

use std::convert::Infallible;
use std::io::{self, Write};

use futures::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::answer::{Outcome, Refusal};

/// Bytes a streamed body gathers before it hands them on.
const CHUNK_BYTES: usize = 64 << 10;

/// Chunks that may wait for a slow client.
const CHUNKS_WAITING: usize = 4;

/// A body of either kind.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Status, headers and body.
#[derive(Debug)]
pub(crate) struct Reply {
    response: Response<Body>,
}

impl Reply {
    fn new(content_type: &str, body: Body) -> Self {
        let mut response = Response::new(body);
        if let Ok(value) = HeaderValue::from_str(content_type) {
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        Self { response }
    }

    /// A whole body.
    pub(crate) fn bytes(content_type: &str, body: impl Into<Bytes>) -> Self {
        let whole = Full::new(body.into()).map_err(|never: Infallible| match never {});
        Self::new(content_type, whole.boxed_unsync())
    }

    /// A JSON body. What cannot be written as JSON becomes `null`, which no caller here does.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        Self::bytes("application/json", body)
    }

    /// A text body.
    pub(crate) fn text(body: impl Into<Bytes>) -> Self {
        Self::bytes("text/plain", body)
    }

    /// A body that a [`ChunkWriter`] feeds.
    fn stream(content_type: &str, chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        let frames = futures::stream::unfold(chunks, |mut chunks| async move {
            chunks.recv().await.map(|chunk| (chunk, chunks))
        })
        .map(|chunk| chunk.map(Frame::data));
        Self::new(content_type, StreamBody::new(frames).boxed_unsync())
    }

    /// With another status than 200.
    #[must_use]
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }

    /// With one more header; what cannot stand in a header is left out.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// For hyper.
    pub(crate) fn into_response(self) -> Response<Body> {
        self.response
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }
}

/// Where a handler writes a body of any length: kept whole while it is short (so that an error can still become
/// an error status), streamed from the first full chunk on. Writing fails when the client has gone.
#[derive(Debug)]
pub(crate) struct ChunkWriter {
    gathered: Vec<u8>,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Whole(oneshot::Sender<mpsc::Receiver<io::Result<Bytes>>>),
    Streaming(mpsc::Sender<io::Result<Bytes>>),
    Gone,
}

impl ChunkWriter {
    fn hand_on(&mut self) -> io::Result<()> {
        let chunk = Bytes::from(std::mem::take(&mut self.gathered));
        self.sink = match std::mem::replace(&mut self.sink, Sink::Gone) {
            Sink::Whole(start) => {
                let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
                start.send(receiver).map_err(|_| gone())?;
                Sink::Streaming(sender)
            }
            other => other,
        };
        match &self.sink {
            Sink::Streaming(sender) => sender.blocking_send(Ok(chunk)).map_err(|_| gone()),
            Sink::Whole(_) | Sink::Gone => Err(gone()),
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= CHUNK_BYTES {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` on a thread that may block. What it writes becomes the body; what it refuses becomes an error
/// body, or a truncated one when bytes have left already.
pub(crate) async fn written(
    content_type: &'static str,
    work: impl FnOnce(&mut ChunkWriter) -> Result<(), Refusal> + Send + 'static,
) -> Outcome {
    let (start, started) = oneshot::channel();
    let job = tokio::task::spawn_blocking(move || {
        let mut writer = ChunkWriter { gathered: Vec::new(), sink: Sink::Whole(start) };
        let result = work(&mut writer);
        match (writer.sink, result) {
            (Sink::Whole(_), result) => result.map(|()| Some(writer.gathered)),
            (Sink::Streaming(sender), result) => {
                let last = match result {
                    Ok(()) => Ok(Bytes::from(writer.gathered)),
                    Err(refusal) => Err(io::Error::other(format!("{refusal:?}"))),
                };
                // A client that has gone needs no last chunk.
                let _ = sender.blocking_send(last);
                Ok(None)
            }
            (Sink::Gone, result) => result.map(|()| None),
        }
    });
    if let Ok(chunks) = started.await {
        return Ok(Reply::stream(content_type, chunks));
    }
    match job.await {
        Ok(Ok(whole)) => Ok(Reply::bytes(content_type, whole.unwrap_or_default())),
        Ok(Err(refusal)) => Err(refusal),
        Err(panic) => Err(Refusal::crashed(&panic.to_string())),
    }
}
