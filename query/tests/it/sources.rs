//! Are data sources that are no tables read as Druid reads them: joined, unnested, filtered, by every type of query?

use std::sync::Arc;

use alluvium_query::QueryEngine;
use alluvium_segments::SegmentRef;
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask, engine, live, sealed};

/// Six rows in two segments: a and b twice each, a null, and one that no other table has.
fn tables(folder: &std::path::Path) -> Arc<QueryEngine> {
    let row = |id: i64, s: Option<&str>, m: &[&str]| Row {
        id,
        t: START + id * 3_600_000,
        s: s.map(str::to_owned),
        m: m.iter().map(|v| Some((*v).to_owned())).collect(),
        l: Some(id % 2),
        ..Row::default()
    };
    let rows = [
        row(1, Some("a"), &["x", "y"]),
        row(2, Some("b"), &[]),
        row(3, None, &["x"]),
        row(4, Some("a"), &["z"]),
        row(5, Some("b"), &["y", "y"]),
        row(6, Some("c"), &[]),
    ];
    engine(vec![SegmentRef::whole(sealed(0, &rows[..3], folder)), SegmentRef::whole(live(1, &rows[3..], 2))])
}

fn scan(source: Json, columns: &[&str]) -> Json {
    json!({"queryType": "scan", "dataSource": source, "intervals": "2015/2016", "columns": columns,
        "resultFormat": "compactedList"})
}

fn events(engine: &QueryEngine, query: Json) -> Vec<Json> {
    let answer = ask(engine, query).unwrap();
    answer.as_array().unwrap().iter().flat_map(|b| b["events"].as_array().unwrap().clone()).collect()
}

fn right() -> Json {
    json!({"type": "inline", "columnNames": ["k", "v", "n"], "columnTypes": ["STRING", "STRING", "LONG"],
        "rows": [["a", "first", 1], ["b", "second", 2], ["b", "again", 3], ["d", "nobody", 4], [null, "null", 5]]})
}

fn join(kind: &str, condition: &str) -> Json {
    json!({"type": "join", "left": "t", "right": right(), "rightPrefix": "r.", "condition": condition,
        "joinType": kind})
}

#[test]
fn joins_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let columns = ["id", "s", "r.v"];
    let inner = [
        json!([1, "a", "first"]),
        json!([2, "b", "second"]),
        json!([2, "b", "again"]),
        json!([4, "a", "first"]),
        json!([5, "b", "second"]),
        json!([5, "b", "again"]),
    ];
    assert_eq!(events(&engine, scan(join("INNER", "s == \"r.k\""), &columns)), inner);
    let mut left: Vec<Json> = inner.to_vec();
    left.insert(3, json!([3, null, null]));
    left.push(json!([6, "c", null]));
    assert_eq!(events(&engine, scan(join("LEFT", "s == \"r.k\""), &columns)), left);
    let rest = [json!([null, null, "nobody"]), json!([null, null, "null"])];
    // Each segment is joined alone.
    let with_rest = |rows: &[Json], first: usize| -> Vec<Json> {
        let (first, second) = rows.split_at(first);
        [first, &rest, second, &rest].concat()
    };
    let of_right = with_rest(&inner, 3);
    assert_eq!(events(&engine, scan(join("RIGHT", "\"r.k\" == s"), &columns)), of_right);
    let full = with_rest(&left, 4);
    assert_eq!(events(&engine, scan(join("FULL", "s == \"r.k\""), &columns)), full);
}

#[test]
fn conditions() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let count = |source: Json| {
        let query = json!({"queryType": "timeseries", "dataSource": source, "intervals": "2015/2016",
            "granularity": "all", "aggregations": [{"type": "count", "name": "n"},
                {"type": "longSum", "name": "sum", "fieldName": "r.n"}]});
        let answer = ask(&engine, query).unwrap();
        (answer[0]["result"]["n"].clone(), answer[0]["result"]["sum"].clone())
    };
    for (condition, wanted) in [
        ("concat(s, '') == \"r.k\" && l == 1", (json!(3), json!(6))),
        ("id == \"r.n\"", (json!(5), json!(15))),
        ("s == \"r.k\" && id == \"r.n\"", (json!(2), json!(3))),
        ("notdistinctfrom(s, \"r.k\")", (json!(7), json!(17))),
        ("'a' == \"r.k\"", (json!(6), json!(6))),
        ("1", (json!(30), json!(90))),
        ("0", (json!(0), Json::Null)),
    ] {
        if condition.contains("l == 1") {
            // The left side alone is no comparison with the right one.
            let source = join("INNER", condition);
            let query = scan(source, &["id"]);
            assert!(ask(&engine, query).unwrap_err().to_string().contains("non-equi"));
            continue;
        }
        assert_eq!(count(join("INNER", condition)), wanted, "{condition}");
    }
    let error = ask(&engine, scan(join("INNER", "m == \"r.k\""), &["id"])).unwrap_err();
    assert!(error.to_string().contains("multi-value dimension"), "{error}");
}

#[test]
fn sides_may_be_anything() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let groups = json!({"type": "query", "query": {"queryType": "groupBy", "dataSource": "t", "granularity": "all",
        "intervals": "2015/2016", "dimensions": ["s"], "aggregations": [{"type": "count", "name": "n"}]}});
    let of_query = json!({"type": "join", "left": "t", "right": groups, "rightPrefix": "q.",
        "condition": "s == \"q.s\"", "joinType": "INNER"});
    let stacked = json!({"type": "join", "left": of_query.clone(), "right": right(), "rightPrefix": "r.",
        "condition": "\"q.n\" == \"r.n\"", "joinType": "LEFT"});
    let wanted = [
        json!([1, 2, "second"]),
        json!([2, 2, "second"]),
        json!([4, 2, "second"]),
        json!([5, 2, "second"]),
        json!([6, 1, "first"]),
    ];
    assert_eq!(events(&engine, scan(stacked, &["id", "q.n", "r.v"])), wanted);
    let with = |side: Json| {
        let joined = json!({"type": "join", "left": right(), "right": side, "rightPrefix": "t.",
            "condition": "k == \"t.s\"", "joinType": "INNER", "leftFilter":
                {"type": "selector", "dimension": "k", "value": "a"}});
        json!({"queryType": "scan", "dataSource": joined, "intervals": "0000/3000",
            "columns": ["v", "t.id"], "resultFormat": "compactedList"})
    };
    let rows = json!({"type": "query", "query": scan(json!("t"), &["s", "id"])});
    assert_eq!(events(&engine, with(rows)), [json!(["first", 1]), json!(["first", 4])]);
    let error = ask(&engine, with(json!("t"))).unwrap_err().to_string();
    assert!(error.contains("Cannot handle subquery structure"), "{error}");
    for (key, unit) in [("maxSubqueryRows", "rows"), ("maxSubqueryBytes", "bytes")] {
        let mut too_many = scan(of_query.clone(), &["id"]);
        too_many["context"][key] = json!("2");
        let error = ask(&engine, too_many.clone()).unwrap_err().to_string();
        assert!(error.contains(&format!("subqueries generated results beyond maximum[2] {unit}")), "{error}");
        too_many["context"]["maxSubqueryBytes"] = json!("auto");
        assert!(ask(&engine, too_many).is_ok());
    }
}

#[test]
fn unnesting() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let unnest = |expression: &str, kind: &str| {
        json!({"type": "unnest", "base": "t", "virtualColumn":
            {"type": "expression", "name": "u", "expression": expression, "outputType": kind}})
    };
    let texts = [
        json!([1, "x"]),
        json!([1, "y"]),
        json!([2, null]),
        json!([3, "x"]),
        json!([4, "z"]),
        json!([5, "y"]),
        json!([5, "y"]),
        json!([6, null]),
    ];
    assert_eq!(events(&engine, scan(unnest("m", "STRING"), &["id", "u"])), texts);
    // Arrays have no row for nothing.
    let some: Vec<Json> = texts.iter().filter(|row| !row[1].is_null()).cloned().collect();
    assert_eq!(events(&engine, scan(unnest("mv_to_array(m)", "STRING"), &["id", "u"])), some);
    let numbers = json!({"type": "filter", "base": unnest("array(id, l)", "LONG"),
        "filter": {"type": "range", "column": "u", "matchValueType": "LONG", "lower": 5}});
    assert_eq!(events(&engine, scan(numbers, &["id", "u"])), [json!([5, 5]), json!([6, 6])]);
    let mut filtered = unnest("m", "STRING");
    filtered["unnestFilter"] = json!({"type": "selector", "dimension": "u", "value": "y"});
    let query = json!({"queryType": "topN", "dataSource": filtered, "intervals": "2015/2016", "granularity": "all",
        "dimension": "u", "metric": "n", "threshold": 3, "aggregations": [{"type": "count", "name": "n"}],
        "filter": {"type": "range", "column": "id", "matchValueType": "LONG", "upper": 4}});
    assert_eq!(ask(&engine, query).unwrap()[0]["result"], json!([{"u": "y", "n": 1}]));
    let itself = scan(
        json!({"type": "unnest", "base": "t", "virtualColumn":
            {"type": "expression", "name": "m", "expression": "m", "outputType": "STRING"}}),
        &["m"],
    );
    assert!(ask(&engine, itself).is_err(), "a column is not made of itself");
}

#[test]
fn policies_and_filters_hide_rows_from_every_query() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let only_a = json!({"type": "selector", "dimension": "s", "value": "a"});
    let policy = json!({"type": "row", "rowFilter": only_a});
    for source in [
        json!({"type": "filter", "base": "t", "filter": only_a}),
        json!({"type": "restrict", "base": {"type": "table", "name": "t"}, "policy": policy}),
    ] {
        assert_eq!(events(&engine, scan(source.clone(), &["id"])), [json!([1]), json!([4])]);
        let bounds = json!({"queryType": "timeBoundary", "dataSource": source});
        assert_eq!(ask(&engine, bounds).unwrap()[0]["result"]["minTime"], "2015-09-12T01:00:00.000Z");
        // A column that is computed under the filter's name changes nothing about what it hides.
        let mut computed = scan(source, &["id", "s"]);
        computed["virtualColumns"] =
            json!([{"type": "expression", "name": "s", "expression": "'b'", "outputType": "STRING"}]);
        assert_eq!(events(&engine, computed), [json!([1, "b"]), json!([4, "b"])]);
    }
    let all = json!({"type": "restrict", "base": "t", "policy": {"type": "noRestriction"}});
    assert_eq!(events(&engine, scan(all, &["id"])).len(), 6);
    let unknown = json!({"type": "restrict", "base": "t", "policy": {"type": "secret"}});
    assert!(ask(&engine, scan(unknown, &["id"])).is_err());
}

#[test]
fn inner_results_without_times_have_none() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let groups = json!({"type": "query", "query": {"queryType": "groupBy", "dataSource": "t", "granularity": "all",
        "intervals": "2015/2016", "dimensions": ["s"], "aggregations": [{"type": "count", "name": "n"}]}});
    assert_eq!(ask(&engine, scan(groups.clone(), &["n"])).unwrap(), json!([]));
    let mut ever = scan(groups, &[]);
    ever["intervals"] = json!("0000/3000");
    let answer = ask(&engine, ever).unwrap();
    assert_eq!((&answer[0]["columns"], &answer[0]["events"][0]), (&json!(["s", "n"]), &json!([null, 1])));
}

#[test]
fn segments_may_be_named_and_answered_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = tables(folder.path());
    let count = |more: Json| {
        let mut query = json!({"queryType": "timeseries", "dataSource": "t", "intervals": "2015/2016",
            "granularity": "all", "aggregations": [{"type": "count", "name": "n"}]});
        more.as_object().unwrap().iter().for_each(|(key, value)| query[key] = value.clone());
        ask(&engine, query).unwrap()
    };
    let day = "2015-09-12T00:00:00.000Z/2015-09-13T00:00:00.000Z";
    let version = "2015-09-13T00:00:00.000Z";
    let named = |part: u32, interval: &str| json!({"intervals": {"type": "segments", "segments": [{"itvl": interval, "ver": version, "part": part}]}});
    for (query, wanted) in
        [(named(0, day), 3), (named(1, "2015-09-12T04:00Z/2015-09-12T06:00Z"), 2), (named(7, day), 0)]
    {
        assert_eq!(count(query)[0]["result"]["n"], wanted);
    }
    let answer = count(json!({"context": {"bySegment": true}}));
    let first = json!({"timestamp": "2015-09-12T00:00:00.000Z", "result": {"results": [
        {"timestamp": "2015-09-12T01:00:00.000Z", "result": {"n": 3}}],
        "segment": format!("t_2015-09-12T00:00:00.000Z_2015-09-13T00:00:00.000Z_{version}"), "interval": day}});
    assert_eq!(answer.as_array().unwrap().len(), 2);
    assert_eq!(answer[0], first);
    assert_eq!(answer[1]["result"]["results"][0]["result"]["n"], 3);
}
