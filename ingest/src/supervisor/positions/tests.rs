//! Where reading starts, with and without stored offsets, and when they are gone.

use serde_json::json;

use super::*;
use crate::source::SourceFactory;
use crate::source::memory::MemoryStream;

fn spec(tuning: &serde_json::Value) -> SupervisorSpec {
    SupervisorSpec::from_json(&json!({"type": "kafka", "spec": {
        "dataSchema": {"dataSource": "d", "timestampSpec": {"column": "t"},
            "dimensionsSpec": {"dimensions": ["a"]}, "granularitySpec": {}},
        "ioConfig": {"topic": "t", "inputFormat": {"type": "json"},
            "consumerProperties": {"bootstrap.servers": "x:1"}, "useEarliestOffset": true},
        "tuningConfig": tuning}}))
    .unwrap()
}

fn positions(reset: bool, stored: i64) -> Result<i64, IngestError> {
    let stream = MemoryStream::default();
    for _ in 0..10 {
        stream.produce("t", 0, b"x");
    }
    stream.truncate("t", 0, 4);
    let spec = spec(&json!({"type": "kafka", "resetOffsetAutomatically": reset}));
    let mut source = stream.open()?;
    let (low, high) = source.bounds(&StreamPartition::new("t", 0))?;
    assert_eq!((low, high), (4, 10));
    if (low..=high).contains(&stored) {
        return Ok(stored);
    }
    super::reset(&spec, &StreamPartition::new("t", 0), stored, low, high)
}

#[test]
fn a_lost_offset_is_an_error_that_says_the_gap() {
    let error = positions(false, 1).unwrap_err().to_string();
    assert!(error.contains("records 1 to 3 are gone") && error.contains("/reset"), "{error}");
    let error = positions(false, 11).unwrap_err().to_string();
    assert!(error.contains("truncated or created anew"), "{error}");
    assert_eq!(positions(false, 10).unwrap(), 10);
}

#[test]
fn or_is_reset_where_the_spec_says_so() {
    assert_eq!(positions(true, 1).unwrap(), 4);
    assert_eq!(positions(true, 11).unwrap(), 4);
}
