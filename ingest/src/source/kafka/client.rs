//! What does the Kafka client say besides answers? Its last complaint is kept for error texts.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A complaint older than this explains nothing any more.
const FRESH: Duration = Duration::from_secs(60);

/// Keeps the client's last complaint.
#[derive(Debug, Default)]
pub(super) struct Errors {
    last: Mutex<Option<(Instant, String)>>,
}

impl Errors {
    pub(super) fn take(&self) -> Option<String> {
        self.last.lock().take().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, reason)| reason)
    }
}

impl ClientContext for Errors {
    fn error(&self, error: KafkaError, reason: &str) {
        // Asked for by `enable.partition.eof`: the poll sees it, and it is no complaint.
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        let mut last = self.last.lock();
        let known = last.as_ref().is_some_and(|(at, text)| text == reason && at.elapsed() < FRESH);
        if known {
            tracing::debug!(%error, reason, "kafka client");
            return;
        }
        tracing::warn!(%error, reason, "kafka client");
        *last = Some((Instant::now(), reason.to_owned()));
    }

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, message, "kafka client");
            }
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
                tracing::warn!(facility, message, "kafka client");
            }
            _ => tracing::debug!(facility, message, "kafka client"),
        }
    }
}

impl ConsumerContext for Errors {}
