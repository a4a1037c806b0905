//! Which lookups are there (`/druid/coordinator/v1/lookups`), which does this node have (`/druid/listen/v1/lookups`), and
//! what do they say (`/druid/v1/lookups/introspect`)?

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Outcome, Refusal};
use super::reply::Reply;
use super::request::Request;
use crate::lookups::{Change, TIER, Tiers};
use crate::node::Node;

impl From<Change> for Refusal {
    fn from(change: Change) -> Self {
        match change {
            Change::Invalid(why) => Self::plain(StatusCode::BAD_REQUEST, why),
            Change::Refused(why) => Self::plain(StatusCode::INTERNAL_SERVER_ERROR, why),
            Change::Store(error) => error.into(),
        }
    }
}

fn accepted(body: &Value) -> Reply {
    Reply::json(body).with_status(StatusCode::ACCEPTED)
}

fn missing(what: String) -> Refusal {
    Refusal::plain(StatusCode::NOT_FOUND, what)
}

/// What is wanted; 404 before there have been any lookups.
fn wanted(node: &Node) -> Result<Tiers, Refusal> {
    let none = || missing("No lookups found".to_owned());
    node.lookups().wanted()?.ok_or_else(none)
}

fn tier(node: &Node, tier: &str) -> Result<BTreeMap<String, Value>, Refusal> {
    let none = || missing(format!("Tier [{tier}] not found"));
    wanted(node)?.remove(tier).ok_or_else(none)
}

/// Who changes lookups, and why, as the request's headers say.
fn audit(request: &Request, change: &str) -> Value {
    let header = |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    json!({"change": change, "author": header("x-druid-author"), "comment": header("x-druid-comment")})
}

/// `GET /config`: names of tiers; those of nodes with `?discover=true`.
pub(crate) fn tiers(node: &Node, request: &Request) -> Outcome {
    if request.flag("discover") {
        return Ok(Reply::json(&[TIER]));
    }
    Ok(Reply::json(&wanted(node)?.keys().collect::<Vec<_>>()))
}

/// `GET /config/all`: every specification.
pub(crate) fn all(node: &Node, _request: &Request) -> Outcome {
    Ok(Reply::json(&wanted(node)?))
}

/// `POST /config`: adds and replaces; an empty object is the beginning.
pub(crate) fn update_all(node: &Node, request: &Request) -> Outcome {
    let tiers: Tiers = request.json()?;
    node.lookups().update(&tiers, audit(request, "update"))?;
    Ok(accepted(&json!(tiers)))
}

/// `GET /config/{tier}`: names, or specifications with `?detailed=true`.
pub(crate) fn of_tier(node: &Node, request: &Request) -> Outcome {
    let lookups = tier(node, request.param(0))?;
    if request.flag("detailed") {
        return Ok(Reply::json(&lookups));
    }
    Ok(Reply::json(&lookups.keys().collect::<Vec<_>>()))
}

/// `DELETE /config/{tier}`.
pub(crate) fn delete_tier(node: &Node, request: &Request) -> Outcome {
    delete_some(node, request, request.param(0), None)
}

/// `GET /config/{tier}/{id}`.
pub(crate) fn specification(node: &Node, request: &Request) -> Outcome {
    let found = wanted(node)?.remove(request.param(0)).and_then(|mut all| all.remove(request.param(1)));
    let none = || missing(format!("lookup [{}] not found", request.param(1)));
    Ok(Reply::json(&found.ok_or_else(none)?))
}

/// `POST /config/{tier}/{id}`.
pub(crate) fn update(node: &Node, request: &Request) -> Outcome {
    update_one(node, request, request.param(0), request.param(1))
}

/// `DELETE /config/{tier}/{id}`.
pub(crate) fn delete(node: &Node, request: &Request) -> Outcome {
    delete_some(node, request, request.param(0), Some(request.param(1)))
}

fn update_one(node: &Node, request: &Request, tier: &str, name: &str) -> Outcome {
    let spec: Value = request.json()?;
    let tiers = Tiers::from([(tier.to_owned(), BTreeMap::from([(name.to_owned(), spec)]))]);
    node.lookups().update(&tiers, audit(request, "update"))?;
    Ok(accepted(&json!({})))
}

fn delete_some(node: &Node, request: &Request, tier: &str, name: Option<&str>) -> Outcome {
    match node.lookups().delete(tier, name, audit(request, "delete"))? {
        true => Ok(accepted(&json!({}))),
        false => Err(missing(format!("lookup [{}] not found", name.unwrap_or(tier)))),
    }
}

/// Whether a lookup is loaded by all nodes of its tier, and with `?detailed` by which it is not.
fn loaded(node: &Node, request: &Request, tier: &str, name: &str) -> Value {
    let states = node.lookups().states();
    let pending = tier == TIER && !states.get(name).is_some_and(|(_, loaded)| *loaded);
    match pending && request.flag("detailed") {
        true => json!({"loaded": false, "pendingNodes": [node.address().to_string()]}),
        false => json!({"loaded": !pending}),
    }
}

fn status_of_tier(
    node: &Node,
    request: &Request,
    tier: &str,
    lookups: &BTreeMap<String, Value>,
) -> Map<String, Value> {
    lookups.keys().map(|name| (name.clone(), loaded(node, request, tier, name))).collect()
}

/// `GET /status`: by tier and name, whether each is loaded.
pub(crate) fn status(node: &Node, request: &Request) -> Outcome {
    let tiers = wanted(node)?;
    let status = |(tier, lookups): (&String, &BTreeMap<String, Value>)| {
        (tier.clone(), Value::Object(status_of_tier(node, request, tier, lookups)))
    };
    Ok(Reply::json(&tiers.iter().map(status).collect::<Map<_, _>>()))
}

/// `GET /status/{tier}`.
pub(crate) fn tier_status(node: &Node, request: &Request) -> Outcome {
    let name = request.param(0);
    Ok(Reply::json(&status_of_tier(node, request, name, &tier(node, name)?)))
}

/// `GET /status/{tier}/{id}`.
pub(crate) fn lookup_status(node: &Node, request: &Request) -> Outcome {
    let (tier_name, name) = (request.param(0), request.param(1));
    if !tier(node, tier_name)?.contains_key(name) {
        return Err(missing(format!("Lookup [{name}] not found for tier [{tier_name}]")));
    }
    Ok(Reply::json(&loaded(node, request, tier_name, name)))
}

/// What this node has and is about to have; versions alone with `?detailed=false`.
fn node_state(node: &Node, request: &Request) -> Value {
    let brief = request.query("detailed").is_some_and(|v| v == "false");
    let shown = |spec: Value| if brief { spec.get("version").cloned().unwrap_or(Value::Null) } else { spec };
    let (mut current, mut to_load) = (Map::new(), Map::new());
    for (name, (spec, loaded)) in node.lookups().states() {
        if loaded { &mut current } else { &mut to_load }.insert(name, shown(spec));
    }
    json!({"current": current, "toLoad": to_load, "toDrop": []})
}

/// The nodes of a tier: this one, or none.
fn nodes(node: &Node, request: &Request, tier: &str) -> Value {
    match tier == TIER {
        true => json!({ node.address().to_string(): node_state(node, request) }),
        false => json!({}),
    }
}

/// `GET /nodeStatus`: by tier and node; also of tiers without lookups with `?discover=true`.
pub(crate) fn node_status(node: &Node, request: &Request) -> Outcome {
    let tiers: Vec<String> = match request.flag("discover") {
        true => vec![TIER.to_owned()],
        false => wanted(node)?.into_keys().collect(),
    };
    let status = |tier: String| {
        let nodes = nodes(node, request, &tier);
        (tier, nodes)
    };
    Ok(Reply::json(&tiers.into_iter().map(status).collect::<Map<_, _>>()))
}

/// `GET /nodeStatus/{tier}`.
pub(crate) fn tier_node_status(node: &Node, request: &Request) -> Outcome {
    Ok(Reply::json(&nodes(node, request, request.param(0))))
}

/// `GET /nodeStatus/{tier}/{host:port}`.
pub(crate) fn one_node_status(node: &Node, request: &Request) -> Outcome {
    if request.param(0) != TIER || request.param(1) != node.address().to_string() {
        let text = format!("Node [{}] not found for tier [{}]", request.param(1), request.param(0));
        return Err(missing(text));
    }
    Ok(Reply::json(&node_state(node, request)))
}

/// `GET /druid/listen/v1/lookups`: what this node has loaded.
pub(crate) fn active(node: &Node, _request: &Request) -> Outcome {
    let states = node.lookups().states().into_iter().filter(|(_, (_, loaded))| *loaded);
    Ok(Reply::json(&states.map(|(name, (spec, _))| (name, spec)).collect::<Map<_, _>>()))
}

/// `GET /druid/listen/v1/lookups/{id}`.
pub(crate) fn active_one(node: &Node, request: &Request) -> Outcome {
    let found = node.lookups().states().remove(request.param(0));
    let none = || missing(format!("lookup [{}] not found", request.param(0)));
    Ok(Reply::json(&found.filter(|(_, loaded)| *loaded).ok_or_else(none)?.0))
}

/// `POST /druid/listen/v1/lookups`: several, by name.
pub(crate) fn listen_all(node: &Node, request: &Request) -> Outcome {
    let lookups: BTreeMap<String, Value> = request.json()?;
    let tiers = Tiers::from([(TIER.to_owned(), lookups)]);
    node.lookups().update(&tiers, audit(request, "update"))?;
    Ok(accepted(&json!({"status": "accepted"})))
}

/// `POST /druid/listen/v1/lookups/{id}`.
pub(crate) fn listen(node: &Node, request: &Request) -> Outcome {
    update_one(node, request, TIER, request.param(0))
}

/// `DELETE /druid/listen/v1/lookups/{id}`.
pub(crate) fn forget(node: &Node, request: &Request) -> Outcome {
    delete_some(node, request, TIER, Some(request.param(0)))
}

/// `GET /druid/v1/lookups/introspect/{id}`: keys with their values.
pub(crate) fn entries(node: &Node, request: &Request) -> Outcome {
    introspect(node, request, |lookup| {
        let entries = lookup.iter().map(|(key, value)| (key.to_owned(), Value::from(value)));
        Reply::json(&entries.collect::<Map<_, _>>())
    })
}

/// `GET /druid/v1/lookups/introspect/{id}/keys`.
pub(crate) fn keys(node: &Node, request: &Request) -> Outcome {
    introspect(node, request, |lookup| Reply::json(&lookup.iter().map(|(key, _)| key).collect::<Vec<_>>()))
}

/// `GET /druid/v1/lookups/introspect/{id}/values`.
pub(crate) fn values(node: &Node, request: &Request) -> Outcome {
    introspect(node, request, |lookup| Reply::json(&lookup.iter().map(|(_, v)| v).collect::<Vec<_>>()))
}

/// `GET /druid/v1/lookups/introspect/{id}/version`: of what it was read from.
pub(crate) fn version(node: &Node, request: &Request) -> Outcome {
    let version = node.lookups().source_version(request.param(0));
    let none = || missing(format!("lookup [{}] has no version of a source", request.param(0)));
    Ok(Reply::json(&json!({"version": version.ok_or_else(none)?})))
}

fn introspect(
    node: &Node,
    request: &Request,
    show: impl FnOnce(&alluvium_segments::catalog::Lookup) -> Reply,
) -> Outcome {
    let snapshot = node.catalog().snapshot();
    let none = || missing(format!("lookup [{}] not found", request.param(0)));
    Ok(show(snapshot.lookup(request.param(0)).ok_or_else(none)?))
}
