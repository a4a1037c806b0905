//! What does a `tuningConfig` say: how much is held in memory, how large segments get, how many errors are borne?

use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// How errors in records are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseErrorLimits {
    /// Whether each is logged.
    pub log: bool,
    /// A task fails beyond this many (unparseable and processed with error together); `None`: never.
    pub max: Option<u64>,
    /// How many the task's report keeps.
    pub max_saved: u64,
}

/// A validated `tuningConfig`, of a Kafka supervisor or of a batch task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TuningConfig {
    /// Rows of a live tail before it is persisted.
    pub max_rows_in_memory: u64,
    /// Bytes of a live tail before it is persisted; `None`: the server's budget decides.
    pub max_bytes_in_memory: Option<u64>,
    /// Rows of one segment.
    pub max_rows_per_segment: u64,
    /// Rows of all segments not yet published.
    pub max_total_rows: Option<u64>,
    /// How often live rows are persisted.
    pub intermediate_persist_period_ms: i64,
    /// How often the topic's end is asked for.
    pub offset_fetch_period_ms: i64,
    /// Whether a lost offset is replaced by the reset policy (else the task fails).
    pub reset_offset_automatically: bool,
    /// How errors in records are treated.
    pub parse_errors: ParseErrorLimits,
}

/// Knobs of both kinds that mean nothing here.
const NO_EFFECT: [&str; 10] = [
    "appendableIndexSpec",
    "basePersistDirectory",
    "buildV9Directly",
    "indexSpec",
    "indexSpecForIntermediatePersists",
    "maxColumnsToMerge",
    "maxPendingPersists",
    "numPersistThreads",
    "segmentWriteOutMediumFactory",
    "skipBytesInMemoryOverheadCheck",
];

const NO_EFFECT_KAFKA: [&str; 8] = [
    "chatRetries",
    "chatThreads",
    "handoffConditionTimeout",
    "httpTimeout",
    "intermediateHandoffPeriod",
    "releaseLocksOnHandoff",
    "shutdownTimeout",
    "workerThreads",
];

const NO_EFFECT_BATCH: [&str; 14] = [
    "awaitSegmentAvailabilityTimeoutMillis",
    "chatHandlerNumRetries",
    "chatHandlerTimeout",
    "forceExtendableShardSpecs",
    "maxAllowedLockCount",
    "maxNumConcurrentSubTasks",
    "maxNumSegmentsToMerge",
    "maxNumSubTasks",
    "maxRetry",
    "pushTimeout",
    "splitHintSpec",
    "subTaskTimeoutMillis",
    "taskStatusCheckPeriodMs",
    "totalNumMergeTasks",
];

impl TuningConfig {
    /// Reads the `tuningConfig` of a Kafka supervisor found at `path`.
    ///
    /// # Errors
    /// Names the field that is unknown or wrong.
    pub fn kafka(json: Option<&Value>, path: &str, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        let empty = Value::Object(serde_json::Map::new());
        let mut fields = Fields::new(json.unwrap_or(&empty), path)?;
        let kind = fields.text("type")?;
        if kind.is_some_and(|kind| !matches!(kind.as_str(), "kafka" | "KafkaTuningConfig")) {
            return Err(SpecError::invalid(fields.path_of("type"), "must be kafka"));
        }
        fields.no_effect(&NO_EFFECT_KAFKA, notes);
        let max_rows_per_segment = fields.limit("maxRowsPerSegment")?;
        let max_total_rows = fields.limit("maxTotalRows")?;
        let mut config = Self::shared(&mut fields, 150_000, notes)?;
        config.max_rows_per_segment = max_rows_per_segment.unwrap_or(5_000_000);
        config.max_total_rows = Some(max_total_rows.unwrap_or(20_000_000));
        config.reset_offset_automatically = fields.boolean("resetOffsetAutomatically", false)?;
        if let Some(period) = fields.period_ms("offsetFetchPeriod")? {
            config.offset_fetch_period_ms = period.max(5_000);
        }
        fields.finish()?;
        Ok(config)
    }

    /// Reads the `tuningConfig` of a batch task of type `kind` found at `path`.
    ///
    /// # Errors
    /// Names the field that is unknown, wrong or not supported.
    pub(crate) fn batch(
        json: Option<&Value>,
        kind: &str,
        path: &str,
        notes: &mut Vec<String>,
    ) -> Result<Self, SpecError> {
        let empty = Value::Object(serde_json::Map::new());
        let mut fields = Fields::new(json.unwrap_or(&empty), path)?;
        if fields.text("type")?.is_some_and(|t| t != kind) {
            return Err(SpecError::invalid(fields.path_of("type"), format!("must be {kind}")));
        }
        fields.refuse("forceGuaranteedRollup", None, "rollup is best effort; query with aggregates")?;
        fields.refuse("partitionDimensions", None, "only dynamic partitions are made")?;
        // What numShards asks for is hashed partitioning.
        fields.refuse("numShards", Some(&Value::from(1)), "only dynamic partitions are made")?;
        fields.no_effect(&NO_EFFECT_BATCH, notes);
        // A batch is published whole, at its end.
        fields.no_effect(&["maxTotalRows", "intermediatePersistPeriod"], notes);
        let mut rows = fields.limit("maxRowsPerSegment")?;
        let mut total = fields.limit("maxTotalRows")?;
        if let Some(json) = fields.get("partitionsSpec") {
            let (rows_here, total_here) = partitions_spec(json, &fields.path_of("partitionsSpec"))?;
            rows = rows_here.or(rows);
            total = total_here.or(total);
        }
        let mut config = Self::shared(&mut fields, 1_000_000, notes)?;
        config.max_rows_per_segment = rows.unwrap_or(5_000_000);
        config.max_total_rows = Some(total.unwrap_or(20_000_000));
        fields.finish()?;
        Ok(config)
    }

    fn shared(fields: &mut Fields<'_>, rows: u64, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        fields.no_effect(&NO_EFFECT, notes);
        let max = fields.limit_with_zero("maxParseExceptions")?;
        let strict = fields.boolean("reportParseExceptions", false)?;
        let parse_errors = ParseErrorLimits {
            log: fields.boolean("logParseExceptions", false)?,
            max: if strict { Some(0) } else { max },
            max_saved: fields.at_least("maxSavedParseExceptions", 0, 0)?.unsigned_abs(),
        };
        Ok(Self {
            max_rows_in_memory: fields.limit("maxRowsInMemory")?.unwrap_or(rows),
            max_bytes_in_memory: fields.limit("maxBytesInMemory")?,
            max_rows_per_segment: 5_000_000,
            max_total_rows: None,
            intermediate_persist_period_ms: fields.period_ms("intermediatePersistPeriod")?.unwrap_or(600_000),
            offset_fetch_period_ms: 30_000,
            reset_offset_automatically: false,
            parse_errors,
        })
    }
}

fn partitions_spec(json: &Value, path: &str) -> Result<(Option<u64>, Option<u64>), SpecError> {
    let mut fields = Fields::new(json, path)?;
    let kind = fields.required_text("type")?;
    if kind != "dynamic" {
        let why = format!("partitions of type `{kind}`; use dynamic");
        return Err(SpecError::unsupported(fields.path_of("type"), why));
    }
    let limits = (fields.limit("maxRowsPerSegment")?, fields.limit("maxTotalRows")?);
    fields.finish()?;
    Ok(limits)
}
