//! Metrics that are summaries: made when rows are taken in, of their own types in SQL's catalogue, merged by queries.

use serde_json::json;

use super::{edits_task, refused};
use crate::node::Node;

/// Values 1 to 6, three an hour, rolled up by hour.
const ROWS: &str = r#"{"t":"2015-09-12T00:00:00Z","v":1}
{"t":"2015-09-12T00:10:00Z","v":2}
{"t":"2015-09-12T00:20:00Z","v":3}
{"t":"2015-09-12T01:00:00Z","v":4}
{"t":"2015-09-12T01:10:00Z","v":5}
{"t":"2015-09-12T01:20:00Z","v":6}"#;

#[test]
fn stored_summaries_have_their_types_and_merge() {
    let node = Node::start();
    let mut task = edits_task(ROWS);
    let schema = &mut task["spec"]["dataSchema"];
    schema["dataSource"] = json!("summaries");
    schema["dimensionsSpec"] = json!({"dimensions": []});
    schema["granularitySpec"] =
        json!({"segmentGranularity": "DAY", "queryGranularity": "HOUR", "rollup": true});
    schema["metricsSpec"] = json!([
        {"type": "variance", "name": "spread", "fieldName": "v", "inputType": "double"},
        {"type": "approxHistogram", "name": "histogram", "fieldName": "v", "resolution": 50},
        {"type": "fixedBucketsHistogram", "name": "buckets", "fieldName": "v", "numBuckets": 20,
            "lowerLimit": 0, "upperLimit": 10, "outlierHandlingMode": "ignore"},
        {"type": "tDigestSketch", "name": "digest", "fieldName": "v"},
        {"type": "ddSketch", "name": "relative", "fieldName": "v"}
    ]);
    assert_eq!(node.run_task(&task)["status"], "SUCCESS");
    assert_eq!(node.sql("SELECT COUNT(*) FROM summaries"), json!([[2]]));
    let types = node.sql(
        "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS \
         WHERE TABLE_NAME = 'summaries' AND COLUMN_NAME <> '__time' ORDER BY 1",
    );
    let wanted = json!([
        ["buckets", "COMPLEX<fixedBucketsHistogram>"],
        ["digest", "COMPLEX<tDigestSketch>"],
        ["histogram", "COMPLEX<approximateHistogram>"],
        ["relative", "COMPLEX<ddSketch>"],
        ["spread", "COMPLEX<variance>"]
    ]);
    assert_eq!(types, wanted);
    // The variance of 1 to 6 is 3.5, of all of them 35 / 12.
    let asked = node.sql(
        "SELECT VAR_SAMP(spread), VAR_POP(spread), APPROX_QUANTILE(histogram, 0.5), \
         APPROX_QUANTILE_FIXED_BUCKETS(buckets, 0.5, 20, 0.0, 10.0), TDIGEST_QUANTILE(digest, 0.5) FROM summaries",
    );
    assert_eq!(asked, json!([[3.5, 35.0 / 12.0, 3.0, 3.5, 3.5]]));
    let native = json!({"queryType": "timeseries", "dataSource": "summaries", "granularity": "all",
        "intervals": ["2015-09-12/2015-09-13"],
        "aggregations": [{"type": "varianceFold", "name": "v", "fieldName": "spread"},
            {"type": "approxHistogramFold", "name": "h", "fieldName": "histogram", "numBuckets": 6}],
        "postAggregations": [{"type": "quantile", "name": "q", "fieldName": "h", "probability": 0.5}]});
    let result = node.post("/druid/v2", &native).json()[0]["result"].clone();
    let bars =
        json!({"breaks": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "counts": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]});
    assert_eq!(result, json!({"v": 3.5, "h": bars, "q": 3.0}));
}

#[test]
fn metrics_that_are_not_here_are_refused_by_name() {
    let node = Node::start();
    for kind in
        ["momentSketch", "compressedBigDecimal", "spectatorHistogram", "Bitmap64ExactCountBuild", "timeMin"]
    {
        let mut task = edits_task(ROWS);
        task["spec"]["dataSchema"]["metricsSpec"] = json!([{"type": kind, "name": "x", "fieldName": "v"}]);
        refused(&node.post("/druid/indexer/v1/task", &task), 400, &[kind]);
    }
}
