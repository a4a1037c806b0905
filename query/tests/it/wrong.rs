//! Do wrong, unavailable and overlong queries fail clearly, and others stay unharmed?

use alluvium_query::QueryError;
use alluvium_segments::time::Interval;
use alluvium_segments::{SegmentId, SegmentRef};
use serde_json::{Value as Json, json};

use crate::data::{Row, START, ask, engine, live};

fn rows(n: i64) -> Vec<Row> {
    (0..n).map(|id| Row { id, t: START + id % 1000, l: Some(id), ..Row::default() }).collect()
}

fn query(more: Json) -> Json {
    let mut body = json!({"queryType": "groupBy", "dataSource": "t", "intervals": "2015/2016", "granularity": "all",
        "dimensions": ["id"], "aggregations": [{"type": "count", "name": "n"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn fails(more: Json) -> QueryError {
    let engine = engine(vec![SegmentRef::whole(live(0, &rows(10), 100))]);
    ask(&engine, query(more)).unwrap_err()
}

#[test]
fn messages_name_what_is_wrong() {
    let cases = [
        (json!({"queryType": "select"}), 400, "`select` query has been removed"),
        (json!({"queryType": "nope"}), 400, "`nope`"),
        (json!({"intervals": "yesterday"}), 400, "yesterday"),
        (json!({"intervals": null}), 400, "`intervals`"),
        (json!({"granularity": "fortnight"}), 400, "fortnight"),
        (json!({"dimensions": [{"type": "default"}]}), 400, "`dimension`"),
        (json!({"filter": {"type": "selectr"}}), 400, "selectr"),
        (
            json!({"aggregations": [{"type": "momentSketch", "name": "x", "fieldName": "y"}]}),
            400,
            "`momentSketch`",
        ),
        (
            json!({"aggregations": [{"type": "HLLSketchBuild", "name": "x", "fieldName": "y", "lgK": 99}]}),
            400,
            "`lgK`",
        ),
        (json!({"aggregations": [{"type": "count", "name": "id"}]}), 400, "[id] already defined"),
        (
            json!({"postAggregations": [{"type": "arithmetic", "name": "p", "fn": "+", "fields": [
                {"type": "fieldAccess", "fieldName": "n"}, {"type": "fieldAccess", "fieldName": "m"}]}]}),
            400,
            "Missing fields [[m]] for postAggregator [p]",
        ),
        (json!({"dataSource": {"type": "join"}}), 400, "`rightPrefix`"),
        (json!({"dataSource": {"type": "nope"}}), 400, "`nope`"),
        (json!({"virtualColumns": [{"type": "nested-field", "name": "x"}]}), 400, "`outputName`"),
        (json!({"limitSpec": {"columns": ["nope"]}}), 400, "nope"),
        (json!({"context": {"timeout": "soon"}}), 400, "`timeout`"),
        (json!({"virtualColumns": [{"type": "expression", "name": "v", "expression": "1 +"}]}), 400, "1 +"),
    ];
    for (more, status, text) in cases {
        let error = fails(more);
        let body = error.to_druid_json();
        assert_eq!(error.http_status(), status, "{body}");
        assert!(body["errorMessage"].as_str().unwrap().contains(text), "{body}");
        for key in ["error", "errorCode", "persona", "category", "errorMessage", "context"] {
            assert!(body.get(key).is_some(), "{key} is missing in {body}");
        }
    }
}

#[test]
fn unknown_names_are_null_and_unknown_context_is_kept() {
    let engine = engine(vec![SegmentRef::whole(live(0, &rows(3), 100))]);
    let answer =
        ask(&engine, query(json!({"dimensions": ["nope"], "context": {"whatever": [1], "priority": "1"}})));
    assert_eq!(answer.unwrap()[0]["event"], json!({"nope": null, "n": 3}));
}

#[test]
fn deadlines_and_cancellation_stop_a_query() {
    let engine = engine(vec![SegmentRef::whole(live(0, &rows(60_000), 8192))]);
    let error = ask(&engine, query(json!({"context": {"timeout": 1, "queryId": "q"}}))).unwrap_err();
    assert_eq!((error.http_status(), error.to_druid_json()["error"].as_str()), (504, Some("Query timeout")));
    let running = engine.begin("mine", None).unwrap();
    assert!(engine.cancel("mine") && !engine.cancel("other"));
    let error = running.control().check().unwrap_err();
    assert_eq!(
        (error.http_status(), error.to_druid_json()["error"].as_str()),
        (500, Some("Query cancelled"))
    );
    drop(running);
    assert!(!engine.cancel("mine"));
    assert_eq!(ask(&engine, query(json!({}))).unwrap().as_array().unwrap().len(), 60_000);
    assert_eq!((engine.counters().queries(), engine.counters().failures()), (2, 1));
}

#[test]
fn a_segment_that_cannot_be_opened_is_named() {
    let engine = engine(vec![SegmentRef::whole(live(0, &rows(3), 100))]);
    let day = |day: i64| Interval::new(START + day * 86_400_000, START + (day + 1) * 86_400_000);
    let id = SegmentId { datasource: "t".into(), interval: day(2), version: "v".into(), partition: 0 };
    engine.catalog().update_datasource("t", |t| t.broken.push((id.clone(), "bad footer".into())));
    let error = ask(&engine, query(json!({}))).unwrap_err();
    assert_eq!(error.http_status(), 500);
    assert!(
        error.to_string().contains(&id.to_string()) && error.to_string().contains("bad footer"),
        "{error}"
    );
    assert!(ask(&engine, query(json!({"intervals": day(0).to_string()}))).is_ok());
    assert!(ask(&engine, query(json!({"context": {"returnPartialResults": true}}))).is_ok());
}
