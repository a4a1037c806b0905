//! What does a batch task spec (`index_parallel`, `index`) say?

use serde_json::{Map, Value};

use super::data_schema::check_name;
use super::fields::Fields;
use super::supervisor::read_context;
use super::{DataSchema, InputFormat, InputSource, SpecError, TuningConfig};

/// A validated batch task.
#[derive(Debug, Clone)]
pub struct BatchSpec {
    /// `index_parallel` or `index`.
    pub kind: String,
    /// The task's name, where the caller chose one.
    pub id: Option<String>,
    /// What rows become.
    pub data: DataSchema,
    /// Where the bytes lie.
    pub source: InputSource,
    /// How they are read.
    pub input_format: InputFormat,
    /// Whether rows are added to what is there (else they replace their time chunks).
    pub append: bool,
    /// Whether all of the spec's intervals is replaced, also where no row lies.
    pub drop_existing: bool,
    /// How much at once.
    pub tuning: TuningConfig,
    /// Kept for whoever reads the spec.
    pub context: Map<String, Value>,
    /// The spec as it was given.
    pub original: Value,
    /// JSON paths of accepted fields that mean nothing here.
    pub no_effect: Vec<String>,
}

impl BatchSpec {
    /// Reads and validates a task.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value) -> Result<Self, SpecError> {
        let mut notes = Vec::new();
        let mut top = Fields::new(json, "")?;
        let kind = top.required_text("type")?;
        if !matches!(kind.as_str(), "index_parallel" | "index") {
            let why = format!("task type `{kind}`; use index_parallel");
            return Err(SpecError::unsupported("type", why));
        }
        let id = top.text("id")?;
        if let Some(id) = &id {
            check_name(id, "id")?;
        }
        top.no_effect(&["resource", "groupId"], &mut notes);
        top.get("dataSource");
        let context = read_context(&mut top)?;
        let mut spec = Fields::new(top.require("spec")?, "spec")?;
        top.finish()?;
        let data = DataSchema::from_json(spec.require("dataSchema")?, "spec.dataSchema", &mut notes)?;
        let io = read_io(spec.require("ioConfig")?, &kind, &mut notes)?;
        let tuning = TuningConfig::batch(spec.get("tuningConfig"), &kind, "spec.tuningConfig", &mut notes)?;
        spec.finish()?;
        if io.drop_existing && data.granularity.intervals.is_none() {
            let why = "needs granularitySpec.intervals to know what to replace";
            return Err(SpecError::invalid("spec.ioConfig.dropExisting", why));
        }
        Ok(Self {
            kind,
            id,
            data,
            source: io.source,
            input_format: io.input_format,
            append: io.append,
            drop_existing: io.drop_existing,
            tuning,
            context,
            original: json.clone(),
            no_effect: notes,
        })
    }
}

struct BatchIo {
    source: InputSource,
    input_format: InputFormat,
    append: bool,
    drop_existing: bool,
}

fn read_io(json: &Value, kind: &str, notes: &mut Vec<String>) -> Result<BatchIo, SpecError> {
    let path = "spec.ioConfig";
    let mut fields = Fields::new(json, path)?;
    if fields.text("type")?.is_some_and(|t| t != kind) {
        return Err(SpecError::invalid(fields.path_of("type"), format!("must be {kind}")));
    }
    fields.refuse("firehose", None, "write inputSource and inputFormat")?;
    let source =
        InputSource::from_json(fields.require("inputSource")?, &fields.path_of("inputSource"), notes)?;
    let input_format =
        InputFormat::from_json(fields.require("inputFormat")?, &fields.path_of("inputFormat"), notes)?;
    if matches!(input_format, InputFormat::Kafka { .. }) {
        return Err(SpecError::invalid(fields.path_of("inputFormat"), "kafka is for streams"));
    }
    let append = fields.boolean("appendToExisting", false)?;
    let drop_existing = fields.boolean("dropExisting", false)?;
    if append && drop_existing {
        let why = "cannot be used with appendToExisting";
        return Err(SpecError::invalid(fields.path_of("dropExisting"), why));
    }
    fields.finish()?;
    Ok(BatchIo { source, input_format, append, drop_existing })
}
