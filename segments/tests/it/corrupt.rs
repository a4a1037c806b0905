//! Is every damaged byte found? Flipped, cut off, or forged with matching checksums: never a wrong answer where a
//! checksum can tell, never a panic.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use alluvium_segments::inspect;
use alluvium_segments::mapped::{MappedSegment, OpenMode};
use alluvium_segments::rows::Cell;
use alluvium_segments::*;
use proptest::prelude::*;

use crate::model::*;

const TRAILER: usize = 40;

/// A file of 60 rows with all column kinds, and its rows.
fn small_file(folder: &Path) -> (PathBuf, Vec<Row>) {
    let schema = Arc::new(Schema::new(vec![
        ColumnSpec::dimension("page", ColumnType::String),
        ColumnSpec::dimension("tags", ColumnType::String),
        ColumnSpec::dimension("level", ColumnType::Long),
        ColumnSpec::metric("price", ColumnType::Double, MetricFunction::Sum, None),
        ColumnSpec::metric("heat", ColumnType::Float, MetricFunction::Max, None),
        indexed("user"),
        indexed("kind"),
    ]));
    let rows: Vec<Row> = (0..60i64)
        .map(|i| Row {
            time: i * 100 + i % 7,
            cells: vec![
                if i % 10 == 0 { Cell::Null } else { Cell::String(format!("p{}", i % 5)) },
                Cell::Strings(vec![Some(format!("t{}", i % 3)), None]),
                if i % 4 == 0 { Cell::Null } else { Cell::Long(i * i * 1000) },
                if i == 30 { Cell::Double(1.0 / 3.0) } else { Cell::Double(i as f64 / 4.0) },
                Cell::Float(1.0 / (i as f32 + 1.0)),
                Cell::String(format!("u{}", i * 7 % 40)),
                if i == 7 { Cell::Null } else { Cell::String(String::new()) },
            ],
        })
        .collect();
    let sealed = seal_rows(folder, &schema, &rows);
    (sealed.path, expected(&schema, &rows))
}

/// A file of 300 rows whose texts lie in pages, and its rows.
fn paged_file(folder: &Path) -> (PathBuf, Vec<Row>) {
    let schema = Arc::new(Schema::new(vec![indexed("page")]));
    let text = |i: i64| format!("p{}{:05}", if i % 3 == 0 { "eople/" } else { "laces/\u{E9}" }, i * i);
    let rows: Vec<Row> = (0..300i64).map(|i| Row { time: i, cells: vec![Cell::String(text(i))] }).collect();
    let sealed = seal_rows(folder, &schema, &rows);
    let names = inspect::verify(&MappedSegment::open(&sealed.path).unwrap()).sections;
    assert!(names.iter().any(|s| s.section == "text-page-bytes"), "{names:?}");
    assert!(names.iter().any(|s| s.section == "posting-row-data"), "{names:?}");
    (sealed.path, expected(&schema, &rows))
}

/// Reads everything there is; an error where damage is noticed.
fn read_all(segment: &MappedSegment) -> Result<Vec<Vec<Cell>>, SegmentError> {
    let schema = segment.schema().clone();
    let names: Vec<&str> =
        std::iter::once(TIME_COLUMN).chain(schema.columns.iter().map(|c| c.name.as_str())).collect();
    for name in &names {
        match segment.column(name)? {
            Some(Column::String(column)) => {
                for id in 0..column.cardinality().min(1000) {
                    column.value(id)?;
                    column.postings(&mut std::iter::once(id), segment.rows())?;
                }
                column.postings(&mut (0..column.cardinality().min(1000)), segment.rows())?;
                column.lookup(Some("p3"))?;
                column.lower_bound("places")?;
            }
            Some(Column::Time(column) | Column::Long(column)) => {
                column.zone(0);
                column.gather(&[0, 7], &mut NumericBlock::default())?;
            }
            _ => {}
        }
    }
    alluvium_segments::rows::read_rows(segment, &names, 0..segment.rows())
}

fn cells(rows: &[Row]) -> Vec<Vec<Cell>> {
    let row = |r: &Row| std::iter::once(Cell::Long(r.time)).chain(r.cells.iter().cloned()).collect();
    rows.iter().map(row).collect()
}

#[test]
fn every_flipped_byte_is_found() {
    let dir = folder();
    let (at_open, by_verify, while_reading) = flip_bytes(dir.path(), small_file(dir.path()), 1);
    assert!(
        at_open > 100 && by_verify > 1000 && while_reading > 500,
        "{at_open} {by_verify} {while_reading}"
    );
    let (_, by_verify, while_reading) = flip_bytes(dir.path(), paged_file(dir.path()), 5);
    assert!(by_verify > 300 && while_reading > 300, "{by_verify} {while_reading}");
}

/// Flips a bit of every `step`th byte; tells how often that was found at opening, by verifying and while reading.
fn flip_bytes(folder: &Path, (path, rows): (PathBuf, Vec<Row>), step: usize) -> (usize, usize, usize) {
    let (good, wanted) = (std::fs::read(&path).unwrap(), cells(&rows));
    let damaged = folder.join("damaged.segment");
    let (mut at_open, mut by_verify, mut while_reading) = (0, 0, 0);
    for at in (0..good.len()).step_by(step) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&damaged, &bytes).unwrap();
        let mode = if at % 2 == 0 { OpenMode::Map } else { OpenMode::Read };
        let Ok(segment) = MappedSegment::open_with(&damaged, mode) else {
            at_open += 1;
            continue;
        };
        // Reading first: lazily checked granules must notice by themselves.
        match read_all(&segment) {
            Ok(found) => assert_eq!(found, wanted, "a wrong answer after flipping byte {at}"),
            Err(_) => while_reading += 1,
        }
        let verification = inspect::verify(&segment);
        assert!(!verification.ok, "byte {at} was flipped and not found");
        let bad = verification.sections.iter().find(|s| s.first_bad_granule.is_some()).unwrap();
        let end = bad.offset + bad.bytes.next_multiple_of(64);
        assert!((bad.offset..end).contains(&(at as u64)), "byte {at} blamed on {bad:?}");
        by_verify += 1;
    }
    (at_open, by_verify, while_reading)
}

#[test]
fn every_truncation_is_refused() {
    let dir = folder();
    let (path, _) = small_file(dir.path());
    let good = std::fs::read(&path).unwrap();
    let cut = dir.path().join("cut.segment");
    for length in 0..good.len() {
        std::fs::write(&cut, &good[..length]).unwrap();
        let mode = if length % 2 == 0 { OpenMode::Map } else { OpenMode::Read };
        match MappedSegment::open_with(&cut, mode) {
            Err(SegmentError::Corrupt { file, .. }) => assert_eq!(file, cut),
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    let mut longer = good;
    longer.push(0);
    std::fs::write(&cut, &longer).unwrap();
    assert!(MappedSegment::open(&cut).is_err());
}

#[test]
fn later_versions_are_refused_by_name() {
    let dir = folder();
    let (path, _) = small_file(dir.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 3;
    std::fs::write(&path, &bytes).unwrap();
    let error = MappedSegment::open(&path).unwrap_err().to_string();
    assert!(error.contains("expected a format version from 1 to 2, found version 3"), "{error}");
}

/// Puts the checksums right again that cover a file's footer.
fn seal_footer(bytes: &mut [u8]) {
    let trailer = bytes.len() - TRAILER;
    let footer = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().unwrap()) as usize;
    let checksum = crc32c::crc32c(&bytes[footer..trailer]);
    bytes[trailer + 24..trailer + 28].copy_from_slice(&checksum.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[trailer..trailer + 32]);
    bytes[trailer + 32..trailer + 36].copy_from_slice(&checksum.to_le_bytes());
}

fn never_panics(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    if let Ok(segment) = MappedSegment::open(path) {
        let _ = read_all(&segment);
        let _ = inspect::summary(&segment);
        let _ = inspect::columns(&segment, 5);
        let _ = inspect::verify(&segment);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]
    /// Forged footers, with checksums that match.
    #[test]
    fn forged_footers_never_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let dir = folder();
        let (path, _) = small_file(dir.path());
        let mut bytes = std::fs::read(&path).unwrap();
        let trailer = bytes.len() - TRAILER;
        let footer = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().unwrap()) as usize;
        bytes[footer + at.index(trailer - footer)] = byte;
        seal_footer(&mut bytes);
        never_panics(&path, &bytes);
    }

    /// Forged sections, with checksums that match: decoding must defend itself.
    #[test]
    fn forged_sections_never_panic(
        section in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        paged: bool,
    ) {
        let dir = folder();
        let (path, _) = if paged { paged_file(dir.path()) } else { small_file(dir.path()) };
        let mut bytes = std::fs::read(&path).unwrap();
        let sections = inspect::verify(&MappedSegment::open(&path).unwrap()).sections;
        let filled: Vec<_> = sections.iter().filter(|s| s.bytes > 0).collect();
        // One granule a section here; the checksums end the footer, in the order of the sections.
        let number = section.index(filled.len());
        let (start, length) = (filled[number].offset as usize, filled[number].bytes as usize);
        for (at, byte) in changes {
            bytes[start + at.index(length)] = byte;
        }
        let checksum = crc32c::crc32c(&bytes[start..start + length.next_multiple_of(64)]);
        let slot = bytes.len() - TRAILER - 4 * (filled.len() - number);
        bytes[slot..slot + 4].copy_from_slice(&checksum.to_le_bytes());
        seal_footer(&mut bytes);
        never_panics(&path, &bytes);
    }
}
