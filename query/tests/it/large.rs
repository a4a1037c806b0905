//! Do segments of many blocks and many groups agree with the oracle? Rows that filters leave few of, whatever blocks they lie
//! in, and keys of which there are about as many as rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alluvium_query::QueryEngine;
use alluvium_segments::SegmentRef;
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask, engine, hide, live, sealed};
use crate::oracle::{aggregate, aggregations, passes, same};

const ROWS: i64 = 14_000;
pub(crate) const HOUR: i64 = 3_600_000;

/// A number that looks random.
fn scramble(n: i64) -> i64 {
    ((n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as i64
}

pub(crate) fn row(n: i64) -> Row {
    let r = scramble(n);
    Row {
        // Half as many ids as rows, far apart.
        id: scramble(n % (ROWS / 2) + 7) % 1_000_000,
        t: START + n * 6000,
        s: (r % 11 > 0).then(|| format!("s{}", r % 700)),
        m: vec![Some(format!("m{}", r % 3))],
        // In runs of five rows.
        l: (n / 5 % 13 > 0).then_some(n / 5 % 400),
        d: (r % 5 > 0).then_some((r % 64) as f64 * 0.25),
        f: None,
    }
}

/// Three segments with and without indexes and hidden rows, the last live.
fn table(folder: &std::path::Path) -> (Arc<QueryEngine>, Vec<Row>) {
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let (a, rest) = rows.split_at(6000);
    let (b, c) = rest.split_at(5000);
    let gone: BTreeSet<i64> = a.iter().step_by(97).map(|row| row.id).collect();
    let segments = vec![
        hide(sealed(0, a, folder), &gone),
        hide(sealed(1, b, folder), &gone),
        SegmentRef::whole(live(2, c, 4096)),
    ];
    let left = |(i, row): &(usize, &Row)| *i >= 11_000 || !gone.contains(&row.id);
    (engine(segments), rows.iter().enumerate().filter(left).map(|(_, row)| row.clone()).collect())
}

fn filters() -> Vec<Json> {
    let is = |column: &str, value: &str| json!({"type": "selector", "dimension": column, "value": value});
    let range = |column: &str, low: i64, high: i64| json!({"type": "range", "column": column, "matchValueType": "LONG", "lower": low, "upper": high});
    vec![
        Json::Null,
        is("s", "s123"),
        json!({"type": "in", "dimension": "s", "values": ["s1", "s77", "s123", "s699", null]}),
        json!({"type": "and", "fields": [is("s", "s123"), is("m", "m0")]}),
        json!({"type": "and", "fields": [is("m", "m1"), range("l", 17, 19)]}),
        json!({"type": "and", "fields": [is("s", "s5"), {"type": "expression", "expression": "l > 100"}]}),
        is("l", "42"),
        range("l", 390, 500),
        range("id", 0, 20_000),
        json!({"type": "not", "field": range("l", 3, 399)}),
        is("s", "nowhere"),
    ]
}

fn time_of(row: &Json) -> i64 {
    alluvium_segments::time::parse_iso(row["timestamp"].as_str().unwrap()).unwrap()
}

/// Checks a group-by whose keys are read from a row by `key`.
pub(crate) fn check(
    engine: &QueryEngine,
    rows: &[Row],
    filter: &Json,
    dimensions: &Json,
    bucket: Option<i64>,
    key: fn(&Row) -> Json,
) {
    let granularity = bucket.map_or(json!("all"), |ms| json!({"type": "duration", "duration": ms}));
    let some = json!({"type": "selector", "dimension": "m", "value": "m2"});
    // Of first and last the oracle knows no order of rows with one time.
    let wanted = aggregations(&some);
    let wanted: Vec<&Json> = wanted
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| !a["name"].as_str().is_some_and(|n| n.ends_with('t')))
        .collect();
    let query = json!({
        "queryType": "groupBy", "dataSource": "t", "intervals": "2015-09-12/2015-09-14", "filter": filter,
        "dimensions": dimensions, "granularity": granularity, "aggregations": wanted
    });
    let answer = ask(engine, query).unwrap();
    let mut groups: BTreeMap<(i64, String), Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| passes(row, filter)) {
        let start = bucket.map_or(0, |ms| row.t - row.t.rem_euclid(ms));
        groups.entry((start, key(row).to_string())).or_default().push(row);
    }
    let answer = answer.as_array().unwrap();
    assert_eq!(answer.len(), groups.len(), "{dimensions} {filter}");
    for found in answer {
        let time = if bucket.is_some() { time_of(found) } else { 0 };
        let event = &found["event"];
        let named = dimensions.as_array().unwrap().iter().map(|d| {
            let name = d.as_str().or_else(|| d["outputName"].as_str()).unwrap();
            event[name].clone()
        });
        let key = Json::Array(named.collect()).to_string();
        let group = groups.get(&(time, key.clone())).unwrap_or_else(|| panic!("no group {time} {key}"));
        for (name, value) in aggregate(group, &some).as_object().unwrap() {
            if !name.ends_with('t') {
                assert!(
                    same(&event[name.as_str()], value),
                    "{name} of {key}: {} for {value}",
                    event[name.as_str()]
                );
            }
        }
    }
}

#[test]
fn queries_agree_with_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, rows) = table(folder.path());
    let long =
        |name: &str| json!({"type": "default", "dimension": name, "outputName": name, "outputType": "LONG"});
    for filter in filters() {
        check(&engine, &rows, &filter, &json!([]), Some(HOUR), |_| json!([]));
        check(&engine, &rows, &filter, &json!(["s"]), None, |row| json!([row.s]));
        check(&engine, &rows, &filter, &json!([long("id")]), None, |row| json!([row.id]));
        check(&engine, &rows, &filter, &json!([long("id"), "s"]), Some(HOUR), |row| json!([row.id, row.s]));
        check(&engine, &rows, &filter, &json!([long("l"), long("id")]), None, |row| json!([row.l, row.id]));
    }
}

#[test]
fn sealed_segments_with_as_many_groups_as_rows_agree_too() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let segments = rows
        .chunks(5000)
        .enumerate()
        .map(|(i, part)| SegmentRef::whole(sealed(i as u32, part, folder.path())));
    let engine = engine(segments.collect());
    let long = json!({"type": "default", "dimension": "id", "outputName": "id", "outputType": "LONG"});
    for filter in filters() {
        for bucket in [None, Some(HOUR)] {
            check(&engine, &rows, &filter, &json!([long]), bucket, |row| json!([row.id]));
            check(&engine, &rows, &filter, &json!(["s", long]), bucket, |row| json!([row.s, row.id]));
        }
    }
}
