//! What can be asked? One table of method, path and handler; whatever is not in it is a 404.

use std::sync::Arc;

use futures::future::BoxFuture;
use hyper::{Method, StatusCode};

use super::answer::{Outcome, Refusal};
use super::request::{Request, decode};
use super::table::ROUTES;
use crate::node::Node;

/// How a route's answer is made.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// At once, on the HTTP runtime.
    Inline(fn(&Node, &Request) -> Outcome),
    /// On a thread that may block (metadata, ingestion).
    Blocking(fn(&Node, &Request) -> Outcome),
    /// By awaiting.
    Task(fn(Arc<Node>, Request) -> BoxFuture<'static, Outcome>),
}

/// One thing that can be asked.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Path without trailing slash; `{name}` stands for one segment of it.
    pub(crate) path: &'static str,
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    pub(crate) handler: Handler,
}

/// A route, for the documentation and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteSummary {
    /// HTTP method.
    pub method: &'static str,
    /// Path pattern.
    pub path: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
}

/// Everything that can be asked, in the order of the table.
pub fn route_summaries() -> impl Iterator<Item = RouteSummary> {
    ROUTES.iter().map(|r| RouteSummary {
        method: match r.method {
            Method::POST => "POST",
            Method::DELETE => "DELETE",
            _ => "GET",
        },
        path: r.path,
        summary: r.summary,
    })
}

pub(super) const fn get(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::GET, path, summary, handler }
}

pub(super) const fn post(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::POST, path, summary, handler }
}

pub(super) const fn delete(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::DELETE, path, summary, handler }
}

/// Finds the route and fills in the request's parameters. Literal segments win over `{name}`.
pub(crate) fn find(request: &mut Request) -> Result<&'static Route, Refusal> {
    let literal = |r: &&Route| r.path == request.path && r.method == request.method;
    if let Some(route) = ROUTES.iter().find(literal).filter(|r| !r.path.contains('{')) {
        return Ok(route);
    }
    let mut best: Option<(&'static Route, Vec<String>)> = None;
    let mut known_path = false;
    for route in ROUTES {
        let Some(params) = matches(route.path, &request.path) else { continue };
        known_path = true;
        let better = best.as_ref().is_none_or(|(_, known)| params.len() < known.len());
        if route.method == request.method && better {
            best = Some((route, params));
        }
    }
    match best {
        Some((route, params)) => {
            request.params = params;
            Ok(route)
        }
        None if known_path => {
            let text = format!("`{}` does not answer {}", request.path, request.method);
            Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED, text))
        }
        None => {
            Err(Refusal::status(StatusCode::NOT_FOUND, format!("there is nothing at `{}`", request.path)))
        }
    }
}

fn matches(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {
                params.push(decode(value, false));
            }
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return None,
        }
    }
}
