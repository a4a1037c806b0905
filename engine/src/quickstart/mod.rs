//! `alluvium quickstart`: real flights flow from a Kafka topic into segments while they are asked about, in one
//! process, and every flight must be counted exactly once.

mod feed;
mod flights;
mod proof;
mod questions;
mod show;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alluvium_ingest::source::kafka::mock::MockBroker;
use serde_json::{Value, json};

use self::feed::Feed;
use self::flights::Flights;
use crate::client::{Client, submit};
use crate::config::Config;
use crate::flags::QuickstartOptions;
use crate::server::Server;
use crate::{EngineError, inspect};

const SUPERVISOR: &str = "/druid/indexer/v1/supervisor";
const TASK: &str = "/druid/indexer/v1/task";

/// The supervisor's id: that of its datasource.
const DATASOURCE: &str = "flights";

/// Partitions of the topic.
const PARTITIONS: i32 = 2;

/// How long a step may take that needs no more than the machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the command.
///
/// # Errors
/// When the server does not start, a step fails, or a flight is not counted exactly once.
pub fn run(options: &QuickstartOptions) -> Result<(), EngineError> {
    let config = Config {
        listen: options.listen.clone(),
        data_dir: options.data_dir.clone(),
        log: "error".to_owned(),
        ..Config::default()
    };
    crate::server::init_logging(&config.log)?;
    // The broker outlives the server, which commits what it has read when it stops.
    let topic = fresh_topic();
    let broker = MockBroker::start(&topic, PARTITIONS).map_err(broker_failed)?;
    let server = Server::start(config)?;
    let told = tell(&server, &broker, &topic);
    match (&told, options.once) {
        (Ok(()), false) => {
            show::how_to_go_on(&server.url());
            server.wait_for_signal()?;
        }
        (Ok(()), true) => {}
        (Err(_), _) => eprintln!("the quickstart failed; the server stops"),
    }
    let stopped = server.stop();
    told.and(stopped)
}

/// The story, from an empty datasource to the last check.
fn tell(server: &Server, broker: &MockBroker, topic: &str) -> Result<(), EngineError> {
    let client = Client::new(&server.url());
    println!("Alluvium listens on {}", server.url());
    start_afresh(&client)?;
    load_airports(&client)?;

    let flights = Flights::unpack()?;
    client.post_json(SUPERVISOR, &supervisor_spec(topic, broker.bootstrap_servers())?)?;
    println!(
        "Topic `{topic}` on an in-process Kafka broker at {}, read by supervisor `{DATASOURCE}`",
        broker.bootstrap_servers()
    );

    let feed = Feed::new(&flights, topic, PARTITIONS);
    let producer = broker.producer().map_err(broker_failed)?;
    feed.play(&client, producer, || questions::ask_all(&client, "while rows stream in"))?;
    proof::all_visible(&client, &flights)?;

    println!(
        "\nAll {} flights are there; the supervisor is suspended, which seals what is live",
        flights.len()
    );
    client.post_json(&format!("{SUPERVISOR}/{DATASOURCE}/suspend"), &json!({}))?;
    proof::all_sealed(&client)?;
    println!("{}", questions::ask_all(&client, "when sealed")?);
    proof::counted_once(&client, &flights)?;
    println!("\nEvery one of {} flights is counted exactly once\n", flights.len());
    inspect::one_of(server.node(), DATASOURCE)
}

/// Forgets what an earlier run in the same folder left: its topic died with its process.
fn start_afresh(client: &Client) -> Result<(), EngineError> {
    let known = client.get_json(SUPERVISOR)?;
    if known.as_array().is_some_and(|ids| ids.iter().any(|id| id == DATASOURCE)) {
        client.post_json(&format!("{SUPERVISOR}/{DATASOURCE}/terminate"), &json!({}))?;
    }
    let published = client.get_json("/druid/coordinator/v1/metadata/datasources")?;
    if published.as_array().is_some_and(|names| names.iter().any(|name| name == DATASOURCE)) {
        client.delete_json(&format!("/druid/coordinator/v1/datasources/{DATASOURCE}"))?;
    }
    proof::wait_until("the earlier run's flights are gone", || {
        let names = client.get_json("/druid/v2/datasources")?;
        Ok(names.as_array().is_some_and(|names| names.iter().all(|name| name != DATASOURCE)))
    })
}

fn load_airports(client: &Client) -> Result<(), EngineError> {
    let mut task = flights::airports_task()?;
    if let Some(io) = task.pointer_mut("/spec/ioConfig") {
        io["inputSource"] = json!({ "type": "inline", "data": flights::AIRPORTS });
    }
    let answer = client.post_json(TASK, &task)?;
    let id = answer.get("task").and_then(Value::as_str).unwrap_or_default();
    submit::await_task(client, id)?;
    println!("Batch task `{id}` has made datasource `airports`");
    Ok(())
}

/// The example's spec, reading this run's topic.
fn supervisor_spec(topic: &str, servers: &str) -> Result<Value, EngineError> {
    let mut spec = flights::supervisor_spec()?;
    if let Some(io) = spec.pointer_mut("/spec/ioConfig") {
        io["topic"] = Value::from(topic);
        io["consumerProperties"] = json!({ "bootstrap.servers": servers });
    }
    Ok(spec)
}

/// A topic name no earlier run had.
fn fresh_topic() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("flights-{}", since_epoch.as_millis())
}

fn broker_failed(error: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(format!("the in-process Kafka broker: {error}"))
}
