//! What does a `metricsSpec` say: which aggregates of which input fields are stored?

use std::collections::HashSet;

use alluvium_segments::{ColumnSpec, ColumnType, MetricFunction, Role};
use serde_json::Value;

use super::SpecError;
use super::fields::Fields;
use crate::states::StateSpec;

/// What a metric aggregates.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricInput {
    /// Rows.
    Rows,
    /// A field of the (transformed) row.
    Field(String),
    /// An expression over the (transformed) row.
    Expression(String),
    /// Fields of the (transformed) row, of which states are made.
    States(Box<StateSpec>),
}

/// One validated metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSpec {
    /// Column name.
    pub name: String,
    /// How values combine.
    pub function: MetricFunction,
    /// Type of the stored value.
    pub column_type: ColumnType,
    /// What it aggregates.
    pub input: MetricInput,
}

impl MetricSpec {
    /// The column it is stored in.
    #[must_use]
    pub fn column(&self) -> ColumnSpec {
        let (field, recipe) = match &self.input {
            MetricInput::Field(field) => (Some(field.clone()), None),
            MetricInput::Rows | MetricInput::Expression(_) => (None, None),
            MetricInput::States(states) => (states.fields.first().cloned(), Some(states.combining.clone())),
        };
        let role = Role::Metric { function: self.function, field, recipe };
        ColumnSpec { name: self.name.clone(), column_type: self.column_type, role }
    }

    pub(crate) fn list(json: Option<&Vec<Value>>, path: &str) -> Result<Vec<Self>, SpecError> {
        let mut metrics: Vec<Self> = Vec::new();
        let mut names = HashSet::new();
        for (i, metric) in json.into_iter().flatten().enumerate() {
            let path = format!("{path}[{i}]");
            let metric = Self::from_json(metric, &path)?;
            if !names.insert(metric.name.clone()) {
                let why = format!("metric `{}` is named twice", metric.name);
                return Err(SpecError::invalid(format!("{path}.name"), why));
            }
            metrics.push(metric);
        }
        Ok(metrics)
    }

    fn from_json(json: &Value, path: &str) -> Result<Self, SpecError> {
        let mut fields = Fields::new(json, path)?;
        let kind = fields.required_text("type")?;
        let name = fields.required_text("name")?;
        if kind == "count" {
            // Druid reads and drops a count's fieldName.
            fields.get("fieldName");
            fields.finish()?;
            let (function, column_type) = (MetricFunction::Count, ColumnType::Long);
            return Ok(Self { name, function, column_type, input: MetricInput::Rows });
        }
        let states = match json.as_object() {
            Some(object) => StateSpec::from_json(&kind, &name, object),
            None => Ok(None),
        };
        if let Some(states) = states.map_err(|why| SpecError::invalid(path, why))? {
            // What the aggregator does not know it leaves aside, as Druid does.
            let (function, column_type) = (MetricFunction::Merge, states.column_type());
            return Ok(Self { name, function, column_type, input: MetricInput::States(Box::new(states)) });
        }
        let Some((column_type, function)) = simple(&kind) else {
            let why = format!("metric type `{kind}` is none that segments can store");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        };
        let input = match (fields.text("fieldName")?, fields.text("expression")?) {
            (Some(field), None) => MetricInput::Field(field),
            (None, Some(expression)) => {
                crate::transform::check_expression(&expression)
                    .map_err(|why| SpecError::invalid(fields.path_of("expression"), why))?;
                MetricInput::Expression(expression)
            }
            _ => {
                let why = "must have either fieldName or expression";
                return Err(SpecError::invalid(path, why));
            }
        };
        fields.finish()?;
        Ok(Self { name, function, column_type, input })
    }
}

fn simple(kind: &str) -> Option<(ColumnType, MetricFunction)> {
    let (column_type, rest) =
        [("long", ColumnType::Long), ("double", ColumnType::Double), ("float", ColumnType::Float)]
            .into_iter()
            .find_map(|(prefix, column_type)| Some((column_type, kind.strip_prefix(prefix)?)))?;
    let function = match rest {
        "Sum" => MetricFunction::Sum,
        "Min" => MetricFunction::Min,
        "Max" => MetricFunction::Max,
        _ => return None,
    };
    Some((column_type, function))
}
