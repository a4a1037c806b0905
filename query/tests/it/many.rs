//! Do queries whose groups are handed on and merged in parts agree with the oracle, and with those whose groups are not?
//! The limits are small here, so that few rows are many.

use alluvium_query::GroupLimits;
use alluvium_segments::SegmentRef;
use serde_json::{Value as Json, json};

use crate::caches::{sql, sql_engine};
use crate::data::{NO_CACHES, Row, ask, ask_thrice, engine, engine_with, live, sealed};
use crate::large::{HOUR, check, row};

/// More than a query runs on the calling thread.
const ROWS: i64 = 24_000;

/// Rows whose times begin anew before the day ends.
fn rows() -> Vec<Row> {
    (0..ROWS).map(|i| Row { t: row(i % 14_000).t, ..row(i) }).collect()
}

/// Two sealed segments and a live one.
fn segments(rows: &[Row], folder: &std::path::Path) -> Vec<SegmentRef> {
    let (a, rest) = rows.split_at(9000);
    let (b, c) = rest.split_at(7000);
    [sealed(0, a, folder), sealed(1, b, folder), live(2, c, 4096)].map(SegmentRef::whole).into()
}

/// Groups are handed on all the time, or row by row, or at the end only; in very many parts, or in one.
fn all_limits() -> [GroupLimits; 5] {
    let few = GroupLimits {
        flat: 0,
        most_flat: 0,
        held: 500,
        listed: 300,
        waiting: 2000,
        alone: 64,
        part: 32,
        sets: 1,
        texts: 50,
    };
    [
        few,
        GroupLimits { flat: 1 << 20, texts: 1 << 20, ..few },
        GroupLimits { held: 1, listed: 1, waiting: 1, part: 1000, ..few },
        GroupLimits { held: usize::MAX, texts: 1 << 20, ..few },
        GroupLimits { waiting: usize::MAX, part: usize::MAX, ..few },
    ]
}

fn long(name: &str) -> Json {
    json!({"type": "default", "dimension": name, "outputName": name, "outputType": "LONG"})
}

#[test]
fn groups_merged_in_parts_agree_with_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows();
    let segments = segments(&rows, folder.path());
    let filter = json!({"type": "range", "column": "l", "matchValueType": "LONG", "lower": 40, "upper": 360});
    for (number, limits) in all_limits().into_iter().enumerate() {
        let engine = engine_with(segments.clone(), limits);
        let filters: &[&Json] = if number == 0 { &[&Json::Null, &filter] } else { &[&Json::Null] };
        for filter in filters {
            check(&engine, &rows, filter, &json!([long("id")]), None, |row| json!([row.id]));
            check(&engine, &rows, filter, &json!(["s"]), Some(HOUR), |row| json!([row.s]));
            check(&engine, &rows, filter, &json!([long("id"), "s"]), None, |row| json!([row.id, row.s]));
            check(&engine, &rows, filter, &json!(["s", long("l")]), None, |row| json!([row.s, row.l]));
            check(&engine, &rows, filter, &json!([long("l"), "m", "s"]), Some(4 * HOUR), |row| {
                json!([row.l, row.m[0], row.s])
            });
        }
    }
}

/// The same rows, whose `id` is any long: its codes leave no room for another component in a word.
fn wide_rows() -> Vec<Row> {
    let wide = |id: i64| id.wrapping_mul(0x1E37_79B9_7F4A_7C15).wrapping_add(i64::MIN);
    rows().into_iter().map(|row| Row { id: wide(row.id), ..row }).collect()
}

#[test]
fn groups_by_longs_of_all_sizes_agree_with_the_oracle() {
    let folder = tempfile::tempdir().unwrap();
    let rows = wide_rows();
    let (least, most) = (rows.iter().map(|r| r.id).min().unwrap(), rows.iter().map(|r| r.id).max().unwrap());
    assert!(most.checked_sub(least).is_none(), "the span takes 64 bits");
    let segments = segments(&rows, folder.path());
    let plain = sql_engine(&engine(segments.clone()));
    for limits in all_limits().into_iter().chain([GroupLimits::default()]) {
        let engine = engine_with(segments.clone(), limits);
        check(&engine, &rows, &Json::Null, &json!([long("id")]), None, |row| json!([row.id]));
        check(&engine, &rows, &Json::Null, &json!([long("id"), "s"]), None, |row| json!([row.id, row.s]));
        check(&engine, &rows, &Json::Null, &json!(["s", long("id")]), Some(HOUR), |row| {
            json!([row.s, row.id])
        });
        let engine = sql_engine(&engine);
        for text in DISTINCT {
            assert_eq!(sql(&engine, text, exactly()), sql(&plain, text, exactly()), "{text} {limits:?}");
        }
    }
    let all: std::collections::BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
    assert_eq!(sql(&plain, DISTINCT[0], exactly()), format!("[[{}]]", all.len()));
}

/// Queries whose answers are the same whatever the limits.
fn queries() -> Vec<Json> {
    let top = |dimension: &str, metric: Json| {
        json!({
            "queryType": "topN", "dataSource": "t", "intervals": "2015-09-12/2015-09-14", "granularity": "all",
            "dimension": dimension, "metric": metric, "threshold": 7,
            "aggregations": [
                {"type": "count", "name": "n"},
                {"type": "longSum", "name": "sum", "fieldName": "l"},
                {"type": "doubleMax", "name": "dmax", "fieldName": "d"},
                {"type": "doubleMin", "name": "nothing", "fieldName": "f"}
            ]
        })
    };
    let inverted = |metric: &str| json!({"type": "inverted", "metric": metric});
    let mut all = Vec::new();
    for dimension in ["s", "id"] {
        // Many have the same number, and some none.
        for metric in ["n", "sum", "dmax", "nothing"] {
            all.extend([top(dimension, json!(metric)), top(dimension, inverted(metric))]);
        }
        let mut hourly = top(dimension, json!("sum"));
        hourly["granularity"] = json!("hour");
        all.push(hourly);
    }
    all
}

const DISTINCT: [&str; 4] = [
    "SELECT COUNT(DISTINCT id) FROM t",
    "SELECT COUNT(DISTINCT s) FROM t WHERE l > 100",
    "SELECT s, COUNT(DISTINCT id) AS u FROM t GROUP BY s ORDER BY u DESC, s LIMIT 9",
    "SELECT FLOOR(__time TO HOUR) AS h, m, COUNT(DISTINCT l) AS u FROM t GROUP BY 1, 2 ORDER BY h, m",
];

const TEXTS: [&str; 8] = [
    "SELECT id, SUM(l) AS v FROM t GROUP BY id ORDER BY v DESC, id LIMIT 5",
    "SELECT SUM(l) AS v FROM t GROUP BY id, s ORDER BY v DESC LIMIT 20",
    "SELECT MAX(d) AS v FROM t GROUP BY id ORDER BY v LIMIT 11 OFFSET 3",
    "SELECT COUNT(*), SUM(v), MIN(v) FROM (SELECT id, s, SUM(l) AS v FROM t GROUP BY id, s)",
    "SELECT COUNT(*), MAX(id) FROM (SELECT s, id, COUNT(*) AS n FROM t GROUP BY s, id) WHERE n > 1",
    "SELECT v, COUNT(*) FROM (SELECT FLOOR(__time TO HOUR) AS h, s, COUNT(*) AS v FROM t GROUP BY 1, 2) GROUP BY v ORDER BY v",
    "SELECT COUNT(*) FROM (SELECT DISTINCT id, l FROM t)",
    "SELECT s, id, SUM(d) FROM t GROUP BY s, id ORDER BY id, s",
];

/// Without caches and approximations.
fn exactly() -> Json {
    let off = NO_CACHES.iter().chain(&["useApproximateCountDistinct"]);
    Json::Object(off.map(|key| ((*key).to_owned(), json!(false))).collect())
}

#[test]
fn the_answer_is_the_same_whatever_the_limits() {
    let folder = tempfile::tempdir().unwrap();
    let segments = segments(&rows(), folder.path());
    let plain = engine(segments.clone());
    let plain_sql = sql_engine(&plain);
    for limits in all_limits() {
        let other = engine_with(segments.clone(), limits);
        for query in queries() {
            let wanted = ask(&plain, query.clone()).unwrap();
            assert_eq!(ask_thrice(&other, query.clone()).unwrap(), wanted, "{query} {limits:?}");
        }
        let other_sql = sql_engine(&other);
        for text in DISTINCT.iter().chain(&TEXTS) {
            let wanted = sql(&plain_sql, text, exactly());
            assert!(wanted.starts_with("[["), "{text}: {wanted}");
            assert_eq!(sql(&other_sql, text, exactly()), wanted, "{text} {limits:?}");
        }
    }
}
