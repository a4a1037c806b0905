//! Can this build read files of every format version, and does it still write the newest byte by byte?

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_segments::inspect::{columns, summary, verify};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::rows::Cell;
use alluvium_segments::time::Granularity;
use alluvium_segments::*;

use crate::model::*;
use crate::roundtrip::check_access;

/// Rows of the golden file of version 1: every column kind, every encoding, nulls, empty texts, lists.
pub(crate) fn golden_rows() -> (Arc<Schema>, Vec<Row>) {
    let no_index =
        DimensionOptions { bitmap_index: BitmapIndex::Never, multi_value: MultiValueHandling::Array };
    let mut plain = ColumnSpec::dimension("plain", ColumnType::String);
    plain.role = Role::Dimension(no_index);
    let schema = Schema {
        columns: vec![
            ColumnSpec::dimension("channel", ColumnType::String),
            ColumnSpec::dimension("tags", ColumnType::String),
            plain,
            ColumnSpec::dimension("empty", ColumnType::String),
            ColumnSpec::dimension("level", ColumnType::Long),
            ColumnSpec::dimension("ratio", ColumnType::Double),
            ColumnSpec::metric("count", ColumnType::Long, MetricFunction::Count, None),
            ColumnSpec::metric("added", ColumnType::Long, MetricFunction::Sum, Some("added")),
            ColumnSpec::metric("noise", ColumnType::Double, MetricFunction::Max, Some("noise")),
            ColumnSpec::metric("wave", ColumnType::Double, MetricFunction::Min, Some("wave")),
            ColumnSpec::metric("price", ColumnType::Double, MetricFunction::Sum, Some("price")),
            ColumnSpec::metric("quarter", ColumnType::Float, MetricFunction::Max, Some("quarter")),
            ColumnSpec::metric("odd", ColumnType::Float, MetricFunction::Min, Some("odd")),
        ],
        rollup: false,
        query_granularity: Granularity::from_name("second").unwrap(),
        timestamp_spec: None,
        projections: Vec::new(),
    };
    (Arc::new(schema), (0..4500).map(golden_row).collect())
}

fn golden_row(i: i64) -> Row {
    let noise = ((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24) as i64;
    let string = |text: String| Cell::String(text);
    let tags = match i % 9 {
        0 => Cell::Null,
        1 => Cell::Strings(vec![None]),
        2 => Cell::Strings(vec![Some(String::new()), None, Some("b".to_owned())]),
        3 => Cell::Strings(vec![Some("\u{1F600}".to_owned()), Some("\u{FFFD}".to_owned())]),
        _ => string(format!("tag {}", noise % 12)),
    };
    let odd = |i: i64| 1.0 / (1.0 + (i % 4500) as f32);
    Row {
        time: i * 19_000 + noise % 5 * 1000,
        cells: vec![
            if i % 50 == 0 { Cell::Null } else { string(format!("#{}.wiki", noise % 40)) },
            tags,
            if i < 1500 { string(String::new()) } else { string(format!("p{}", i / 1400)) },
            Cell::Null,
            if (2000..2600).contains(&i) { Cell::Null } else { Cell::Long(noise % 1000 - 500) },
            Cell::Double((i / 400) as f64 / 8.0),
            Cell::Long(1),
            Cell::Long(i64::MIN + noise % 3 + 7_000_000 * (i % 2)),
            if i < 4096 { Cell::Null } else { Cell::Double((noise as f64) / ((i + 3) as f64)) },
            Cell::Double(((i % 16) as f64 + 0.1) / 7.0),
            match i {
                700 => Cell::Double(f64::INFINITY),
                1400 => Cell::Double(-0.0),
                _ => Cell::Double((noise % 10_000) as f64 / 100.0),
            },
            Cell::Float((noise % 64) as f32 / 4.0),
            if i < 4096 { Cell::Float(0.5) } else { Cell::Float(odd(i)) },
        ],
    }
}

/// Rows of the golden file of version 2: those of version 1 and what was new.
pub(crate) fn golden_rows_2() -> (Arc<Schema>, Vec<Row>) {
    let (schema, mut rows) = golden_rows();
    let mut schema = Schema::clone(&schema);
    schema.columns.extend([
        indexed("user"),
        indexed("kind"),
        ColumnSpec::dimension("city", ColumnType::String),
        ColumnSpec::dimension("day", ColumnType::Long),
        ColumnSpec::dimension("list", ColumnType::Array(Element::Long)),
        ColumnSpec::dimension("nested", ColumnType::Json),
        ColumnSpec::merged(
            "users",
            ColumnType::Complex(Complex::HllSketch),
            Some("user"),
            r#"{"type":"HLLSketchMerge","name":"users","fieldName":"users"}"#.to_owned(),
        ),
    ]);
    for (i, row) in rows.iter_mut().enumerate() {
        row.cells.extend([
            if i % 70 == 3 { Cell::Null } else { Cell::String(format!("user {:05}", i * 7919 % 1800)) },
            Cell::String(format!("kind {}", i % 3)),
            Cell::String(format!("city {:02}", i * 31 % 69)),
            Cell::Long(((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as i64 % 90 * 86_400_000),
            Cell::String(format!("[{},null]", i % 5)),
            if i % 11 == 0 { Cell::Null } else { Cell::String(format!("{{\"a\":{}}}", i % 7)) },
            if i % 13 == 0 { Cell::Null } else { Cell::String(format!("\"AgEHDAMIAQ{:04}\"", i % 900)) },
        ]);
    }
    (Arc::new(schema), rows)
}

fn golden(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}/all.segment"))
}

/// The golden file of a version holds its rows, and every block encoding.
fn check_golden(version: u32, (schema, rows): &(Arc<Schema>, Vec<Row>)) -> MappedSegment {
    let mapped = MappedSegment::open(&golden(version)).unwrap();
    assert_eq!(mapped.schema(), &**schema);
    assert_eq!(mapped.id(), &id());
    assert_eq!(summary(&mapped).format_version, version);
    assert_eq!(rows_of(&mapped), expected(schema, rows));
    assert_eq!(mapped.verify(), vec![]);
    check_access(&mapped);
    let columns = columns(&mapped, 3).unwrap();
    let used: BTreeSet<&str> = columns.iter().flat_map(|c| c.encodings.keys().map(String::as_str)).collect();
    for encoding in ["constant", "packed", "delta", "runs", "plain", "lz4", "decimal-packed"] {
        let scaled = format!("scaled-{encoding}");
        let has = used.contains(encoding) || used.contains(scaled.as_str());
        assert!(has, "the golden file has no {encoding} block, only {used:?}");
    }
    mapped
}

#[test]
fn version_1_is_read() {
    let mapped = check_golden(1, &golden_rows());
    let index = |name: &str| columns(&mapped, 0).unwrap().iter().find(|c| c.name == name).unwrap().bitmap;
    assert_eq!(["channel", "tags", "plain"].map(index), [Some("roaring"), Some("roaring"), Some("none")]);
}

#[test]
fn version_2_is_read() {
    let mapped = check_golden(2, &golden_rows_2());
    let index = |name: &str| columns(&mapped, 0).unwrap().iter().find(|c| c.name == name).unwrap().bitmap;
    let found = ["channel", "tags", "plain", "user", "kind", "city"].map(|name| index(name).unwrap());
    assert_eq!(found, ["none", "roaring", "none", "postings", "roaring", "roaring"]);
    let day = columns(&mapped, 0).unwrap().into_iter().find(|c| c.name == "day").unwrap();
    assert_eq!(day.encodings.get("scaled-packed"), Some(&1));
    let sections = verify(&mapped).sections;
    assert!(sections.iter().any(|s| s.column == "user" && s.section == "text-page-bytes"));
}

#[test]
fn version_2_is_written_byte_by_byte() {
    let dir = folder();
    let (schema, rows) = golden_rows_2();
    let sealed = seal_rows(dir.path(), &schema, &rows);
    // Only when a new format version begins.
    if std::env::var_os("ALLUVIUM_BLESS_GOLDEN").is_some() {
        std::fs::copy(&sealed.path, golden(2)).unwrap();
    }
    let (fresh, kept) = (std::fs::read(&sealed.path).unwrap(), std::fs::read(golden(2)).unwrap());
    let first = fresh.iter().zip(&kept).position(|(a, b)| a != b);
    assert!(
        fresh == kept,
        "sealing writes other bytes than the golden file, first at {first:?} ({} and {} bytes): raise the \
         format version or find out why (a new LZ4 library?)",
        fresh.len(),
        kept.len()
    );
}
