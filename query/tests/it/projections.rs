//! Do projections give what the rows give, and are they used where they can be? Random queries over live, sealed, late,
//! hidden and partly visible rows, with projections and without.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium_query::QueryEngine;
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::{ColumnSpec, ColumnType, MetricFunction, ProjectionSpec, SegmentRef};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use crate::data::{
    NO_CACHES, Row, START, ask, ask_with_caches, engine, hide, live, schema, sealed_with, without,
};
use crate::random::{filter, row};

const HOUR: i64 = 3_600_000;

fn projection(name: &str, granularity: &str, dimensions: &[&str]) -> ProjectionSpec {
    use MetricFunction::{Count, Max, Min, Sum};
    let dimension = |name: &&str| ColumnSpec::dimension(name, schema().find(name).unwrap().1.column_type);
    let mut columns: Vec<ColumnSpec> = dimensions.iter().map(dimension).collect();
    columns.extend([
        ColumnSpec::metric("n", ColumnType::Long, Count, None),
        ColumnSpec::metric("sum of l", ColumnType::Long, Sum, Some("l")),
        ColumnSpec::metric("sum of id", ColumnType::Long, Sum, Some("id")),
        ColumnSpec::metric("id", ColumnType::Long, Max, Some("id")),
        ColumnSpec::metric("d", ColumnType::Double, Sum, Some("d")),
        ColumnSpec::metric("least d", ColumnType::Double, Min, Some("d")),
        ColumnSpec::metric("first", ColumnType::Long, Min, Some("__time")),
    ]);
    let granularity = Granularity::from_name(granularity).unwrap();
    ProjectionSpec { name: name.to_owned(), granularity, columns }
}

fn projections() -> Vec<ProjectionSpec> {
    vec![
        projection("fine", "none", &["s", "m", "l"]),
        projection("numbers", "all", &["l", "s"]),
        projection("hourly", "hour", &["s", "m"]),
        projection("texts", "all", &["s"]),
        projection("lists", "PT2H", &["m"]),
        projection("times", "PT30M", &[]),
    ]
}

/// Rows cut into segments: live, sealed with projections, or sealed before there were any.
#[derive(Debug, Clone)]
struct Table {
    parts: Vec<(Vec<Row>, u8)>,
    hidden: BTreeSet<i64>,
    cut: i64,
}

fn table() -> impl Strategy<Value = Table> {
    let parts = prop::collection::vec((prop::collection::vec(row(), 0..60), 0u8..6), 1..5);
    let hidden = prop::collection::btree_set(0..100i64, 0..3);
    (parts, hidden, prop_oneof![1 => Just(96i64), 2 => 0..60i64]).prop_map(|(mut parts, hidden, cut)| {
        for (id, row) in parts.iter_mut().flat_map(|(rows, _)| rows).enumerate() {
            row.id = id as i64;
            row.m.sort();
            if cut % 2 == 0 {
                row.l = row.l.or(Some(3));
            }
        }
        Table { parts, hidden, cut: START + cut * HOUR / 4 }
    })
}

impl Table {
    /// The segments; of the first only what lies before the cut is visible.
    fn open(&self, folder: &std::path::Path) -> Arc<QueryEngine> {
        let mut segments: Vec<SegmentRef> = Vec::new();
        for (i, (rows, kind)) in self.parts.iter().enumerate().filter(|(_, (rows, _))| !rows.is_empty()) {
            let segment = match kind {
                0 => live(i as u32, rows, 7),
                1 => sealed_with(i as u32, rows, folder, &[]),
                _ => sealed_with(i as u32, rows, folder, &projections()),
            };
            let mut segment = hide(segment, &self.hidden);
            if i == 0 {
                segment.visible = Interval::new(START, self.cut);
            }
            segments.push(segment);
        }
        engine(segments)
    }
}

fn aggregations(filter: &Json) -> Vec<Json> {
    let of = |kind: &str, field: &str| json!({"type": kind, "name": format!("{kind} {field}"), "fieldName": field});
    vec![
        json!({"type": "count", "name": "count"}),
        of("longSum", "l"),
        of("doubleSum", "d"),
        of("longMax", "id"),
        of("doubleMin", "d"),
        of("longMin", "__time"),
        of("longSum", "twice"),
        json!({"type": "longSum", "name": "difference", "expression": "id + id - id"}),
        json!({"type": "longSum", "name": "product", "expression": "l * id - 3 * id"}),
        json!({"type": "filtered", "filter": filter, "aggregator": {"type": "count", "name": "some"}}),
    ]
}

/// A query; what it asks for comes from lists, so that projections have it often.
fn query() -> impl Strategy<Value = Json> {
    let by_s = prop_oneof![
        Just(json!({"type": "selector", "dimension": "s", "value": "a"})),
        Just(json!({"type": "in", "dimension": "s", "values": ["a", "b", null, "10"]})),
        Just(json!({"type": "not", "field": {"type": "like", "dimension": "s", "pattern": "a%"}})),
    ];
    let filter = prop_oneof![3 => Just(Json::Null), 3 => by_s.clone(), 1 => filter()];
    let dimensions = prop::sample::subsequence(vec!["s", "m", "l", "bucket", "shout"], 0..3);
    let granularity =
        prop::sample::select(vec!["all", "none", "PT15M", "thirty_minute", "hour", "PT2H", "day"]);
    let aggregates = prop::collection::btree_set(0usize..10, 0..4);
    let shape = prop::sample::select(vec!["groupBy", "groupBy", "timeseries", "topN"]);
    let interval = prop::option::weighted(0.6, (0..40i64, 1..40i64, any::<bool>()));
    (shape, dimensions, granularity, aggregates, filter, by_s, interval).prop_map(
        |(shape, dimensions, granularity, aggregates, filter, inner, interval)| {
            let all = aggregations(&inner);
            let chosen: Vec<&Json> = aggregates.iter().map(|i| &all[*i]).collect();
            let at = |quarters: i64| START + quarters * HOUR / 4;
            let intervals = match interval {
                None => vec![Interval::ETERNITY.to_string()],
                Some((from, length, whole)) => {
                    let (from, length) = if whole { (from / 4 * 4, (length + 3) / 4 * 4) } else { (from, length) };
                    let two = Interval::new(at(from + length + 4), at(from + length + 8));
                    vec![Interval::new(at(from), at(from + length)).to_string(), two.to_string()]
                }
            };
            let mut query = json!({"queryType": shape, "dataSource": "t", "intervals": intervals,
                "granularity": if granularity.starts_with("PT") {
                    json!({"type": "period", "period": granularity})
                } else { json!(granularity) },
                "filter": filter, "aggregations": chosen,
                "virtualColumns": [
                    {"type": "expression", "name": "bucket", "expression": "timestamp_floor(__time, 'PT2H')",
                        "outputType": "LONG"},
                    {"type": "expression", "name": "shout", "expression": "concat(s, '!')", "outputType": "STRING"},
                    {"type": "expression", "name": "twice", "expression": "l + l", "outputType": "LONG"},
                ]});
            let typed = |d: &&str| match *d {
                "bucket" | "l" => json!({"type": "default", "dimension": d, "outputName": d, "outputType": "LONG"}),
                d => json!(d),
            };
            match shape {
                "groupBy" => query["dimensions"] = dimensions.iter().map(typed).collect(),
                "topN" => {
                    query["dimension"] = typed(dimensions.first().unwrap_or(&"s"));
                    query["threshold"] = json!(1000);
                    query["metric"] = json!({"type": "dimension", "ordering": "lexicographic"});
                }
                _ => query["context"] = json!({"skipEmptyBuckets": true}),
            }
            query
        },
    )
}

fn with(query: &Json, key: &str, value: Json) -> Json {
    let mut query = query.clone();
    query["context"][key] = value;
    query
}

#[test]
fn projections_give_what_rows_give() {
    let config = ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() };
    let (asked, projected) = (Cell::new(0), Cell::new(0));
    let cases = (table(), prop::collection::vec(query(), 8));
    let outcome = TestRunner::new(config).run(&cases, |(table, queries)| {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let engine = table.open(folder.path());
        for query in &queries {
            let plain = ask(&engine, with(query, "noProjections", json!(true))).unwrap();
            let found = ask(&engine, query.clone()).unwrap();
            prop_assert_eq!(&found, &plain, "{}", query);
            for cached in [query.clone(), query.clone(), with(query, "noProjections", json!(true))] {
                let cached = without(&cached, &NO_CACHES[2..]);
                prop_assert_eq!(&ask_with_caches(&engine, cached).unwrap(), &plain, "{}", query);
            }
        }
        asked.set(asked.get() + queries.len() as u64);
        // Each query could be answered by them three times.
        projected.set(projected.get() + engine.counters().segments_projected() / 3);
        Ok(())
    });
    outcome.unwrap();
    let (asked, projected) = (asked.get(), projected.get());
    assert!(projected > asked / 8, "{projected} segments of {asked} queries were answered by projections");
}

/// Four hours of 600 rows.
fn rows() -> Vec<Row> {
    let row = |i: i64| Row {
        id: i,
        t: START + i * 24_000,
        s: Some(format!("s{}", i % 5)),
        m: vec![Some(format!("m{}", i % 2))],
        l: Some(i),
        d: Some(i as f64),
        f: None,
    };
    (0..600).map(row).collect()
}

fn projected(engine: &QueryEngine, query: &Json) -> u64 {
    let plain = ask(engine, with(query, "noProjections", json!("true"))).unwrap();
    let before = engine.counters().segments_projected();
    assert_eq!(ask(engine, query.clone()).unwrap(), plain);
    engine.counters().segments_projected() - before
}

#[test]
fn which_queries_are_answered_by_projections() {
    let folder = tempfile::tempdir().unwrap();
    let hidden = BTreeSet::from([7]);
    let specs = [projection("hourly", "hour", &["s"])];
    let whole = SegmentRef::whole(sealed_with(0, &rows(), folder.path(), &specs));
    let masked = hide(sealed_with(1, &rows(), folder.path(), &specs), &hidden);
    let engine = engine(vec![whole, masked, SegmentRef::whole(live(2, &rows(), 100))]);
    let day = Interval::new(START, START + 24 * HOUR).to_string();
    let base = json!({"queryType": "groupBy", "dataSource": "t", "intervals": day, "granularity": "all",
        "dimensions": ["s"], "aggregations": [{"type": "count", "name": "n"}]});
    let set = |key: &str, value: Json| {
        let mut query = base.clone();
        query[key] = value;
        query
    };
    let hours =
        |from: i64, to: i64| json!(Interval::new(START + from * HOUR / 2, START + to * HOUR / 2).to_string());
    let within = |from: i64, to: i64, lower: i64, upper: i64| {
        let time = json!({"type": "range", "column": "__time", "matchValueType": "LONG", "lower": lower,
            "upper": upper, "upperOpen": true});
        let by_s = json!({"type": "in", "dimension": "s", "values": ["s1", "s2"]});
        let mut query = set("intervals", hours(from, to));
        query["filter"] = json!({"type": "and", "fields": [by_s, time]});
        query
    };
    let sum = |field: &str| json!([{"type": "longSum", "name": "x", "fieldName": field}]);
    for (query, times) in [
        (base.clone(), 1),
        (set("granularity", json!("hour")), 1),
        (set("granularity", json!("day")), 1),
        (set("granularity", json!("thirty_minute")), 0),
        (set("granularity", json!({"type": "period", "period": "PT1H", "timeZone": "Asia/Kolkata"})), 0),
        (set("dimensions", json!([])), 1),
        (set("dimensions", json!(["m"])), 0),
        (set("intervals", hours(2, 4)), 1),
        (set("intervals", hours(3, 4)), 0),
        (set("intervals", hours(-1, 6)), 1),
        (set("intervals", hours(2, 90)), 1),
        (set("filter", json!({"type": "selector", "dimension": "s", "value": "s1"})), 1),
        (set("filter", json!({"type": "selector", "dimension": "m", "value": "m1"})), 0),
        (
            set(
                "filter",
                json!({"type": "range", "column": "__time", "matchValueType": "LONG", "lower": START + 1}),
            ),
            0,
        ),
        // As SQL has it: in the intervals and in the filter.
        (within(2, 4, START + HOUR, START + 2 * HOUR), 1),
        (within(2, 4, START + HOUR, START + 2 * HOUR - 1), 0),
        (within(2, 4, START + HOUR + 1, START + 3 * HOUR), 0),
        (set("aggregations", sum("l")), 1),
        (set("aggregations", sum("d")), 0),
        (set("aggregations", json!([{"type": "longMin", "name": "x", "fieldName": "l"}])), 0),
        (set("aggregations", json!([{"type": "longSum", "name": "x", "expression": "l - id"}])), 1),
        (set("aggregations", json!([{"type": "longSum", "name": "x", "expression": "l * id"}])), 0),
        (set("aggregations", json!([{"type": "longSum", "name": "x", "expression": "2 * l - id * 3"}])), 1),
        (set("aggregations", json!([])), 1),
        // A column of the query's own hides that of the counts.
        (set("virtualColumns", json!([{"type": "expression", "name": "n", "expression": "strlen(s)"}])), 0),
    ] {
        assert_eq!(projected(&engine, &query), times, "{query}");
    }
}

#[test]
fn the_context_asks_for_projections() {
    let folder = tempfile::tempdir().unwrap();
    let specs = [projection("hourly", "hour", &["s"]), projection("fine", "none", &["s", "m", "l"])];
    let sealed = SegmentRef::whole(sealed_with(0, &rows(), folder.path(), &specs));
    let engine = engine(vec![sealed, SegmentRef::whole(live(2, &rows(), 100))]);
    let query = json!({"queryType": "groupBy", "dataSource": "t", "intervals": "1000/3000", "granularity": "all",
        "dimensions": ["s"], "aggregations": [{"type": "count", "name": "n"}]});
    let plain = ask(&engine, with(&query, "noProjections", json!(true))).unwrap();
    assert_eq!(engine.counters().segments_projected(), 0);
    for (key, value) in [
        ("forceProjections", json!(true)),
        ("useProjection", json!("hourly")),
        // As many rows as the segment, but it was asked for.
        ("useProjection", json!("fine")),
    ] {
        let before = engine.counters().segments_projected();
        assert_eq!(ask(&engine, with(&query, key, value.clone())).unwrap(), plain, "{value}");
        assert_eq!(engine.counters().segments_projected(), before + 1);
    }
    let fails =
        |query: &Json, key: &str, value: Json| ask(&engine, with(query, key, value)).unwrap_err().to_string();
    let mut by_id = query.clone();
    by_id["dimensions"] = json!(["id"]);
    assert_eq!(
        fails(&by_id, "forceProjections", json!(true)),
        "Force projections specified, but none satisfy query"
    );
    assert_eq!(
        fails(&query, "useProjection", json!("daily")),
        "Projection[daily] specified, but does not satisfy query"
    );
    let scan = json!({"queryType": "scan", "dataSource": "t", "intervals": "1000/3000", "columns": ["s"]});
    assert!(fails(&scan, "forceProjections", json!(true)).contains("none satisfy query"));
    assert!(fails(&query, "useProjection", json!(5)).contains("`useProjection` must be the name"));
}

#[test]
fn metadata_tells_of_projections() {
    let folder = tempfile::tempdir().unwrap();
    let specs = [projection("hourly", "hour", &["s"])];
    let both = [0, 1].map(|i| SegmentRef::whole(sealed_with(i, &rows(), folder.path(), &specs)));
    let engine = engine(both.into());
    let query = json!({"queryType": "segmentMetadata", "dataSource": "t", "intervals": "1000/3000", "merge": true,
        "analysisTypes": ["projections"]});
    let found = ask(&engine, query).unwrap();
    let hourly = &found[0]["projections"]["hourly"];
    assert_eq!((&hourly["numRows"], &hourly["schema"]["groupingColumns"]), (&json!(40), &json!(["s"])));
    assert_eq!(hourly["schema"]["aggregators"][0]["name"], "n");
    assert!(hourly["size"].as_u64() > Some(1000));
}
