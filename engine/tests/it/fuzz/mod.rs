//! Do requests that nobody would write end in an answer? Cases of the conformance test and calls of clients, changed at
//! random, are sent to a node: native queries, SQL, expressions, Avatica's calls, Flight's requests. None may make it
//! panic, hang or stop. `ALLUVIUM_FUZZ_SECONDS` says how long each kind is sent; `ALLUVIUM_SEED` replays.

mod avatica;
mod change;
mod flight;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alluvium::config::{Config, FlightConfig};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::conformance;
use crate::node::Node;

const SECONDS: u64 = 4;
const SEED: u64 = 41;
/// The longest an answer may take, the wait for the processor included.
const PATIENCE: Duration = Duration::from_secs(50);

/// What panicked outside of tests' own threads.
type Panics = Arc<Mutex<Vec<String>>>;

/// Notes panics of the node's threads; those of tests have a path as their name.
fn noted_panics() -> Panics {
    let panics = Panics::default();
    let (notes, before) = (Arc::clone(&panics), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        if !thread.name().is_some_and(|name| name.contains("::")) {
            notes.lock().unwrap().push(format!("{:?}: {info}", thread.name()));
        }
        before(info);
    }));
    panics
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// One kind of request: draws one, sends it; what it was, as text.
type Kind<'k> = (&'static str, Box<dyn FnMut(&mut Rng) -> String + 'k>);

#[test]
fn odd_requests_are_answered() {
    let panics = noted_panics();
    let flight = FlightConfig { listen: Some("127.0.0.1:0".to_owned()) };
    let node = Node::start_with(Config { flight, ..Config::default() });
    conformance::load_all(&node);
    let (native, sql) = conformance::requests();
    let texts: Vec<String> =
        sql.iter().filter_map(|body| body["query"].as_str().map(str::to_owned)).collect();
    let expressions: Vec<String> = native.iter().flat_map(change::expressions).collect();
    assert!(native.len() > 1000 && texts.len() > 1000 && expressions.len() > 200);
    let mut calls = flight::Calls::connect(node.flight_address());
    let mut kinds: Vec<Kind<'_>> = vec![
        ("native", Box::new(|rng| post(&node, "/druid/v2", &bounded(change::json(rng, &native))))),
        (
            "sql",
            Box::new(|rng| {
                let body = json!({"query": change::text(rng, &texts), "context": {"timeout": 10_000}});
                post(&node, "/druid/v2/sql", &body)
            }),
        ),
        (
            "expressions",
            Box::new(|rng| {
                let expression = change::text(rng, &expressions);
                post(&node, "/druid/v2", &bounded(asked(&expression)))
            }),
        ),
        ("avatica", Box::new(|rng| avatica::call(rng, &node, &texts))),
        ("flight", Box::new(|rng| calls.call(rng, &texts))),
    ];
    let (seconds, seed) = (number("ALLUVIUM_FUZZ_SECONDS", SECONDS), number("ALLUVIUM_SEED", SEED));
    let mut rng = Rng::with_seed(seed);
    for (name, send) in &mut kinds {
        let (started, mut sent) = (Instant::now(), 0);
        while started.elapsed() < Duration::from_secs(seconds) {
            let asked = Instant::now();
            let request = send(&mut rng);
            assert!(asked.elapsed() < PATIENCE, "{name}: {request}");
            let noted = panics.lock().unwrap();
            assert!(noted.is_empty(), "seed {seed}, {name}: {request}\n{}", noted.join("\n"));
            sent += 1;
        }
        println!("{sent} requests of {name} (seed {seed}): each was answered");
        assert!(sent > seconds, "{name}: only {sent}");
        assert_eq!(node.sql("SELECT COUNT(*) FROM plain"), json!([[40]]));
    }
}

/// A query that gives up in time.
fn bounded(mut query: Value) -> Value {
    if let Some(context) = query.get_mut("context").filter(|context| context.is_object()) {
        context["timeout"] = json!(10_000);
    } else if query.is_object() {
        query["context"] = json!({"timeout": 10_000});
    }
    query
}

/// An expression asked over rows, and within a filter.
fn asked(expression: &str) -> Value {
    json!({"queryType": "groupBy", "dataSource": "plain", "intervals": ["2024-01-01/2025-01-01"], "granularity": "all",
        "dimensions": ["v"], "aggregations": [{"type": "longSum", "name": "n", "expression": expression}],
        "virtualColumns": [{"type": "expression", "name": "v", "expression": expression, "outputType": "STRING"}],
        "filter": {"type": "or", "fields": [{"type": "expression", "expression": expression},
            {"type": "selector", "dimension": "city", "value": "Oslo"}]}})
}

fn post(node: &Node, path: &str, body: &Value) -> String {
    let answer = node.post(path, body);
    assert!((200..=599).contains(&answer.status), "{body}");
    assert!(!answer.text.contains("panicked"), "{body}: {}", answer.text);
    format!("{path} {body}")
}
