//! The dialect, text to text.

use chrono_tz::Tz;

use super::rewrite;
use crate::sql::request::Settings;
use crate::sql::statement::read;

fn settings(zone: Tz) -> Settings {
    Settings {
        query_id: "q".to_owned(),
        zone,
        now_ms: 1_442_016_000_000,
        approximate_distinct: true,
        fills_buckets: false,
        stringify_arrays: true,
        finalize_sketches: false,
        subquery_limit: None,
        unnests_groups: true,
        outer_limit: None,
        timeout_ms: None,
        projections: crate::plan::ProjectionUse::default(),
        caching: crate::request::Caching::default(),
    }
}

fn rewritten(text: &str, zone: Tz) -> String {
    let mut statement = read(text, &[]).unwrap().parse().unwrap();
    rewrite(&mut statement, &settings(zone)).unwrap();
    statement.to_string()
}

#[test]
fn time() {
    let la = Tz::America__Los_Angeles;
    for (text, zone, wanted) in [
        ("SELECT TIMESTAMP '2015-09-12 00:00:00' AS t", la, "millis_to_timestamp(1442041200000) AS t"),
        ("SELECT FLOOR(a TO HOUR) AS t", Tz::UTC, "time_floor(a, 'PT1H', NULL, 'UTC') AS t"),
        ("SELECT TIME_FLOOR(a, 'P1D') AS t", la, "time_floor(a, 'P1D', NULL, 'America/Los_Angeles') AS t"),
        ("SELECT EXTRACT(DOW FROM a) AS t", Tz::UTC, "time_extract(a, 'DOW', 'UTC') AS t"),
        ("SELECT a - INTERVAL '1' MONTH AS t", Tz::UTC, "time_plus(a, 'P1M', -1, 'UTC') AS t"),
        ("SELECT a + INTERVAL '1 2' DAY TO HOUR AS t", Tz::UTC, "time_plus(a, 'P1DT2H', 1, 'UTC') AS t"),
        ("SELECT CURRENT_TIMESTAMP AS t", Tz::UTC, "millis_to_timestamp(1442016000000) AS t"),
        ("SELECT TIMESTAMPADD(DAY, 2, a) AS t", Tz::UTC, "time_plus(a, 'P1D', 2, 'UTC') AS t"),
        ("SELECT DATE_TRUNC('month', a) AS t", Tz::UTC, "time_floor(a, 'P1M', NULL, 'UTC') AS t"),
        ("SELECT CAST(a AS TIMESTAMP) AS t", Tz::UTC, "cast_timestamp(a, 'UTC') AS t"),
        ("SELECT a + b * INTERVAL '1' HOUR AS t", Tz::UTC, "time_plus(a, 'PT1H', (b) * 1, 'UTC') AS t"),
        ("SELECT CAST(a AS DATE) AS t", Tz::UTC, "cast_date(a, 'UTC') AS t"),
        ("SELECT CAST(1 AS INTEGER) AS t", Tz::UTC, "cast_integer(1) AS t"),
        ("SELECT 1e3 AS t", Tz::UTC, "cast_double(1e3) AS t"),
        ("SELECT PI AS t", Tz::UTC, "pi() AS t"),
    ] {
        assert_eq!(rewritten(text, zone), format!("SELECT {wanted}"), "{text}");
    }
}

#[test]
fn results_may_share_a_name() {
    assert_eq!(rewritten("SELECT a, b AS a FROM t", Tz::UTC), "SELECT a, b AS \"a\u{1}0\" FROM t");
    let inner = "SELECT * FROM (SELECT a, b AS a FROM t)";
    assert_eq!(rewritten(inner, Tz::UTC), "SELECT * FROM (SELECT a, b AS \"a0\" FROM t)");
}

#[test]
fn what_druid_has_not_is_refused() {
    for text in [
        "SELECT 7 % 3",
        "SELECT 9223372036854775809",
        "SELECT 1e400",
        "SELECT a FROM t WHERE b ILIKE 'x'",
        "SELECT TRY_CAST('x' AS BIGINT)",
        "SELECT TIMESTAMP '2024-01-01T00:00:00'",
        "SELECT CAST(DATE '2024-01-01' AS BIGINT)",
        "SELECT MEDIAN(a) FROM t",
        "SELECT COUNT(*) FROM t GROUP BY COUNT(*)",
        "SELECT a FROM t ORDER BY a NULLS LAST",
        "SELECT a FROM t ORDER BY a DESC NULLS FIRST",
        "SELECT a FROM t UNION SELECT a FROM t",
        "SELECT a FROM t INTERSECT SELECT a FROM t",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM s)",
        "SELECT * FROM t JOIN s",
        "SELECT ARRAY[]",
        "SELECT a[1] FROM t",
        "SELECT a FROM t LIMIT 1 + 1",
        "SELECT ABS(a) FILTER (WHERE b) FROM t",
        "SELECT SUM(DISTINCT a) FROM t",
        "SELECT STRING_AGG(a) FROM t",
        "SELECT ARRAY_AGG(a ORDER BY b) FROM t",
        "SELECT RANK() OVER (PARTITION BY a) FROM t",
        "SELECT ROW_NUMBER() OVER (ORDER BY a ROWS 1 PRECEDING) FROM t",
        "SELECT SUM(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
        "SELECT COUNT(DISTINCT a) OVER () FROM t",
        "SELECT LAG(a) IGNORE NULLS OVER (ORDER BY a) FROM t",
        "SELECT a FROM t FOR UPDATE",
        "SELECT SUBSTRING(a) FROM t",
    ] {
        let mut statement = read(text, &[]).unwrap().parse().unwrap();
        assert!(rewrite(&mut statement, &settings(Tz::UTC)).is_err(), "{text}");
    }
}

#[test]
fn keys_of_groups_are_columns() {
    let text = "SELECT UPPER(a) AS big, COUNT(*) AS n FROM t GROUP BY big ORDER BY big, n";
    let wanted =
        "SELECT upper(a) AS \"big\u{1}g\", COUNT(*) AS n FROM t GROUP BY big ORDER BY \"big\u{1}g\", n";
    assert_eq!(rewritten(text, Tz::UTC).replace("UPPER", "upper"), wanted);
    let text = "SELECT a AS a, COUNT(*) AS n FROM t GROUP BY a";
    assert_eq!(rewritten(text, Tz::UTC), text);
}

#[test]
fn names_and_aggregates() {
    let text =
        "SELECT a, t.b, a + 1, COUNT(*), COUNT(DISTINCT a) AS d, LATEST(b, 10) FILTER (WHERE c = 1) FROM t";
    let wanted = "SELECT a, t.b, a + 1 AS \"EXPR$2\", COUNT(*) AS \"EXPR$3\", approx_count_distinct(a) AS d, \
                  latest_by(b, \"__time\", 10) FILTER (WHERE c = 1) AS \"EXPR$5\" FROM t";
    assert_eq!(rewritten(text, Tz::UTC), wanted);
}
