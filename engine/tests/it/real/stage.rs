//! Whom do the tests of clients ask? One server for all of them, with the edits and the flights: three quarters of each are
//! sealed, the rest is live.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::read::GzDecoder;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use super::broker::{Broker, free_port};
use super::exactly_once::wait_for;
use super::server::Server;
use super::wikiticker::Wikiticker;

const FLIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/flights/flights.json.gz");

/// A server with data; it and its broker end when the process of the tests does.
pub(super) struct Stage {
    pub(super) server: Server,
    pub(super) edits: Wikiticker,
    pub(super) flights: Flights,
    /// Where Arrow Flight SQL is spoken.
    pub(super) flight_sql: String,
    /// The port of PostgreSQL's protocol.
    pub(super) postgres: u16,
    _broker: Broker,
}

/// What is in the file of flights, computed from the file itself.
pub(super) struct Flights {
    pub(super) lines: Vec<String>,
    /// Miles of all flights.
    pub(super) miles: i64,
    /// Minutes of delay of all flights.
    pub(super) delay: i64,
}

impl Flights {
    fn read() -> Self {
        let reader = BufReader::new(GzDecoder::new(File::open(FLIGHTS).unwrap()));
        let lines: Vec<String> = reader.lines().map(Result::unwrap).collect();
        let (mut miles, mut delay) = (0, 0);
        for line in &lines {
            let flight: Value = serde_json::from_str(line).unwrap();
            miles += flight["distance"].as_i64().unwrap();
            delay += flight["delay"].as_i64().unwrap();
        }
        Self { lines, miles, delay }
    }
}

/// The server of all tests of clients, started by the first of them; nothing where a part is missing.
pub(super) fn stage() -> Option<&'static Stage> {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    super::part("the wikiticker file", "ALLUVIUM_WIKITICKER")?;
    super::part("Apache Kafka", "ALLUVIUM_KAFKA_LIBS")?;
    Some(STAGE.get_or_init(Stage::start))
}

impl Stage {
    fn start() -> Self {
        let (broker, edits) = (Broker::start().unwrap(), Wikiticker::read().unwrap());
        let flights = Flights::read();
        let folder = tempfile::tempdir().unwrap().keep();
        let (flight_sql, postgres) = (format!("127.0.0.1:{}", free_port()), free_port());
        let config = format!(
            "[flight]\nlisten = '{flight_sql}'\n[postgres]\nlisten = '127.0.0.1:{postgres}'\n[ingest]\ncommit_period_ms = 7200000\n"
        );
        let server = Server::start_leashed(&folder, &config);
        load(&server, &broker.address, "wikipedia", edit_dimensions(), &edits.lines);
        let flight = json!(["origin", "destination", long("distance"), long("delay")]);
        load(&server, &broker.address, "flights", flight, &flights.lines);
        Self { server, edits, flights, flight_sql, postgres, _broker: broker }
    }

    /// Runs a client's script, which compares by itself and says in its last line how much; that line is printed.
    pub(super) fn run(&self, program: &Path, variables: &[(&str, &Path)], script: &str) {
        let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/real")).join(script);
        let output = Command::new(program)
            .envs(variables.iter().copied())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(script)
            .args([&self.server.url, &std::env::var("ALLUVIUM_WIKITICKER").unwrap(), FLIGHTS])
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let last = out.lines().last().unwrap_or_default();
        let different: Vec<&str> = out.lines().filter(|line| line.starts_with("DIFFERENT")).collect();
        assert!(
            output.status.success() && last.contains(" 0 differ"),
            "{}\n{last}\n{}",
            different.join("\n"),
            &err[err.len().saturating_sub(4000)..]
        );
        let live = |table: &str| rows_in(&self.server, table, 1);
        println!("{last}; {} edits and {} flights were live", live("wikipedia"), live("flights"));
        assert!(live("wikipedia") > 0 && live("flights") > 0);
    }
}

/// Sends three quarters of the lines, waits until they are sealed, then sends the rest and waits until they are seen.
fn load(server: &Server, address: &str, table: &str, dimensions: Value, lines: &[String]) {
    let (live, sealed): (Vec<_>, Vec<_>) = lines.iter().enumerate().partition(|(n, _)| n % 4 == 3);
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", address).set("linger.ms", "20").create().unwrap();
    let send = |part: &[(usize, &String)]| {
        for (_, line) in part {
            let record = || BaseRecord::<(), _>::to(table).payload(line.as_str());
            while producer.send(record()).is_err() {
                producer.poll(Duration::from_millis(10));
            }
        }
        producer.flush(Duration::from_secs(60)).unwrap();
    };
    send(&sealed);
    let (status, answer) =
        server.post("/druid/indexer/v1/supervisor", &spec(address, table, dimensions, sealed.len())).unwrap();
    assert_eq!(status, 200, "{answer}");
    wait_for("sealed rows", || rows_in(server, table, 0) == sealed.len() as i64);
    send(&live);
    let count = format!("SELECT COUNT(*) FROM {table}");
    wait_for("live rows", || server.number(&count) == lines.len() as i64);
    assert_eq!(rows_in(server, table, 1), live.len() as i64);
}

/// Rows of the segments of a table that are live (1) or sealed (0).
fn rows_in(server: &Server, table: &str, live: u8) -> i64 {
    server.number(&format!(
        "SELECT SUM(num_rows) FROM sys.segments WHERE datasource = '{table}' AND is_realtime = {live} AND is_active = 1"
    ))
}

fn spec(address: &str, table: &str, dimensions: Value, total_rows: usize) -> Value {
    json!({"type": "kafka", "spec": {
        "dataSchema": {"dataSource": table, "timestampSpec": {"column": "time", "format": "iso"},
            "dimensionsSpec": {"dimensions": dimensions},
            "granularitySpec": {"segmentGranularity": if table == "flights" { "DAY" } else { "SIX_HOUR" },
                "queryGranularity": "NONE", "rollup": false}},
        "ioConfig": {"topic": table, "inputFormat": {"type": "json"}, "useEarliestOffset": true,
            "consumerProperties": {"bootstrap.servers": address}, "taskDuration": "PT2H"},
        "tuningConfig": {"type": "kafka", "maxTotalRows": total_rows}}})
}

fn long(name: &str) -> Value {
    json!({"type": "long", "name": name})
}

/// The columns of Druid's tutorial, in the order of the file.
fn edit_dimensions() -> Value {
    let texts = "channel cityName comment countryIsoCode countryName isAnonymous isMinor isNew isRobot isUnpatrolled \
        metroCode namespace page regionIsoCode regionName user";
    let longs = ["added", "deleted", "delta"].map(long);
    texts.split(' ').map(|name| json!(name)).chain(longs).collect()
}
