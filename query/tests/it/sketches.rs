//! Do sketches give the same over rows in one segment and over the same rows in many, live and sealed, with caches and
//! without? And are they what Druid shows?

use alluvium_segments::SegmentRef;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::data::{Row, ask_thrice, engine, live, sealed};
use crate::random::row;

/// Aggregators whose answers do not depend on the order of values, when these are few.
fn aggregators() -> Json {
    json!([
        {"type": "HLLSketchBuild", "name": "hll", "fieldName": "s"},
        {"type": "HLLSketchBuild", "name": "hll_m", "fieldName": "m", "round": true},
        {"type": "HLLSketchBuild", "name": "hll_l", "fieldName": "l", "round": true},
        {"type": "thetaSketch", "name": "theta", "fieldName": "s", "size": 32},
        {"type": "thetaSketch", "name": "theta_d", "fieldName": "d"},
        {"type": "quantilesDoublesSketch", "name": "quantiles", "fieldName": "d", "k": 32},
        {"type": "KllFloatsSketch", "name": "kll", "fieldName": "f"},
        {"type": "arrayOfDoublesSketch", "name": "tuple", "fieldName": "s", "metricColumns": ["l"]},
        {"type": "cardinality", "name": "cardinality", "fields": ["s", "m"], "byRow": true},
        {"type": "bloom", "name": "bloom", "field": "s", "maxNumEntries": 50},
        {"type": "fixedBucketsHistogram", "name": "fixed", "fieldName": "l", "lowerLimit": -5, "upperLimit": 5,
            "outlierHandlingMode": "overflow"},
        {"type": "filtered", "filter": {"type": "null", "column": "s"},
            "aggregator": {"type": "thetaSketch", "name": "some", "fieldName": "m"}},
    ])
}

fn post_aggregators() -> Json {
    let field = |name: &str| json!({"type": "fieldAccess", "fieldName": name});
    json!([
        {"type": "thetaSketchEstimate", "name": "both", "field": {"type": "thetaSketchSetOp", "name": "x",
            "func": "UNION", "fields": [field("theta"), field("some")]}},
        {"type": "quantilesDoublesSketchToQuantiles", "name": "ends", "field": field("quantiles"),
            "fractions": [0, 1]},
        {"type": "arrayOfDoublesSketchToMetricsSumEstimate", "name": "sums", "field": field("tuple")},
        {"type": "HLLSketchEstimate", "name": "again", "field": field("hll"), "round": true},
    ])
}

fn queries() -> [Json; 2] {
    let query = |kind: &str, dimensions: Json| {
        json!({"queryType": kind, "dataSource": "t", "intervals": "2015-09-12/2015-09-13", "granularity": "all",
            "dimensions": dimensions, "aggregations": aggregators(), "postAggregations": post_aggregators()})
    };
    [query("timeseries", json!([])), query("groupBy", json!(["m"]))]
}

/// The rows in so many segments, each second one sealed.
fn segments(rows: &[Row], parts: usize, folder: &std::path::Path) -> Vec<SegmentRef> {
    let chunks = rows.chunks(rows.len().div_ceil(parts).max(1)).enumerate();
    let segment = |(i, rows): (usize, &[Row])| {
        let partition = i as u32;
        SegmentRef::whole(if i % 2 == 0 { sealed(partition, rows, folder) } else { live(partition, rows, 7) })
    };
    chunks.map(segment).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_split_into_segments_gives_the_same(
        rows in prop::collection::vec(row(), 1..120), parts in 2usize..6,
    ) {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let one = engine(segments(&rows, 1, folders[0].path()));
        let many = engine(segments(&rows, parts, folders[1].path()));
        for query in queries() {
            let (whole, merged) = (ask_thrice(&one, query.clone()).unwrap(), ask_thrice(&many, query).unwrap());
            prop_assert_eq!(rounded(&whole), rounded(&merged));
        }
    }
}

/// Answers without the digits that the order of additions changes.
fn rounded(answer: &Json) -> Json {
    match answer {
        Json::Number(number) if number.is_f64() => {
            json!(format!("{:.3e}", number.as_f64().unwrap_or_default()))
        }
        Json::Array(items) => items.iter().map(rounded).collect(),
        Json::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), rounded(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn states_are_shown_joined_and_asked_for() {
    let texts = ["a", "b", "c", "a"];
    let rows: Vec<Row> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| Row {
            id: i as i64,
            t: crate::data::START,
            s: Some((*text).to_owned()),
            l: Some(i as i64),
            ..Row::default()
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(segments(&rows, 2, folder.path()));
    let mut query = json!({"queryType": "timeseries", "dataSource": "t", "intervals": "2015-09-12/2015-09-13",
        "granularity": "all", "aggregations": [
            {"type": "thetaSketch", "name": "theta", "fieldName": "s"},
            {"type": "variance", "name": "variance", "fieldName": "l"},
            {"type": "longLast", "name": "last", "fieldName": "l"},
            {"type": "doubleMean", "name": "mean", "fieldName": "l"}]});
    let result = |query: &Json| ask_thrice(&engine, query.clone()).unwrap()[0]["result"].clone();
    let shown = result(&query);
    assert_eq!(shown["theta"], json!(3.0));
    assert!((shown["variance"].as_f64().unwrap() - 5.0 / 3.0).abs() < 1e-12);
    query["context"] = json!({"finalize": false});
    let kept = result(&query);
    assert_eq!(kept["last"]["lhs"], json!(crate::data::START));
    // 6 and 4, the upper byte first.
    assert_eq!(kept["mean"], json!("QBgAAAAAAAAAAAAAAAAABA=="));
    let theta = kept["theta"].as_str().unwrap();
    // What was shown is read: in an outer query, and in a post-aggregator.
    let inner = json!({"queryType": "groupBy", "dataSource": "t", "intervals": "2015-09-12/2015-09-13",
        "granularity": "all", "dimensions": ["s"],
        "aggregations": [{"type": "thetaSketch", "name": "each", "fieldName": "s"}]});
    let outer = json!({"queryType": "timeseries", "dataSource": {"type": "query", "query": inner},
        "intervals": "1000/3000", "granularity": "all",
        "aggregations": [{"type": "thetaSketch", "name": "all", "fieldName": "each"}],
        "postAggregations": [{"type": "thetaSketchEstimate", "name": "common", "field": {
            "type": "thetaSketchSetOp", "name": "x", "func": "INTERSECT", "fields": [
                {"type": "fieldAccess", "fieldName": "all"},
                {"type": "thetaSketchConstant", "name": "c", "value": theta}]}}]});
    let outer = crate::data::ask(&engine, outer).unwrap();
    assert_eq!(outer[0]["result"], json!({"all": 3.0, "common": 3.0}));
    let bloom = json!({"queryType": "timeseries", "dataSource": "t", "intervals": "2015-09-12/2015-09-13",
        "granularity": "all", "aggregations": [{"type": "bloom", "name": "b", "field": "s"}],
        "filter": {"type": "selector", "dimension": "s", "value": "b"}});
    let filter = result(&bloom)["b"].as_str().unwrap().to_owned();
    let passing = json!({"queryType": "timeseries", "dataSource": "t", "intervals": "2015-09-12/2015-09-13",
        "granularity": "all", "aggregations": [{"type": "count", "name": "n"}],
        "filter": {"type": "bloom", "dimension": "s", "bloomKFilter": filter}});
    assert_eq!(result(&passing)["n"], json!(1));
}
