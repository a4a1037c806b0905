//! What can be asked? One table of method, path and handler; whatever is not in it is a 404.

use std::sync::Arc;

use futures::future::BoxFuture;
use hyper::{Method, StatusCode};

use super::answer::{Outcome, Refusal};
use super::request::{Request, decode};
use super::{console, coordinator, datasources, status};
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

const fn get(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::GET, path, summary, handler }
}

const fn post(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::POST, path, summary, handler }
}

const fn delete(path: &'static str, summary: &'static str, handler: Handler) -> Route {
    Route { method: Method::DELETE, path, summary, handler }
}

/// Finds the route and fills in the request's parameters. Literal segments win over `{name}`.
pub(crate) fn find(request: &mut Request) -> Result<&'static Route, Refusal> {
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

/// Everything that can be asked.
static ROUTES: &[Route] = &[
    get("/", "status page", Handler::Inline(console::page)),
    // Status
    get("/status", "version and memory", Handler::Inline(status::status)),
    get("/status/health", "whether the process answers", Handler::Inline(status::health)),
    get("/status/ready", "whether it takes work", Handler::Inline(status::ready)),
    get("/status/properties", "configuration", Handler::Inline(status::properties)),
    get("/status/selfDiscovered", "discovery", Handler::Inline(status::self_discovered)),
    get("/status/selfDiscovered/status", "discovery", Handler::Inline(status::self_discovered)),
    get("/proxy/coordinator/status", "version and memory", Handler::Inline(status::status)),
    get("/proxy/coordinator/status/properties", "configuration", Handler::Inline(status::properties)),
    get("/proxy/overlord/status", "version and memory", Handler::Inline(status::status)),
    get("/proxy/overlord/status/properties", "configuration", Handler::Inline(status::properties)),
    get("/druid/broker/v1/loadstatus", "segments are known", Handler::Inline(status::inventory_initialized)),
    get("/druid/broker/v1/readiness", "200", Handler::Inline(status::readiness)),
    get("/druid/historical/v1/loadstatus", "segments are open", Handler::Inline(status::cache_initialized)),
    get("/druid/historical/v1/readiness", "200", Handler::Inline(status::readiness)),
    get("/druid/coordinator/v1/leader", "address of the leader", Handler::Inline(status::leader)),
    get("/druid/coordinator/v1/isLeader", "true", Handler::Inline(status::is_leader)),
    get("/druid/indexer/v1/leader", "address of the leader", Handler::Inline(status::leader)),
    get("/druid/indexer/v1/isLeader", "true", Handler::Inline(status::is_leader)),
    // Datasources
    get("/druid/v2/datasources", "names", Handler::Inline(datasources::names)),
    get("/druid/v2/datasources/{ds}", "dimensions and metrics", Handler::Inline(datasources::columns)),
    get("/druid/v2/datasources/{ds}/dimensions", "names", Handler::Inline(datasources::dimensions)),
    get("/druid/v2/datasources/{ds}/metrics", "names", Handler::Inline(datasources::metrics)),
    get("/druid/v2/datasources/{ds}/candidates", "segments", Handler::Inline(datasources::candidates)),
    // Coordinator
    get(
        "/druid/coordinator/v1/datasources",
        "published datasources",
        Handler::Blocking(coordinator::datasources),
    ),
    get("/druid/coordinator/v1/datasources/{ds}", "sizes", Handler::Blocking(coordinator::datasource)),
    get(
        "/druid/coordinator/v1/datasources/{ds}/intervals",
        "time chunks",
        Handler::Blocking(coordinator::intervals),
    ),
    get("/druid/coordinator/v1/datasources/{ds}/segments", "ids", Handler::Blocking(coordinator::segments)),
    get(
        "/druid/coordinator/v1/datasources/{ds}/segments/{id}",
        "one",
        Handler::Blocking(coordinator::segment),
    ),
    get("/druid/coordinator/v1/datasources/{ds}/tiers", "tiers", Handler::Blocking(coordinator::tiers)),
    get(
        "/druid/coordinator/v1/datasources/{ds}/loadstatus",
        "percent loaded",
        Handler::Blocking(coordinator::datasource_loadstatus),
    ),
    get(
        "/druid/coordinator/v1/datasources/{ds}/handoffComplete",
        "whether a segment is served sealed",
        Handler::Inline(coordinator::handoff_complete),
    ),
    get("/druid/coordinator/v1/loadstatus", "percent loaded", Handler::Inline(coordinator::loadstatus)),
    get("/druid/coordinator/v1/servers", "this node", Handler::Blocking(coordinator::servers)),
    get(
        "/druid/coordinator/v1/metadata/datasources",
        "published datasources",
        Handler::Blocking(coordinator::metadata_datasources),
    ),
    get(
        "/druid/coordinator/v1/metadata/datasources/{ds}/segments",
        "ids",
        Handler::Blocking(coordinator::segments),
    ),
    get(
        "/druid/coordinator/v1/metadata/segments",
        "every published segment",
        Handler::Blocking(coordinator::metadata_segments),
    ),
];
