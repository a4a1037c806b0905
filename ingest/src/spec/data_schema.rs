//! What does a `dataSchema` say: which datasource, and which columns of which types rows have?

use std::collections::HashSet;

use alluvium_segments::{ColumnSpec, ProjectionSpec, Role, Schema, TIME_COLUMN};
use serde_json::Value;

use super::fields::Fields;
use super::projections;
use super::{DimensionsSpec, GranularitySpec, MetricSpec, SpecError, TimestampSpec, TransformSpec};

/// A validated `dataSchema`.
#[derive(Debug, Clone)]
pub struct DataSchema {
    /// Name of the datasource.
    pub datasource: String,
    /// Where a row's time is.
    pub timestamp: TimestampSpec,
    /// Which dimensions rows have.
    pub dimensions: DimensionsSpec,
    /// Which metrics rows have; names are unique.
    pub metrics: Vec<MetricSpec>,
    /// How time is cut.
    pub granularity: GranularitySpec,
    /// What is derived and filtered before.
    pub transform: TransformSpec,
    /// What is aggregated beforehand when segments are sealed.
    pub projections: Vec<ProjectionSpec>,
}

impl DataSchema {
    /// Reads a `dataSchema` found at `path`; knobs without effect are added to `notes`.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value, path: &str, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        let mut fields = Fields::new(json, path)?;
        let datasource = fields.required_text("dataSource")?;
        check_name(&datasource, &fields.path_of("dataSource"))?;
        fields.refuse("parser", None, "write timestampSpec and dimensionsSpec in dataSchema")?;
        let at = |fields: &Fields<'_>, name: &str| fields.path_of(name);
        let timestamp = TimestampSpec::from_json(fields.get("timestampSpec"), &at(&fields, "timestampSpec"))?;
        let dimensions =
            DimensionsSpec::from_json(fields.get("dimensionsSpec"), &at(&fields, "dimensionsSpec"), notes)?;
        let metrics = MetricSpec::list(fields.list("metricsSpec")?, &at(&fields, "metricsSpec"))?;
        let granularity =
            GranularitySpec::from_json(fields.get("granularitySpec"), &at(&fields, "granularitySpec"))?;
        let mut transform =
            TransformSpec::from_json(fields.get("transformSpec"), &at(&fields, "transformSpec"))?;
        transform.add_places(&dimensions.spatial);
        let projections = fields.list("projections")?;
        let at = at(&fields, "projections");
        fields.finish()?;
        let mut schema = Self {
            datasource,
            timestamp,
            dimensions,
            metrics,
            granularity,
            transform,
            projections: Vec::new(),
        };
        schema.check_columns(path)?;
        let base = projections::Base { schema: &schema.schema(), discover: schema.dimensions.discover };
        schema.projections = projections::list(projections, &at, &base, notes)?;
        Ok(schema)
    }

    /// The columns as far as the spec names them; discovered dimensions come after.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut columns = self.dimensions.columns.clone();
        columns.extend(self.metrics.iter().map(MetricSpec::column));
        Schema {
            columns,
            rollup: self.granularity.rollup,
            query_granularity: self.granularity.query.clone(),
            timestamp_spec: Some(self.timestamp.to_json().to_string()),
            projections: self.projections.clone(),
        }
    }

    fn check_columns(&self, path: &str) -> Result<(), SpecError> {
        let mut names = HashSet::new();
        for ColumnSpec { name, role, .. } in &self.schema().columns {
            let list = if matches!(role, Role::Metric { .. }) { "metricsSpec" } else { "dimensionsSpec" };
            if name == TIME_COLUMN {
                let why = "`__time` is the time column and cannot be listed";
                return Err(SpecError::invalid(format!("{path}.{list}"), why));
            }
            if !names.insert(name) {
                let why = format!("column `{name}` is named twice");
                return Err(SpecError::invalid(format!("{path}.{list}"), why));
            }
        }
        Ok(())
    }
}

/// Druid's rule for datasource and supervisor names, which are also parts of paths.
pub(crate) fn check_name(name: &str, path: &str) -> Result<(), SpecError> {
    let blank = |c: char| c != ' ' && (c.is_whitespace() || c.is_control());
    let why = if name.starts_with('.') {
        "must not start with a dot"
    } else if name.contains(['/', '\\']) {
        "must not contain slashes"
    } else if name.contains(blank) || name.trim() != name {
        "must not contain line breaks, tabs or outer spaces"
    } else if name.is_empty() || name.len() > 255 {
        "must have 1 to 255 bytes"
    } else {
        return Ok(());
    };
    Err(SpecError::invalid(path, why))
}
