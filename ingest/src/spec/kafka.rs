//! What does the `ioConfig` of a Kafka supervisor say: which topic, from where, how long?

use std::collections::BTreeMap;

use alluvium_segments::time::{Millis, parse_iso};
use serde_json::Value;

use super::consumer::note_ignored;
use super::fields::Fields;
use super::{InputFormat, SpecError};

/// Which topics are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaStream {
    /// One topic.
    Topic(String),
    /// All topics whose whole name matches a regular expression.
    Pattern(String),
}

impl KafkaStream {
    /// The topic or the pattern, as Druid shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Topic(name) | Self::Pattern(name) => name,
        }
    }
}

/// A validated Kafka `ioConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IoConfig {
    /// What is read.
    pub stream: KafkaStream,
    /// How records are read.
    pub input_format: InputFormat,
    /// Properties for the client, `bootstrap.servers` among them.
    pub consumer_properties: BTreeMap<String, String>,
    /// Tasks that share the partitions; at least 1.
    pub task_count: u32,
    /// How long a task runs before its successor.
    pub task_duration_ms: i64,
    /// Delay before the supervisor starts work.
    pub start_delay_ms: i64,
    /// How often the supervisor looks after its tasks.
    pub period_ms: i64,
    /// Where a datasource without stored offsets starts: at the earliest (else latest) offset.
    pub use_earliest_offset: bool,
    /// How long publishing may take before a task counts as failed.
    pub completion_timeout_ms: i64,
    /// Rows older than this before the task's start are dropped.
    pub late_rejection_ms: Option<i64>,
    /// Rows newer than this after the task's end are dropped.
    pub early_rejection_ms: Option<i64>,
    /// Rows before this instant are dropped.
    pub late_rejection_start: Option<Millis>,
    /// How long a poll waits for records.
    pub poll_timeout_ms: i64,
}

/// Knobs that change neither answers nor durability on one node.
const NO_EFFECT: [&str; 8] = [
    "replicas",
    "autoScalerConfig",
    "idleConfig",
    "stopTaskCount",
    "serverPriorityToReplicas",
    "emitTimeLagMetrics",
    "type",
    "stopTaskCountRatio",
];

impl IoConfig {
    /// Reads an `ioConfig` found at `path`.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value, path: &str, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        let mut fields = Fields::new(json, path)?;
        if fields.text("type")?.is_some_and(|t| t != "kafka") {
            return Err(SpecError::invalid(fields.path_of("type"), "must be kafka"));
        }
        let mut ignored: Vec<&'static str> = NO_EFFECT.to_vec();
        ignored.retain(|name| *name != "type");
        // One replica is what there is.
        if fields.integer("replicas")?.is_none_or(|n| n == 1) {
            ignored.retain(|name| *name != "replicas");
        }
        fields.no_effect(&ignored, notes);
        let whole = "the stream is read from its offsets on, without end";
        fields.refuse("boundedStreamConfig", None, whole)?;
        fields.refuse("configOverrides", None, "write consumerProperties")?;
        fields.refuse("multiTopic", None, "write topicPattern")?;
        let stream = read_stream(&mut fields)?;
        let format = fields.require("inputFormat")?;
        let input_format = InputFormat::from_json(format, &fields.path_of("inputFormat"), notes)?;
        if matches!(input_format, InputFormat::Parquet { .. }) {
            let why = "parquet is for batch input; use json, csv or tsv";
            return Err(SpecError::invalid(fields.path_of("inputFormat"), why));
        }
        let properties_path = fields.path_of("consumerProperties");
        let consumer_properties = read_properties(fields.require("consumerProperties")?, &properties_path)?;
        note_ignored(&consumer_properties, &properties_path, notes);
        let late_rejection_ms = fields.period_ms("lateMessageRejectionPeriod")?;
        let late_rejection_start = read_instant(&mut fields, "lateMessageRejectionStartDateTime")?;
        if late_rejection_ms.is_some() && late_rejection_start.is_some() {
            let why = "cannot be used with lateMessageRejectionStartDateTime";
            return Err(SpecError::invalid(fields.path_of("lateMessageRejectionPeriod"), why));
        }
        let task_count = fields.at_least("taskCount", 1, 1)?;
        let config = Self {
            stream,
            input_format,
            consumer_properties,
            task_count: u32::try_from(task_count)
                .map_err(|_| SpecError::invalid(fields.path_of("taskCount"), "is too large"))?,
            task_duration_ms: fields.period_ms("taskDuration")?.unwrap_or(3_600_000),
            start_delay_ms: fields.period_ms("startDelay")?.unwrap_or(5_000),
            period_ms: fields.period_ms("period")?.unwrap_or(30_000),
            use_earliest_offset: fields.boolean("useEarliestOffset", false)?,
            completion_timeout_ms: fields.period_ms("completionTimeout")?.unwrap_or(1_800_000),
            late_rejection_ms,
            early_rejection_ms: fields.period_ms("earlyMessageRejectionPeriod")?,
            late_rejection_start,
            poll_timeout_ms: fields.at_least("pollTimeout", 0, 100)?,
        };
        fields.finish()?;
        Ok(config)
    }
}

fn read_stream(fields: &mut Fields<'_>) -> Result<KafkaStream, SpecError> {
    match (fields.text("topic")?, fields.text("topicPattern")?) {
        (Some(topic), None) if !topic.is_empty() => Ok(KafkaStream::Topic(topic)),
        (None, Some(pattern)) => match regex::Regex::new(&format!("^(?:{pattern})$")) {
            Ok(_) => Ok(KafkaStream::Pattern(pattern)),
            Err(_) => {
                let why = "must be a regular expression (without look-around)";
                Err(SpecError::invalid(fields.path_of("topicPattern"), why))
            }
        },
        (None, None) => Err(SpecError::missing(fields.path_of("topic"))),
        _ => Err(SpecError::invalid(fields.path_of("topic"), "give either topic or topicPattern")),
    }
}

fn read_properties(json: &Value, path: &str) -> Result<BTreeMap<String, String>, SpecError> {
    let map = json.as_object().ok_or_else(|| SpecError::invalid(path, "must be a JSON object"))?;
    let mut properties = BTreeMap::new();
    for (name, value) in map {
        let at = format!("{path}.{name}");
        let text = match value {
            Value::String(s) => s.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => continue,
            _ if name == "druid.dynamic.config.provider" => {
                return Err(SpecError::unsupported(at, "write the property itself"));
            }
            Value::Object(map) if map.get("type").is_some_and(|t| t == "default") => {
                let password = map.get("password").and_then(Value::as_str);
                password.ok_or_else(|| SpecError::missing(format!("{at}.password")))?.to_owned()
            }
            _ => return Err(SpecError::invalid(at, "must be a string, number or boolean")),
        };
        properties.insert(name.clone(), text);
    }
    if properties.get("bootstrap.servers").is_none_or(String::is_empty) {
        return Err(SpecError::missing(format!("{path}.bootstrap.servers")));
    }
    Ok(properties)
}

fn read_instant(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<Millis>, SpecError> {
    let Some(text) = fields.text(name)? else { return Ok(None) };
    let instant = text.parse::<i64>().ok().filter(|_| text.len() > 9).or_else(|| parse_iso(&text).ok());
    instant
        .map(Some)
        .ok_or_else(|| SpecError::invalid(fields.path_of(name), format!("`{text}` is not a date-time")))
}
