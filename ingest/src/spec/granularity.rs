//! What does a `granularitySpec` say: how is time cut into segments and buckets, and are rows rolled up?

use alluvium_segments::time::{Granularity, Interval, condense};
use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// A validated `granularitySpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GranularitySpec {
    /// Time chunk of a segment.
    pub segment: Granularity,
    /// What `__time` is truncated to.
    pub query: Granularity,
    /// Whether rows with equal time and dimensions are combined.
    pub rollup: bool,
    /// Where rows may lie, sorted and joined; `None`: anywhere.
    pub intervals: Option<Vec<Interval>>,
}

impl GranularitySpec {
    pub(crate) fn from_json(json: Option<&Value>, path: &str) -> Result<Self, SpecError> {
        let empty = Value::Object(serde_json::Map::new());
        let mut fields = Fields::new(json.unwrap_or(&empty), path)?;
        let kind = fields.text("type")?.unwrap_or_else(|| "uniform".to_owned());
        if kind != "uniform" {
            let why = format!("granularity type `{kind}`; use uniform");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        let segment = granularity(&mut fields, "segmentGranularity", "day")?;
        let query = granularity(&mut fields, "queryGranularity", "none")?;
        let rollup = fields.boolean("rollup", true)?;
        let mut intervals = None;
        for text in fields.texts("intervals")?.into_iter().flatten() {
            let interval: Interval = text
                .parse()
                .map_err(|_| SpecError::invalid(fields.path_of("intervals"), format!("`{text}` is none")))?;
            intervals.get_or_insert_with(Vec::new).push(interval);
        }
        fields.finish()?;
        Ok(Self { segment, query, rollup, intervals: intervals.map(condense) })
    }
}

fn granularity(fields: &mut Fields<'_>, name: &'static str, default: &str) -> Result<Granularity, SpecError> {
    let default = Value::String(default.to_owned());
    let json = fields.get(name).unwrap_or(&default);
    Granularity::from_json(json).map_err(|e| SpecError::invalid(fields.path_of(name), e.to_string()))
}
