//! Where is a Kafka when there is none? A broker inside this process that speaks the protocol, for the quickstart
//! and for tests. It keeps a few megabytes a partition, forgets the oldest without a word, and dies with us.

use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

use crate::IngestError;

/// How long a full send queue may stay full.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// An in-process broker with one topic; gone when dropped.
pub struct MockBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
    servers: String,
}

impl fmt::Debug for MockBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBroker").field("servers", &self.servers).finish_non_exhaustive()
    }
}

impl MockBroker {
    /// Starts a broker on a free port of loopback and creates a topic.
    ///
    /// # Errors
    /// When librdkafka refuses.
    pub fn start(topic: &str, partitions: i32) -> Result<Self, IngestError> {
        let cluster = MockCluster::new(1).map_err(|e| failed(topic, &e))?;
        let servers = cluster.bootstrap_servers();
        let broker = Self { cluster, servers };
        broker.create_topic(topic, partitions)?;
        Ok(broker)
    }

    /// Creates one more topic.
    ///
    /// # Errors
    /// When librdkafka refuses, for one because the topic exists.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), IngestError> {
        self.cluster.create_topic(topic, partitions, 1).map_err(|e| failed(topic, &e))
    }

    /// Its address, for `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> &str {
        &self.servers
    }

    /// A producer to it.
    ///
    /// # Errors
    /// When librdkafka refuses.
    pub fn producer(&self) -> Result<MockProducer, IngestError> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &self.servers)
            .set("linger.ms", "2")
            .create()
            .map_err(|e| failed(&self.servers, &e))?;
        Ok(MockProducer { producer })
    }
}

/// Sends records, in order, to the in-process broker.
pub struct MockProducer {
    producer: BaseProducer,
}

impl fmt::Debug for MockProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockProducer").finish_non_exhaustive()
    }
}

impl MockProducer {
    /// Queues one record; waits while the queue is full.
    ///
    /// # Errors
    /// When the queue stays full or the partition does not exist.
    pub fn send(&self, topic: &str, partition: i32, payload: &[u8]) -> Result<(), IngestError> {
        let deadline = Instant::now() + SEND_TIMEOUT;
        let mut record = BaseRecord::<(), [u8]>::to(topic).partition(partition).payload(payload);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused))
                    if Instant::now() < deadline =>
                {
                    record = refused;
                    self.producer.poll(Duration::from_millis(5));
                }
                Err((error, _)) => return Err(failed(topic, &error)),
            }
        }
    }

    /// Waits until the broker has acknowledged everything.
    ///
    /// # Errors
    /// When that takes longer than `patience`.
    pub fn flush(&self, patience: Duration) -> Result<(), IngestError> {
        self.producer.flush(patience).map_err(|e| failed("the in-process broker", &e))
    }
}

fn failed(stream: &str, error: &KafkaError) -> IngestError {
    IngestError::Stream { stream: stream.to_owned(), message: error.to_string() }
}
