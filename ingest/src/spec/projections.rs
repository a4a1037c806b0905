//! What does `projections` say: which groups of rows are aggregated beforehand when segments are sealed?

use std::collections::HashSet;

use alluvium_segments::time::Granularity;
use alluvium_segments::{ColumnSpec, ColumnType, MetricFunction, ProjectionSpec, Schema, TIME_COLUMN};
use serde_json::Value;

use super::dimensions::read_dimension;
use super::fields::Fields;
use super::{MetricInput, MetricSpec, SpecError};

/// The columns that projections are made of.
pub(super) struct Base<'b> {
    /// The columns the spec lists.
    pub(super) schema: &'b Schema,
    /// Whether others become string dimensions as they appear.
    pub(super) discover: bool,
}

/// Reads the list of projections found at `path`.
pub(super) fn list(
    json: Option<&Vec<Value>>,
    path: &str,
    base: &Base<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<ProjectionSpec>, SpecError> {
    let mut projections: Vec<ProjectionSpec> = Vec::new();
    for (i, projection) in json.into_iter().flatten().enumerate() {
        let path = format!("{path}[{i}]");
        let projection = base.projection(projection, &path, notes)?;
        if projections.iter().any(|known| known.name == projection.name) {
            let why = format!("projection `{}` is named twice", projection.name);
            return Err(SpecError::invalid(format!("{path}.name"), why));
        }
        projections.push(projection);
    }
    Ok(projections)
}

/// A virtual column: the start of the time bucket.
struct TimeFloor {
    name: String,
    granularity: Granularity,
}

impl Base<'_> {
    fn projection(
        &self,
        json: &Value,
        path: &str,
        notes: &mut Vec<String>,
    ) -> Result<ProjectionSpec, SpecError> {
        let mut fields = Fields::new(json, path)?;
        let kind = fields.required_text("type")?;
        if kind != "aggregate" {
            let why = format!("projection type `{kind}`; use aggregate");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        let name = fields.required_text("name")?;
        fields.refuse("filter", None, "projections hold all rows")?;
        // Druid shows what follows from the grouping columns.
        fields.no_effect(&["ordering"], notes);
        let floors = time_floors(fields.list("virtualColumns")?, &fields.path_of("virtualColumns"))?;
        let grouping = fields.list("groupingColumns")?;
        let at = fields.path_of("groupingColumns");
        let (granularity, mut columns) = self.grouping(grouping, &at, floors, notes)?;
        let metrics = fields.list("aggregators")?;
        let metrics = self.metrics(metrics, &fields.path_of("aggregators"))?;
        fields.finish()?;
        if grouping.is_none_or(Vec::is_empty) && metrics.is_empty() {
            return Err(SpecError::invalid(path, "must have groupingColumns or aggregators"));
        }
        columns.extend(metrics);
        check_names(&columns, path)?;
        add_count(&mut columns);
        Ok(ProjectionSpec { name, granularity, columns })
    }

    /// The granularity, and the dimensions.
    fn grouping(
        &self,
        json: Option<&Vec<Value>>,
        path: &str,
        mut floors: Vec<(String, TimeFloor)>,
        notes: &mut Vec<String>,
    ) -> Result<(Granularity, Vec<ColumnSpec>), SpecError> {
        let mut granularity = None;
        let mut columns = Vec::new();
        for (i, json) in json.into_iter().flatten().enumerate() {
            let path = format!("{path}[{i}]");
            let column = read_dimension(json, &path, notes)?;
            let floor = floors.iter().position(|(_, floor)| floor.name == column.name);
            let time = match floor.map(|at| floors.remove(at).1.granularity) {
                None if column.name == TIME_COLUMN => Some(Granularity::None),
                floor => floor,
            };
            let Some(time) = time else {
                self.check_dimension(&column, &path)?;
                columns.push(column);
                continue;
            };
            if column.column_type != ColumnType::Long {
                let why = format!("`{}` is a time and must be of type long", column.name);
                return Err(SpecError::invalid(format!("{path}.type"), why));
            }
            if granularity.replace(time).is_some() {
                let why = format!("`{}` is a second time column; one is supported", column.name);
                return Err(SpecError::unsupported(path, why));
            }
        }
        if let Some((path, floor)) = floors.first() {
            let why = format!("`{}` is not named in groupingColumns; other virtual columns", floor.name);
            return Err(SpecError::unsupported(path, why));
        }
        Ok((granularity.unwrap_or(Granularity::All), columns))
    }

    fn check_dimension(&self, column: &ColumnSpec, path: &str) -> Result<(), SpecError> {
        let ColumnSpec { name, column_type, .. } = column;
        let why = match self.schema.find(name) {
            Some((_, known)) if known.is_metric() => format!("`{name}` is a metric, not a dimension"),
            Some((_, known)) if known.column_type == *column_type => return Ok(()),
            Some((_, known)) => {
                format!("`{name}` is of type {} in the dimensionsSpec", known.column_type.druid_name())
            }
            None if self.discover && *column_type == ColumnType::String => return Ok(()),
            None => format!("`{name}` is no column of the dimensionsSpec"),
        };
        Err(SpecError::invalid(path, why))
    }

    fn metrics(&self, json: Option<&Vec<Value>>, path: &str) -> Result<Vec<ColumnSpec>, SpecError> {
        let mut columns = Vec::new();
        for (i, metric) in MetricSpec::list(json, path)?.into_iter().enumerate() {
            match &metric.input {
                MetricInput::Rows => {}
                MetricInput::Field(field) => {
                    let known = self.schema.find(field).map(|(_, known)| known.column_type);
                    let time = (field == TIME_COLUMN).then_some(ColumnType::Long);
                    if known.or(time).is_none_or(|t| t == ColumnType::String) {
                        let why = format!("`{field}` is no column of numbers in the dataSchema");
                        return Err(SpecError::invalid(format!("{path}[{i}].fieldName"), why));
                    }
                }
                MetricInput::States(_) => {
                    let why = "aggregators of projections are count, sums, minima and maxima";
                    return Err(SpecError::unsupported(format!("{path}[{i}].type"), why));
                }
                MetricInput::Expression(_) => {
                    let why = "aggregators of projections take a fieldName";
                    return Err(SpecError::unsupported(format!("{path}[{i}].expression"), why));
                }
            }
            columns.push(metric.column());
        }
        Ok(columns)
    }
}

/// The virtual columns and their paths.
fn time_floors(json: Option<&Vec<Value>>, path: &str) -> Result<Vec<(String, TimeFloor)>, SpecError> {
    let mut floors = Vec::new();
    for (i, json) in json.into_iter().flatten().enumerate() {
        let path = format!("{path}[{i}]");
        let mut fields = Fields::new(json, &path)?;
        let kind = fields.required_text("type")?;
        if kind != "expression" {
            let why = format!("virtual column type `{kind}`; use expression");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        let name = fields.required_text("name")?;
        let text = fields.required_text("expression")?;
        let output = fields.text("outputType")?.unwrap_or_else(|| "LONG".to_owned());
        let expression = alluvium_expression::parse(&text)
            .map_err(|e| SpecError::invalid(fields.path_of("expression"), e.to_string()))?;
        let granularity = match expression.as_time_floor() {
            Some((TIME_COLUMN, granularity)) if output.eq_ignore_ascii_case("long") => granularity.clone(),
            _ => {
                let why = "virtual columns of projections are `timestamp_floor(__time, PERIOD)` of type LONG";
                return Err(SpecError::unsupported(fields.path_of("expression"), why));
            }
        };
        fields.finish()?;
        floors.push((path, TimeFloor { name, granularity }));
    }
    Ok(floors)
}

fn check_names(columns: &[ColumnSpec], path: &str) -> Result<(), SpecError> {
    let mut names = HashSet::from([TIME_COLUMN]);
    for column in columns {
        if !names.insert(column.name.as_str()) {
            let why = format!("column `{}` is named twice", column.name);
            return Err(SpecError::invalid(path, why));
        }
    }
    Ok(())
}

/// Every projection counts rows, so that it answers `COUNT(*)`: under the name Druid gives such a column.
fn add_count(columns: &mut Vec<ColumnSpec>) {
    let spec = |name: &str| ColumnSpec::metric(name, ColumnType::Long, MetricFunction::Count, None);
    if columns.iter().any(|c| c.role == spec("").role) {
        return;
    }
    let mut name = "__count".to_owned();
    while columns.iter().any(|c| c.name == name) {
        name.insert(0, '_');
    }
    columns.push(spec(&name));
}
