//! Do queries keep to their memory: joins, sorts and groups that do not fit go on in files, what cannot fails alone?

use std::path::Path;
use std::sync::Arc;

use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::time::Interval;
use alluvium_segments::{
    BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, SegmentId, StringBatch,
};

use super::fixture::rows;
use crate::sql::{MemoryOptions, NoSystemTables, SqlEngine, SqlOptions};
use crate::{EngineOptions, QueryEngine};

const ROWS: i64 = 240_000;

/// `many`: `id` from 0, a text for each, and `few`, which is a remainder.
fn engine(memory: MemoryOptions) -> SqlEngine {
    let schema = Arc::new(Schema::new(vec![
        ColumnSpec::dimension("id", ColumnType::Long),
        ColumnSpec::dimension("text", ColumnType::String),
        ColumnSpec::dimension("few", ColumnType::Long),
    ]));
    let (mut id, mut text, mut few) =
        (NumericBatch::default(), StringBatch::default(), NumericBatch::default());
    for row in 0..ROWS {
        id.push(Some(row));
        text.push(Some(&format!("a text of some length, number {:06}", row * 7919 % ROWS)));
        few.push(Some(row % 10));
    }
    let interval = Interval::new(0, 86_400_000);
    let segment =
        SegmentId { datasource: "many".to_owned(), interval, version: "v".to_owned(), partition: 0 };
    let columns = vec![BatchColumn::Long(id), BatchColumn::String(text), BatchColumn::Long(few)];
    let (live, mut writer) = LiveSegment::open(segment, Arc::clone(&schema), LiveOptions::default()).unwrap();
    writer.append(&RowBatch { schema: Arc::clone(&schema), time: (0..ROWS).collect(), columns }).unwrap();
    writer.publish();
    let catalog = Arc::new(Catalog::default());
    catalog.update_datasource("many", |d| {
        d.columns.clone_from(&schema.columns);
        d.live.push(live);
    });
    let engine = QueryEngine::new(catalog, EngineOptions { threads: 2, ..EngineOptions::default() }).unwrap();
    SqlEngine::new(engine, Arc::new(NoSystemTables), &SqlOptions { memory, threads: 2 }).unwrap()
}

fn budget(query_bytes: usize, folder: &Path) -> MemoryOptions {
    MemoryOptions { query_bytes, spill_folder: Some(folder.to_owned()), ..MemoryOptions::default() }
}

const JOIN: &str = "SELECT COUNT(*), SUM(a.id), SUM(CHAR_LENGTH(a.\"text\" || b.\"text\")) FROM many a JOIN many b ON a.id = b.id";
const SORTED: &str =
    "SELECT MAX(n), SUM(id) FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY \"text\" DESC) n FROM many) x";

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_goes_on_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let roomy = engine(MemoryOptions::default());
    let tight = engine(budget(9 << 20, folder.path()));
    for query in [JOIN, SORTED] {
        let wanted = rows(&roomy, query).await;
        assert!(wanted.starts_with("[[240000,"), "{wanted}");
        assert_eq!(rows(&tight, query).await, wanted, "{query}");
    }
    assert_eq!(roomy.engine().counters().scarcities(), 0);
    assert!(tight.engine().counters().scarcities() > 0);
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(entries(folder.path()).flat_map(|folder| entries(&folder)).count(), 0, "files are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_past_its_budget_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(engine(budget(256 << 10, folder.path())));
    let other = Arc::clone(&engine);
    let others = tokio::spawn(async move {
        let mut answers = Vec::new();
        for _ in 0..20 {
            answers.push(rows(&other, "SELECT few, COUNT(*) FROM many GROUP BY 1 ORDER BY 1 LIMIT 2").await);
        }
        answers
    });
    let crossed = "SELECT COUNT(*), SUM(CHAR_LENGTH(a.\"text\" || b.\"text\")) FROM many a CROSS JOIN many b";
    for query in [crossed, JOIN] {
        let failed = rows(&engine, query).await;
        assert!(
            failed.starts_with("ERROR") && failed.contains("Not enough memory to execute this query"),
            "{failed}"
        );
        assert!(failed.contains("query.memory_per_query_bytes"), "{failed}");
    }
    assert!(others.await.unwrap().iter().all(|answer| answer == "[[0,24000],[1,24000]]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_queries_have_their_memory_together() {
    let folder = tempfile::tempdir().unwrap();
    let small = engine(MemoryOptions { all_bytes: 1 << 20, ..budget(1 << 29, folder.path()) });
    let failed = rows(&small, JOIN).await;
    assert!(failed.contains("all queries together may take [1048576] bytes"), "{failed}");
    assert!(failed.contains("query.memory_bytes"), "{failed}");
    let without_files = engine(MemoryOptions { query_bytes: 1 << 20, ..MemoryOptions::default() });
    let failed = rows(&without_files, SORTED).await;
    assert!(
        failed.contains("Not enough memory to execute this query") && failed.contains("query."),
        "{failed}"
    );
}
