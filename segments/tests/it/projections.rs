//! Does a file hold the groups of its projections, exactly those of its rows?

use std::sync::Arc;

use alluvium_segments::inspect::{DumpOptions, dump, summary, verify};
use alluvium_segments::mapped::{MappedSegment, OpenMode};
use alluvium_segments::rows::Cell;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::{Granularity, Interval};
use alluvium_segments::*;
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::model::*;
use crate::roundtrip;

fn metrics() -> Vec<ColumnSpec> {
    use MetricFunction::{Count, Max, Min, Sum};
    vec![
        ColumnSpec::metric("n", ColumnType::Long, Count, None),
        ColumnSpec::metric("sum", ColumnType::Long, Sum, Some("sum")),
        ColumnSpec::metric("wide", ColumnType::Double, Sum, Some("sum")),
        ColumnSpec::metric("lowest", ColumnType::Double, Min, Some("low")),
        ColumnSpec::metric("highest", ColumnType::Float, Max, Some("high")),
        ColumnSpec::metric("level most", ColumnType::Long, Max, Some("level")),
    ]
}

/// Dimensions by the bits of `mask`, all metrics.
fn spec(name: &str, mask: u8, granularity: &str) -> ProjectionSpec {
    let base = roundtrip::schema(false);
    let dimensions = base.columns.iter().take(4).enumerate().filter(|(i, _)| mask >> i & 1 == 1);
    let mut columns: Vec<ColumnSpec> = dimensions.map(|(_, spec)| spec.clone()).collect();
    columns.extend(metrics());
    let granularity = Granularity::from_name(granularity).unwrap();
    ProjectionSpec { name: name.to_owned(), granularity, columns }
}

fn with(rollup: bool, projections: Vec<ProjectionSpec>) -> Arc<Schema> {
    Arc::new(Schema { projections, ..Schema::clone(&roundtrip::schema(rollup)) })
}

/// The groups of the rows of a segment, the slow way.
fn groups(segment: &dyn Segment, spec: &ProjectionSpec) -> Vec<Row> {
    let cells = |row: &Row| {
        let find = |name: &str| row.cells[segment.schema().find(name).unwrap().0].clone();
        let cell = |column: &ColumnSpec| match (&column.role, column.column_type) {
            (Role::Dimension(_), _) => find(&column.name),
            (Role::Metric { field: None, .. }, _) => Cell::Long(1),
            (Role::Metric { field: Some(field), .. }, ColumnType::Double) => match find(field) {
                Cell::Long(v) => Cell::Double(v as f64),
                other => other,
            },
            (Role::Metric { field: Some(field), .. }, _) => find(field),
        };
        spec.columns.iter().map(cell).collect()
    };
    let first = segment.id().interval.start;
    let time = |t: i64| spec.granularity.bucket_start(t).max(first);
    let rows: Vec<Row> =
        rows_of(segment).iter().map(|row| Row { time: time(row.time), cells: cells(row) }).collect();
    expected(&spec.schema(), &rows)
}

fn check(segment: &MappedSegment, specs: &[ProjectionSpec]) {
    assert_eq!(segment.verify(), vec![]);
    let projections = segment.projections();
    assert_eq!(
        projections.iter().map(Projection::spec).collect::<Vec<_>>(),
        specs.iter().collect::<Vec<_>>()
    );
    for projection in projections {
        let opened = projection.segment().unwrap();
        let wanted = groups(segment, projection.spec());
        assert_eq!(rows_of(opened.as_ref()), wanted, "{}", projection.spec().name);
        assert_eq!(projection.rows(), wanted.len() as u64);
        assert_eq!((opened.id(), opened.size_bytes()), (segment.id(), projection.bytes()));
        roundtrip::check_access(segment.projection(&projection.spec().name).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Rows of several inputs, some hidden, some overshadowed; sealed, and sealed again from sealed files.
    #[test]
    fn groups_are_those_of_the_rows(
        rows in any::<bool>().prop_flat_map(|multi| prop::collection::vec(roundtrip::row(multi), 0..120)),
        rollup in any::<bool>(),
        masks in prop::array::uniform2(0u8..16),
        granularity in prop::sample::select(vec!["all", "none", "second", "hour", "day", "month"]),
        hide in prop::collection::vec(any::<bool>(), 120),
        end in prop_oneof![Just(86_400_000i64), 0i64..86_400_000],
        cut in 0usize..120,
    ) {
        let dir = folder();
        let specs = vec![spec("first", masks[0], granularity), spec("second", masks[1], "hour")];
        let schema = with(rollup, specs.clone());
        let cut = cut.min(rows.len());
        let hidden: RoaringBitmap = (0..cut as u32).filter(|i| hide[*i as usize]).collect();
        let mut inputs = vec![input(&schema, &rows[..cut]), input(&schema, &rows[cut..])];
        inputs[0].hidden = Some(Arc::new(hidden));
        inputs[1].visible = Interval::new(0, end);
        let path = dir.path().join("a.segment");
        seal(&request(path.clone(), inputs.clone())).unwrap();
        let mapped = MappedSegment::open_with(&path, OpenMode::Map).unwrap();
        check(&mapped, &specs);

        // The rows are the very bytes of a file that has no projections.
        let plain = SealRequest { projections: false, ..request(dir.path().join("plain"), inputs) };
        let plain = seal(&plain).unwrap();
        let plain = MappedSegment::open(&plain.path).unwrap();
        prop_assert!(plain.projections().is_empty());
        prop_assert_eq!(rows_of(&plain), rows_of(&mapped));
        prop_assert_eq!(plain.schema(), mapped.schema());

        let whole: Arc<dyn Segment> = Arc::new(mapped);
        let half = SegmentRef { visible: Interval::new(0, end), ..SegmentRef::whole(Arc::clone(&whole)) };
        let late = input(&schema, &rows[..cut]);
        let again = seal(&request(dir.path().join("b.segment"), vec![half, late])).unwrap();
        check(&MappedSegment::open(&again.path).unwrap(), &specs);
    }
}

/// A file of 3000 rows with a projection of few groups and one of many.
fn example(folder: &std::path::Path) -> (MappedSegment, Vec<ProjectionSpec>) {
    let specs = vec![spec("few", 0, "hour"), spec("many", 15, "none")];
    let schema = with(false, specs.clone());
    let row = |i: i64| Row {
        time: i * 20_000,
        cells: vec![
            Cell::String(format!("p{}", i % 50)),
            Cell::Strings(vec![Some("x".to_owned()), Some(format!("t{}", i % 3))]),
            Cell::Long(i % 10),
            Cell::Null,
            Cell::Long(1),
            Cell::Long(i),
            Cell::Double(i as f64 / 4.0),
            Cell::Float(0.5),
        ],
    };
    let rows: Vec<Row> = (0..3000).map(row).collect();
    (MappedSegment::open(&seal_rows(folder, &schema, &rows).path).unwrap(), specs)
}

#[test]
fn the_inspector_shows_them() {
    let dir = folder();
    let (segment, specs) = example(dir.path());
    check(&segment, &specs);
    let found = summary(&segment);
    let [few, many] = &found.projections[..] else { panic!("{:?}", found.projections) };
    assert_eq!((few.name.as_str(), few.rows, many.rows), ("few", 17, 3000));
    assert_eq!((few.columns[0].as_str(), many.columns[0].as_str()), ("n", "page"));
    assert!((few.reduction - 3000.0 / 17.0).abs() < 1e-9);
    assert!(few.bytes < many.bytes && few.bytes + many.bytes < found.bytes);
    let mut lines = Vec::new();
    let count = dump(segment.projection("few").unwrap(), &DumpOptions::default(), &mut lines).unwrap();
    let first: serde_json::Value =
        serde_json::from_slice(lines.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert_eq!((count, &first["n"], &first["sum"]), (17, &180.into(), &16110.into()));
    assert!(segment.projection("none").unwrap_err().to_string().contains("projection `none` does not exist"));
    let sections = verify(&segment).sections;
    assert_eq!(sections.iter().filter(|s| s.section == "projection").count(), 2);
}

/// Damage inside a projection is found at its own first use, and by `verify`; the rows are still read.
#[test]
fn damage_is_found() {
    let dir = folder();
    let (segment, _) = example(dir.path());
    let good = std::fs::read(segment.path()).unwrap();
    let place = verify(&segment).sections.into_iter().find(|s| s.section == "projection").unwrap();
    let damaged = dir.path().join("damaged");
    let wanted = rows_of(segment.projection("few").unwrap());
    let (mut refused, mut at_use) = (0, 0);
    for at in (place.offset..place.offset + place.bytes).step_by(7) {
        let mut bytes = good.clone();
        bytes[at as usize] ^= 1 << (at % 8);
        std::fs::write(&damaged, &bytes).unwrap();
        let segment = MappedSegment::open(&damaged).unwrap();
        assert_eq!(segment.rows(), 3000);
        assert!(!verify(&segment).ok, "byte {at} was flipped and not found");
        let segment = MappedSegment::open(&damaged).unwrap();
        let Ok(opened) = segment.projection("few") else {
            refused += 1;
            continue;
        };
        let names: Vec<&str> = opened.schema().columns.iter().map(|c| c.name.as_str()).collect();
        match alluvium_segments::rows::read_rows(opened, &names, 0..opened.rows()) {
            Ok(cells) => assert!(cells.iter().zip(&wanted).all(|(a, b)| *a == b.cells)),
            Err(SegmentError::Corrupt { at: found, .. }) => {
                assert!((place.offset..place.offset + place.bytes).contains(&found));
                at_use += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(refused > 10 && at_use > 10, "{refused} {at_use}");
}
