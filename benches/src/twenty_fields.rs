//! What are the rows that programs without a server parse? Twenty fields, about 500 bytes of JSON: ten texts of 5 to 20,000
//! values, a long text, nine numbers, a time.

use serde_json::{Value, json};

/// The spec of a supervisor that reads them; only its parsing part is used.
#[must_use]
pub fn spec(datasource: &str, segment_granularity: &str) -> Value {
    let texts = (0..10).map(|field| json!(format!("s{field}"))).chain([json!("note")]);
    let numbers = (0..9).map(|field| json!({"type": "long", "name": format!("n{field}")}));
    let dimensions: Vec<Value> = texts.chain(numbers).collect();
    json!({"type": "kafka", "spec": {
        "dataSchema": {
            "dataSource": datasource,
            "timestampSpec": {"column": "time", "format": "iso"},
            "dimensionsSpec": {"dimensions": dimensions},
            "granularitySpec": {
                "segmentGranularity": segment_granularity, "queryGranularity": "none", "rollup": false
            }
        },
        "ioConfig": {
            "topic": datasource, "inputFormat": {"type": "json"},
            "consumerProperties": {"bootstrap.servers": "none:0"}
        },
        "tuningConfig": {"type": "kafka"}
    }})
}

/// One row, at a time in milliseconds; `number(field, below)` draws what is in a field: texts are fields 0 to 9, numbers
/// 10 to 18.
#[must_use]
pub fn record(time_ms: i64, mut number: impl FnMut(usize, usize) -> usize) -> String {
    const VALUES: [usize; 4] = [5, 50, 1000, 20_000];
    let mut fields = String::new();
    for field in 0..10 {
        fields.push_str(&format!("\"s{field}\":\"value-{}\",", number(field, VALUES[field % 4])));
    }
    fields.push_str(&format!("\"note\":\"{}\"", "x".repeat(60)));
    for field in 0..9 {
        fields.push_str(&format!(",\"n{field}\":{}", number(10 + field, 10_007)));
    }
    format!("{{\"time\":\"{}\",{fields}}}", alluvium_segments::time::format_iso(time_ms))
}
