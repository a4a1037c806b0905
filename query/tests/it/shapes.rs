//! Are answers Druid's to the letter: key order, numbers, empty and filled buckets, ordering?

use std::sync::Arc;

use alluvium_query::QueryEngine;
use alluvium_segments::SegmentRef;
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask, ask_text, engine, live, sealed};

const HOUR: i64 = 3_600_000;
const DAY: &str = "2015-09-12/2015-09-13";

fn rows() -> Vec<Row> {
    let text = |s: &str| Some(s.to_owned());
    let row = |id, t, s: Option<String>, m: &[&str], l, d, f| {
        let m = m.iter().map(|v| text(v)).collect();
        Row { id, t: START + t, s, m, l, d, f }
    };
    vec![
        row(0, 0, text("b"), &["x", "y"], Some(1), Some(0.5), Some(1.5)),
        row(1, HOUR, text("a"), &["x"], Some(2), None, None),
        row(2, HOUR + 5, None, &[], None, Some(2.0), Some(0.1)),
        row(3, 3 * HOUR, text("b"), &["y"], Some(4), Some(1e7), Some(-3.0)),
        row(4, 3 * HOUR + 1, text(""), &["z"], Some(10), Some(-1.25), None),
    ]
}

/// Two live rows, three sealed ones.
fn fixture() -> (Arc<QueryEngine>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let rows = rows();
    let segments = vec![
        SegmentRef::whole(sealed(0, &rows[2..], folder.path())),
        SegmentRef::whole(live(1, &rows[..2], 100)),
    ];
    (engine(segments), folder)
}

#[track_caller]
fn expect(body: Json, answer: &str) {
    let (engine, _folder) = fixture();
    assert_eq!(ask_text(&engine, body), answer);
}

fn timeseries(more: Json) -> Json {
    let mut body = json!({"queryType": "timeseries", "dataSource": "t", "intervals": DAY, "granularity": "hour",
        "aggregations": [{"type": "count", "name": "n"}, {"type": "longSum", "name": "sum", "fieldName": "l"},
            {"type": "doubleSum", "name": "d", "fieldName": "d"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn timeseries_fills_between_the_rows_of_a_segment() {
    expect(
        timeseries(json!({"postAggregations": [{"type": "arithmetic", "name": "avg", "fn": "/", "fields": [
            {"type": "fieldAccess", "fieldName": "sum"}, {"type": "fieldAccess", "fieldName": "n"}]}]})),
        concat!(
            r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"n":1,"sum":1,"d":0.5,"avg":1.0}},"#,
            r#"{"timestamp":"2015-09-12T01:00:00.000Z","result":{"n":2,"sum":2,"d":2.0,"avg":1.0}},"#,
            r#"{"timestamp":"2015-09-12T02:00:00.000Z","result":{"n":0,"sum":null,"d":null,"avg":null}},"#,
            r#"{"timestamp":"2015-09-12T03:00:00.000Z","result":{"n":2,"sum":14,"d":9999998.75,"avg":7.0}}]"#
        ),
    );
}

#[test]
fn timeseries_totals_limits_and_order() {
    expect(
        timeseries(
            json!({"descending": true, "limit": 1, "context": {"grandTotal": true, "skipEmptyBuckets": "true"}}),
        ),
        concat!(
            r#"[{"timestamp":"2015-09-12T03:00:00.000Z","result":{"n":2,"sum":14,"d":9999998.75}},"#,
            r#"{"timestamp":null,"result":{"n":2,"sum":14,"d":9999998.75}}]"#
        ),
    );
    expect(
        timeseries(json!({"granularity": "all", "intervals": "2015-09-12T00:30/P1D",
            "context": {"timestampResultField": "t", "serializeDateTimeAsLong": true}})),
        r#"[{"timestamp":1442017800000,"result":{"t":1442017800000,"n":4,"sum":16,"d":1.000000075E7}}]"#,
    );
}

#[test]
fn timeseries_over_nothing() {
    expect(
        timeseries(json!({"granularity": "all", "intervals": "2017/2018"})),
        r#"[{"timestamp":"2017-01-01T00:00:00.000Z","result":{"n":0,"sum":null,"d":null}}]"#,
    );
    expect(
        timeseries(
            json!({"granularity": "all", "intervals": "2017/2018", "context": {"skipEmptyBuckets": true}}),
        ),
        "[]",
    );
    expect(timeseries(json!({"intervals": "2017/2018"})), "[]");
    expect(
        timeseries(json!({"dataSource": "nope", "granularity": "all"})),
        r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"n":0,"sum":null,"d":null}}]"#,
    );
}

#[test]
fn top_n_by_metric_and_by_dimension() {
    let body = |metric: Json| {
        json!({"queryType": "topN", "dataSource": {"type": "table", "name": "t"}, "intervals": [DAY],
            "granularity": {"type": "all"}, "dimension": "s", "metric": metric, "threshold": 2,
            "aggregations": [{"type": "longSum", "name": "sum", "fieldName": "l"}]})
    };
    let at = |result: &str| format!(r#"[{{"timestamp":"2015-09-12T00:00:00.000Z","result":{result}}}]"#);
    expect(body(json!("sum")), &at(r#"[{"s":"","sum":10},{"s":"b","sum":5}]"#));
    let inverted = json!({"type": "inverted", "metric": {"type": "numeric", "metric": "sum"}});
    expect(body(inverted), &at(r#"[{"s":"a","sum":2},{"s":"b","sum":5}]"#));
    let dimension = json!({"type": "dimension", "ordering": "lexicographic", "previousStop": ""});
    expect(body(dimension), &at(r#"[{"s":"a","sum":2},{"s":"b","sum":5}]"#));
    let lexicographic = json!({"type": "inverted", "metric": {"type": "lexicographic"}});
    expect(body(lexicographic), &at(r#"[{"s":null,"sum":null},{"s":"b","sum":5}]"#));
}

fn group_by(more: Json) -> Json {
    let mut body = json!({"queryType": "groupBy", "dataSource": "t", "intervals": "2015-09-01/2015-10-01",
        "granularity": "all", "dimensions": ["m"], "aggregations": [{"type": "count", "name": "n"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn group_by_explodes_and_orders() {
    expect(
        group_by(json!({})),
        concat!(
            r#"[{"version":"v1","timestamp":"2015-09-01T00:00:00.000Z","event":{"m":null,"n":1}},"#,
            r#"{"version":"v1","timestamp":"2015-09-01T00:00:00.000Z","event":{"m":"x","n":2}},"#,
            r#"{"version":"v1","timestamp":"2015-09-01T00:00:00.000Z","event":{"m":"y","n":2}},"#,
            r#"{"version":"v1","timestamp":"2015-09-01T00:00:00.000Z","event":{"m":"z","n":1}}]"#
        ),
    );
    expect(
        group_by(
            json!({"context": {"resultAsArray": true}, "having": {"type": "greaterThan", "aggregation": "n",
            "value": 1}, "limitSpec": {"type": "default", "limit": 1, "columns": [{"dimension": "n",
            "direction": "descending"}, {"dimension": "m", "direction": "descending"}]}}),
        ),
        r#"[["y",2]]"#,
    );
    expect(
        group_by(json!({"granularity": "day", "context": {"resultAsArray": true}, "dimensions": [
            {"type": "listFiltered", "delegate": "m", "values": ["x"]}]})),
        r#"[[1442016000000,null,3],[1442016000000,"x",2]]"#,
    );
    expect(
        group_by(json!({"context": {"resultAsArray": true}, "dimensions": [
            {"type": "default", "dimension": "l", "outputName": "long", "outputType": "LONG"}, "l"]})),
        r#"[[null,null,1],[1,"1",1],[2,"2",1],[4,"4",1],[10,"10",1]]"#,
    );
}

#[test]
fn group_by_nothing_over_nothing() {
    let none = json!({"dimensions": [], "limitSpec": null, "filter": {"type": "false"},
        "aggregations": [{"type": "count", "name": "n"}, {"type": "longSum", "name": "sum", "fieldName": "l"}]});
    expect(
        group_by(none),
        r#"[{"version":"v1","timestamp":"2015-09-01T00:00:00.000Z","event":{"n":0,"sum":null}}]"#,
    );
    expect(group_by(json!({"filter": {"type": "false"}})), "[]");
}

#[test]
fn group_by_subtotals_and_grouping() {
    expect(
        group_by(json!({"context": {"resultAsArray": true}, "dimensions": ["s", "m"],
            "filter": {"type": "selector", "dimension": "s", "value": "b"},
            "subtotalsSpec": [["m"], ["s"], []], "aggregations": [{"type": "count", "name": "n"},
            {"type": "grouping", "name": "g", "groupings": ["s", "m"]}]})),
        r#"[[null,"x",1,2],[null,"y",2,2],["b",null,3,1],[null,null,3,3]]"#,
    );
}

#[test]
fn extraction_and_virtual_columns() {
    expect(
        group_by(json!({"context": {"resultAsArray": true}, "dimensions": [
            {"type": "extraction", "dimension": "__time", "outputName": "hour",
             "extractionFn": {"type": "timeFormat", "format": "HH:mm"}}, "v", "w"],
            "virtualColumns": [
                {"type": "expression", "name": "v", "expression": "l * 2", "outputType": "LONG"},
                {"type": "expression", "name": "w", "expression": "upper(s)", "outputType": "STRING"}]})),
        concat!(
            r#"[["00:00","2","B",1],["01:00",null,null,1],["01:00","4","A",1],"#,
            r#"["03:00","20","",1],["03:00","8","B",1]]"#
        ),
    );
}

#[test]
fn scan_batches() {
    let scan = |more: Json| {
        let mut body = json!({"queryType": "scan", "dataSource": "t", "intervals": DAY,
            "columns": ["__time", "s", "m", "d"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let segment = "t_2015-09-12T00:00:00.000Z_2015-09-13T00:00:00.000Z_2015-09-13T00:00:00.000Z";
    let signature = concat!(
        r#""rowSignature":[{"name":"__time","type":"LONG"},{"name":"s","type":"STRING"},"#,
        r#"{"name":"m","type":"STRING"},{"name":"d","type":"DOUBLE"}]"#
    );
    expect(
        scan(json!({"offset": 2, "limit": 2, "resultFormat": "compactedList"})),
        &format!(
            concat!(
                r#"[{{"segmentId":"{0}","columns":["__time","s","m","d"],"events":[[1442026800001,"","z",-1.25]],{1}}},"#,
                r#"{{"segmentId":"{0}_1","columns":["__time","s","m","d"],"events":[[1442016000000,"b",["x","y"],0.5]],{1}}}]"#
            ),
            segment, signature
        ),
    );
    expect(
        scan(json!({"order": "descending", "limit": 1})),
        &format!(
            concat!(
                r#"[{{"segmentId":null,"columns":["__time","s","m","d"],"#,
                r#""events":[{{"__time":1442026800001,"s":"","m":"z","d":-1.25}}],{0}}}]"#
            ),
            signature
        ),
    );
}

#[test]
fn search_values() {
    expect(
        json!({"queryType": "search", "dataSource": "t", "intervals": DAY, "granularity": "all",
            "searchDimensions": ["s", "m"], "query": {"type": "insensitive_contains", "value": "Y"}}),
        r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":[{"dimension":"m","value":"y","count":2}]}]"#,
    );
}

#[test]
fn bounds_and_metadata() {
    expect(
        json!({"queryType": "timeBoundary", "dataSource": "t"}),
        concat!(
            r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"minTime":"2015-09-12T00:00:00.000Z","#,
            r#""maxTime":"2015-09-12T03:00:00.001Z"}}]"#
        ),
    );
    expect(
        json!({"queryType": "timeBoundary", "dataSource": "t", "bound": "maxTime",
            "filter": {"type": "selector", "dimension": "s", "value": "a"}}),
        r#"[{"timestamp":"2015-09-12T01:00:00.000Z","result":{"maxTime":"2015-09-12T01:00:00.000Z"}}]"#,
    );
    expect(
        json!({"queryType": "dataSourceMetadata", "dataSource": "t"}),
        r#"[{"timestamp":"2015-09-12T03:00:00.001Z","result":{"maxIngestedEventTime":"2015-09-12T03:00:00.001Z"}}]"#,
    );
    let (engine, _folder) = fixture();
    let merged = ask(
        &engine,
        json!({"queryType": "segmentMetadata", "dataSource": "t", "merge": true, "analysisTypes": ["aggregators",
            "cardinality", "minmax"], "toInclude": {"type": "list", "columns": ["__time", "s", "m"]}}),
    )
    .unwrap();
    let column = |kind: &str, multiple: bool, nulls: bool, cardinality: Json, min: Json, max: Json| {
        json!({"typeSignature": kind, "type": kind, "hasMultipleValues": multiple, "hasNulls": nulls, "size": 0,
            "cardinality": cardinality, "minValue": min, "maxValue": max, "errorMessage": null})
    };
    assert_eq!(
        merged[0]["columns"]["__time"],
        column("LONG", false, false, json!(null), json!(null), json!(null))
    );
    assert_eq!(merged[0]["columns"]["s"], column("STRING", false, true, json!(3), json!(null), json!("b")));
    assert_eq!(merged[0]["columns"]["m"], column("STRING", true, true, json!(3), json!(null), json!("z")));
    assert_eq!(merged[0]["numRows"], 5);
    assert_eq!(merged[0]["aggregators"]["l"]["type"], "longSum");
    assert_eq!(merged[0]["intervals"], Json::Null);
}

#[test]
fn first_last_any_and_distinct() {
    expect(
        timeseries(json!({"granularity": "all", "aggregations": [
            {"type": "stringFirst", "name": "sf", "fieldName": "s"},
            {"type": "stringLast", "name": "sl", "fieldName": "s"},
            {"type": "doubleFirst", "name": "df", "fieldName": "d"},
            {"type": "longAny", "name": "la", "fieldName": "missing"},
            {"type": "floatMin", "name": "fm", "fieldName": "f"},
            {"type": "cardinality", "name": "c", "fields": ["s", "m"]},
            {"type": "hyperUnique", "name": "hu", "fieldName": "l"},
            {"type": "cardinality", "name": "r", "fields": ["s", "m"], "byRow": true, "round": true}]})),
        concat!(
            r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"sf":"b","sl":"","df":0.5,"la":null,"fm":-3.0,"#,
            r#""c":6.008806266444944,"hu":0.0,"r":5}}]"#
        ),
    );
}

#[test]
fn inner_queries_unions_and_inline_rows() {
    let inner = group_by(json!({"dimensions": ["s"], "granularity": "hour"}));
    expect(
        json!({"queryType": "timeseries", "dataSource": {"type": "query", "query": inner}, "granularity": "all",
            "intervals": "1000/3000", "aggregations": [{"type": "longSum", "name": "rows", "fieldName": "n"},
            {"type": "count", "name": "groups"}]}),
        r#"[{"timestamp":"1000-01-01T00:00:00.000Z","result":{"rows":5,"groups":5}}]"#,
    );
    expect(
        timeseries(
            json!({"dataSource": {"type": "union", "dataSources": ["t", "t", "nope"]}, "granularity": "all"}),
        ),
        r#"[{"timestamp":"2015-09-12T00:00:00.000Z","result":{"n":10,"sum":34,"d":2.00000025E7}}]"#,
    );
    expect(
        json!({"queryType": "groupBy", "dataSource": {"type": "inline", "columnNames": ["k", "v"],
            "columnTypes": ["STRING", "LONG"], "rows": [["a", 1], ["b", 2], ["a", 3]]}, "intervals": "1000/3000",
            "granularity": "all", "dimensions": ["k"], "context": {"resultAsArray": true},
            "aggregations": [{"type": "longSum", "name": "v", "fieldName": "v"}]}),
        r#"[["a",4],["b",2]]"#,
    );
}
