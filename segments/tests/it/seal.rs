//! Does sealing honour masks, visible intervals, schemas of different age, and a disk that refuses?

use std::sync::Arc;

use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::rows::Cell;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::*;
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::model::*;
use crate::roundtrip;

fn text(value: &str) -> Cell {
    Cell::String(value.to_owned())
}

fn one_column(name: &str, column_type: ColumnType, values: &[Cell]) -> (Arc<Schema>, Vec<Row>) {
    let schema = Arc::new(Schema::new(vec![ColumnSpec::dimension(name, column_type)]));
    let row = |(i, cell): (usize, &Cell)| Row { time: i as i64, cells: vec![cell.clone()] };
    (schema, values.iter().enumerate().map(row).collect())
}

fn open(request: &SealRequest) -> MappedSegment {
    MappedSegment::open(&seal(request).unwrap().path).unwrap()
}

fn cells(segment: &MappedSegment, column: usize) -> Vec<Cell> {
    rows_of(segment).into_iter().map(|mut row| row.cells.remove(column)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Rows -> live views of several hydrants -> one sealed file, minus what is hidden or overshadowed.
    #[test]
    fn live_views_are_sealed(
        rows in prop::collection::vec(roundtrip::row(true), 1..200),
        hide in prop::collection::vec(any::<bool>(), 200),
        cut in 0i64..86_400_000,
        hydrant in 20usize..90,
    ) {
        let dir = folder();
        let schema = roundtrip::schema(false);
        let (mut inputs, mut kept) = (Vec::new(), Vec::new());
        for part in rows.chunks(hydrant) {
            let options = LiveOptions { chunk_rows: 16, ..LiveOptions::default() };
            let (_, mut writer) = LiveSegment::open(id(), Arc::clone(&schema), options).unwrap();
            for batch_rows in part.chunks(7) {
                writer.append(&batch(&schema, batch_rows)).unwrap();
                writer.publish();
            }
            let view = writer.freeze();
            let hidden: RoaringBitmap = (0..part.len() as u32).filter(|i| hide[*i as usize]).collect();
            // Live segments normalise multi-value rows when they are appended: what the view holds is expected.
            for (i, row) in rows_of(view.as_ref()).into_iter().enumerate() {
                if !hide[i] && row.time < cut {
                    kept.push(row);
                }
            }
            inputs.push(SegmentRef {
                segment: view,
                visible: Interval::new(0, cut),
                hidden: Some(Arc::new(hidden)),
            });
        }
        let mapped = open(&request(dir.path().join("a.segment"), inputs));
        prop_assert_eq!(rows_of(&mapped), expected(&schema, &kept));
        prop_assert_eq!(mapped.verify(), vec![]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Rows that were rolled up in part while they arrived are rolled up whole in the file.
    #[test]
    fn live_rollup_is_finished(
        rows in prop::collection::vec(roundtrip::row(false), 1..150),
        hydrant in 20usize..90,
        step in 1usize..20,
    ) {
        let dir = folder();
        let schema = roundtrip::schema(true);
        // Few times, so that there is something to roll up.
        let rows: Vec<Row> = rows.into_iter().map(|r| Row { time: r.time % 3, ..r }).collect();
        let inputs = rows.chunks(hydrant).map(|part| {
            let options = LiveOptions { chunk_rows: 32, ..LiveOptions::default() };
            let (_, mut writer) = LiveSegment::open(id(), Arc::clone(&schema), options).unwrap();
            for batch_rows in part.chunks(step) {
                writer.append(&batch(&schema, batch_rows)).unwrap();
                writer.publish();
            }
            SegmentRef::whole(writer.freeze())
        });
        let mapped = open(&request(dir.path().join("a.segment"), inputs.collect()));
        prop_assert_eq!(rows_of(&mapped), expected(&schema, &rows));
    }
}

#[test]
fn the_newest_type_wins_and_values_are_cast() {
    let dir = folder();
    let numbers = [Cell::Long(7), Cell::Null, Cell::Long(-3)];
    let texts = [text("12"), text("x"), Cell::Null, text("2.5")];
    let (long, long_rows) = one_column("a", ColumnType::Long, &numbers);
    let (string, string_rows) = one_column("a", ColumnType::String, &texts);
    let (double, double_rows) = one_column("a", ColumnType::Double, &[Cell::Double(1e7), Cell::Null]);
    let (long, string, double) =
        (input(&long, &long_rows), input(&string, &string_rows), input(&double, &double_rows));
    let sealed = |name: &str, inputs| cells(&open(&request(dir.path().join(name), inputs)), 0);
    let sort = |mut cells: Vec<Cell>| {
        cells.sort_by(compare);
        cells
    };
    let as_text = sealed("s", vec![long.clone(), double.clone(), string.clone()]);
    let wanted = [text("7"), text("-3"), text("1.0E7"), Cell::Null, Cell::Null];
    assert_eq!(sort(as_text), sort([&texts[..], &wanted[..]].concat()));
    let as_long = sealed("l", vec![string.clone(), double.clone(), long.clone()]);
    let wanted = [12, 2, 10_000_000, 7, -3].map(Cell::Long).into_iter().chain(vec![Cell::Null; 4]).collect();
    assert_eq!(sort(as_long), sort(wanted));
    let as_double = sealed("d", vec![string, long, double]);
    let wanted =
        [12.0, 2.5, 1e7, 7.0, -3.0].map(Cell::Double).into_iter().chain(vec![Cell::Null; 4]).collect();
    assert_eq!(sort(as_double), sort(wanted));
}

#[test]
fn arrays_and_nested_values_keep_their_type() {
    let dir = folder();
    for column_type in [ColumnType::Array(Element::Double), ColumnType::Json] {
        let values = [text("[2.5,null]"), Cell::Null, text("[]"), text("[2.5,null]")];
        let (schema, rows) = one_column("a", column_type, &values);
        let name = format!("{column_type}");
        let sealed = open(&request(dir.path().join(name), vec![input(&schema, &rows)]));
        assert_eq!(sealed.schema().columns[0].column_type, column_type);
        assert_eq!(cells(&sealed, 0), values);
    }
}

#[test]
fn columns_are_united_and_missing_ones_are_null() {
    let dir = folder();
    let (old, old_rows) = one_column("old", ColumnType::String, &[text("x"), text("y")]);
    let (new, new_rows) = one_column("new", ColumnType::Long, &[Cell::Long(1)]);
    let inputs = vec![input(&old, &old_rows), input(&new, &new_rows)];
    let mapped = open(&request(dir.path().join("a"), inputs.clone()));
    let names: Vec<&str> = mapped.schema().columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["new", "old"]);
    assert_eq!(cells(&mapped, 0), [Cell::Null, Cell::Long(1), Cell::Null]);
    assert_eq!(cells(&mapped, 1), [text("x"), Cell::Null, text("y")]);

    // A given schema drops what it does not name.
    let given = Schema::new(vec![ColumnSpec::dimension("old", ColumnType::String)]);
    let request = SealRequest { schema: Some(Arc::new(given)), ..request(dir.path().join("b"), inputs) };
    let mapped = open(&request);
    assert_eq!(mapped.schema().columns.len(), 1);
    assert_eq!(cells(&mapped, 0), [Cell::Null, text("x"), text("y")]);
    assert!(mapped.column("new").unwrap().is_none());
}

#[test]
fn a_coarser_granularity_rolls_up_anew() {
    let dir = folder();
    let mut schema = Schema::clone(&roundtrip::schema(true));
    schema.columns.retain(|c| c.name == "count" || c.name == "page");
    let schema = Arc::new(schema);
    let rows: Vec<Row> =
        (0..100).map(|i| Row { time: i * 60_000, cells: vec![text("p"), Cell::Long(2)] }).collect();
    let mut hourly = Schema::clone(&schema);
    hourly.query_granularity = Granularity::from_name("hour").unwrap();
    let request = SealRequest {
        schema: Some(Arc::new(hourly)),
        ..request(dir.path().join("a"), vec![input(&schema, &rows)])
    };
    let found = rows_of(&open(&request));
    let wanted = [(0, 120), (3_600_000, 80)];
    assert_eq!(found, wanted.map(|(time, count)| Row { time, cells: vec![text("p"), Cell::Long(count)] }));
}

#[test]
fn numbers_as_wide_as_a_key_are_sorted() {
    let dir = folder();
    let values = [i64::MAX, 0, 5, i64::MAX - 1, 1 << 40];
    let (schema, mut rows) = one_column("a", ColumnType::Long, &values.map(Cell::Long));
    rows.iter_mut().for_each(|row| row.time = 9);
    let mapped = open(&request(dir.path().join("a"), vec![input(&schema, &rows)]));
    assert_eq!(cells(&mapped, 0), [0, 5, 1 << 40, i64::MAX - 1, i64::MAX].map(Cell::Long));
}

#[test]
fn rows_outside_their_interval_are_refused_not_lost() {
    let dir = folder();
    let (schema, mut rows) = one_column("a", ColumnType::String, &[text("x"), text("y")]);
    rows[1].time = 86_400_000;
    let error = seal(&request(dir.path().join("a"), vec![input(&schema, &rows)])).unwrap_err().to_string();
    assert!(error.contains("to 1970-01-02T00:00:00.000Z, outside its interval"), "{error}");
}

#[test]
fn nothing_is_a_file_too() {
    let dir = folder();
    let schema = roundtrip::schema(true);
    let sealed = seal_rows(dir.path(), &schema, &[]);
    assert_eq!((sealed.rows, sealed.time_bounds), (0, None));
    let mapped = MappedSegment::open(&sealed.path).unwrap();
    assert_eq!(mapped.verify(), vec![]);
    assert_eq!(rows_of(&mapped), []);
    assert!(seal(&request(dir.path().join("b"), Vec::new())).is_err());
}

#[test]
fn a_disk_that_refuses_leaves_nothing_behind() {
    let dir = folder();
    let schema = roundtrip::schema(false);
    let inputs = vec![input(&schema, &[])];
    let missing = seal(&request(dir.path().join("missing/a.segment"), inputs.clone()));
    assert!(matches!(missing, Err(SegmentError::Io { action: "create", .. })), "{missing:?}");

    // A full disk: writes to /dev/full fail with "no space left on device".
    let path = dir.path().join("full.segment");
    let temporary = dir.path().join("full.segment.tmp");
    std::os::unix::fs::symlink("/dev/full", &temporary).unwrap();
    match seal(&request(path.clone(), inputs)) {
        Err(SegmentError::Io { source, .. }) => assert_eq!(source.kind(), std::io::ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
    assert!(!path.exists() && std::fs::symlink_metadata(&temporary).is_err());
}

#[test]
fn an_unlinked_file_is_read_to_the_end() {
    let dir = folder();
    let (schema, rows) = one_column("a", ColumnType::String, &[text("x"), text("y")]);
    let sealed = seal_rows(dir.path(), &schema, &rows);
    let mapped = MappedSegment::open(&sealed.path).unwrap();
    std::fs::remove_file(&sealed.path).unwrap();
    assert_eq!(cells(&mapped, 0), [text("x"), text("y")]);
    assert!(matches!(MappedSegment::open(&sealed.path), Err(SegmentError::Io { action: "open", .. })));
}
