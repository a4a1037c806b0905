//! While 20,000 events a second stream in, do queries over live and sealed rows answer, and how soon is an
//! event visible? The figure is printed; the 99th percentile must stay below a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::json;

use super::broker::Broker;
use super::server::Server;

const RATE: u64 = 20_000;
const SECONDS: u64 = 20;

#[test]
fn events_are_visible_within_a_second() {
    let Some(broker) = Broker::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), None);
    let spec = json!({
        "type": "kafka",
        "spec": {
            "dataSchema": {
                "dataSource": "events",
                "timestampSpec": {"column": "t", "format": "millis"},
                "dimensionsSpec": {"dimensions": ["kind", "user", {"type": "long", "name": "n"}]},
                "granularitySpec": {"segmentGranularity": "HOUR", "queryGranularity": "NONE", "rollup": false}
            },
            "ioConfig": {
                "topic": "events", "inputFormat": {"type": "json"}, "useEarliestOffset": true,
                "consumerProperties": {"bootstrap.servers": broker.address}, "taskDuration": "PT5S"
            },
            "tuningConfig": {"type": "kafka"}
        }
    });
    // The topic exists before the supervisor looks for it.
    let sent = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let producing = produce(&broker.address, Arc::clone(&sent), Arc::clone(&done));
    while sent.load(Ordering::Relaxed) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (status, answer) = server.post("/druid/indexer/v1/supervisor", &spec).unwrap();
    assert_eq!(status, 200, "{answer}");

    // Skip the catching up, then ask all the time: how old is the newest event that a query sees?
    std::thread::sleep(Duration::from_secs(4));
    let mut ages = Vec::new();
    let mut counts = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let newest = server.number("SELECT TIMESTAMP_TO_MILLIS(MAX(__time)) FROM events");
        ages.push(now_ms() - newest);
        counts.push(server.number("SELECT COUNT(*) FROM events WHERE kind IN ('a', 'b')"));
    }
    let total = producing.join().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while server.number("SELECT COUNT(*) FROM events") < total as i64 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.number("SELECT COUNT(*) FROM events"), total as i64);
    assert!(counts.is_sorted(), "a count over a growing topic went back: {counts:?}");
    ages.sort_unstable();
    let at = |share: f64| ages[((ages.len() - 1) as f64 * share) as usize];
    println!(
        "freshness at {RATE} events/s over {} queries: p50 {} ms, p99 {} ms, max {} ms",
        ages.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert!(at(0.99) < 1000, "p99 of the age of the newest visible event is {} ms", at(0.99));
}

fn produce(address: &str, sent: Arc<AtomicU64>, done: Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", address).set("linger.ms", "5").create().unwrap();
    std::thread::spawn(move || {
        let started = Instant::now();
        let mut n = 0;
        while started.elapsed() < Duration::from_secs(SECONDS) {
            let due = (started.elapsed().as_secs_f64() * RATE as f64) as u64;
            while n < due {
                let kind = ["a", "b", "c", "d"][(n % 4) as usize];
                let event = format!(
                    "{{\"t\":{},\"kind\":\"{kind}\",\"user\":\"u{}\",\"n\":{n}}}",
                    now_ms(),
                    n % 5000
                );
                let record = BaseRecord::<(), _>::to("events").payload(&event);
                match producer.send(record) {
                    Ok(()) => n += 1,
                    Err(_) => producer.poll(Duration::from_millis(5)),
                }
            }
            producer.poll(Duration::from_millis(2));
            sent.store(producer.in_flight_count() as u64 + n, Ordering::Relaxed);
        }
        producer.flush(Duration::from_secs(30)).unwrap();
        done.store(true, Ordering::Relaxed);
        n
    })
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}
