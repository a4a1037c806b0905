//! A reply on its way out: status, headers, and a body that is whole or streamed.

use std::convert::Infallible;
use std::io;

use futures::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use tokio::sync::mpsc;

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

    /// A body whose pieces come from a channel; an error cuts the connection, so that the client notices.
    pub(crate) fn stream(content_type: &str, chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
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
