//! In which segments do the rows lie? A day in one sealed file, a day in two, a day half sealed and half live.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_query::plan::CacheUse;
use alluvium_query::sql::{NoSystemTables, SqlEngine, SqlOptions, SqlRequest};
use alluvium_query::{CacheCounts, CacheLimits, CacheOptions, EngineOptions, QueryEngine};
use alluvium_segments::catalog::{Catalog, LiveHandle};
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::{DAY_MS, Interval};
use alluvium_segments::{RowBatch, Segment, SegmentId, SegmentRef};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::data::{FIRST_DAY, Row, batch, schema};

/// A query engine over the datasource `random`.
pub(super) struct Random {
    engine: SqlEngine,
    catalog: Arc<Catalog>,
    runtime: tokio::runtime::Runtime,
    folder: TempDir,
}

impl Random {
    /// Of days; with `live` part of the last one is live.
    pub(super) fn build(days: &[Vec<Row>], live: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let halves = |day: usize| days[day].split_at(days[day].len() / 2);
        let mut sealed = vec![
            seal_rows(folder.path(), 0, 0, &days[0]),
            seal_rows(folder.path(), 1, 0, halves(1).0),
            seal_rows(folder.path(), 1, 1, halves(1).1),
            seal_rows(folder.path(), 2, 0, halves(2).0),
        ];
        let mut handles: Vec<Arc<dyn LiveHandle>> = Vec::new();
        match live {
            true => handles.push(live_rows(2, 1, halves(2).1)),
            false => sealed.push(seal_rows(folder.path(), 2, 1, halves(2).1)),
        }
        let catalog = Arc::new(Catalog::default());
        catalog.update_datasource("random", |datasource| {
            datasource.sealed = sealed;
            datasource.live = handles;
            datasource.columns = schema().columns.clone();
        });
        let limits = CacheLimits { allowed: CacheUse::ALL, ..CacheLimits::default() };
        let cache = CacheOptions { segments: limits.clone(), results: limits };
        let engine =
            QueryEngine::new(Arc::clone(&catalog), EngineOptions { cache, ..EngineOptions::default() })
                .unwrap();
        let engine = SqlEngine::new(engine, Arc::new(NoSystemTables), &SqlOptions::default()).unwrap();
        Self { engine, catalog, runtime: tokio::runtime::Runtime::new().unwrap(), folder }
    }

    /// One more datasource, sealed in one segment of the first day.
    pub(super) fn add(&self, datasource: &str, rows: &RowBatch) {
        let id = SegmentId { datasource: datasource.to_owned(), ..id(0, 0) };
        let path = self.folder.path().join(datasource);
        let sealed = seal_segment(id.clone(), path, live_segment(id, std::slice::from_ref(rows)));
        self.catalog.update_datasource(datasource, |source| {
            source.sealed = vec![sealed];
            source.columns = rows.schema.columns.clone();
        });
    }

    /// What the caches hold: of segments, and of whole answers.
    pub(super) fn caches(&self) -> [CacheCounts; 2] {
        let engine = self.engine.engine();
        [engine.segment_cache(), engine.result_cache()]
    }

    /// `context`: which caches are used.
    pub(super) fn native(&self, mut query: Value, context: &Value) -> Result<Value, String> {
        let keys = context.as_object().into_iter().flatten();
        keys.for_each(|(key, value)| query["context"][key] = value.clone());
        let answer = self
            .runtime
            .block_on(self.engine.engine().native(query, FIRST_DAY))
            .map_err(|e| e.to_string())?;
        serde_json::from_slice(&answer.body).map_err(|e| e.to_string())
    }

    pub(super) fn sql(&self, query: &str, context: &Value) -> Result<Vec<Vec<Value>>, String> {
        let request = json!({"query": query, "resultFormat": "array", "context": context}).to_string();
        let answer = async {
            let request = SqlRequest::from_json(request.as_bytes())?;
            self.engine.sql(request, FIRST_DAY).await?.collect().await
        };
        let body = self.runtime.block_on(answer).map_err(|e| e.to_string())?;
        serde_json::from_slice(&body).map_err(|e| e.to_string())
    }
}

fn id(day: i64, partition: u32) -> SegmentId {
    let start = FIRST_DAY + day * DAY_MS;
    let interval = Interval::new(start, start + DAY_MS);
    SegmentId {
        datasource: "random".to_owned(),
        interval,
        version: "2024-03-01T00:00:00.000Z".to_owned(),
        partition,
    }
}

/// Rows in a live segment, published batch by batch.
fn live_segment(id: SegmentId, batches: &[RowBatch]) -> Arc<LiveSegment> {
    let (segment, mut writer) =
        LiveSegment::open(id, Arc::clone(&batches[0].schema), LiveOptions::default()).unwrap();
    for rows in batches {
        writer.append(rows).unwrap();
        writer.publish();
    }
    segment
}

fn live_rows(day: i64, partition: u32, rows: &[Row]) -> Arc<LiveSegment> {
    let schema = schema();
    let batches: Vec<RowBatch> = rows.chunks(101).map(|piece| batch(&schema, piece)).collect();
    live_segment(id(day, partition), &batches)
}

fn seal_rows(folder: &Path, day: i64, partition: u32, rows: &[Row]) -> SegmentRef {
    let path = folder.join(format!("{day}-{partition}"));
    seal_segment(id(day, partition), path, live_rows(day, partition, rows))
}

fn seal_segment(id: SegmentId, path: PathBuf, rows: Arc<LiveSegment>) -> SegmentRef {
    let frozen: Arc<dyn Segment> = rows.published();
    let request = SealRequest {
        id,
        path: path.clone(),
        inputs: vec![SegmentRef::whole(frozen)],
        schema: None,
        projections: true,
        combining: alluvium_segments::combines_nothing,
    };
    seal(&request).unwrap();
    SegmentRef::whole(Arc::new(MappedSegment::open(&path).unwrap()))
}
