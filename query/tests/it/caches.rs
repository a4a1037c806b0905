//! Are results kept where they may be, used where they may be, and never when something else would come out?

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium_query::QueryEngine;
use alluvium_query::sql::{NoSystemTables, ResultFormat, SqlEngine, SqlOptions, SqlRequest};
use alluvium_segments::SegmentRef;
use alluvium_segments::catalog::LiveHandle;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::time::Interval;
use serde_json::{Value as Json, json};

use crate::data::{
    NO_CACHES, Row, START, ask, ask_with_caches, batch, engine, hide, id, schema, sealed, without,
};

const HOUR: i64 = 3_600_000;

fn rows(from: i64, count: i64) -> Vec<Row> {
    let row = |i: i64| Row {
        id: i,
        t: START + i * 1000,
        s: (i % 7 > 0).then(|| format!("s{}", i % 5)),
        m: vec![Some(format!("m{}", i % 2))],
        l: Some(i % 100),
        d: Some(i as f64 * 0.5),
        f: None,
    };
    (from..from + count).map(row).collect()
}

fn by_s(interval: &str) -> Json {
    json!({"queryType": "groupBy", "dataSource": "t", "intervals": interval, "granularity": "all",
        "dimensions": ["s"], "aggregations": [{"type": "count", "name": "n"},
            {"type": "longSum", "name": "sum", "fieldName": "l"},
            {"type": "longFirst", "name": "first", "fieldName": "id"},
            {"type": "longLast", "name": "last", "fieldName": "id"}]})
}

/// Partial results only.
fn partials(query: &Json) -> Json {
    without(query, &NO_CACHES[2..])
}

/// Rows scanned for a query that gives what it gives without caches.
fn scanned(engine: &QueryEngine, query: &Json) -> u64 {
    let plain = ask(engine, query.clone()).unwrap();
    let before = engine.counters().rows_scanned();
    assert_eq!(ask_with_caches(engine, partials(query)).unwrap(), plain, "{query}");
    engine.counters().rows_scanned() - before
}

fn hours(from: i64, to: i64) -> String {
    Interval::new(START + from * HOUR, START + to * HOUR).to_string()
}

#[test]
fn a_segment_is_read_once_for_what_is_asked_of_it() {
    let folder = tempfile::tempdir().unwrap();
    // An hour each.
    let whole = |i: u32| SegmentRef::whole(sealed(i, &rows(i64::from(i) * 3600, 3600), folder.path()));
    let engine = engine((0..3).map(whole).collect());
    assert_eq!(scanned(&engine, &by_s(&hours(0, 2))), 7200);
    assert_eq!(scanned(&engine, &by_s(&hours(0, 2))), 0);
    // The window moves: one hour is new to it; the name of a result does not matter.
    let mut moved = by_s(&hours(-5, 3));
    moved["aggregations"][0]["name"] = json!("rows");
    assert_eq!(scanned(&engine, &moved), 3600);
    assert_eq!(scanned(&engine, &by_s(&hours(1, 9))), 0);
    // A cut segment is another question, and a known one the second time.
    let cut = Interval::new(START + HOUR / 2, START + 2 * HOUR).to_string();
    assert_eq!(scanned(&engine, &by_s(&cut)), 3600);
    assert_eq!(scanned(&engine, &by_s(&cut)), 0);
    let mut filtered = by_s(&hours(0, 2));
    filtered["filter"] = json!({"type": "selector", "dimension": "m", "value": "m1"});
    assert_eq!(scanned(&engine, &filtered), 7200);
    let counts = engine.segment_cache();
    assert_eq!((counts.entries, counts.misses, counts.evictions), (6, 6, 0));
    assert_eq!(counts.hits, 2 + 2 + 2 + 1 + 2);
}

#[test]
fn what_the_context_refuses_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(vec![SegmentRef::whole(sealed(0, &rows(0, 100), folder.path()))]);
    let query = by_s(&hours(0, 1));
    for _ in 0..2 {
        ask_with_caches(&engine, without(&query, &NO_CACHES)).unwrap();
    }
    assert_eq!(engine.segment_cache(), Default::default());
    assert_eq!(engine.result_cache(), Default::default());
    let no_fill = without(&query, &["populateCache", "populateResultLevelCache"]);
    ask_with_caches(&engine, no_fill).unwrap();
    assert_eq!((engine.segment_cache().entries, engine.segment_cache().misses), (0, 1));
    assert_eq!((engine.result_cache().entries, engine.result_cache().misses), (0, 1));
    ask_with_caches(&engine, without(&query, &["useCache", "useResultLevelCache"])).unwrap();
    assert_eq!((engine.segment_cache().entries, engine.segment_cache().misses), (1, 1));
    assert_eq!((engine.result_cache().entries, engine.result_cache().misses), (1, 1));
    let wrong = json!({"useCache": 5});
    let mut query = query;
    query["context"] = wrong;
    assert!(ask_with_caches(&engine, query).unwrap_err().to_string().contains("`useCache`"));
}

#[test]
fn a_large_segment_is_read_in_pieces_and_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Row> =
        rows(0, 300_000).into_iter().map(|row| Row { t: START + row.id * 200, ..row }).collect();
    let engine = engine(vec![SegmentRef::whole(sealed(0, &rows, folder.path()))]);
    let query = by_s(&hours(0, 24));
    assert_eq!(scanned(&engine, &query), 300_000);
    assert_eq!(engine.segment_cache().entries, 1);
    assert_eq!(scanned(&engine, &query), 0);
    let mut sums = query.clone();
    sums["aggregations"] = json!([{"type": "doubleSum", "name": "x", "fieldName": "d"}]);
    sums["dimensions"] =
        json!(["m", {"type": "default", "dimension": "l", "outputName": "l", "outputType": "LONG"}]);
    sums["granularity"] = json!("hour");
    assert_eq!(scanned(&engine, &sums), 300_000);
    assert_eq!(scanned(&engine, &sums), 0);
}

/// A change of what there is to read, and how many rows there are then.
fn changes(folder: &std::path::Path) -> Vec<(&'static str, SegmentRef, i64)> {
    let segment = |version: u32, count: i64| {
        let folder = folder.join(version.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        // All have one id.
        sealed(0, &rows(0, count), &folder)
    };
    let first = segment(0, 100);
    let part = Interval::new(START, START + 50_000);
    vec![
        ("first", SegmentRef::whole(Arc::clone(&first)), 100),
        ("part", SegmentRef { visible: part, ..SegmentRef::whole(Arc::clone(&first)) }, 50),
        ("hidden", hide(Arc::clone(&first), &BTreeSet::from([1, 2, 3])), 97),
        ("again", SegmentRef::whole(first), 100),
        ("new version", SegmentRef::whole(segment(1, 70)), 70),
        ("newer version", SegmentRef::whole(segment(2, 71)), 71),
    ]
}

fn count() -> Json {
    json!({"queryType": "timeseries", "dataSource": "t", "intervals": hours(0, 24), "granularity": "all",
        "aggregations": [{"type": "count", "name": "n"}]})
}

/// The count, by an answer that is not known, and then by one that may be.
fn counted(engine: &QueryEngine, query: &Json) -> i64 {
    let n = |query: Json| ask_with_caches(engine, query).unwrap()[0]["result"]["n"].as_i64().unwrap();
    let first = n(query.clone());
    assert_eq!(n(query.clone()), first);
    assert_eq!(n(partials(query)), first);
    assert_eq!(n(partials(query)), first);
    first
}

#[test]
fn nothing_old_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(Vec::new());
    for _ in 0..2 {
        for (what, segment, wanted) in changes(folder.path()) {
            engine.catalog().update_datasource("t", |t| t.sealed = vec![segment]);
            assert_eq!(counted(&engine, &count()), wanted, "{what}");
        }
    }
}

#[test]
fn rows_that_arrive_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(vec![SegmentRef::whole(sealed(0, &rows(0, 100), folder.path()))]);
    let (live, mut writer) = LiveSegment::open(
        id(1),
        Arc::new(schema()),
        LiveOptions { chunk_rows: 10, ..LiveOptions::default() },
    )
    .unwrap();
    let handle: Arc<dyn LiveHandle> = live;
    engine.catalog().update_datasource("t", |t| t.live = vec![handle]);
    for n in 1..4 {
        writer.append(&batch(&rows(1000 + n * 10, 10))).unwrap();
        writer.publish();
        let before = engine.counters().rows_scanned();
        assert_eq!(counted(&engine, &count()), 100 + n * 10);
        // The sealed rows are read once, the live ones each time.
        let sealed = if n == 1 { 100 } else { 0 };
        assert_eq!(engine.counters().rows_scanned() - before, sealed + 4 * 10 * n as u64);
    }
    assert_eq!(engine.result_cache(), Default::default());
    let mut sealed_only = count();
    sealed_only["context"] = json!({"realtimeSegmentsMode": "exclude"});
    assert_eq!(counted(&engine, &sealed_only), 100);
    assert_eq!(engine.result_cache().hits, 1);
}

pub(crate) fn sql_engine(engine: &Arc<QueryEngine>) -> SqlEngine {
    SqlEngine::new(Arc::clone(engine), Arc::new(NoSystemTables), &SqlOptions::default()).unwrap()
}

pub(crate) fn sql(engine: &SqlEngine, text: &str, context: Json) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let request = SqlRequest {
        result_format: ResultFormat::Array,
        context: context.as_object().cloned().unwrap_or_default(),
        ..SqlRequest::text(text)
    };
    let answer = async { engine.sql(request, START).await?.collect().await };
    match runtime.block_on(answer) {
        Ok(body) => String::from_utf8(body).unwrap().trim_end().to_owned(),
        Err(error) => error.to_string(),
    }
}

const TEXTS: [&str; 6] = [
    "SELECT COUNT(*) FROM t",
    "SELECT s, SUM(l) FROM t WHERE __time >= TIMESTAMP '2015-09-12' GROUP BY s ORDER BY 2 DESC, 1 LIMIT 3",
    "SELECT a.s, COUNT(*) FROM t a JOIN t b ON a.id = b.id + 1 GROUP BY a.s ORDER BY 1",
    "SELECT id FROM t WHERE l > 60 ORDER BY __time",
    "SELECT COUNT(*) FROM t WHERE id > 5 UNION ALL SELECT MAX(id) FROM t",
    "SET sqlTimeZone = 'Asia/Kolkata'; SELECT DISTINCT FLOOR(__time TO DAY) FROM t",
];

#[test]
fn sql_answers_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(Vec::new());
    let ours = sql_engine(&engine);
    let off: Json = NO_CACHES
        .iter()
        .map(|key| ((*key).to_owned(), json!(false)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut hits = 0;
    for _ in 0..2 {
        for (what, segment, _) in changes(folder.path()) {
            let settled = what != "hidden";
            engine.catalog().update_datasource("t", |t| t.sealed = vec![segment]);
            for text in TEXTS {
                let plain = sql(&ours, text, off.clone());
                assert_eq!(sql(&ours, text, json!({"sqlQueryId": "a"})), plain, "{what} {text}");
                let before = engine.counters().rows_scanned();
                assert_eq!(sql(&ours, text, json!({"sqlQueryId": "b"})), plain, "{what} {text}");
                assert_eq!(settled, engine.counters().rows_scanned() == before, "{what} {text}");
                hits += u64::from(settled);
            }
        }
    }
    assert!(engine.result_cache().hits >= hits);
}

#[test]
fn sql_answers_are_kept_only_where_they_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let segment = SegmentRef::whole(sealed(0, &rows(0, 100), folder.path()));
    let engine = engine(vec![segment]);
    let ours = sql_engine(&engine);
    for text in [
        "SELECT COUNT(*) FROM t WHERE __time < CURRENT_TIMESTAMP",
        "SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS",
        "EXPLAIN PLAN FOR SELECT COUNT(*) FROM t",
        "SELECT nothing FROM t",
    ] {
        sql(&ours, text, json!({}));
    }
    assert_eq!(engine.result_cache().entries, 0);
    // Another form, another zone, another column: other answers.
    let text = "SELECT * FROM t WHERE id = 3";
    let first = sql(&ours, text, json!({}));
    assert_ne!(sql(&ours, text, json!({"sqlTimeZone": "Asia/Kolkata"})), first);
    engine.catalog().update_datasource("t", |t| {
        t.columns
            .push(alluvium_segments::ColumnSpec::dimension("late", alluvium_segments::ColumnType::String));
    });
    let wider = sql(&ours, text, json!({}));
    assert_eq!(wider.matches(',').count(), first.matches(',').count() + 1);
    assert!(sql(&ours, "SELECT * FROM t WHERE id = 4", json!({})).contains("\"s4\""));
}
