//! Which partitions does a stream have now? Those of its topic, or of all topics that match its pattern.

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;
use regex::Regex;

use super::TIMEOUT;
use crate::source::StreamPartition;
use crate::spec::KafkaStream;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Missing {
    Failed(KafkaError),
    Topic(String),
}

impl From<KafkaError> for Missing {
    fn from(error: KafkaError) -> Self {
        Self::Failed(error)
    }
}

pub(super) fn partitions<C: ConsumerContext + 'static>(
    consumer: &BaseConsumer<C>,
    stream: &KafkaStream,
) -> Result<Vec<StreamPartition>, Missing> {
    let mut found = Vec::new();
    match stream {
        KafkaStream::Topic(topic) => {
            let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT)?;
            let known = metadata.topics().iter().find(|t| t.name() == topic);
            known.map_or(Ok(()), check)?;
            found.extend(known.into_iter().flat_map(partitions_of));
            if found.is_empty() {
                return Err(Missing::Topic(format!("the broker knows no topic `{topic}`")));
            }
        }
        KafkaStream::Pattern(pattern) => {
            let whole = Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|e| Missing::Topic(format!("topicPattern is no regular expression: {e}")))?;
            let metadata = consumer.fetch_metadata(None, TIMEOUT)?;
            for topic in metadata.topics().iter().filter(|t| whole.is_match(t.name())) {
                check(topic)?;
                found.extend(partitions_of(topic));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn check(topic: &MetadataTopic) -> Result<(), Missing> {
    match topic.error().map(RDKafkaErrorCode::from) {
        None => Ok(()),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            Err(Missing::Topic(format!("the broker knows no topic `{}`", topic.name())))
        }
        Some(code) => Err(Missing::Failed(KafkaError::MetadataFetch(code))),
    }
}

fn partitions_of(topic: &MetadataTopic) -> impl Iterator<Item = StreamPartition> {
    topic.partitions().iter().map(|p| StreamPartition::new(topic.name(), p.id()))
}
