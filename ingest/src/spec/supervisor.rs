//! What does a Kafka supervisor spec say as a whole? Both of Druid's layouts: `{type, spec: {..}}` and flat.

use serde_json::{Map, Value};

use super::data_schema::check_name;
use super::fields::Fields;
use super::{DataSchema, IoConfig, SpecError, TuningConfig};

/// A validated supervisor spec.
#[derive(Debug, Clone)]
pub struct SupervisorSpec {
    /// The supervisor's name: `id`, or the datasource's.
    pub id: String,
    /// What rows become.
    pub data: DataSchema,
    /// What is read.
    pub io: IoConfig,
    /// How much at once.
    pub tuning: TuningConfig,
    /// Whether it is to stand still.
    pub suspended: bool,
    /// Kept for whoever reads the spec.
    pub context: Map<String, Value>,
    /// The spec as it was given.
    pub original: Value,
    /// JSON paths of accepted fields that mean nothing here.
    pub no_effect: Vec<String>,
}

impl SupervisorSpec {
    /// Reads and validates a spec.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value) -> Result<Self, SpecError> {
        let mut no_effect = Vec::new();
        let mut top = Fields::new(json, "")?;
        let kind = top.required_text("type")?;
        if kind != "kafka" {
            let why = format!("supervisor type `{kind}`; use kafka");
            return Err(SpecError::unsupported("type", why));
        }
        let id = top.text("id")?;
        let suspended = top.boolean("suspended", false)?;
        let context = read_context(&mut top)?;
        // A spec read from a server has legacy copies beside `spec`; they repeat it.
        let flat = ["dataSchema", "ioConfig", "tuningConfig"].map(|name| top.get(name));
        let (path, [data, io, tuning]) = match top.get("spec") {
            None => ("", flat),
            Some(spec) => {
                let mut fields = Fields::new(spec, "spec")?;
                let parts = ["dataSchema", "ioConfig", "tuningConfig"].map(|name| fields.get(name));
                fields.get("context");
                fields.finish()?;
                ("spec.", parts)
            }
        };
        top.finish()?;
        let at = |name: &str| format!("{path}{name}");
        let data = data.ok_or_else(|| SpecError::missing(at("dataSchema")))?;
        let io = io.ok_or_else(|| SpecError::missing(at("ioConfig")))?;
        let data = DataSchema::from_json(data, &at("dataSchema"), &mut no_effect)?;
        let io = IoConfig::from_json(io, &at("ioConfig"), &mut no_effect)?;
        let tuning = TuningConfig::kafka(tuning, &at("tuningConfig"), &mut no_effect)?;
        let id = id.unwrap_or_else(|| data.datasource.clone());
        check_name(&id, "id")?;
        Ok(Self { id, data, io, tuning, suspended, context, original: json.clone(), no_effect })
    }
}

pub(crate) fn read_context(fields: &mut Fields<'_>) -> Result<Map<String, Value>, SpecError> {
    match fields.get("context") {
        None => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(SpecError::invalid(fields.path_of("context"), "must be a JSON object")),
    }
}
