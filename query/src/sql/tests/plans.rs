//! Do aggregations over a datasource run on the segment operators, with no aggregation of DataFusion directly above
//! the datasource? Read from what `EXPLAIN PLAN FOR` shows.

use serde_json::Value;

use super::fixture::{engine, rows};
use crate::sql::SqlEngine;

/// Aggregations that must become segment work, whatever stands above them.
const ON_SEGMENTS: [&str; 16] = [
    "SELECT COUNT(*) FROM wiki",
    "SELECT channel, COUNT(*), SUM(added) FROM wiki GROUP BY channel",
    "SELECT channel, COUNT(*) FROM wiki WHERE added > 10 AND page IS NOT NULL GROUP BY channel ORDER BY 2 DESC LIMIT 3",
    "SELECT TIME_FLOOR(__time, 'PT1H'), AVG(delta) FROM wiki GROUP BY 1",
    "SELECT FLOOR(__time TO DAY) AS d, MIN(added), MAX(added) FROM wiki GROUP BY 1 HAVING COUNT(*) > 1",
    "SELECT EXTRACT(HOUR FROM __time), COUNT(DISTINCT page) FROM wiki GROUP BY 1",
    "SELECT UPPER(channel), LATEST(page), EARLIEST(page) FROM wiki GROUP BY 1",
    "SELECT CASE WHEN added > 20 THEN 'big' ELSE 'small' END, COUNT(*) FROM wiki GROUP BY 1",
    "SELECT tags, COUNT(*) FROM wiki WHERE tags = 'x' GROUP BY tags",
    "SELECT COUNT(*) FILTER (WHERE channel = 'en'), SUM(delta) FILTER (WHERE added < 30) FROM wiki",
    "SELECT channel, page, COUNT(*) FROM wiki GROUP BY GROUPING SETS ((channel), (page), ())",
    "SELECT DISTINCT channel FROM wiki",
    "SELECT APPROX_COUNT_DISTINCT(page) FROM wiki WHERE __time >= TIMESTAMP '2015-09-12 01:00:00'",
    "SELECT AVG(n) FROM (SELECT channel, COUNT(*) AS n FROM wiki GROUP BY channel)",
    "SELECT a.channel, a.n, b.m FROM (SELECT channel, COUNT(*) AS n FROM wiki GROUP BY 1) a \
     JOIN (SELECT channel, SUM(added) AS m FROM wiki GROUP BY 1) b ON a.channel = b.channel",
    "SELECT channel, SUM(added), RANK() OVER (ORDER BY SUM(added)) FROM wiki GROUP BY channel",
];

async fn plan(engine: &SqlEngine, query: &str) -> String {
    let answer = rows(engine, &format!("EXPLAIN PLAN FOR {query}")).await;
    let rows: Value = serde_json::from_str(&answer).unwrap();
    rows[0][0].as_str().unwrap().to_owned()
}

/// Whether an aggregation of DataFusion reads rows of a datasource with nothing but projections between.
fn aggregates_a_datasource(plan: &str) -> bool {
    let lines: Vec<&str> = plan.lines().map(str::trim_start).collect();
    let between =
        |line: &&&str| ["Projection:", "Filter:", "SubqueryAlias:"].iter().any(|p| line.starts_with(p));
    let below = |at: usize| lines.iter().skip(at + 1).skip_while(between).copied().next();
    (0..lines.len())
        .filter(|at| lines[*at].starts_with("Aggregate:"))
        .any(|at| below(at).is_some_and(|line| line.starts_with("Segments: {\"queryType\":\"scan\"")))
}

#[tokio::test]
async fn aggregations_run_on_the_segments() {
    let (engine, _folder) = engine();
    for query in ON_SEGMENTS {
        let plan = plan(&engine, query).await;
        assert!(!aggregates_a_datasource(&plan), "{query}\n{plan}");
        assert!(plan.contains("\"queryType\":\""), "{query}\n{plan}");
    }
    assert_eq!(engine.engine().counters().fallbacks(), 0);
}

#[tokio::test]
async fn the_check_finds_an_aggregation_over_a_datasource() {
    let (engine, _folder) = engine();
    let plan = plan(&engine, "SELECT ARRAY_AGG(added) FROM (SELECT added FROM wiki WHERE added <= 20)").await;
    assert!(aggregates_a_datasource(&plan), "{plan}");
}
