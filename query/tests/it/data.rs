//! Rows for the tests, and segments made of them: live, sealed, partly hidden.

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium_expression::{Bindings, ExprType, Value};
use alluvium_query::plan::CacheUse;
use alluvium_query::{CacheLimits, CacheOptions, EngineOptions, GroupLimits, QueryEngine, QueryError};
use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::rows::{Cell, read_rows};
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::Interval;
use alluvium_segments::{
    BatchColumn, BitmapIndex, ColumnSpec, ColumnType, MetricFunction, NumericBatch, ProjectionSpec, Role,
    RowBatch, Schema, Segment, SegmentId, SegmentRef, StringBatch,
};
use serde_json::Value as Json;

/// Start of the time all rows lie in: 2015-09-12T00Z.
pub(crate) const START: i64 = 1_442_016_000_000;

/// One row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) t: i64,
    pub(crate) s: Option<String>,
    pub(crate) m: Vec<Option<String>>,
    pub(crate) l: Option<i64>,
    pub(crate) d: Option<f64>,
    pub(crate) f: Option<f32>,
}

impl Bindings for Row {
    fn get(&self, name: &str) -> Value {
        match name {
            "id" => Value::Long(self.id),
            "__time" => Value::Long(self.t),
            "s" => Value::from(self.s.as_deref()),
            "m" => match self.m.as_slice() {
                [] => Value::Null,
                [one] => Value::from(one.as_deref()),
                many => Value::StringArray(many.iter().map(|v| v.as_deref().map(Into::into)).collect()),
            },
            "l" => Value::from(self.l),
            "d" => Value::from(self.d),
            "f" => Value::from(self.f.map(f64::from)),
            _ => Value::Null,
        }
    }

    fn number_type(&self, name: &str) -> Option<ExprType> {
        match name {
            "id" | "__time" | "l" => Some(ExprType::Long),
            "d" | "f" => Some(ExprType::Double),
            _ => None,
        }
    }
}

pub(crate) fn schema() -> Schema {
    Schema::new(vec![
        ColumnSpec::dimension("id", ColumnType::Long),
        ColumnSpec::dimension("s", ColumnType::String),
        ColumnSpec::dimension("m", ColumnType::String),
        ColumnSpec::metric("l", ColumnType::Long, MetricFunction::Sum, Some("l")),
        ColumnSpec::metric("d", ColumnType::Double, MetricFunction::Sum, Some("d")),
        ColumnSpec::metric("f", ColumnType::Float, MetricFunction::Max, Some("f")),
    ])
}

pub(crate) fn batch(rows: &[Row]) -> RowBatch {
    let (mut id, mut l) = (NumericBatch::default(), NumericBatch::default());
    let (mut d, mut f) = (NumericBatch::default(), NumericBatch::default());
    let (mut s, mut m) = (StringBatch::default(), StringBatch::default());
    for row in rows {
        id.push(Some(row.id));
        s.push(row.s.as_deref());
        row.m.iter().for_each(|v| m.push_value(v.as_deref()));
        m.end_row();
        l.push(row.l);
        d.push(row.d);
        f.push(row.f);
    }
    RowBatch {
        schema: Arc::new(schema()),
        time: rows.iter().map(|row| row.t).collect(),
        columns: vec![
            BatchColumn::Long(id),
            BatchColumn::String(s),
            BatchColumn::String(m),
            BatchColumn::Long(l),
            BatchColumn::Double(d),
            BatchColumn::Float(f),
        ],
    }
}

pub(crate) fn id(partition: u32) -> SegmentId {
    let interval = Interval::new(START, START + 86_400_000);
    let version = "2015-09-13T00:00:00.000Z".to_owned();
    SegmentId { datasource: "t".to_owned(), interval, version, partition }
}

/// A live segment of rows, in chunks of `chunk` rows.
pub(crate) fn live(partition: u32, rows: &[Row], chunk: usize) -> Arc<dyn Segment> {
    live_with(partition, rows, chunk, schema())
}

fn live_with(partition: u32, rows: &[Row], chunk: usize, schema: Schema) -> Arc<dyn Segment> {
    let options = LiveOptions { chunk_rows: chunk, ..LiveOptions::default() };
    let schema = Arc::new(schema);
    let (_, mut writer) = LiveSegment::open(id(partition), Arc::clone(&schema), options).unwrap();
    for part in rows.chunks(chunk.max(1)) {
        writer.append(&RowBatch { schema: Arc::clone(&schema), ..batch(part) }).unwrap();
        writer.publish();
    }
    writer.freeze()
}

/// Asks for indexes that so few rows are not worth.
fn index_all(schema: &mut Schema) {
    for column in &mut schema.columns {
        if let (Role::Dimension(options), ColumnType::String) = (&mut column.role, column.column_type) {
            options.bitmap_index = BitmapIndex::Always;
        }
    }
}

/// A sealed segment of rows, those of even numbers with indexes; the folder must live as long.
pub(crate) fn sealed(partition: u32, rows: &[Row], folder: &std::path::Path) -> Arc<dyn Segment> {
    sealed_with(partition, rows, folder, &[])
}

/// The same, with projections.
pub(crate) fn sealed_with(
    partition: u32,
    rows: &[Row],
    folder: &std::path::Path,
    projections: &[ProjectionSpec],
) -> Arc<dyn Segment> {
    let mut schema = Schema { projections: projections.to_vec(), ..schema() };
    if partition.is_multiple_of(2) {
        index_all(&mut schema);
    }
    let inputs = vec![SegmentRef::whole(live_with(partition, rows, 1000, schema))];
    let path = folder.join(format!("{partition}.seg"));
    seal(&SealRequest {
        id: id(partition),
        path: path.clone(),
        inputs,
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    })
    .unwrap();
    Arc::new(MappedSegment::open(&path).unwrap())
}

/// Hides the rows of these ids.
pub(crate) fn hide(segment: Arc<dyn Segment>, ids: &BTreeSet<i64>) -> SegmentRef {
    let cells = read_rows(segment.as_ref(), &["id"], 0..segment.rows()).unwrap();
    let hidden = cells.iter().enumerate().filter(|(_, row)| match row[0] {
        Cell::Long(id) => ids.contains(&id),
        _ => false,
    });
    let hidden = hidden.map(|(row, _)| row as u32).collect();
    SegmentRef { hidden: Some(Arc::new(hidden)), ..SegmentRef::whole(segment) }
}

/// An engine over segments of the datasource `t`, with caches, which queries through `ask` do not use.
pub(crate) fn engine(segments: Vec<SegmentRef>) -> Arc<QueryEngine> {
    engine_with(segments, GroupLimits::default())
}

/// The same that keeps groups in these ways.
pub(crate) fn engine_with(segments: Vec<SegmentRef>, groups: GroupLimits) -> Arc<QueryEngine> {
    let catalog = Arc::new(Catalog::default());
    catalog.update_datasource("t", |datasource| {
        datasource.columns = schema().columns;
        datasource.sealed = segments;
    });
    let limits = CacheLimits { allowed: CacheUse::ALL, ..CacheLimits::default() };
    let cache = CacheOptions { segments: limits.clone(), results: limits };
    QueryEngine::new(catalog, EngineOptions { threads: 2, cache, groups, ..EngineOptions::default() })
        .unwrap()
}

/// The keys of a context that keep a query from all caches.
pub(crate) const NO_CACHES: [&str; 4] =
    ["useCache", "populateCache", "useResultLevelCache", "populateResultLevelCache"];

/// A query that uses none of the caches of these names.
pub(crate) fn without(query: &Json, caches: &[&str]) -> Json {
    let mut query = query.clone();
    caches.iter().for_each(|key| query["context"][*key] = Json::Bool(false));
    query
}

/// Runs a query without caches, with such as may be filled by it, and with such as are; all must give the same.
pub(crate) fn ask_thrice(engine: &QueryEngine, body: Json) -> Result<Json, QueryError> {
    let plain = ask(engine, body.clone())?;
    for _ in 0..2 {
        // Whole answers would hide what comes of those of segments.
        let partial = ask_with_caches(engine, without(&body, &NO_CACHES[2..]))?;
        assert_eq!(partial, plain, "{body}");
        let whole = ask_with_caches(engine, body.clone())?;
        assert_eq!(whole, plain, "{body}");
    }
    Ok(plain)
}

/// Runs a query without caches.
pub(crate) fn ask(engine: &QueryEngine, body: Json) -> Result<Json, QueryError> {
    ask_with_caches(engine, without(&body, &NO_CACHES))
}

/// Runs a query that uses the caches its context allows.
pub(crate) fn ask_with_caches(engine: &QueryEngine, body: Json) -> Result<Json, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(engine.native(body, START))?;
    Ok(serde_json::from_slice(&answer.body).unwrap())
}

/// Runs a query and gives the very text.
pub(crate) fn ask_text(engine: &QueryEngine, body: Json) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    String::from_utf8(runtime.block_on(engine.native(body, START)).unwrap().body).unwrap()
}
