//! How does JDBC reach SQL? Through Avatica's calls, in JSON or protobuf: a client opens a connection, makes statements on
//! it, executes them and fetches rows in frames.
//!
//! The walk of a call: `json` or `protobuf` (with its `messages`) reads it into a `request`, `service` answers it with
//! the `connections` that are open, the `frames` of what runs and the texts of `metadata`, and the same form writes the
//! `response`; what fails is a `fault`. HTTP is not known here: `engine/src/http/avatica.rs` is the door.

mod column;
mod connections;
mod fault;
mod frames;
mod json;
mod messages;
mod metadata;
mod parameter;
mod protobuf;
mod request;
mod response;
mod service;

pub(crate) use service::Service;

use request::Request;
use response::Response;

/// In which form a call comes, and its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON.
    Json,
    /// Protobuf.
    Protobuf,
}

/// The answer to a call.
#[derive(Debug)]
pub(crate) struct Answer {
    /// False for an error.
    pub(crate) succeeded: bool,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Answers a call; `address` is the server's, told to the client.
pub(crate) async fn answer(service: &Service, form: Form, body: &[u8], address: &str) -> Answer {
    let request: Result<Request, _> = match form {
        Form::Json => json::read(body),
        Form::Protobuf => protobuf::read(body),
    };
    let response = match request {
        Ok(request) => service.answer(request).await,
        Err(fault) => Response::Failed(fault),
    };
    let succeeded = !matches!(response, Response::Failed(_));
    match form {
        Form::Json => {
            Answer { succeeded, content_type: json::CONTENT_TYPE, body: json::write(&response, address) }
        }
        Form::Protobuf => {
            let body = protobuf::write(response, address);
            Answer { succeeded, content_type: protobuf::CONTENT_TYPE, body }
        }
    }
}
