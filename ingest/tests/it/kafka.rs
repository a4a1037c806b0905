//! From librdkafka's mock cluster to the catalogue.

use std::time::{Duration, Instant};

use alluvium_ingest::service::SupervisorDetail;
use alluvium_segments::ErrorClass;
use alluvium_segments::catalog::MetadataStore;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::json;

use crate::world::{World, record, spec, up_to, wait_for};

fn produce(servers: &str, numbers: std::ops::Range<i64>) {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
    for n in numbers {
        let value = record(n);
        let to = BaseRecord::<(), [u8]>::to("topic").payload(&value).partition((n % 2) as i32);
        producer.send(to).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(Duration::from_secs(20)).unwrap();
}

#[test]
fn every_record_once_through_stops_and_crashes() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("topic", 2, 1).unwrap();
    let servers = cluster.bootstrap_servers();
    let mut world = World::kafka();
    let consumer = json!({"spec": {"ioConfig": {"consumerProperties": {"bootstrap.servers": servers}}}});
    produce(&servers, 0..500);
    world.service.submit_supervisor(&spec(&consumer), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 500);
    world.restart();
    assert_eq!(world.longs("d", "n"), up_to(500));
    assert_eq!(world.store.offsets("d").unwrap().len(), 2);
    produce(&servers, 500..800);
    wait_for("rows", || world.longs("d", "n") == up_to(800));
    world.crash();
    wait_for("rows after the crash", || world.longs("d", "n") == up_to(800));
    wait_for("no lag", || {
        let status = world.status("d");
        status["aggregateLag"] == 0 && status["latestOffsets"]["0"] == 400
    });
    world.service.suspend("d").unwrap();
    assert_eq!(world.committed("d"), 800);
}

#[test]
fn an_absent_broker_and_an_absent_topic_are_reported() {
    let world = World::kafka();
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    wait_for("the state", || world.status("d")["detailedState"] == "UNABLE_TO_CONNECT_TO_STREAM");
    world.service.terminate("d").unwrap();
}

#[test]
fn a_stop_does_not_wait_for_a_broker_that_is_gone() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("topic", 2, 1).unwrap();
    let servers = cluster.bootstrap_servers();
    let world = World::kafka();
    let consumer = json!({"spec": {"ioConfig": {"consumerProperties": {"bootstrap.servers": servers}}}});
    produce(&servers, 0..100);
    world.service.submit_supervisor(&spec(&consumer), false).unwrap();
    wait_for("rows", || world.longs("d", "n").len() == 100);
    drop(cluster);
    let begun = Instant::now();
    world.service.stop();
    let took = begun.elapsed();
    assert_eq!(world.committed("d"), 100, "nothing is lost");
    assert!(took < Duration::from_secs(20), "stopped after {took:?}");
}

#[test]
fn consumer_properties_that_the_client_refuses_are_named() {
    let world = World::kafka();
    let jaas = "PlainLoginModule required username='a' password='secret';";
    for (name, value) in [("no.such.property", "1"), ("isolation.level", "some"), ("sasl.jaas.config", jaas)]
    {
        let properties = json!({"bootstrap.servers": "127.0.0.1:1", name: value});
        let spec = spec(&json!({"spec": {"ioConfig": {"consumerProperties": properties}}}));
        let refused = world.service.submit_supervisor(&spec, false).unwrap_err();
        assert_eq!(refused.class(), ErrorClass::InvalidInput);
        let text = refused.to_string();
        assert!(text.starts_with(&format!("spec.ioConfig.consumerProperties.{name}: ")), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(world.service.supervisors(SupervisorDetail::Ids), json!([]));
}

#[test]
fn a_suspended_supervisor_says_so_at_once() {
    let world = World::kafka();
    world.service.submit_supervisor(&spec(&json!({})), false).unwrap();
    world.service.suspend("d").unwrap();
    assert_eq!(world.status("d")["state"], "SUSPENDED");
}
