//! Does the inspector tell the truth?

use alluvium_segments::inspect::{DumpOptions, columns, dump, summary};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::*;
use serde_json::{Value, json};

use crate::golden::{golden_rows, golden_rows_2};
use crate::model::*;

#[test]
fn a_file_is_described() {
    let dir = folder();
    let (schema, rows) = golden_rows();
    let sealed = seal_rows(dir.path(), &schema, &rows);
    let mapped = MappedSegment::open(&sealed.path).unwrap();
    let summary = serde_json::to_value(summary(&mapped)).unwrap();
    let wanted = json!({
        "rows": 4500, "columns": 14, "formatVersion": 2, "order": "time", "rollup": false,
        "firstTime": "1970-01-01T00:00:00.000Z", "bytes": sealed.size_bytes,
        "interval": "1970-01-01T00:00:00.000Z/1970-01-02T00:00:00.000Z",
        "checksum": format!("{:08x}", sealed.checksum),
    });
    for (key, value) in wanted.as_object().unwrap() {
        assert_eq!(summary.get(key), Some(value), "{key}");
    }

    let columns = columns(&mapped, 3).unwrap();
    let find = |name: &str| columns.iter().find(|c| c.name == name).unwrap();
    let channel = find("channel");
    assert_eq!((channel.column_type, channel.role, channel.cardinality), ("STRING", "dimension", Some(40)));
    assert_eq!((channel.bitmap, channel.nulls, channel.multi_value), (Some("none"), 90, false));
    assert_eq!((&channel.min, &channel.max), (&json!("#0.wiki"), &json!("#9.wiki")));
    assert_eq!(channel.samples, ["#0.wiki", "#26.wiki", "#9.wiki"]);
    assert!(channel.bitmap_bytes == 0 && channel.dictionary_bytes > 0);
    let tags = find("tags");
    assert!(tags.bitmap == Some("roaring") && tags.bitmap_bytes > 0);
    assert!(tags.bytes_after > tags.bitmap_bytes + tags.dictionary_bytes);
    assert!(find("tags").multi_value);
    assert_eq!((find("plain").bitmap, find("plain").role), (Some("none"), "dimension"));
    assert_eq!((find("empty").cardinality, find("empty").nulls), (Some(0), 4500));
    assert_eq!((find("price").role, find("price").max.clone()), ("sum", json!("Infinity")));
    assert_eq!(find("__time").role, "time");
    assert!(find("__time").bytes_after < find("__time").bytes_before / 3);
    assert_eq!(find("count").encodings.get("constant"), Some(&2));
    let after: u64 = columns.iter().map(|c| c.bytes_after).sum();
    assert!(after < sealed.size_bytes);
}

#[test]
fn a_nested_column_is_described_by_its_leaves() {
    let dir = folder();
    let (schema, rows) = golden_rows_2();
    let mapped = MappedSegment::open(&seal_rows(dir.path(), &schema, &rows).path).unwrap();
    let columns = columns(&mapped, 0).unwrap();
    let nested = columns.iter().find(|c| c.name == "nested").unwrap();
    let [leaf] = nested.leaves.as_slice() else { panic!("{:?}", nested.leaves) };
    assert_eq!((leaf.name.as_str(), leaf.column_type, leaf.nulls), (r#"["a"]"#, "LONG", nested.nulls));
    assert_eq!((&leaf.min, &leaf.max), (&json!(0), &json!(6)));
    assert!(columns.iter().all(|c| c.name == "nested" || c.leaves.is_empty()));
}

#[test]
fn rows_are_dumped() {
    let dir = folder();
    let (schema, rows) = golden_rows();
    let mapped = MappedSegment::open(&seal_rows(dir.path(), &schema, &rows).path).unwrap();
    let lines = |options: &DumpOptions| {
        let mut out = Vec::new();
        let count = dump(&mapped, options, &mut out).unwrap();
        let lines: Vec<Value> = out
            .split(|b| *b == b'\n')
            .filter(|l| !l.is_empty())
            .map(|l| serde_json::from_slice(l).unwrap())
            .collect();
        assert_eq!(lines.len() as u64, count);
        lines
    };
    assert_eq!(lines(&DumpOptions::default()).len(), 4500);
    let columns = ["tags", "__time", "price"].map(str::to_owned).to_vec();
    let found = lines(&DumpOptions { columns, offset: 1, limit: Some(3) });
    let wanted = expected(&schema, &rows);
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[0],
        json!({"tags": [null], "__time": "1970-01-01T00:00:20.000Z", "price": found[0]["price"]})
    );
    assert_eq!(wanted[1].time, 20_000);
    assert_eq!(found[1]["tags"], json!(["", null, "b"]));
    let missing = DumpOptions { columns: vec!["nope".to_owned()], ..DumpOptions::default() };
    let error = dump(&mapped, &missing, &mut Vec::new()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotFound);
    assert_eq!(error.to_string(), "column `nope` does not exist");
}
