//! Over what does a native query run, and when? `dataSource` and `intervals` in all their forms.

use std::sync::Arc;

use alluvium_expression::{Expr, Filter};
use alluvium_segments::TIME_COLUMN;
use alluvium_segments::catalog::{lookup_of_table, lookup_table};
use alluvium_segments::time::{Interval, condense};
use serde_json::Value;

use super::dimensions::{CIRCLE, expression, virtual_columns};
use super::{DataSource, Fields, NativeQuery};
use crate::QueryError;
use crate::inline::InlineSegment;
use crate::plan::VirtualColumn;

/// Reads `dataSource`; `depth` counts queries around it.
pub(super) fn data_source(json: &Value, depth: usize) -> Result<DataSource, QueryError> {
    if let Some(name) = json.as_str() {
        return table(name);
    }
    let fields = Fields::of("dataSource", json)?;
    match fields.text_opt("type")?.unwrap_or("table") {
        "table" | "globalTable" => table(fields.text("name")?),
        "lookup" => Ok(DataSource::Tables(vec![lookup_table(fields.text("lookup")?)])),
        "union" => {
            let mut names = Vec::new();
            for item in fields.list("dataSources")? {
                match data_source(item, depth)? {
                    DataSource::Tables(tables) => names.extend(tables),
                    _ => return Err(fields.wrong("dataSources", "a list of tables")),
                }
            }
            if names.is_empty() {
                return Err(fields.wrong("dataSources", "a list of tables that is not empty"));
            }
            Ok(DataSource::Tables(names))
        }
        "query" => Ok(DataSource::Query(Box::new(NativeQuery::read(fields.need("query")?, depth + 1)?))),
        "inline" => Ok(DataSource::Inline(Arc::new(InlineSegment::read(&fields)?))),
        "filter" => Ok(DataSource::Filter {
            base: Box::new(data_source(fields.need("base")?, depth)?),
            filter: Filter::from_json(fields.need("filter")?)?,
        }),
        "restrict" => restricted(&fields, depth),
        "unnest" => Ok(DataSource::Unnest(Box::new(unnest(&fields, depth)?))),
        "join" => Ok(DataSource::Join(Box::new(join(&fields, depth)?))),
        other => Err(QueryError::invalid(format!(
            "dataSource type `{other}` is not available; there are table, globalTable, lookup, union, inline, query, \
             join, unnest, filter and restrict"
        ))),
    }
}

/// A row for each value.
#[derive(Debug)]
pub(crate) struct Unnest {
    pub(crate) base: DataSource,
    /// The column of the values.
    pub(crate) column: VirtualColumn,
    /// Which of the new rows stay.
    pub(crate) filter: Option<Filter>,
}

/// Two data sources, of which the right one lies in memory.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) left: DataSource,
    pub(crate) right: DataSource,
    /// What the names of the right side's columns begin with.
    pub(crate) prefix: String,
    pub(crate) condition: Expr,
    pub(crate) kind: JoinKind,
    /// Which rows of the left side there are.
    pub(crate) left_filter: Option<Filter>,
}

/// Of which sides do rows stay to which none of the other belongs?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

impl JoinKind {
    /// Whether those of the left side stay.
    pub(crate) fn keeps_left(self) -> bool {
        matches!(self, Self::Left | Self::Full)
    }

    /// Whether those of the right side stay.
    pub(crate) fn keeps_right(self) -> bool {
        matches!(self, Self::Right | Self::Full)
    }
}

fn unnest(fields: &Fields<'_>, depth: usize) -> Result<Unnest, QueryError> {
    let base = data_source(fields.need("base")?, depth)?;
    let Some(column) = fields.get("virtualColumn") else {
        return Err(QueryError::failed("unnest needs the field `virtualColumn`"));
    };
    let column = virtual_columns(std::slice::from_ref(column)).map_err(|error| match error {
        // Druid meets a circle there only when the query runs.
        QueryError::Invalid(message) if message.starts_with(CIRCLE) => QueryError::failed(message),
        other => other,
    });
    let column = column?.pop();
    let mut column = column.ok_or_else(|| fields.wrong("virtualColumn", "a virtual column"))?;
    if let Some(name) = fields.text_opt("outputName")? {
        name.clone_into(&mut column.name);
    }
    let filter = fields.get("unnestFilter").map(Filter::from_json).transpose()?;
    Ok(Unnest { base, column, filter })
}

fn join(fields: &Fields<'_>, depth: usize) -> Result<Join, QueryError> {
    let prefix = fields.text("rightPrefix")?;
    if prefix.is_empty() || TIME_COLUMN.starts_with(prefix) {
        return Err(
            fields.wrong("rightPrefix", "a text that is not empty and that __time does not start with")
        );
    }
    let kind = match fields.text("joinType")?.to_ascii_uppercase().as_str() {
        "INNER" => JoinKind::Inner,
        "LEFT" => JoinKind::Left,
        "RIGHT" => JoinKind::Right,
        "FULL" => JoinKind::Full,
        _ => return Err(fields.wrong("joinType", "INNER, LEFT, RIGHT or FULL")),
    };
    if let Some(algorithm) = fields.text_opt("joinAlgorithm")?
        && !["broadcast", "sortmerge"].contains(&algorithm.to_ascii_lowercase().as_str())
    {
        return Err(fields.wrong("joinAlgorithm", "broadcast or sortMerge"));
    }
    Ok(Join {
        left: data_source(fields.need("left")?, depth)?,
        right: data_source(fields.need("right")?, depth)?,
        prefix: prefix.to_owned(),
        condition: expression(fields.text("condition")?)?,
        kind,
        left_filter: fields.get("leftFilter").map(Filter::from_json).transpose()?,
    })
}

/// A table of which a policy lets some rows be seen.
fn restricted(fields: &Fields<'_>, depth: usize) -> Result<DataSource, QueryError> {
    let base = data_source(fields.need("base")?, depth)?;
    if !matches!(base, DataSource::Tables(_)) {
        return Err(fields.wrong("base", "a table"));
    }
    let policy = Fields::of("policy", fields.need("policy")?)?;
    match policy.kind()? {
        "noRestriction" => Ok(base),
        "row" => {
            let filter = Filter::from_json(policy.need("rowFilter")?)?;
            Ok(DataSource::Filter { base: Box::new(base), filter })
        }
        _ => Err(policy.wrong("type", "noRestriction or row")),
    }
}

fn table(name: &str) -> Result<DataSource, QueryError> {
    match lookup_of_table(name) {
        None => Ok(DataSource::Tables(vec![name.to_owned()])),
        Some(_) => Err(QueryError::invalid(format!("`{name}` is no name of a table"))),
    }
}

/// One segment, and when its rows are asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Descriptor {
    pub(crate) interval: Interval,
    pub(crate) version: String,
    pub(crate) partition: u32,
}

/// Reads `intervals` that name segments; `None` for others.
pub(super) fn descriptors(json: &Value) -> Result<Option<Vec<Descriptor>>, QueryError> {
    if json.get("type").and_then(Value::as_str) != Some("segments") {
        return Ok(None);
    }
    let fields = Fields::of("intervals", json)?;
    fields.need("segments")?;
    let mut found = Vec::new();
    for item in fields.list("segments")? {
        let item = Fields::of("segment", item)?;
        let interval = item.text_opt("itvl")?.map_or_else(|| item.text("interval"), Ok)?.parse()?;
        let version = item.text_opt("ver")?.map_or_else(|| item.text("version"), Ok)?.to_owned();
        let partition = match item.long_opt("part")? {
            Some(part) => Some(part),
            None => item.long_opt("partitionNumber")?,
        };
        let partition = u32::try_from(partition.unwrap_or(0)).map_err(|_| item.wrong("part", "a number"))?;
        found.push(Descriptor { interval, version, partition });
    }
    Ok(Some(found))
}

/// Reads `intervals`: a text, a list, or one of the objects.
pub(crate) fn intervals(json: &Value) -> Result<Vec<Interval>, QueryError> {
    let mut found = Vec::new();
    collect_intervals(json, &mut found)?;
    Ok(condense(found))
}

fn collect_intervals(json: &Value, found: &mut Vec<Interval>) -> Result<(), QueryError> {
    match json {
        Value::String(text) => {
            for part in text.split(',') {
                found.push(part.trim().parse()?);
            }
        }
        Value::Array(items) => items.iter().try_for_each(|item| collect_intervals(item, found))?,
        Value::Object(_) => {
            let fields = Fields::of("intervals", json)?;
            match fields.kind()? {
                "intervals" | "LegacySegmentSpec" => collect_intervals(fields.need("intervals")?, found)?,
                other => {
                    return Err(QueryError::unsupported(format!(
                        "intervals of type `{other}` are not available"
                    )));
                }
            }
        }
        other => return Err(QueryError::invalid(format!("`intervals` must be intervals, not `{other}`"))),
    }
    Ok(())
}
