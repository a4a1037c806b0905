//! Is every Kafka record counted once when the server is killed at every door of a row's walk and at random?
//!
//! The edits go into a two-partition topic in committed transactions, and once more in transactions that are
//! aborted; the server is killed and restarted all the while; two supervisors read, with and without rollup.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use alluvium_ingest::crash::DOORS;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::{Value, json};

use super::broker::Broker;
use super::server::{CrashPlan, Server};
use super::wikiticker::{EDITS, Wikiticker};

pub(super) const TOPIC: &str = "wikiticker";
const RANDOM_KILLS: usize = 10;
/// Edits a transaction.
const CHUNK: usize = 300;

#[test]
fn every_edit_counts_once_through_kills() {
    let (Some(edits), Some(broker)) = (Wikiticker::read(), Broker::start()) else { return };
    let edits = Arc::new(edits);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    create_topic(&broker.address);

    // The first server takes the specs; none is killed before something is committed.
    let allowed = Arc::new(AtomicUsize::new(EDITS as usize / 10));
    let producing = produce(&broker.address, Arc::clone(&edits), Arc::clone(&allowed));
    let started = Instant::now();
    let mut server = Server::start(data, None);
    for rollup in [true, false] {
        let (status, answer) =
            server.post("/druid/indexer/v1/supervisor", &spec(&broker.address, rollup)).unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    wait_for("a first commit", || committed(data) > 0);
    server.kill();

    let kills = DOORS.len() + RANDOM_KILLS;
    let mut seen_committed = Vec::new();
    for kill in 0..kills {
        // Always something left to read, and never all of it before the last kill.
        allowed.store(EDITS as usize * (kill + 4) / (kills + 6), Ordering::Relaxed);
        kill_once(data, kill);
        seen_committed.push(committed(data));
    }
    allowed.store(usize::MAX, Ordering::Relaxed);
    let all = producing.join().unwrap();
    for (kill, committed) in seen_committed.iter().enumerate() {
        assert!(0 < *committed && *committed < 2 * all, "kill {kill}: {committed} of {} committed", 2 * all);
    }

    let server = Server::start(data, None);
    wait_for("all edits", || {
        server.number("SELECT COUNT(*) FROM \"wiki-plain\"") >= EDITS
            && server.number("SELECT SUM(\"count\") FROM \"wiki-rollup\"") >= EDITS
    });
    let took = started.elapsed();
    assert!(took > Duration::from_secs(30), "ingestion took {took:?}");
    check(&server, &edits, "live and sealed");
    server.stop();
    let server = Server::start(data, None);
    check(&server, &edits, "after a graceful stop");
    println!(
        "{kills} kills, {} of them at doors; committed positions seen: {seen_committed:?} of {}",
        DOORS.len(),
        2 * all
    );
}

/// Kills the server at the next door, or after a while when all doors had their turn.
fn kill_once(data: &Path, kill: usize) {
    let Some(door) = DOORS.get(kill) else {
        let mut server = Server::start(data, None);
        // Anywhere in the first two seconds and a half; the machine's scheduling varies it more than a seed would.
        std::thread::sleep(Duration::from_millis(200 + (kill as u64 * 7919) % 2300));
        server.kill();
        return;
    };
    let log = data.join(format!("crash-{door}"));
    let mut server = Server::start(data, Some(&CrashPlan { door, pass: 1 + kill as u32 % 2, log: &log }));
    assert!(
        server.ended_within(Duration::from_secs(60)),
        "the server did not reach the door `{door}` in 60 s"
    );
    let hit = std::fs::read_to_string(&log).unwrap_or_default();
    assert!(hit.contains(door), "the server died without passing `{door}`: {hit:?}");
}

/// Edits are sent once in committed and once in aborted transactions, no faster than `allowed` grows.
/// Gives the sum of the end offsets of all partitions.
fn produce(address: &str, edits: Arc<Wikiticker>, allowed: Arc<AtomicUsize>) -> JoinHandle<i64> {
    let address = address.to_owned();
    std::thread::spawn(move || {
        let transactional = |id: &str| -> BaseProducer {
            let producer: BaseProducer = ClientConfig::new()
                .set("bootstrap.servers", &address)
                .set("transactional.id", id)
                .create()
                .unwrap();
            producer.init_transactions(Duration::from_secs(30)).unwrap();
            producer
        };
        let (committing, aborting) = (transactional("commits"), transactional("aborts"));
        for (n, chunk) in edits.lines.chunks(CHUNK).enumerate() {
            while n * CHUNK > allowed.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            aborting.begin_transaction().unwrap();
            send(&aborting, chunk);
            aborting.flush(Duration::from_secs(30)).unwrap();
            committing.begin_transaction().unwrap();
            send(&committing, chunk);
            aborting.abort_transaction(Duration::from_secs(30)).unwrap();
            committing.commit_transaction(Duration::from_secs(30)).unwrap();
        }
        let end = |partition| {
            committing.client().fetch_watermarks(TOPIC, partition, Duration::from_secs(10)).unwrap().1
        };
        end(0) + end(1)
    })
}

fn send(producer: &BaseProducer, lines: &[String]) {
    for (n, line) in lines.iter().enumerate() {
        let record = BaseRecord::<(), _>::to(TOPIC).partition((n % 2) as i32).payload(line.as_str());
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
}

pub(super) fn create_topic(address: &str) {
    use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
    let admin: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", address).create().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let topic = NewTopic::new(TOPIC, 2, TopicReplication::Fixed(1));
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
    let results = runtime.block_on(admin.create_topics([&topic], &options)).unwrap();
    results.into_iter().for_each(|result| drop(result.unwrap()));
}

/// The supervisor spec of Druid's Kafka tutorial, with commits every second instead of every hour.
pub(super) fn spec(address: &str, rollup: bool) -> Value {
    let dimensions = json!([
        "channel",
        "cityName",
        "comment",
        "countryIsoCode",
        "countryName",
        "isAnonymous",
        "isMinor",
        "isNew",
        "isRobot",
        "isUnpatrolled",
        "metroCode",
        "namespace",
        "page",
        "regionIsoCode",
        "regionName",
        "user"
    ]);
    let plain: Vec<Value> = dimensions
        .as_array()
        .unwrap()
        .iter()
        .cloned()
        .chain(["added", "deleted", "delta"].map(|name| json!({"name": name, "type": "long"})))
        .collect();
    let metrics = json!([
        {"type": "count", "name": "count"},
        {"type": "longSum", "name": "added", "fieldName": "added"},
        {"type": "longSum", "name": "delta", "fieldName": "delta"}
    ]);
    json!({
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": if rollup { "wiki-rollup" } else { "wiki-plain" },
                "timestampSpec": {"column": "time", "format": "iso"},
                "dimensionsSpec": {"dimensions": if rollup { json!(["channel", "namespace", "isRobot"]) } else { json!(plain) }},
                "metricsSpec": if rollup { metrics } else { json!([]) },
                "granularitySpec": {
                    "type": "uniform", "segmentGranularity": "SIX_HOUR",
                    "queryGranularity": if rollup { "HOUR" } else { "NONE" }, "rollup": rollup
                }
            },
            "ioConfig": {
                "type": "kafka", "topic": TOPIC, "inputFormat": {"type": "json"},
                "consumerProperties": {"bootstrap.servers": address},
                "taskCount": 1, "replicas": 1, "taskDuration": "PT1S", "useEarliestOffset": true
            },
            "tuningConfig": {"type": "kafka", "maxRowsPerSegment": 5_000_000}
        }
    })
}

/// Sum of the positions committed to the metadata store, over both supervisors.
fn committed(data: &Path) -> i64 {
    let open = || {
        rusqlite::Connection::open_with_flags(
            data.join("metadata.db"),
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
    };
    let sum = |store: rusqlite::Connection| {
        store.query_row("SELECT COALESCE(SUM(next_offset), 0) FROM ingest_offset", [], |row| {
            row.get::<_, i64>(0)
        })
    };
    open().and_then(sum).unwrap_or(0)
}

pub(super) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < deadline, "waited 120 s for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn check(server: &Server, edits: &Wikiticker, when: &str) {
    assert_eq!(server.number("SELECT COUNT(*) FROM \"wiki-plain\""), EDITS, "{when}");
    assert_eq!(server.number("SELECT SUM(\"count\") FROM \"wiki-rollup\""), EDITS, "{when}");
    for (table, count) in [("wiki-plain", "COUNT(*)"), ("wiki-rollup", "SUM(\"count\")")] {
        let rows = server.sql(&format!(
            "SELECT channel, {count}, SUM(added), SUM(delta) FROM \"{table}\" GROUP BY channel ORDER BY channel"
        ));
        let wanted: Vec<Value> =
            edits.channels.iter().map(|(name, sums)| json!([name, sums.0, sums.1, sums.2])).collect();
        assert_eq!(rows, wanted, "{table} {when}");
        let aggregation = match table {
            "wiki-plain" => json!({"type": "count", "name": "edits"}),
            _ => json!({"type": "longSum", "name": "edits", "fieldName": "count"}),
        };
        let top = json!({
            "queryType": "topN", "dataSource": table, "intervals": ["2015-09-12/2015-09-13"], "granularity": "all",
            "dimension": "channel", "metric": "edits", "threshold": 5, "aggregations": [aggregation]
        });
        let (status, answer) = server.post("/druid/v2", &top).unwrap();
        assert_eq!(status, 200, "{answer}");
        let found: Vec<(String, i64)> = answer[0]["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["channel"].as_str().unwrap().to_owned(), row["edits"].as_i64().unwrap()))
            .collect();
        assert_eq!(found, edits.top_channels(), "{table} {when}");
    }
}
