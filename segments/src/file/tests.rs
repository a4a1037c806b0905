//! What does a reader do with what it does not know? Optional sections and parts are skipped, required ones and
//! reserved column kinds refused.

use std::path::Path;

use super::footer::{BitmapKind, ColumnEntry, ColumnKind, Footer};
use super::layout::GRANULE_BYTES;
use super::*;
use crate::time::Interval;
use crate::{RowOrder, Schema, SegmentError, SegmentId};

fn footer() -> Footer {
    let id = SegmentId {
        datasource: "d".to_owned(),
        interval: Interval::new(0, 10),
        version: "v".to_owned(),
        partition: 3,
    };
    let time = ColumnEntry {
        name: "__time".to_owned(),
        kind: ColumnKind::Time,
        multi: false,
        bitmap: BitmapKind::None,
        cardinality: 0,
        offset_width: 0,
        nulls: 0,
        values: 0,
        bounds: None,
        bytes_before: 0,
    };
    Footer {
        id,
        schema: Schema::new(Vec::new()),
        rows: 0,
        order: RowOrder::Time,
        time_bounds: None,
        columns: vec![time],
        sections: Vec::new(),
        granules: Vec::new(),
        projections: Vec::new(),
        leaves: Vec::new(),
    }
}

fn write(path: &Path, tag: u16, required: bool, content: &[u8]) {
    let mut writer = FileWriter::create(path).unwrap();
    writer.section(0, SectionKind::Blocks, b"12345678").unwrap();
    writer.raw_section(0, tag, required, content).unwrap();
    writer.finish(footer()).unwrap();
}

#[test]
fn unknown_sections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    write(&path, 777, false, b"of a later version");
    let (file, found) = FileBytes::open(&path, OpenMode::Map).unwrap();
    assert_eq!((found.id.partition, found.sections[1].name()), (3, "unknown-777".to_owned()));
    assert_eq!(file.read(0, 2..5).unwrap(), b"345");
    assert!(matches!(file.read(0, 2..9), Err(SegmentError::Corrupt { .. })));

    write(&path, 777, true, b"of a later version");
    let error = FileBytes::open(&path, OpenMode::Map).unwrap_err().to_string();
    assert!(error.contains("required section kind 777"), "{error}");
}

#[test]
fn unknown_parts_and_kinds() {
    let mut bytes = footer().to_bytes().unwrap();
    let part = |flags: u8| [9, 0, flags, 0, 2, 0, 0, 0, 1, 1];
    bytes.extend_from_slice(&part(0));
    assert_eq!(Footer::from_bytes(&bytes).unwrap(), footer());
    let at = bytes.len();
    bytes.extend_from_slice(&part(1));
    let (offset, damage) = Footer::from_bytes(&bytes).unwrap_err();
    assert_eq!((offset, damage.found.as_str()), (at, "required part 9"));
    for reserved in [8, 200] {
        assert!(ColumnKind::from_tag(reserved).is_err());
    }
    assert!(BitmapKind::from_tag(2).is_err());
}

#[test]
fn each_granule_is_checked_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let content: Vec<u8> = (0..GRANULE_BYTES * 2 + 100).map(|i| (i % 251) as u8).collect();
    write(&path, SectionKind::Data as u16, true, &content);
    let mut bytes = std::fs::read(&path).unwrap();
    let (file, found) = FileBytes::open(&path, OpenMode::Read).unwrap();
    let start = found.sections[1].offset as usize;
    assert_eq!(file.granule_count(1), 3);
    assert_eq!(file.read(1, 0..content.len()).unwrap(), content);
    bytes[start + GRANULE_BYTES + 5] ^= 4;
    std::fs::write(&path, &bytes).unwrap();
    let (file, _) = FileBytes::open(&path, OpenMode::Read).unwrap();
    assert_eq!(file.read(1, 0..GRANULE_BYTES).unwrap(), &content[..GRANULE_BYTES]);
    assert_eq!(file.read(1, GRANULE_BYTES * 2..content.len()).unwrap(), &content[GRANULE_BYTES * 2..]);
    match file.read(1, GRANULE_BYTES - 1..GRANULE_BYTES + 1) {
        Err(SegmentError::Corrupt { at, .. }) => assert_eq!(at as usize, start + GRANULE_BYTES),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_abandoned_file_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let writer = FileWriter::create(&folder.path().join("f")).unwrap();
    assert!(folder.path().join("f.tmp").exists());
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
