//! Do kept plans answer as fresh ones do? Each text is asked of an engine that has seen its like with other values,
//! and of one that has seen nothing.

use alluvium_segments::{ColumnSpec, ColumnType};
use serde_json::json;

use super::fixture::{ask, engine, rows};
use crate::sql::{ResultFormat, SqlEngine, SqlParameter, SqlRequest};

/// Texts with `@` where a value stands, and values for it.
const ALIKE: [(&str, &[&[&str]]); 21] = [
    (
        "SELECT COUNT(*), SUM(added) FROM wiki WHERE channel = @",
        &[&["'en'"], &["'de'"], &["'it''s'"], &["''"]],
    ),
    ("SELECT page, added FROM wiki WHERE added > @ ORDER BY __time DESC", &[&["10"], &["50"], &["700"]]),
    (
        "SELECT COUNT(*) FROM wiki WHERE added > @ AND added > @",
        &[&["10", "50"], &["50", "10"], &["30", "30"]],
    ),
    ("SELECT COUNT(*) FROM wiki WHERE added BETWEEN @ AND @", &[&["20", "40"], &["40", "20"], &["0", "100"]]),
    ("SELECT COUNT(*) FROM wiki WHERE delta >= @ OR delta < @", &[&["2.5", "0.0"], &["6.0", "1.0"]]),
    (
        "SELECT FLOOR(__time TO HOUR) AS h, COUNT(*) FROM wiki WHERE __time >= TIMESTAMP @ AND __time < TIMESTAMP @ \
         GROUP BY 1 ORDER BY h",
        &[&["'2015-09-12 01:00:00'", "'2015-09-12 03:00:00'"], &["'2015-09-12'", "'2015-09-12T00:30'"]],
    ),
    (
        "SELECT COUNT(*) FROM wiki WHERE __time BETWEEN @ AND @",
        &[&["'2015-09-12'", "'2015-09-12T00:30:00Z'"], &["'2015-09-12T02'", "'2016-01-01'"]],
    ),
    (
        "SELECT channel, COUNT(*) AS n FROM wiki WHERE page IN (@, @, @) GROUP BY channel ORDER BY n DESC, channel",
        &[&["'A'", "'B'", "'C'"], &["'D'", "'D'", "'D'"], &["'x'", "'A'", "''"]],
    ),
    ("SELECT COUNT(*) FROM wiki WHERE page NOT IN (@, @)", &[&["'A'", "'B'"], &["''", "'Q'"]]),
    ("SELECT COUNT(*) FROM wiki WHERE page LIKE @", &[&["'%'"], &["'A'"], &["'_'"], &["''"]]),
    (
        "SELECT COUNT(*) FROM wiki WHERE NOT (@ = channel) AND page <> @",
        &[&["'en'", "'A'"], &["'de'", "'C'"]],
    ),
    (
        "SELECT COUNT(*) FROM wiki WHERE tags = @ AND tags = @",
        &[&["'x'", "'y'"], &["'z'", "'y'"], &["'x'", "'x'"]],
    ),
    ("SELECT COUNT(*) FROM wiki WHERE channel = @ AND channel = @", &[&["'en'", "'de'"], &["'en'", "'en'"]]),
    (
        "SELECT channel, page, COUNT(*) FROM wiki WHERE added > @ GROUP BY GROUPING SETS ((channel), (page)) \
         ORDER BY 1, 2",
        &[&["10"], &["40"]],
    ),
    (
        "SELECT a.channel, a.n, b.s FROM (SELECT channel, COUNT(*) AS n FROM wiki WHERE added > @ GROUP BY 1) a JOIN \
         (SELECT channel, SUM(added) AS s FROM wiki WHERE page = @ GROUP BY 1) b ON a.channel = b.channel ORDER BY 1",
        &[&["5", "'A'"], &["15", "'B'"]],
    ),
    (
        "SELECT channel, SUM(added) / COUNT(*) FROM wiki WHERE delta < @ GROUP BY 1 HAVING COUNT(*) > 0 ORDER BY 1",
        &[&["4.0"], &["7.5"]],
    ),
    (
        "SELECT page FROM wiki WHERE channel = @ UNION ALL SELECT tags FROM wiki WHERE added = @",
        &[&["'fr'", "60"], &["'de'", "10"]],
    ),
    (
        "SELECT page FROM wiki WHERE channel IN (SELECT channel FROM wiki WHERE added = @) ORDER BY __time",
        &[&["30"], &["70"]],
    ),
    ("SELECT __time, page FROM wiki WHERE channel = @ ORDER BY __time DESC LIMIT 2", &[&["'en'"], &["'de'"]]),
    ("SELECT page FROM wiki WHERE channel = @ LIMIT 1 OFFSET 1", &[&["'en'"], &["'de'"], &["'fr'"]]),
    ("SELECT DISTINCT channel FROM wiki WHERE added < @ ORDER BY channel DESC", &[&["40"], &["100"]]),
];

/// Texts whose values are part of the plan, or wrong.
const UNLIKE: [(&str, &[&[&str]]); 13] = [
    (
        "SELECT COUNT(*) FROM wiki WHERE added IN (@, @) AND added IN (@, @)",
        &[&["10", "20", "20", "30"], &["10", "20", "30", "40"]],
    ),
    (
        "SELECT COUNT(*) FROM wiki WHERE added IN (@, @) AND added NOT IN (@, @)",
        &[&["10", "20", "20", "30"], &["10", "20", "30", "40"]],
    ),
    ("SELECT COUNT(*) FROM wiki WHERE added > @", &[&["'30'"], &["'40'"], &["'x'"]]),
    ("SELECT COUNT(*) FROM wiki WHERE score > @", &[&["0.5"], &["1.5"]]),
    ("SELECT COUNT(*) FROM wiki WHERE added > @", &[&["1.5"], &["45.5"]]),
    ("SELECT COUNT(*) FROM wiki WHERE delta + 1 > @", &[&["1"], &["5"]]),
    ("SELECT page FROM wiki ORDER BY __time DESC LIMIT @", &[&["1"], &["3"], &["0"]]),
    (
        "SELECT channel, COUNT(*) FROM wiki GROUP BY channel HAVING COUNT(*) > @ ORDER BY @",
        &[&["1", "1"], &["0", "2"]],
    ),
    (
        "SELECT n FROM (SELECT channel, COUNT(*) AS n FROM wiki GROUP BY 1) WHERE n > @ ORDER BY n",
        &[&["1"], &["3"]],
    ),
    ("SELECT TIME_FLOOR(__time, @), COUNT(*) FROM wiki GROUP BY 1 ORDER BY 1", &[&["'PT1H'"], &["'P1D'"]]),
    ("SELECT COUNT(*) FROM wiki WHERE __time > @", &[&["'2015-09-12T02'"], &["'soon'"]]),
    ("SELECT COUNT(*) FROM wiki WHERE __time > TIMESTAMP @", &[&["'2015-09-12'"], &["'soon'"]]),
    ("SELECT @ || page FROM wiki WHERE page = 'A' ORDER BY __time", &[&["'x'"], &["'y'"]]),
];

fn filled(text: &str, values: &[&str]) -> String {
    let mut parts = text.split('@');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (part, value) in parts.zip(values) {
        out.push_str(value);
        out.push_str(part);
    }
    out
}

fn is_kept(engine: &SqlEngine, text: &str) -> bool {
    let request = SqlRequest { result_format: ResultFormat::Array, ..SqlRequest::text(text) };
    engine.open(request, 1_442_016_000_000).unwrap().found.is_some()
}

#[tokio::test]
async fn kept_plans_answer_as_fresh_ones() {
    let (warm, _folder) = engine();
    for (alike, cases) in [(true, ALIKE.as_slice()), (false, UNLIKE.as_slice())] {
        for (text, all) in cases {
            for (n, values) in all.iter().enumerate() {
                let text = filled(text, values);
                assert_eq!(is_kept(&warm, &text), alike && n > 0, "{text}");
                let (fresh, _folder) = engine();
                let wanted = rows(&fresh, &text).await;
                assert_eq!(rows(&warm, &text).await, wanted, "{text}");
                assert_eq!(rows(&warm, &text).await, wanted, "again: {text}");
            }
        }
    }
}

#[tokio::test]
async fn parameters_find_the_plan_of_literals() {
    let (engine, _folder) = engine();
    let text =
        "SELECT COUNT(*) FROM wiki WHERE channel = 'en' AND added >= 10 AND __time >= TIMESTAMP '2015-09-12'";
    assert_eq!(rows(&engine, text).await, "[[4]]");
    let parameter = |kind: &str, value| SqlParameter { sql_type: kind.to_owned(), value };
    let request = SqlRequest {
        result_format: ResultFormat::Array,
        parameters: vec![
            parameter("VARCHAR", json!("de")),
            parameter("BIGINT", json!(31)),
            parameter("TIMESTAMP", json!(1_442_023_200_000_i64)),
        ],
        ..SqlRequest::text("SELECT COUNT(*) FROM wiki WHERE channel = ? AND added >= ? AND __time >= ?")
    };
    assert!(engine.open(request.clone(), 0).unwrap().is_light());
    assert_eq!(ask(&engine, request).await.unwrap(), "[[1]]\n");
}

#[tokio::test]
async fn settings_are_part_of_a_plan() {
    let (engine, _folder) = engine();
    let day = "SELECT FLOOR(__time TO DAY) AS d, COUNT(*) FROM wiki WHERE added < 30 GROUP BY 1 ORDER BY 1";
    assert_eq!(rows(&engine, day).await, "[[\"2015-09-12T00:00:00.000Z\",2]]");
    let there = format!("SET sqlTimeZone = 'Asia/Tokyo'; {day}");
    assert!(!is_kept(&engine, &there));
    assert_eq!(rows(&engine, &there).await, "[[\"2015-09-12T00:00:00.000+09:00\",2]]");
    assert!(!is_kept(&engine, &format!("SET sqlOuterLimit = 1; {day}")));
    assert!(is_kept(&engine, day) && is_kept(&engine, &there));
}

#[tokio::test]
async fn a_kept_plan_sees_new_rows_and_columns() {
    let (engine, _folder) = engine();
    let catalog = std::sync::Arc::clone(engine.engine().catalog());
    let count = "SELECT COUNT(*) FROM wiki WHERE added > 5";
    let every = "SELECT * FROM wiki WHERE page = 'D'";
    assert_eq!(rows(&engine, count).await, "[[7]]");
    let before = rows(&engine, every).await;
    catalog.update_datasource("wiki", |d| d.sealed.clear());
    assert!(is_kept(&engine, count));
    assert_eq!(rows(&engine, count).await, "[[3]]");
    let column = ColumnSpec::dimension("late", ColumnType::Long);
    catalog.update_datasource("wiki", |d| d.columns.push(column));
    assert!(!is_kept(&engine, every));
    assert_eq!(rows(&engine, every).await, before.replace("]]", ",null]]"));
    catalog.update_datasource("wiki", |d| d.columns.clear());
    assert_eq!(rows(&engine, every).await, before);
    assert_eq!(
        rows(&engine, "SELECT COUNT(*) FROM wiki WHERE late > 5").await,
        "ERROR Column 'late' not found in any table (line [1], column [33])"
    );
}

#[tokio::test]
async fn statements_of_an_instant_are_not_kept() {
    let (engine, _folder) = engine();
    for text in
        ["SELECT COUNT(*) FROM wiki WHERE __time < CURRENT_TIMESTAMP", "SELECT COUNT(*) FROM sys.segments"]
    {
        let first = rows(&engine, text).await;
        assert!(!is_kept(&engine, text), "{text}");
        assert_eq!(rows(&engine, text).await, first);
    }
}
