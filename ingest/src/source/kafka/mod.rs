//! How is Kafka read? A consumer without a group's ways: partitions are assigned by us, positions come from the
//! catalogue, only committed transactions are read, and a lost offset is an error and not a jump.

mod client;
mod consumer;
pub mod mock;
mod topics;

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;

use super::{Source, SourceFactory};
use crate::IngestError;
use crate::spec::{JAVA_ONLY, KafkaStream, OURS, SpecError};

use client::Errors;
use consumer::KafkaSource;

/// How long a metadata call may take; a supervisor that is asked to stop meanwhile waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Properties with a default of ours that a spec may override.
const DEFAULTS: [(&str, &str); 8] = [
    ("isolation.level", "read_committed"),
    ("queued.max.messages.kbytes", "65536"),
    ("queued.min.messages", "100000"),
    // After a full queue the client's own default would wait a second, and leave us idle.
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.message.max.bytes", "4194304"),
    ("fetch.wait.max.ms", "100"),
    ("socket.keepalive.enable", "true"),
    ("allow.auto.create.topics", "false"),
];

/// What is read, and how to reach it.
#[derive(Debug, Clone)]
pub struct KafkaFactory {
    stream: KafkaStream,
    properties: BTreeMap<String, String>,
    group: String,
}

impl KafkaFactory {
    /// A factory for the topics of a spec; `group` names us to the broker, for monitoring.
    #[must_use]
    pub fn new(stream: KafkaStream, properties: BTreeMap<String, String>, group: &str) -> Self {
        Self { stream, properties, group: group.to_owned() }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("group.id", format!("alluvium-{}", self.group));
        for (name, value) in DEFAULTS {
            config.set(name, value);
        }
        for (name, value) in &self.properties {
            if !JAVA_ONLY.contains(&name.as_str()) {
                config.set(name, value);
            }
        }
        for (name, value) in OURS {
            config.set(name, value);
        }
        config
    }
}

/// Names the property that is refused. Its value is left out: it may be a password.
fn refused(error: &KafkaError) -> IngestError {
    const PATH: &str = "spec.ioConfig.consumerProperties";
    let refused = match error {
        KafkaError::ClientConfig(_, why, name, _) => SpecError::invalid(format!("{PATH}.{name}"), why.trim()),
        other => SpecError::invalid(PATH, other.to_string()),
    };
    refused.into()
}

impl SourceFactory for KafkaFactory {
    fn open(&self) -> Result<Box<dyn Source>, IngestError> {
        let consumer: BaseConsumer<Errors> =
            self.config().create_with_context(Errors::default()).map_err(|e| refused(&e))?;
        Ok(Box::new(KafkaSource::new(self.stream.clone(), consumer)))
    }
}
