//! What only Druid's SQL has: rows of several values, UNNEST, PIVOT, TABLE(APPEND), its arrays and windows.

use super::fixture::{engine, rows};

/// Asks each query and compares the rows.
async fn all(cases: &[(&str, &str)]) {
    let (engine, _folder) = engine();
    for (query, wanted) in cases {
        assert_eq!(rows(&engine, query).await, *wanted, "{query}");
    }
}

#[tokio::test]
async fn values_of_rows_are_seen_by_expressions() {
    all(&[
        (
            "SELECT MV_LENGTH(tags), MV_TO_STRING(tags, '+'), UPPER(tags) FROM wiki ORDER BY __time LIMIT 2",
            r#"[[2,"x+y","[\"X\",\"Y\"]"],[1,"x","X"]]"#,
        ),
        ("SELECT page FROM wiki WHERE tags >= 'x1' AND tags < 'y'", r#"[["D"]]"#),
        (
            "SELECT page FROM wiki WHERE (tags = 'y' OR tags = 'x2') AND (tags = 'x' OR tags = 'x2')",
            r#"[["D"]]"#,
        ),
        ("SELECT COUNT(*) FROM wiki WHERE MV_CONTAINS(tags, 'x') AND MV_CONTAINS(tags, 'y')", "[[1]]"),
        (
            "SELECT MV_TO_ARRAY(tags) AS a, COUNT(*) FROM wiki WHERE added < 30 GROUP BY 1 ORDER BY 1",
            "[[\"[\\\"x\\\"]\",1],[\"[\\\"x\\\",\\\"y\\\"]\",1]]",
        ),
        ("SELECT COUNT(tags), COUNT(*) FROM wiki", "[[6,8]]"),
        ("SELECT MV_OFFSET(ARRAY['a','b'], 1), STRING_TO_MV('a,b', ',')", r#"[["b","[\"a\",\"b\"]"]]"#),
    ])
    .await;
}

#[tokio::test]
async fn unnest() {
    let groups = "SELECT t, COUNT(*), SUM(added) FROM wiki, UNNEST(MV_TO_ARRAY(tags)) AS u(t)";
    all(&[
        (
            &format!("{groups} GROUP BY t ORDER BY t"),
            r#"[[null,2,90],["x",4,150],["x2",1,70],["y",3,50],["z",1,40]]"#,
        ),
        (&format!("{groups} WHERE t LIKE 'x%' AND added < 60 GROUP BY t"), r#"[["x",3,80]]"#),
        (
            "SELECT page, t FROM wiki CROSS JOIN UNNEST(MV_TO_ARRAY(tags)) AS u(t) WHERE t = 'y'",
            r#"[["A","y"],[null,"y"],["","y"]]"#,
        ),
        (
            "SELECT SUM(x), COUNT(*) FROM wiki LEFT JOIN UNNEST(ARRAY[added, 1]) AS u(x) ON TRUE WHERE channel = 'de'",
            "[[82,4]]",
        ),
        ("SELECT x, COUNT(*) FROM UNNEST(ARRAY['b','a','b']) AS t(x) GROUP BY x ORDER BY x", r#"[["a",1],["b",2]]"#),
        (
            "SELECT a, b FROM UNNEST(ARRAY[1, 2]) AS t(a), UNNEST(ARRAY[a, 5]) AS u(b) WHERE b > 1",
            "[[1,5],[2,2],[2,5]]",
        ),
    ])
    .await;
    let (engine, _folder) = engine();
    let scalar = rows(&engine, "SELECT x FROM wiki CROSS JOIN UNNEST(page) AS t(x)").await;
    assert!(scalar.contains("Cannot apply 'UNNEST' to arguments of type 'UNNEST(<VARCHAR>)'"), "{scalar}");
    // The group key is done by segments, the values alone are not.
    let fallbacks = engine.engine().counters().fallbacks();
    rows(&engine, &format!("{groups} GROUP BY t")).await;
    assert_eq!(engine.engine().counters().fallbacks(), fallbacks);
}

#[tokio::test]
async fn pivot_and_append() {
    let by_channel = "FROM (SELECT channel, added FROM wiki)";
    all(&[
        (
            &format!("SELECT * {by_channel} PIVOT (SUM(added) FOR channel IN ('en' AS en, 'de' AS de))"),
            "[[140,80]]",
        ),
        (
            "SELECT day, en_n, en_top FROM (SELECT FLOOR(__time TO DAY) AS day, channel, added FROM wiki) \
             PIVOT (COUNT(*) AS n, MAX(added) AS top FOR channel IN ('en' AS en)) ORDER BY day",
            r#"[["2015-09-12T00:00:00.000Z",3,40],["2015-09-13T00:00:00.000Z",1,70]]"#,
        ),
        (
            "SELECT * FROM (SELECT channel, MIN(added) AS lo, MAX(added) AS hi FROM wiki GROUP BY channel) \
             UNPIVOT (v FOR what IN (lo, hi AS 'high')) WHERE channel = 'de' ORDER BY v",
            r#"[["de","lo",30],["de","high",50]]"#,
        ),
        ("SELECT COUNT(*), SUM(added) FROM TABLE(APPEND('wiki', 'wiki'))", "[[16,560]]"),
        ("SELECT COUNT(*) FROM TABLE(APPEND('wiki', 'nope'))", "ERROR Table [nope] not found"),
    ])
    .await;
}

#[tokio::test]
async fn arrays_are_values() {
    all(&[
        (
            "SELECT a, COUNT(*) FROM (SELECT ARRAY[channel, 'k'] AS a FROM wiki) GROUP BY a ORDER BY a",
            r#"[["[null,\"k\"]",1],["[\"de\",\"k\"]",2],["[\"en\",\"k\"]",4],["[\"fr\",\"k\"]",1]]"#,
        ),
        ("SELECT page FROM wiki WHERE ARRAY[channel, page] = ARRAY['de', 'C']", r#"[["C"]]"#),
        ("SELECT COUNT(*) FROM wiki WHERE ARRAY[added] > ARRAY[40]", "[[3]]"),
        ("SELECT CAST(ARRAY[1,2] AS VARCHAR ARRAY), ARRAY[TRUE, FALSE]", r#"[["[\"1\",\"2\"]","[1,0]"]]"#),
        (
            "SELECT ARRAY_AGG(DISTINCT channel), STRING_AGG(DISTINCT channel, ',') FROM wiki",
            r#"[["[null,\"de\",\"en\",\"fr\"]","de,en,fr"]]"#,
        ),
        (
            "SELECT channel, ARRAY_CONCAT_AGG(MV_TO_ARRAY(tags)) FROM wiki WHERE channel = 'de' GROUP BY channel",
            r#"[["de","[\"x\"]"]]"#,
        ),
    ])
    .await;
}

#[tokio::test]
async fn subqueries_grouping_and_windows() {
    all(&[
        ("SELECT COUNT(*) FROM wiki WHERE added > ANY (SELECT added FROM wiki WHERE added > 50)", "[[1]]"),
        ("SELECT COUNT(*) FROM wiki WHERE added >= ALL (SELECT added FROM wiki WHERE added IS NOT NULL)", "[[1]]"),
        (
            "SELECT COUNT(*) FROM wiki WHERE (channel, added) IN (SELECT channel, MAX(added) FROM wiki GROUP BY channel)",
            "[[2]]",
        ),
        ("SELECT COUNT(*) FROM wiki WHERE channel IN (VALUES ('en'), ('fr'))", "[[5]]"),
        (
            "SELECT channel, COUNT(*) FROM wiki GROUP BY channel ORDER BY channel DESC LIMIT 2",
            r#"[[null,1],["fr",1]]"#,
        ),
        (
            "SELECT channel, GROUPING(channel), COUNT(*) FROM wiki WHERE added > 60 GROUP BY GROUPING SETS (1, ()) ORDER BY 2",
            r#"[["en",0,1],[null,1,1]]"#,
        ),
        ("SELECT channel, COUNT(*) FROM wiki WHERE added > 100 GROUP BY GROUPING SETS ((channel), ())", "[]"),
        (
            "SELECT channel, page, RANK() OVER (w ORDER BY page), LAG(page, 1, 'none') OVER (PARTITION BY channel ORDER BY page) \
             FROM wiki WHERE channel = 'de' GROUP BY channel, page WINDOW w AS (PARTITION BY channel) ORDER BY page",
            r#"[["de","A",1,null],["de","C",2,"A"]]"#,
        ),
        (
            "SELECT added, SUM(COUNT(*)) OVER (ORDER BY added ROWS BETWEEN 1 PRECEDING AND 2 PRECEDING), \
             SUM(COUNT(*)) OVER (ORDER BY added ROWS 1 FOLLOWING) FROM wiki WHERE added > 50 GROUP BY added ORDER BY added",
            "[[60,null,2],[70,null,1]]",
        ),
    ])
    .await;
    let (engine, _folder) = engine();
    let refused = rows(&engine, "SELECT page FROM wiki WHERE ROW_NUMBER() OVER () > 1").await;
    assert!(refused.contains("Windowed aggregate expression is illegal in WHERE clause"), "{refused}");
}

#[tokio::test]
async fn nested_values() {
    let json = r#"PARSE_JSON('{"a":true,"b":[1,2],"c":{"d":1e300}}')"#;
    all(&[
        (
            &format!(
                "SELECT JSON_VALUE({json}, '$.a'), JSON_VALUE({json}, '$.b'), JSON_QUERY({json}, '$.c')"
            ),
            r#"[["1","[\"1\",\"2\"]","{\"d\":1.0E300}"]]"#,
        ),
        (
            &format!("SELECT JSON_VALUE({json}, '$.b' RETURNING BIGINT ARRAY), PARSE_JSON('null')"),
            r#"[["[1,2]",null]]"#,
        ),
        (
            "SELECT JSON_OBJECT('n':added, 's':page, KEY 't' VALUE channel) FROM wiki WHERE page = 'C'",
            r#"[["{\"s\":\"C\",\"t\":\"de\",\"n\":50}"]]"#,
        ),
        (r#"SELECT JSON_MERGE('{"a":[1]}', '{"a":[2]}')"#, r#"[["{\"a\":[1,2]}"]]"#),
    ])
    .await;
}
