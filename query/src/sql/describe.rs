//! What would a text be answered with, and what are its parameters? Planned, but not run: parameters are typed by what
//! they are compared with, then stand for any value of their type.

use alluvium_segments::catalog::Snapshot;
use chrono_tz::Tz;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::tokenizer::Token;
use serde_json::{Value, json};

use super::answer::{SqlColumn, SqlType, columns};
use super::explain;
use super::fault::from_datafusion;
use super::planner::Names;
use super::prepare::Values;
use super::request::{Settings, SqlParameter, SqlRequest};
use super::rewrite::rewrite;
use super::run::{Tools, locate};
use super::statement;
use crate::QueryError;

/// What is known of an answer before it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlDescription {
    /// The columns, in order.
    pub columns: Vec<SqlColumn>,
    /// The types of the text's parameters, in order.
    pub parameters: Vec<SqlType>,
    /// Whether the plan is asked for, not the rows.
    pub explain: bool,
}

/// What planning tells of a request.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) schema: SchemaRef,
    pub(crate) parameters: Vec<SqlType>,
    pub(crate) explain: bool,
    pub(crate) zone: Tz,
}

impl From<Described> for SqlDescription {
    fn from(described: Described) -> Self {
        let Described { schema, parameters, explain, .. } = described;
        Self { columns: columns(&schema), parameters, explain }
    }
}

/// Describes a request; `known` are types its client has named.
pub(crate) fn describe(
    tools: Tools<'_>,
    snapshot: &Snapshot,
    request: &SqlRequest,
    known: &[Option<SqlType>],
    now_ms: i64,
) -> Result<Described, QueryError> {
    let settings = |mut more: serde_json::Map<String, Value>| {
        let mut context = request.context.clone();
        context.append(&mut more);
        Settings::from_context(&context, now_ms, || "described".to_owned())
    };
    let count = statement::parameter_count(&request.query)?;
    let parameters = match count {
        0 => Vec::new(),
        _ => {
            let inferred = infer(tools, snapshot, request, &settings(serde_json::Map::new())?);
            let counts = statement::row_counts(&request.query)?;
            let of = |number: usize| {
                let known = known.get(number).copied().flatten();
                let count = || counts.contains(&number).then_some(SqlType::BIGINT);
                let inferred = || inferred.get(number).copied().flatten();
                known.or_else(count).or_else(inferred).unwrap_or(SqlType::VARCHAR)
            };
            (0..count).map(of).collect()
        }
    };
    let samples: Vec<SqlParameter> = parameters.iter().map(sample).collect();
    let mut text = statement::read(&request.query, &samples)?;
    let settings = settings(std::mem::take(&mut text.settings))?;
    let zone = settings.zone;
    if text.explain {
        return Ok(Described { schema: explain::schema(), parameters, explain: true, zone });
    }
    let planned = text.parse().and_then(|mut statement| {
        rewrite(&mut statement, &settings)?;
        let names = Names::new(snapshot, tools.system, Values::default());
        tools.planner.schema(statement, &names, &settings).map_err(from_datafusion)
    });
    let schema = planned.map_err(|e| locate(e, &request.query))?;
    Ok(Described { schema, parameters, explain: false, zone })
}

/// The types of parameters, as far as what they stand beside tells them. What is wrong with the text is found later.
fn infer(
    tools: Tools<'_>,
    snapshot: &Snapshot,
    request: &SqlRequest,
    settings: &Settings,
) -> Vec<Option<SqlType>> {
    let placeholder = |number: usize| Ok(Some(vec![Token::Placeholder(format!("${}", number + 1))]));
    let text = statement::read_with(&request.query, placeholder);
    let Ok(mut statement) = text.and_then(statement::Text::parse) else { return Vec::new() };
    if rewrite(&mut statement, settings).is_err() {
        return Vec::new();
    }
    let names = Names::new(snapshot, tools.system, Values::default());
    let Ok(types) = tools.planner.parameter_types(statement, &names) else { return Vec::new() };
    let last = types.keys().filter_map(|name| name.strip_prefix('$')?.parse().ok()).max().unwrap_or(0);
    let of = |number: usize| types.get(&format!("${number}"))?.as_ref().map(SqlType::of);
    (1..=last).map(of).collect()
}

/// A value of a type.
fn sample(sql_type: &SqlType) -> SqlParameter {
    let value = match sql_type.name {
        "BIGINT" | "INTEGER" | "DOUBLE" | "FLOAT" => json!(1),
        "BOOLEAN" => json!(true),
        "TIMESTAMP" | "DATE" => json!(0),
        "ARRAY" => json!([""]),
        // Read as a period, too.
        _ => json!("P1D"),
    };
    SqlParameter { sql_type: sql_type.name.to_owned(), value }
}
