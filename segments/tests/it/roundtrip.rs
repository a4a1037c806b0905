//! Do random rows come back from a sealed file exactly as a slow model says?

use std::sync::Arc;

use alluvium_segments::mapped::{MappedSegment, OpenMode};
use alluvium_segments::rows::Cell;
use alluvium_segments::seal::seal;
use alluvium_segments::time::Granularity;
use alluvium_segments::*;
use proptest::prelude::*;

use crate::model::*;

pub(crate) fn schema(rollup: bool) -> Arc<Schema> {
    Arc::new(Schema {
        columns: vec![
            ColumnSpec::dimension("page", ColumnType::String),
            ColumnSpec::dimension("tags", ColumnType::String),
            ColumnSpec::dimension("level", ColumnType::Long),
            ColumnSpec::dimension("ratio", ColumnType::Double),
            ColumnSpec::metric("count", ColumnType::Long, MetricFunction::Count, None),
            ColumnSpec::metric("sum", ColumnType::Long, MetricFunction::Sum, Some("added")),
            ColumnSpec::metric("low", ColumnType::Double, MetricFunction::Min, Some("delta")),
            ColumnSpec::metric("high", ColumnType::Float, MetricFunction::Max, Some("delta")),
        ],
        rollup,
        query_granularity: Granularity::None,
        timestamp_spec: None,
        projections: Vec::new(),
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]{0,2}",
        1 => Just("\u{1F600}".to_owned()),
        1 => Just("\u{FFFD}x".to_owned()),
        1 => "\\PC{0,6}",
    ]
}

fn list() -> impl Strategy<Value = Cell> {
    let values = prop::collection::vec(prop::option::weighted(0.8, text()), 0..4);
    values.prop_map(|values| match &values[..] {
        [] => Cell::Null,
        [Some(text)] => Cell::String(text.clone()),
        _ => Cell::Strings(values),
    })
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-500i64..500).prop_map(|v| v as f64 / 100.0),
        1 => any::<i32>().prop_map(f64::from),
        1 => prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::INFINITE,
    ]
}

fn maybe<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
    cell: impl Fn(T) -> Cell,
) -> impl Strategy<Value = Cell> {
    prop::option::weighted(0.9, value).prop_map(move |v| v.map_or(Cell::Null, &cell))
}

pub(crate) fn row(multi: bool) -> impl Strategy<Value = Row> {
    let tags = if multi { list().boxed() } else { maybe(text(), Cell::String).boxed() };
    (
        prop_oneof![0i64..5, 0i64..86_400_000],
        maybe(text(), Cell::String),
        tags,
        maybe(prop_oneof![-3i64..3, any::<i64>()], Cell::Long),
        maybe(double(), Cell::Double),
        maybe(-100i64..1000, Cell::Long),
        maybe(double(), Cell::Double),
        maybe(any::<i16>().prop_map(|v| f32::from(v) / 4.0), Cell::Float),
    )
        .prop_map(|(time, page, tags, level, ratio, sum, low, high)| Row {
            time,
            cells: vec![page, tags, level, ratio, Cell::Long(1), sum, low, high],
        })
}

/// Every way of reading a column gives the same.
pub(crate) fn check_access(segment: &MappedSegment) {
    let rows = segment.rows();
    let picks: Vec<u32> = (0..rows as u32).filter(|r| r % 3 == 1).collect();
    for spec in &segment.schema().columns {
        match segment.column(&spec.name).unwrap().unwrap() {
            Column::Time(c) | Column::Long(c) => {
                check_numbers(c, rows, &picks);
                check_lanes(c, rows);
            }
            Column::Float(c) => check_numbers(c, rows, &picks),
            Column::Double(c) => check_numbers(c, rows, &picks),
            Column::String(c) => check_strings(c, rows, &picks),
        }
    }
}

fn check_numbers<T: Copy + Default + PartialEq + std::fmt::Debug>(
    column: &dyn NumericColumn<T>,
    rows: usize,
    picks: &[u32],
) {
    let (mut all, mut some) = (NumericBlock::default(), NumericBlock::default());
    column.read(0..rows, &mut all).unwrap();
    column.gather(picks, &mut some).unwrap();
    let at = |i: usize| (all.nulls.is_null(i), all.values[i]);
    for (i, row) in picks.iter().enumerate() {
        assert_eq!((some.nulls.is_null(i), some.values[i]), at(*row as usize));
    }
    let part = rows / 3..rows - rows / 4;
    column.read(part.clone(), &mut some).unwrap();
    for (i, row) in part.enumerate() {
        assert_eq!((some.nulls.is_null(i), some.values[i]), at(row));
    }
    assert_eq!(all.values.len(), rows);
    assert!((0..rows).all(|i| !all.nulls.is_null(i) || all.values[i] == T::default()));
    assert!(column.read(0..rows + 1, &mut all).is_err());
    assert!(column.gather(&[rows as u32], &mut all).is_err());
}

/// Lanes, where there are any, are the values.
fn check_lanes(column: &dyn NumericColumn<i64>, rows: usize) {
    let (mut lanes, mut block) = (LaneBlock::default(), NumericBlock::default());
    for start in (0..rows).step_by(BLOCK_ROWS) {
        let range = start..rows.min(start + BLOCK_ROWS);
        column.read(range.clone(), &mut block).unwrap();
        if let Some(sum) = column.sum_bits(range.clone()).unwrap() {
            let slow = block.values.iter().fold(0i64, |sum, value| sum.wrapping_add(*value));
            assert_eq!((sum as i64, block.nulls.any()), (slow, false));
        }
        check_masks(column, &range, &block);
        if column.read_lanes(range, &mut lanes).unwrap() {
            let lane = |i: usize| lanes.base.wrapping_add(lanes.slice().get(i)) as i64;
            assert!((0..block.values.len()).all(|i| lane(i) == block.values[i]));
        }
    }
}

/// Ranges that are compared where the numbers lie hold the rows whose values they hold; also of part of a block.
fn check_masks(column: &dyn NumericColumn<i64>, range: &std::ops::Range<usize>, block: &NumericBlock<i64>) {
    let (first, last) = (block.values[0], block.values[block.values.len() - 1]);
    let (low, high) = (first.min(last), first.max(last));
    for (low, high) in
        [(low, high), (low, low), (low.saturating_add(1), i64::MAX), (i64::MIN, high), (i64::MIN, i64::MAX)]
    {
        for rows in [range.len(), range.len().div_ceil(2)] {
            let span = (high as u64).wrapping_sub(low as u64);
            let mut mask = vec![0xAAAA; rows.div_ceil(64)];
            if column.mask_bits(range.start..range.start + rows, low as u64, span, &mut mask).unwrap() {
                assert!(!block.nulls.any());
                for bit in 0..mask.len() * 64 {
                    let inside = bit < rows && low <= block.values[bit] && block.values[bit] <= high;
                    assert_eq!(mask[bit / 64] >> (bit % 64) & 1 == 1, inside, "row {bit}, {low}..={high}");
                }
            }
        }
    }
}

/// The same of ids.
fn check_id_masks(column: &dyn StringColumn, rows: usize) {
    let mut ids = Vec::new();
    for start in (0..rows).step_by(BLOCK_ROWS) {
        let range = start..rows.min(start + BLOCK_ROWS);
        column.read_ids(range.clone(), &mut ids).unwrap();
        let (first, last) = (ids[0].min(ids[ids.len() - 1]), ids[0].max(ids[ids.len() - 1]));
        for (first, last) in [(first, last), (first, first), (0, last), (last, u32::MAX)] {
            let mut mask = vec![0xAAAA; ids.len().div_ceil(64)];
            if column.mask_ids(range.clone(), first, last, &mut mask).unwrap() {
                for bit in 0..mask.len() * 64 {
                    let inside = ids.get(bit).is_some_and(|id| (first..=last).contains(id));
                    assert_eq!(mask[bit / 64] >> (bit % 64) & 1 == 1, inside);
                }
            }
        }
    }
}

fn check_strings(column: &dyn StringColumn, rows: usize, picks: &[u32]) {
    let (mut all, mut some) = (MultiBlock::default(), MultiBlock::default());
    column.read_multi(0..rows, &mut all).unwrap();
    column.gather_multi(picks, &mut some).unwrap();
    let row = |block: &MultiBlock, i: usize| {
        block.ids[block.offsets[i] as usize..block.offsets[i + 1] as usize].to_vec()
    };
    for (i, pick) in picks.iter().enumerate() {
        assert_eq!(row(&some, i), row(&all, *pick as usize));
    }
    let part = rows / 3..rows - rows / 4;
    column.read_multi(part.clone(), &mut some).unwrap();
    for (i, at) in part.enumerate() {
        assert_eq!(row(&some, i), row(&all, at));
    }
    if !column.is_multi() {
        check_id_masks(column, rows);
        let mut ids = Vec::new();
        column.gather_ids(picks, &mut ids).unwrap();
        for (id, pick) in ids.iter().zip(picks) {
            assert_eq!(row(&all, *pick as usize).first().copied().unwrap_or(0), *id);
        }
        assert!(column.gather_ids(&[rows as u32], &mut ids).is_err());
    }
    let holds = |i: usize, id: u32| {
        let ids = row(&all, i);
        ids.contains(&id) || (id == 0 && ids.is_empty())
    };
    assert!(column.is_sorted());
    assert_eq!(column.has_nulls(), (0..rows).any(|i| holds(i, 0)));
    for id in 0..column.cardinality() {
        let found = column.postings(&mut std::iter::once(id), rows).unwrap();
        assert!((0..rows).all(|i| found.contains(i as u32) == holds(i, id)), "postings of {id}");
        let text = column.value(id).unwrap();
        assert_eq!(column.lookup(text).unwrap(), Some(id));
        if let Some(text) = text {
            assert_eq!(column.lower_bound(text).unwrap(), id);
        }
    }
    let every = column.postings(&mut (0..column.cardinality()), rows).unwrap();
    assert_eq!(every.len(), rows as u64);
    assert_eq!(column.lookup(Some("no such text")).unwrap(), None);
    assert!(column.value(column.cardinality()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn rows_come_back(
        rows in any::<bool>().prop_flat_map(|multi| prop::collection::vec(row(multi), 0..120)),
        rollup in any::<bool>(),
        cut in 0usize..120,
        read in any::<bool>(),
    ) {
        let dir = folder();
        let schema = schema(rollup);
        let cut = cut.min(rows.len());
        let inputs = vec![input(&schema, &rows[..cut]), input(&schema, &rows[cut..])];
        let sealed = seal(&request(dir.path().join("a.segment"), inputs)).unwrap();
        let mode = if read { OpenMode::Read } else { OpenMode::Map };
        let mapped = MappedSegment::open_with(&sealed.path, mode).unwrap();
        let expected = expected(&schema, &rows);
        prop_assert_eq!(mapped.verify(), vec![]);
        prop_assert_eq!(rows_of(&mapped), expected.clone());
        prop_assert_eq!(sealed.rows, expected.len() as u64);
        prop_assert_eq!(sealed.checksum, mapped.checksum());
        check_access(&mapped);

        // Sealing what was sealed, in parts, gives the same file.
        let parts: Vec<SegmentRef> = [&rows[..cut], &rows[cut..]].iter().enumerate().map(|(i, part)| {
            let path = dir.path().join(format!("part{i}"));
            let sealed = seal(&request(path, vec![input(&schema, part)])).unwrap();
            SegmentRef::whole(Arc::new(MappedSegment::open(&sealed.path).unwrap()))
        }).collect();
        let again = seal(&request(dir.path().join("b.segment"), parts)).unwrap();
        let again = MappedSegment::open(&again.path).unwrap();
        prop_assert_eq!(again.rows(), expected.len());
        if !rollup {
            prop_assert_eq!(std::fs::read(again.path()).unwrap(), std::fs::read(mapped.path()).unwrap());
        }
    }
}

/// Several blocks, so that every encoding and the scan paths are met.
#[test]
fn many_blocks() {
    let dir = folder();
    let schema = schema(false);
    let rows: Vec<Row> = (0..20_000i64)
        .map(|i| {
            let noise = (i.wrapping_mul(0x9E37_79B9_7F4A_7C15u64 as i64) >> 20).rem_euclid(1 << 30);
            let tags = match i % 7 {
                0 => Cell::Null,
                1 => Cell::Strings(vec![None]),
                2 => Cell::Strings(vec![Some(format!("t{}", i % 90)), Some("x".to_owned())]),
                _ => Cell::String(format!("t{}", noise % 3000)),
            };
            Row {
                time: i * 1000 + noise % 900,
                cells: vec![
                    Cell::String(format!("page {}", noise % 60_000)),
                    tags,
                    if (8192..12_288).contains(&i) { Cell::Null } else { Cell::Long(i / 3000) },
                    if i % 11 == 0 { Cell::Null } else { Cell::Double((noise % 5000) as f64 / 100.0) },
                    Cell::Long(1),
                    Cell::Long(if i < 9000 { noise } else { noise << 30 }),
                    Cell::Double(if i == 5000 { f64::NAN } else { (noise as f64).sqrt() }),
                    Cell::Float(if i % 500 == 0 { 0.1 + noise as f32 } else { (i % 64) as f32 / 8.0 }),
                ],
            }
        })
        .collect();
    let sealed = seal_rows(dir.path(), &schema, &rows);
    let mapped = MappedSegment::open(&sealed.path).unwrap();
    assert_eq!(mapped.verify(), vec![]);
    let (found, wanted) = (rows_of(&mapped), expected(&schema, &rows));
    for (f, w) in found.iter().zip(&wanted) {
        assert_eq!(format!("{f:?}"), format!("{w:?}"));
    }
    let column = |name: &str| mapped.column(name).unwrap().unwrap();
    let (Column::Long(level), Column::String(page)) = (column("level"), column("page")) else { panic!() };
    assert_eq!(level.zone(2), Some(Zone { bounds: None, nulls: 4096 }));
    assert_eq!(level.zone(0), Some(Zone { bounds: Some((0, 1)), nulls: 0 }));
    assert!(!page.has_index(), "near-unique columns have no index");
    for ids in [vec![3, 5, 4000, 5], vec![77], (10..20).collect(), vec![0]] {
        let mut all = Vec::new();
        page.read_ids(0..20_000, &mut all).unwrap();
        let wanted = all.iter().filter(|id| ids.contains(id)).count() as u64;
        assert_eq!(page.postings(&mut ids.iter().copied(), 20_000).unwrap().len(), wanted);
    }
    let mut ids = 100..9000;
    assert_eq!(page.postings(&mut ids, 20_000).unwrap().len() as usize, {
        let mut all = Vec::new();
        page.read_ids(0..20_000, &mut all).unwrap();
        all.iter().filter(|id| (100..9000).contains(*id)).count()
    });
    assert!(mapped.size_bytes() < 1_100_000, "{} bytes", mapped.size_bytes());
}
