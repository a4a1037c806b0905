//! Do queries of both languages ask registered lookups, each the ones it began with, and never kept results of others?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alluvium_query::sql::{NoSystemTables, ResultFormat, SqlEngine, SqlOptions, SqlRequest};
use alluvium_query::{QueryEngine, loaded_lookup};
use alluvium_segments::SegmentRef;
use alluvium_segments::catalog::Lookup;
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask, ask_thrice, ask_with_caches, engine, live, sealed};

fn rows() -> Vec<Row> {
    let row = |i: i64| Row {
        id: i,
        t: START + i * 1000,
        s: (i % 5 > 0).then(|| format!("s{}", i % 5)),
        m: vec![Some(format!("m{}", i % 2)), Some("m2".to_owned())],
        l: Some(i % 3),
        ..Row::default()
    };
    (0..50).map(row).collect()
}

fn set(engine: &QueryEngine, name: &str, entries: &[(&str, &str)]) {
    let entries = entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let loaded = loaded_lookup(name, Arc::new(Lookup::new(entries, false)));
    engine.catalog().update(|snapshot| {
        Arc::make_mut(&mut snapshot.lookups).insert(name.to_owned(), loaded);
    });
}

fn engine_with_lookup(folder: &std::path::Path) -> Arc<QueryEngine> {
    let rows = rows();
    let segments =
        vec![SegmentRef::whole(sealed(0, &rows[..25], folder)), SegmentRef::whole(live(1, &rows[25..], 10))];
    let engine = engine(segments);
    set(&engine, "names", &[("s1", "one"), ("s2", "two"), ("s3", "one"), ("m0", "zero"), ("2", "second")]);
    engine
}

fn base(kind: &str) -> Json {
    json!({"queryType": kind, "dataSource": "t", "intervals": "2015/2016", "granularity": "all",
        "aggregations": [{"type": "count", "name": "n"}]})
}

fn with(mut query: Json, more: Json) -> Json {
    more.as_object().unwrap().iter().for_each(|(key, value)| query[key] = value.clone());
    query
}

/// Groups by `x` as pairs.
fn groups(answer: &Json) -> Vec<(Json, i64)> {
    let event = |row: &Json| (row["event"]["x"].clone(), row["event"]["n"].as_i64().unwrap());
    answer.as_array().unwrap().iter().map(event).collect()
}

fn sql(engine: &Arc<QueryEngine>, text: &str) -> Result<Json, alluvium_query::QueryError> {
    let sql = SqlEngine::new(Arc::clone(engine), Arc::new(NoSystemTables), &SqlOptions::default()).unwrap();
    let request = SqlRequest { result_format: ResultFormat::Array, ..SqlRequest::text(text) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let body = runtime.block_on(async { sql.sql(request, START).await?.collect().await })?;
    Ok(serde_json::from_slice(&body).unwrap())
}

#[test]
fn native_queries_ask_lookups_wherever_they_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_with_lookup(folder.path());
    let wanted = vec![(Json::Null, 20), (json!("one"), 20), (json!("two"), 10)];
    let registered = json!({"type": "registeredLookup", "lookup": "names"});
    for dimension in [
        json!({"type": "lookup", "dimension": "s", "outputName": "x", "name": "names"}),
        json!({"type": "extraction", "dimension": "s", "outputName": "x", "extractionFn": registered}),
        json!({"type": "extraction", "dimension": "s", "outputName": "x", "extractionFn":
            {"type": "cascade", "extractionFns": [{"type": "identity"}, registered]}}),
    ] {
        let query = with(base("groupBy"), json!({"dimensions": [dimension]}));
        assert_eq!(groups(&ask_thrice(&engine, query).unwrap()), wanted);
    }
    let computed = json!({"dimensions": ["x"], "virtualColumns": [{"type": "expression", "name": "x",
        "expression": "lookup(s, 'names')", "outputType": "STRING"}]});
    assert_eq!(groups(&ask_thrice(&engine, with(base("groupBy"), computed)).unwrap()), wanted);

    let is_one = json!({"type": "selector", "dimension": "s", "value": "one", "extractionFn": registered});
    for (filter, count) in [
        (is_one.clone(), 20),
        (json!({"type": "not", "field": is_one}), 10),
        (json!({"type": "expression", "expression": "lookup(s, 'names', 'one') == 'one'"}), 40),
        (json!({"type": "selector", "dimension": "l", "value": "second", "extractionFn": registered}), 16),
        (json!({"type": "selector", "dimension": "m", "value": "zero", "extractionFn": registered}), 25),
    ] {
        let answer = ask_thrice(&engine, with(base("timeseries"), json!({"filter": filter}))).unwrap();
        assert_eq!(answer[0]["result"]["n"], count, "{filter}");
    }
    let above = json!({"dimensions": [{"type": "default", "dimension": "s", "outputName": "x"}],
        "having": {"type": "dimSelector", "dimension": "x", "value": "two", "extractionFn": registered},
        "postAggregations": [{"type": "expression", "name": "p", "expression": "lookup(x, 'names')"}]});
    let answer = ask(&engine, with(base("groupBy"), above)).unwrap();
    assert_eq!((&answer[0]["event"]["p"], answer.as_array().unwrap().len()), (&json!("two"), 1));
}

#[test]
fn names_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_with_lookup(folder.path());
    let query = with(
        base("groupBy"),
        json!({"dimensions":
        [{"type": "lookup", "dimension": "s", "outputName": "x", "name": "nope"}]}),
    );
    let error = ask(&engine, query).unwrap_err();
    assert_eq!((error.to_string(), error.http_status()), ("Lookup [nope] not found".to_owned(), 500));
    for text in ["SELECT LOOKUP(s, 'nope') FROM t", "SELECT LOOKUP('a', 'nope')"] {
        let error = sql(&engine, text).unwrap_err();
        assert_eq!((error.to_string(), error.http_status()), ("Lookup [nope] not found".to_owned(), 500));
    }
    assert_eq!(sql(&engine, "SELECT * FROM lookup.nope").unwrap_err().http_status(), 400);
    assert_eq!(sql(&engine, "SELECT * FROM \"lookup/names\"").unwrap_err().http_status(), 400);
}

#[test]
fn sql_asks_lookups_below_and_above_the_segments() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_with_lookup(folder.path());
    for (text, wanted) in [
        (
            "SELECT LOOKUP(s, 'names'), COUNT(*) FROM t GROUP BY 1 ORDER BY 1",
            json!([[null, 20], ["one", 20], ["two", 10]]),
        ),
        (
            "SELECT LOOKUP(s, 'names', '-'), COUNT(*) FROM t GROUP BY 1 ORDER BY 1",
            json!([["-", 20], ["one", 20], ["two", 10]]),
        ),
        ("SELECT COUNT(*) FROM t WHERE LOOKUP(s, 'names') = 'one'", json!([[20]])),
        ("SELECT COUNT(*) FROM t WHERE LOOKUP(s, 'names') <> 'one'", json!([[10]])),
        ("SELECT COUNT(*) FROM t WHERE LOOKUP(s, 'names') IN ('one', 'two')", json!([[30]])),
        ("SELECT COUNT(*) FROM t WHERE LOOKUP(s, 'names') IS NULL", json!([[20]])),
        ("SELECT COUNT(*) FROM t WHERE LOOKUP(s, 'names') LIKE 't%'", json!([[10]])),
        (
            "SELECT LOOKUP('s1', 'names'), LOOKUP('x', 'names'), LOOKUP('x', 'names', '?')",
            json!([["one", null, "?"]]),
        ),
        (
            "SELECT LOOKUP(ANY_VALUE(s || ''), 'names') FROM (SELECT s FROM t WHERE s = 's2' GROUP BY s)",
            json!([["two"]]),
        ),
        ("SELECT k, v FROM lookup.names WHERE v = 'one'", json!([["s1", "one"], ["s3", "one"]])),
        (
            "SELECT v, COUNT(*) FROM lookup.names GROUP BY v ORDER BY v",
            json!([["one", 2], ["second", 1], ["two", 1], ["zero", 1]]),
        ),
        (
            "SELECT l.v, COUNT(*) FROM t LEFT JOIN lookup.names l ON t.s = l.k GROUP BY 1 ORDER BY 1",
            json!([[null, 20], ["one", 20], ["two", 10]]),
        ),
        (
            "SELECT TABLE_NAME, IS_JOINABLE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'lookup'",
            json!([["names", "YES"]]),
        ),
        (
            "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'lookup'",
            json!([["k"], ["v"]]),
        ),
    ] {
        // The second time by the plan that was kept.
        for _ in 0..2 {
            assert_eq!(sql(&engine, text).unwrap(), wanted, "{text}");
        }
    }
}

#[test]
fn kept_results_of_another_load_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(vec![SegmentRef::whole(sealed(0, &rows(), folder.path()))]);
    let sql_engine =
        SqlEngine::new(Arc::clone(&engine), Arc::new(NoSystemTables), &SqlOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let texts = [
        "SELECT LOOKUP(s, 'n'), COUNT(*) FROM t WHERE s = 's1' GROUP BY 1",
        "SELECT v, COUNT(*) FROM lookup.n GROUP BY 1",
        "SELECT LOOKUP(x, 'n'), 1 FROM (SELECT ANY_VALUE(s) x, COUNT(*) FROM t WHERE s = 's1')",
    ];
    let query = with(
        base("groupBy"),
        json!({"filter": {"type": "selector", "dimension": "s", "value": "s1"},
        "dimensions": [{"type": "lookup", "dimension": "s", "outputName": "x", "name": "n"}]}),
    );
    for value in ["a", "b", "a"] {
        set(&engine, "n", &[("s1", value)]);
        for _ in 0..3 {
            assert_eq!(ask_with_caches(&engine, query.clone()).unwrap()[0]["event"]["x"], value);
            for text in texts {
                let request = SqlRequest { result_format: ResultFormat::Array, ..SqlRequest::text(text) };
                let body = runtime
                    .block_on(async { sql_engine.sql(request, START).await?.collect().await })
                    .unwrap();
                let answer: Json = serde_json::from_slice(&body).unwrap();
                assert_eq!(answer[0][0], value, "{text}");
            }
        }
    }
}

#[test]
fn a_query_asks_one_load_however_often_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_with_lookup(folder.path());
    let load = |i: usize| {
        let value = format!("v{i}");
        set(&engine, "names", &[("s1", &value), ("s2", &value), ("s3", &value), ("s4", &value)]);
    };
    load(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut i = 1;
            while !done.load(Ordering::Relaxed) {
                load(i);
                i += 1;
            }
        });
        let native = with(
            base("groupBy"),
            json!({"dimensions":
            [{"type": "lookup", "dimension": "s", "outputName": "x", "name": "names"}]}),
        );
        let text = "SELECT l.v, LOOKUP(t.s, 'names') FROM t JOIN lookup.names l ON t.s = l.k GROUP BY 1, 2";
        for _ in 0..100 {
            // Null, and one value that all keys have.
            assert_eq!(ask_with_caches(&engine, native.clone()).unwrap().as_array().unwrap().len(), 2);
        }
        for _ in 0..20 {
            let answer = sql(&engine, text).unwrap();
            assert_eq!(answer.as_array().unwrap().len(), 1, "{answer}");
            assert_eq!(answer[0][0], answer[0][1]);
        }
        done.store(true, Ordering::Relaxed);
    });
}
