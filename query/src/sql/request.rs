//! What does a client ask at `/druid/v2/sql`? The request's fields, read from JSON.

use alluvium_segments::time::{parse_iso, parse_zone};
use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::QueryError;
use crate::error::Refusal;
use crate::plan::ProjectionUse;
use crate::request::{Caching, Context};
use crate::source::Limit;

/// In which form rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultFormat {
    /// `[{"a":1},{"a":2}]`
    #[default]
    Object,
    /// `[[1],[2]]`
    Array,
    /// One object a line, then an empty line.
    ObjectLines,
    /// One array a line, then an empty line.
    ArrayLines,
    /// Comma-separated lines, then an empty line.
    Csv,
    /// A stream in Arrow's IPC format.
    Arrow,
}

impl ResultFormat {
    /// The content type of an answer in this form.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Object | Self::Array => "application/json",
            Self::ObjectLines | Self::ArrayLines => "text/plain",
            Self::Csv => "text/csv",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The name of the form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::ObjectLines => "objectLines",
            Self::ArrayLines => "arrayLines",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
        }
    }

    /// The form of a name (`object`, `array`, `objectLines`, `arrayLines`, `csv`, `arrow`; case does not matter).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let forms = [
            ("object", Self::Object),
            ("array", Self::Array),
            ("objectLines", Self::ObjectLines),
            ("arrayLines", Self::ArrayLines),
            ("csv", Self::Csv),
            ("arrow", Self::Arrow),
        ];
        forms.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, form)| form)
    }
}

/// A value for a `?` of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlParameter {
    /// SQL type name in upper case, as written (`VARCHAR`, `BIGINT` ...).
    pub sql_type: String,
    /// The value.
    pub value: Value,
}

/// A query text with everything that governs its answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SqlRequest {
    /// The text.
    pub query: String,
    /// Form of the answer.
    pub result_format: ResultFormat,
    /// Whether column names come first.
    pub header: bool,
    /// Whether the header has native types.
    pub types_header: bool,
    /// Whether the header has SQL types.
    pub sql_types_header: bool,
    /// Query context; unknown keys are kept.
    pub context: Map<String, Value>,
    /// Values for the `?`s, in order.
    pub parameters: Vec<SqlParameter>,
}

impl SqlRequest {
    /// A bare text, answered in the default form.
    #[must_use]
    pub fn text(query: &str) -> Self {
        Self { query: query.to_owned(), ..Self::default() }
    }

    /// Reads a request body. Fields nobody knows are ignored.
    ///
    /// # Errors
    /// When the body is no JSON object, has no `query`, or a known field holds something else than it should.
    pub fn from_json(body: &[u8]) -> Result<Self, QueryError> {
        let json: Value = serde_json::from_slice(body)
            .map_err(|e| QueryError::Unparsable(format!("cannot read the request as JSON: {e}")))?;
        let Value::Object(fields) = json else {
            return Err(QueryError::Invalid("an SQL request must be a JSON object".to_owned()));
        };
        let Some(Value::String(query)) = fields.get("query") else {
            return Err(QueryError::Invalid("an SQL request needs the field `query`, a text".to_owned()));
        };
        let result_format = match fields.get("resultFormat") {
            None | Some(Value::Null) => ResultFormat::default(),
            Some(other) => other.as_str().and_then(ResultFormat::from_name).ok_or_else(|| {
                let known = "object, array, objectLines, arrayLines, csv, arrow";
                QueryError::Unreadable(format!("`resultFormat` {other} is not known; use one of {known}"))
            })?,
        };
        let header = flag(&fields, "header")?;
        for name in ["typesHeader", "sqlTypesHeader"] {
            if flag(&fields, name)? && !header {
                return Err(QueryError::Unreadable(format!("Cannot include '{name}' without 'header'")));
            }
        }
        let context = match fields.get("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(context)) => context.clone(),
            Some(_) => return Err(QueryError::Invalid("`context` must be a JSON object".to_owned())),
        };
        Ok(Self {
            query: query.clone(),
            result_format,
            header,
            types_header: flag(&fields, "typesHeader")?,
            sql_types_header: flag(&fields, "sqlTypesHeader")?,
            context,
            parameters: parameters(fields.get("parameters"))?,
        })
    }
}

fn flag(fields: &Map<String, Value>, name: &str) -> Result<bool, QueryError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => {
            truth(value).ok_or_else(|| QueryError::Invalid(format!("`{name}` must be true or false")))
        }
    }
}

fn parameters(json: Option<&Value>) -> Result<Vec<SqlParameter>, QueryError> {
    let wrong =
        || QueryError::Invalid("`parameters` must be a list of {\"type\":..,\"value\":..}".to_owned());
    let list = match json {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(wrong()),
    };
    let one = |item: &Value| {
        let sql_type = item.get("type")?.as_str()?.to_ascii_uppercase();
        Some(SqlParameter { sql_type, value: item.get("value").cloned().unwrap_or_default() })
    };
    list.iter().map(|item| one(item).ok_or_else(wrong)).collect()
}

/// A boolean, or its text.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// What the context says about how a text is planned and answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) query_id: String,
    pub(crate) zone: Tz,
    /// The instant `CURRENT_TIMESTAMP` stands for.
    pub(crate) now_ms: i64,
    pub(crate) approximate_distinct: bool,
    /// Whether periods without rows are answered where only periods are grouped by.
    pub(crate) fills_buckets: bool,
    pub(crate) stringify_arrays: bool,
    /// Whether sketches that are shown are shown as what they estimate.
    pub(crate) finalize_sketches: bool,
    pub(crate) outer_limit: Option<usize>,
    /// Whether rows of several values are in a group for each.
    pub(crate) unnests_groups: bool,
    /// What the subqueries that are joined may give; `None`: as much as there is.
    pub(crate) subquery_limit: Option<Limit>,
    /// What the query asks for (0: no limit); `None`: nothing was said.
    pub(crate) timeout_ms: Option<i64>,
    pub(crate) projections: ProjectionUse,
    pub(crate) caching: Caching,
}

impl Settings {
    /// Reads the keys that matter; numbers and booleans may be texts.
    pub(crate) fn from_context(
        context: &Map<String, Value>,
        now_ms: i64,
        fresh_id: impl FnOnce() -> String,
    ) -> Result<Self, QueryError> {
        if let Some((key, _)) = context.iter().find(|(_, value)| value.is_null()) {
            let message = format!("null value in entry: {key}=null");
            return Err(QueryError::refused(Refusal::Planning, message));
        }
        let text = |key: &str| context.get(key).and_then(Value::as_str);
        if let Some(join) = text("sqlJoinAlgorithm").filter(|join| !join.eq_ignore_ascii_case("broadcast")) {
            let message = format!("Join algorithm [{join}] is not supported by engine [native]");
            return Err(QueryError::Invalid(message));
        }
        if let Some(engine) = text("engine").filter(|engine| !engine.eq_ignore_ascii_case("native")) {
            let message = format!("Unsupported SQL engine [{engine}]; there is [native]");
            return Err(QueryError::Invalid(message));
        }
        let query_id = text("sqlQueryId").filter(|id| !id.is_empty()).map_or_else(fresh_id, str::to_owned);
        let zone = match text("sqlTimeZone") {
            None => Tz::UTC,
            // Names that nobody knows mean UTC.
            Some(name) if name.starts_with(char::is_alphabetic) => parse_zone(name).unwrap_or(Tz::UTC),
            Some(offset) => parse_zone(offset)?,
        };
        let now_ms = match context.get("sqlCurrentTimestamp") {
            Some(Value::String(instant)) => parse_iso(instant)?,
            Some(Value::Number(n)) => n.as_i64().unwrap_or(now_ms),
            _ => now_ms,
        };
        let outer_limit = number(context, "sqlOuterLimit")?;
        let shared = Context::of(context);
        Ok(Self {
            query_id,
            zone,
            now_ms,
            approximate_distinct: boolean(context, "useApproximateCountDistinct", true)?,
            stringify_arrays: boolean(context, "sqlStringifyArrays", true)?,
            finalize_sketches: boolean(context, "sqlFinalizeOuterSketches", false)?,
            fills_buckets: !boolean(context, "skipEmptyBuckets", true)?,
            outer_limit: outer_limit.and_then(|n| usize::try_from(n).ok()),
            unnests_groups: boolean(context, "groupByEnableMultiValueUnnesting", true)?,
            subquery_limit: Limit::named(&shared)?,
            timeout_ms: number(context, "timeout")?,
            projections: shared.projections()?,
            caching: shared.caching()?,
        })
    }
}

fn boolean(context: &Map<String, Value>, key: &str, default: bool) -> Result<bool, QueryError> {
    match context.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => truth(value).ok_or_else(|| {
            QueryError::refused(Refusal::Planning, format!("context key `{key}` must be true or false"))
        }),
    }
}

fn number(context: &Map<String, Value>, key: &str) -> Result<Option<i64>, QueryError> {
    let value = match context.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(value) => value.as_i64(),
    };
    let wrong = || QueryError::refused(Refusal::Planning, format!("context key `{key}` must be a number"));
    value.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let grafana = br#"{"queryType":"sql","query":"SELECT 1","resultFormat":"array","header":true,
            "context":{"sqlTimeZone":"America/Los_Angeles","timeout":"5000","useApproximateCountDistinct":"false"},
            "parameters":[{"type":"varchar","value":"x"}]}"#;
        let request = SqlRequest::from_json(grafana).unwrap();
        assert_eq!((request.result_format, request.header), (ResultFormat::Array, true));
        assert_eq!(request.parameters[0].sql_type, "VARCHAR");
        let settings = Settings::from_context(&request.context, 7, || "id".to_owned()).unwrap();
        assert_eq!(settings.zone, Tz::America__Los_Angeles);
        assert_eq!((settings.timeout_ms, settings.approximate_distinct), (Some(5000), false));
        assert_eq!((settings.query_id.as_str(), settings.now_ms), ("id", 7));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for body in ["", "[]", "{}", r#"{"query":1}"#, r#"{"query":"SELECT 1","resultFormat":"xml"}"#] {
            assert!(SqlRequest::from_json(body.as_bytes()).is_err(), "{body}");
        }
    }
}
