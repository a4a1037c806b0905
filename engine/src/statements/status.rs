//! How does a statement stand? Its state, columns, pages and error, on disk and in Druid's words.

use alluvium_query::sql::SqlColumn;
use alluvium_segments::time::format_iso;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where a statement is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum State {
    /// It waits for room.
    Accepted,
    /// It runs.
    Running,
    /// Its rows are there.
    Success,
    /// It came to nothing.
    Failed,
}

impl State {
    /// Whether it is over.
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Success | Self::Failed)
    }

    /// In Druid's words.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

/// A column, as statements tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) sql_type: String,
    #[serde(rename = "nativeType")]
    pub(super) native_type: String,
}

impl Column {
    pub(super) fn of(column: &SqlColumn) -> Self {
        Self {
            name: column.name.clone(),
            sql_type: column.sql_type.name.to_owned(),
            native_type: native(column),
        }
    }
}

/// The type native queries have for a column.
fn native(column: &SqlColumn) -> String {
    let scalar = |name: &str| match name {
        "BIGINT" | "INTEGER" | "TIMESTAMP" | "DATE" | "BOOLEAN" => "LONG",
        "DOUBLE" => "DOUBLE",
        "FLOAT" => "FLOAT",
        _ => "STRING",
    };
    match (column.sql_type.name, column.element) {
        ("ARRAY", element) => format!("ARRAY<{}>", scalar(element.map_or("VARCHAR", |e| e.name))),
        (complex, _) if complex.starts_with("COMPLEX") => complex.to_owned(),
        (name, _) => scalar(name).to_owned(),
    }
}

/// A page of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Page {
    pub(super) id: u64,
    #[serde(rename = "numRows")]
    pub(super) rows: u64,
    #[serde(rename = "sizeInBytes")]
    pub(super) bytes: u64,
}

/// All that is known of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) query_id: String,
    pub(super) state: State,
    /// When it was accepted, in milliseconds since the epoch.
    pub(super) created_ms: i64,
    /// How long it took from then on; -1 before it is over.
    pub(super) duration_ms: i64,
    pub(super) schema: Vec<Column>,
    /// The form its results are given in when none is asked for.
    pub(super) result_format: String,
    pub(super) pages: Vec<Page>,
    /// What failed, in Druid's shape.
    pub(super) error: Option<Value>,
}

impl Status {
    /// Rows of all pages.
    pub(super) fn rows(&self) -> u64 {
        self.pages.iter().map(|page| page.rows).sum()
    }

    /// Bytes of all pages.
    pub(super) fn bytes(&self) -> u64 {
        self.pages.iter().map(|page| page.bytes).sum()
    }

    /// Druid's `SqlStatementResult`. `sample` are the first rows of a result; with `detail` there are the fields of
    /// stages, of which there are none here.
    pub(super) fn to_json(&self, sample: &[Value], detail: bool) -> Value {
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
        put("queryId", json!(self.query_id));
        put("state", json!(self.state.name()));
        put("createdAt", json!(format_iso(self.created_ms)));
        if self.state != State::Failed {
            put("schema", json!(self.schema));
        }
        put("durationMs", json!(self.duration_ms));
        if self.state == State::Success {
            let result = json!({"numTotalRows": self.rows(), "totalSizeInBytes": self.bytes(),
                "dataSource": "__query_select", "sampleRecords": sample, "pages": self.pages});
            put("result", result);
        }
        if let Some(error) = &self.error {
            put("errorDetails", error.clone());
        }
        if detail {
            put("stages", json!([]));
            put("counters", json!({}));
            put("warnings", json!([]));
        }
        Value::Object(json)
    }
}
