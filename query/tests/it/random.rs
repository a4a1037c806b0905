//! Do random queries over random rows agree with the oracle? Rows with nulls, empty texts, several values, equal
//! times; segments live and sealed, with different dictionaries and hidden rows; without caches, with empty and with full ones.

use std::collections::BTreeSet;

use alluvium_query::QueryEngine;
use alluvium_segments::SegmentRef;
use alluvium_segments::time::{Interval, format_iso, parse_iso};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask_thrice, engine, hide, live, sealed};
use crate::oracle::{aggregate, aggregations, group, passes, same};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[abc]{1,2}",
        Just("10".to_owned()),
        Just("9".to_owned()),
        Just("\u{1f600}".to_owned()),
        Just("\u{e000}x".to_owned()),
    ]
}

pub(crate) fn row() -> impl Strategy<Value = Row> {
    let m = prop::collection::vec(prop::option::weighted(0.8, "[xyz]"), 0..3);
    (
        0..60i64,
        prop::option::weighted(0.8, text()),
        m,
        prop::option::weighted(0.8, -5i64..15),
        prop::option::weighted(0.8, -8i32..8),
        prop::option::weighted(0.7, -3i32..3),
    )
        .prop_map(|(t, s, mut m, l, d, f)| {
            if m == [None] {
                m.clear();
            }
            let d = d.map(|d| f64::from(d) * 0.5);
            Row { id: 0, t: START + t * HOUR / 4, s, m, l, d, f: f.map(|f| f as f32 * 0.25) }
        })
}

fn leaf() -> impl Strategy<Value = Json> {
    let string = prop_oneof![Just("s"), Just("m"), Just("l"), Just("d"), Just("missing")];
    let value = prop_oneof![
        text().prop_map(Json::from),
        "[xyz]".prop_map(Json::from),
        (-5i64..15).prop_map(|v| Json::from(v.to_string())),
        Just(Json::Null),
    ];
    let number = prop::option::of(-6i64..16);
    prop_oneof![
        (string.clone(), value.clone())
            .prop_map(|(d, v)| json!({"type": "selector", "dimension": d, "value": v})),
        (string.clone(), prop::collection::vec(value, 0..4))
            .prop_map(|(d, v)| json!({"type": "in", "dimension": d, "values": v})),
        string.clone().prop_map(|d| json!({"type": "null", "column": d})),
        (string.clone(), prop::option::of(text()), prop::option::of(text()), any::<bool>(), any::<bool>())
            .prop_filter("a bound", |(_, l, u, ..)| l.is_some() || u.is_some())
            .prop_map(|(d, l, u, ls, us)| json!({"type": "bound", "dimension": d, "lower": l, "upper": u,
                "lowerStrict": ls, "upperStrict": us})),
        (prop_oneof![Just("l"), Just("d"), Just("f"), Just("s")], number.clone(), number, any::<bool>())
            .prop_filter("a bound", |(_, l, u, _)| l.is_some() || u.is_some())
            .prop_map(
                |(d, l, u, open)| json!({"type": "range", "column": d, "matchValueType": "LONG", "lower": l,
                "upper": u, "lowerOpen": open, "upperOpen": !open})
            ),
        (string.clone(), "[abcx%_]{1,3}")
            .prop_map(|(d, p)| json!({"type": "like", "dimension": d, "pattern": p})),
        (string, "[abx]").prop_map(|(d, p)| json!({"type": "regex", "dimension": d, "pattern": p})),
        Just(json!({"type": "columnComparison", "dimensions": ["s", "m"]})),
        Just(json!({"type": "expression", "expression": "l > d"})),
        Just(json!({"type": "expression", "expression": "strlen(s) == 1"})),
    ]
}

pub(crate) fn filter() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|f| json!({"type": "and", "fields": f})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|f| json!({"type": "or", "fields": f})),
            inner.clone().prop_map(|f| json!({"type": "not", "field": f})),
            inner.prop_map(|f| json!({"type": "isfalse", "field": f})),
        ]
    })
}

/// Rows cut into segments: how many, which are sealed, which ids are hidden.
#[derive(Debug, Clone)]
struct Table {
    parts: Vec<(Vec<Row>, bool)>,
    hidden: BTreeSet<i64>,
    cut: i64,
}

fn table() -> impl Strategy<Value = Table> {
    let parts = prop::collection::vec((prop::collection::vec(row(), 0..40), any::<bool>()), 1..4);
    (parts, prop::collection::btree_set(0..100i64, 0..10), 0..40i64).prop_map(|(mut parts, hidden, cut)| {
        for (id, row) in parts.iter_mut().flat_map(|(rows, _)| rows).enumerate() {
            row.id = id as i64;
            // The order in which multiple values are kept is sorted.
            row.m.sort();
        }
        Table { parts, hidden, cut: START + cut * HOUR }
    })
}

impl Table {
    /// The segments; of the first only what lies before the cut is visible.
    fn open(&self, folder: &std::path::Path) -> std::sync::Arc<QueryEngine> {
        let mut segments: Vec<SegmentRef> = Vec::new();
        for (i, (rows, seal)) in self.parts.iter().enumerate() {
            if rows.is_empty() {
                continue;
            }
            let segment = if *seal { sealed(i as u32, rows, folder) } else { live(i as u32, rows, 7) };
            let mut segment = hide(segment, &self.hidden);
            if i == 0 {
                segment.visible = Interval::new(START, self.cut);
            }
            segments.push(segment);
        }
        engine(segments)
    }

    fn rows(&self, filter: &Json, interval: Interval) -> Vec<&Row> {
        let parts = self.parts.iter().enumerate();
        let visible = parts.flat_map(|(i, (rows, _))| rows.iter().filter(move |r| i > 0 || r.t < self.cut));
        // A segment is only asked for what its interval covers.
        let inside = visible.filter(|r| r.t < START + DAY && interval.contains(r.t));
        inside.filter(|r| !self.hidden.contains(&r.id) && passes(r, filter)).collect()
    }
}

fn time_of(row: &Json) -> i64 {
    parse_iso(row["timestamp"].as_str().unwrap()).unwrap()
}

fn check_group_by(
    table: &Table,
    engine: &QueryEngine,
    filter: &Json,
    dimensions: &[&str],
    bucket: Option<i64>,
    interval: Interval,
) -> Result<(), TestCaseError> {
    let granularity = bucket.map_or(json!("all"), |ms| json!({"type": "duration", "duration": ms}));
    let answer = ask_thrice(
        engine,
        json!({"queryType": "groupBy", "dataSource": "t", "intervals": interval.to_string(), "filter": filter,
            "dimensions": dimensions, "granularity": granularity, "aggregations": aggregations(filter)}),
    )
    .unwrap();
    let rows = table.rows(filter, interval);
    let expected = group(&rows, dimensions, bucket);
    let answer = answer.as_array().unwrap();
    prop_assert_eq!(answer.len(), expected.len(), "{:?} {}", dimensions, filter);
    for row in answer {
        let time = if bucket.is_some() { time_of(row) } else { 0 };
        let event = &row["event"];
        let key = dimensions.iter().map(|d| event[*d].as_str().map(str::to_owned)).collect::<Vec<_>>();
        let group = expected.get(&(time, key.clone()));
        prop_assert!(group.is_some(), "group {:?} {:?} should not be there", time, key);
        let wanted = aggregate(group.unwrap(), filter);
        for (name, value) in wanted.as_object().unwrap() {
            prop_assert!(same(&event[name], value), "{name} of {key:?}: {} instead of {value}", event[name]);
        }
    }
    Ok(())
}

fn check_timeseries(
    table: &Table,
    engine: &QueryEngine,
    filter: &Json,
    interval: Interval,
) -> Result<(), TestCaseError> {
    let answer = ask_thrice(
        engine,
        json!({"queryType": "timeseries", "dataSource": "t", "intervals": interval.to_string(), "filter": filter,
            "granularity": "hour", "context": {"skipEmptyBuckets": "true"}, "aggregations": aggregations(filter)}),
    )
    .unwrap();
    let rows = table.rows(filter, interval);
    let expected = group(&rows, &[], Some(HOUR));
    let answer = answer.as_array().unwrap();
    prop_assert_eq!(answer.len(), expected.len());
    for (row, ((time, _), group)) in answer.iter().zip(&expected) {
        prop_assert_eq!(row["timestamp"].as_str().unwrap(), format_iso(*time));
        let wanted = aggregate(group, filter);
        prop_assert!(same(&row["result"], &wanted), "{} instead of {wanted}", row["result"]);
    }
    Ok(())
}

fn check_scan(
    table: &Table,
    engine: &QueryEngine,
    filter: &Json,
    interval: Interval,
) -> Result<(), TestCaseError> {
    let answer = ask_thrice(
        engine,
        json!({"queryType": "scan", "dataSource": "t", "intervals": interval.to_string(), "filter": filter,
            "columns": ["__time", "id", "s", "m", "l", "missing"], "order": "ascending",
            "resultFormat": "compactedList"}),
    )
    .unwrap();
    let mut expected: Vec<Json> = Vec::new();
    let mut rows = table.rows(filter, interval);
    rows.sort_by_key(|r| r.t);
    for row in &rows {
        let m = match row.m.as_slice() {
            [] => Json::Null,
            [one] => json!(one),
            many => json!(many),
        };
        expected.push(json!([row.t, row.id, row.s, m, row.l, null]));
    }
    let batches = answer.as_array().unwrap();
    let mut events: Vec<Json> =
        batches.iter().flat_map(|b| b["events"].as_array().unwrap().clone()).collect();
    prop_assert!(events.is_sorted_by_key(|event| event[0].as_i64().unwrap()));
    let by_id = |a: &Json, b: &Json| a[1].as_i64().unwrap().cmp(&b[1].as_i64().unwrap());
    events.sort_by(by_id);
    expected.sort_by(by_id);
    prop_assert_eq!(events, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn queries_agree_with_the_oracle(
        table in table(),
        filters in prop::collection::vec(prop_oneof![1 => Just(Json::Null), 6 => filter()], 3),
        from in 0..10i64,
        hours in 1..40i64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let engine = table.open(folder.path());
        for (i, filter) in filters.iter().enumerate() {
            let start = START + from * HOUR / 2;
            let interval = if i == 0 { Interval::ETERNITY } else { Interval::new(start, start + hours * HOUR) };
            check_group_by(&table, &engine, filter, &["s"], None, interval)?;
            check_group_by(&table, &engine, filter, &["m", "s"], Some(2 * HOUR), interval)?;
            check_group_by(&table, &engine, filter, &["l", "m"], None, interval)?;
            check_timeseries(&table, &engine, filter, interval)?;
            check_scan(&table, &engine, filter, interval)?;
        }
    }
}
