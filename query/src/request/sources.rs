//! Over what does a native query run, and when? `dataSource` and `intervals` in all their forms.

use std::sync::Arc;

use alluvium_segments::catalog::{lookup_of_table, lookup_table};
use alluvium_segments::time::{Interval, condense};
use serde_json::Value;

use super::{DataSource, Fields, NativeQuery};
use crate::QueryError;
use crate::inline::InlineSegment;

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
        other => Err(QueryError::unsupported(format!(
            "dataSource type `{other}` is not available in native queries; there are table, union, query and inline \
             (joins and unnest: use SQL)"
        ))),
    }
}

fn table(name: &str) -> Result<DataSource, QueryError> {
    match lookup_of_table(name) {
        None => Ok(DataSource::Tables(vec![name.to_owned()])),
        Some(_) => Err(QueryError::invalid(format!("`{name}` is no name of a table"))),
    }
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
