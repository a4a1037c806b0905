//! Are distinct values counted exactly, in segments of all kinds, with caches and without?

use std::collections::{BTreeMap, BTreeSet};

use alluvium_segments::SegmentRef;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use crate::caches::{sql, sql_engine};
use crate::data::{NO_CACHES, Row, engine, live, sealed};
use crate::random::row;

/// The values of a column in one row, as texts.
fn values(row: &Row, column: &str) -> Vec<Option<String>> {
    match column {
        "s" => vec![row.s.clone()],
        "m" if row.m.is_empty() => vec![None],
        "m" => row.m.clone(),
        "l" => vec![row.l.map(|l| l.to_string())],
        "d" => vec![row.d.map(|d| d.to_string())],
        "f" => vec![row.f.map(|f| f.to_string())],
        other => panic!("no column {other}"),
    }
}

fn distinct(rows: &[&Row], column: &str) -> i64 {
    let all = rows.iter().flat_map(|row| values(row, column)).flatten();
    all.collect::<BTreeSet<String>>().len() as i64
}

const COUNTED: [&str; 5] = ["s", "m", "l", "d", "f"];

/// Rows of key and counts, in any order.
fn expected(rows: &[Row], key: Option<&str>) -> BTreeSet<String> {
    let mut groups: BTreeMap<Option<String>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let keys = key.map_or_else(|| vec![None], |key| values(row, key));
        let keys: BTreeSet<_> = keys.into_iter().collect();
        keys.into_iter().for_each(|key| groups.entry(key).or_default().push(row));
    }
    if key.is_none() {
        groups.entry(None).or_default();
    }
    let line = |(name, rows): (Option<String>, Vec<&Row>)| {
        let mut cells: Vec<Json> = key.iter().map(|_| json!(name)).collect();
        cells.extend(COUNTED.iter().map(|column| json!(distinct(&rows, column))));
        let some: Vec<&Row> = rows.into_iter().filter(|row| row.id > 5).collect();
        cells.push(json!(distinct(&some, "s")));
        json!(cells).to_string()
    };
    groups.into_iter().map(line).collect()
}

/// With counts of distinct values as `count` writes them, of which so few are counted exactly in all ways.
fn text(key: Option<&str>, count: impl Fn(&str) -> String) -> String {
    let counts: Vec<String> = COUNTED.iter().map(|column| count(column)).collect();
    let (shown, grouped) = match key {
        Some(key) => (format!("{key}, "), format!(" GROUP BY {key}")),
        None => (String::new(), String::new()),
    };
    let some = "COUNT(DISTINCT s) FILTER (WHERE id > 5)";
    format!("SELECT {shown}{}, {some} FROM t{grouped}", counts.join(", "))
}

#[test]
fn distinct_values_are_counted() {
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let parts = prop::collection::vec((prop::collection::vec(row(), 0..60), any::<bool>()), 1..4);
    let outcome = TestRunner::new(config).run(&parts, |mut parts| {
        let folder = tempfile::tempdir().unwrap();
        let mut segments = Vec::new();
        let rows = parts.iter_mut().flat_map(|(rows, _)| rows).enumerate();
        // What is empty is no value to a sketch.
        let some = |text: &mut Option<String>| {
            if text.as_deref() == Some("") {
                *text = Some("e".to_owned());
            }
        };
        rows.for_each(|(id, row)| {
            row.id = id as i64;
            some(&mut row.s);
            row.m.iter_mut().for_each(some);
        });
        for (i, (rows, seal)) in parts.iter().enumerate().filter(|(_, (rows, _))| !rows.is_empty()) {
            let i = i as u32;
            let segment = if *seal { sealed(i, rows, folder.path()) } else { live(i, rows, 9) };
            segments.push(SegmentRef::whole(segment));
        }
        let ours = sql_engine(&engine(segments));
        let rows: Vec<Row> = parts.into_iter().flat_map(|(rows, _)| rows).collect();
        let mut off = json!({"useApproximateCountDistinct": false});
        let mut partials = off.clone();
        NO_CACHES.iter().for_each(|key| off[*key] = json!(false));
        NO_CACHES[2..].iter().for_each(|key| partials[*key] = json!(false));
        for key in [None, Some("s"), Some("m"), Some("l")] {
            let wanted = expected(&rows, key);
            let exact = text(key, |column| format!("COUNT(DISTINCT {column})"));
            let sketch = text(key, |column| format!("APPROX_COUNT_DISTINCT_DS_HLL({column})"));
            for (text, context) in [
                (&exact, &off),
                (&exact, &partials),
                (&exact, &partials),
                (&sketch, &off),
                (&sketch, &partials),
                (&sketch, &partials),
            ] {
                let answer = sql(&ours, text, context.clone());
                let found: Vec<Vec<Json>> =
                    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{text}: {answer}"));
                let quoted = |(at, cell): (usize, Json)| match (at, key) {
                    // Keys are compared as texts.
                    (0, Some("l")) if cell.is_number() => json!(cell.to_string()),
                    _ => cell,
                };
                let line = |row: Vec<Json>| {
                    json!(row.into_iter().enumerate().map(quoted).collect::<Vec<_>>()).to_string()
                };
                let found: BTreeSet<String> = found.into_iter().map(line).collect();
                prop_assert_eq!(&found, &wanted, "{}", text);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn they_are_one_aggregate_of_the_segments() {
    let folder = tempfile::tempdir().unwrap();
    let row =
        |id: i64| Row { id, t: crate::data::START + id, s: Some(format!("s{}", id % 3)), ..Row::default() };
    let rows: Vec<Row> = (0..10).map(row).collect();
    let engine = engine(vec![SegmentRef::whole(sealed(0, &rows, folder.path()))]);
    let ours = sql_engine(&engine);
    let context = json!({"useApproximateCountDistinct": false});
    let plan =
        sql(&ours, "EXPLAIN PLAN FOR SELECT COUNT(DISTINCT s), COUNT(DISTINCT id) FROM t", context.clone());
    assert!(plan.contains("distinctCount") && !plan.contains("groupBy"), "{plan}");
    let text = "SELECT COUNT(DISTINCT s), COUNT(DISTINCT id + 1), COUNT(DISTINCT s || 'x'), COUNT(*) FROM t";
    assert_eq!(sql(&ours, text, context.clone()), "[[3,10,3,10]]");
    assert_eq!(engine.counters().fallbacks(), 0);
    // Above a join and a subquery as before.
    let join = "SELECT COUNT(DISTINCT a.s) FROM t a JOIN t b ON a.id = b.id";
    assert_eq!(sql(&ours, join, context.clone()), "[[3]]");
    let inner = "SELECT COUNT(DISTINCT n) FROM (SELECT s, COUNT(DISTINCT id) AS n FROM t GROUP BY s)";
    assert_eq!(sql(&ours, inner, context.clone()), "[[2]]");
    let named = "SELECT s, COUNT(DISTINCT id) AS n FROM t WHERE id < 9 GROUP BY s HAVING COUNT(DISTINCT id) > 2 ORDER BY n, s";
    assert_eq!(sql(&ours, named, context), r#"[["s0",3],["s1",3],["s2",3]]"#);
}
