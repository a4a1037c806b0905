//! What rows are loaded? Events of 20 fields and about 500 bytes, made from their number: a time, ten texts of five to
//! 20,000 values, a longer text, numbers.

use serde_json::{Value, json};

/// 2024-03-01.
const START: i64 = 1_709_251_200_000;

/// Record `n` as JSON.
pub(crate) fn record(n: usize) -> String {
    let texts: String = (0..10)
        .map(|field| {
            let values = [5, 50, 1000, 20_000][field % 4];
            format!("\"s{field}\":\"value-{}-{field}\",", n * (field + 7) % values)
        })
        .collect();
    let numbers: String =
        (0..8).map(|field| format!(",\"n{field}\":{}", n * (field + 3) % 1_000_003)).collect();
    let time = alluvium_segments::time::format_iso(START + n as i64 * 4);
    let note = "abcdefgh ".repeat(18 + n % 3);
    format!("{{\"time\":\"{time}\",{texts}\"note\":\"{note}\"{numbers}}}")
}

/// The sum of `n1` over the first `rows` records.
pub(crate) fn sum(rows: usize) -> i64 {
    (0..rows).map(|n| (n * 4 % 1_000_003) as i64).sum()
}

/// A supervisor spec that reads such records from a topic.
pub(crate) fn supervisor(topic: &str, broker: &str, tasks: usize) -> Value {
    let texts = (0..10).map(|field| json!(format!("s{field}"))).chain([json!("note")]);
    let numbers = (0..8).map(|field| json!({"type": "long", "name": format!("n{field}")}));
    let dimensions: Vec<Value> = texts.chain(numbers).collect();
    json!({"type": "kafka", "spec": {
        "dataSchema": {
            "dataSource": topic,
            "timestampSpec": {"column": "time", "format": "iso"},
            "dimensionsSpec": {"dimensions": dimensions},
            "granularitySpec": {"segmentGranularity": "day", "queryGranularity": "none", "rollup": false}
        },
        "ioConfig": {
            "topic": topic, "inputFormat": {"type": "json"}, "useEarliestOffset": true, "taskCount": tasks,
            "taskDuration": "PT1H", "consumerProperties": {"bootstrap.servers": broker}
        },
        "tuningConfig": {"type": "kafka"}
    }})
}
