//! Eight rows a reader can add up in the head: five sealed, three live, with nulls, an empty text and several
//! values a row.

use std::sync::Arc;

use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::{Interval, parse_iso};
use alluvium_segments::{
    BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, SegmentId, SegmentRef, StringBatch,
};
use serde_json::{Value, json};

use crate::sql::{MemoryOptions, SqlEngine, SqlOptions, SqlRequest, SystemTables};
use crate::{EngineOptions, QueryEngine, QueryError};

/// Time, channel, page, tags, added, delta, score.
type Row = (
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    &'static [&'static str],
    Option<i64>,
    Option<f64>,
    Option<f32>,
);

const ROWS: [Row; 8] = [
    ("2015-09-12T00:00", Some("en"), Some("A"), &["x", "y"], Some(10), Some(1.5), Some(0.5)),
    ("2015-09-12T00:30", Some("en"), Some("B"), &["x"], Some(20), Some(2.5), Some(1.5)),
    ("2015-09-12T01:00", Some("de"), Some("A"), &[], Some(30), Some(-1.0), None),
    ("2015-09-12T01:59:59.999", Some("fr"), None, &["y"], None, None, Some(2.0)),
    ("2015-09-12T02:00", Some("en"), Some(""), &["z", "y"], Some(40), Some(4.0), Some(0.5)),
    ("2015-09-12T02:15", Some("de"), Some("C"), &["x"], Some(50), Some(0.0), Some(3.5)),
    ("2015-09-12T03:00", None, Some("A"), &[], Some(60), Some(6.0), Some(4.5)),
    ("2015-09-13T00:00", Some("en"), Some("D"), &["x", "x2"], Some(70), Some(7.0), Some(1.0)),
];

const SEALED: usize = 5;

fn schema() -> Schema {
    let column = ColumnSpec::dimension;
    Schema::new(vec![
        column("channel", ColumnType::String),
        column("page", ColumnType::String),
        column("tags", ColumnType::String),
        column("added", ColumnType::Long),
        column("delta", ColumnType::Double),
        column("score", ColumnType::Float),
    ])
}

fn batch(schema: &Arc<Schema>, rows: &[Row]) -> RowBatch {
    let mut texts = [StringBatch::default(), StringBatch::default(), StringBatch::default()];
    let mut added = NumericBatch::default();
    let mut delta = NumericBatch::default();
    let mut score = NumericBatch::default();
    let mut time = Vec::new();
    for row in rows {
        time.push(parse_iso(row.0).unwrap());
        texts[0].push(row.1);
        texts[1].push(row.2);
        for tag in row.3 {
            texts[2].push_value(Some(tag));
        }
        texts[2].end_row();
        added.push(row.4);
        delta.push(row.5);
        score.push(row.6);
    }
    let mut columns: Vec<BatchColumn> = texts.into_iter().map(BatchColumn::String).collect();
    columns.push(BatchColumn::Long(added));
    columns.push(BatchColumn::Double(delta));
    columns.push(BatchColumn::Float(score));
    RowBatch { schema: Arc::clone(schema), time, columns }
}

fn id(partition: u32) -> SegmentId {
    let interval: Interval = "2015-09-12/2015-09-14".parse().unwrap();
    let version = "2024-01-01T00:00:00.000Z".to_owned();
    SegmentId { datasource: "wiki".to_owned(), interval, version, partition }
}

/// One supervisor and one segment.
#[derive(Debug)]
struct Node;

impl SystemTables for Node {
    fn segments(&self) -> Vec<Value> {
        vec![json!({"segment_id": "s0", "datasource": "wiki", "start": "2015-09-12T00:00:00.000Z",
            "end": "2015-09-14T00:00:00.000Z", "size": 100, "num_rows": 5, "is_active": true,
            "shard_spec": {"type": "numbered"}})]
    }

    fn servers(&self) -> Vec<Value> {
        Vec::new()
    }

    fn server_segments(&self) -> Vec<Value> {
        Vec::new()
    }

    fn supervisors(&self) -> Vec<Value> {
        vec![json!({"supervisor_id": "wiki", "state": "RUNNING", "suspended": 0})]
    }

    fn tasks(&self) -> Vec<Value> {
        Vec::new()
    }

    fn server_properties(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// The engine over the fixture; the folder must live as long.
pub(in crate::sql) fn engine() -> (SqlEngine, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let schema = Arc::new(schema());
    let (sealing, mut writer) =
        LiveSegment::open(id(0), Arc::clone(&schema), LiveOptions::default()).unwrap();
    writer.append(&batch(&schema, &ROWS[..SEALED])).unwrap();
    writer.publish();
    let path = folder.path().join("0.seg");
    let inputs = vec![SegmentRef::whole(sealing.published())];
    seal(&SealRequest {
        id: id(0),
        path: path.clone(),
        inputs,
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    })
    .unwrap();
    let sealed = MappedSegment::open(&path).unwrap();
    let (live, mut writer) = LiveSegment::open(id(1), Arc::clone(&schema), LiveOptions::default()).unwrap();
    writer.append(&batch(&schema, &ROWS[SEALED..])).unwrap();
    writer.publish();
    let catalog = Arc::new(Catalog::default());
    catalog.update_datasource("wiki", |d| {
        d.columns.clone_from(&schema.columns);
        d.sealed.push(SegmentRef::whole(Arc::new(sealed)));
        d.live.push(live);
    });
    let engine = QueryEngine::new(catalog, EngineOptions { threads: 2, ..EngineOptions::default() }).unwrap();
    let memory = MemoryOptions { all_bytes: 64 << 20, ..MemoryOptions::default() };
    let options = SqlOptions { memory, threads: 2 };
    (SqlEngine::new(engine, Arc::new(Node), &options).unwrap(), folder)
}

/// The body of an answer as text.
pub(super) async fn ask(engine: &SqlEngine, request: SqlRequest) -> Result<String, QueryError> {
    let answer = engine.sql(request, 1_442_016_000_000).await?;
    Ok(String::from_utf8(answer.collect().await?).unwrap())
}

/// The rows of an answer in `array` form, without the line end.
pub(super) async fn rows(engine: &SqlEngine, query: &str) -> String {
    let request = SqlRequest { result_format: crate::sql::ResultFormat::Array, ..SqlRequest::text(query) };
    match ask(engine, request).await {
        Ok(body) => body.trim_end().to_owned(),
        Err(error) => format!("ERROR {error}"),
    }
}
