//! Do indexes of every kind mark the rows that a scan finds?

use std::ops::Range;
use std::sync::Arc;

use alluvium_segments::inspect::columns;
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::rows::Cell;
use alluvium_segments::*;
use proptest::prelude::*;

use crate::model::*;

/// A file with the same texts in a column with an index and in one without.
fn sealed(folder: &std::path::Path, texts: &[Option<u32>]) -> MappedSegment {
    let options = DimensionOptions { bitmap_index: BitmapIndex::Never, ..DimensionOptions::default() };
    let scanned =
        ColumnSpec { role: Role::Dimension(options), ..ColumnSpec::dimension("scanned", ColumnType::String) };
    let schema = Arc::new(Schema::new(vec![indexed("indexed"), scanned]));
    let cell = |text: &Option<u32>| text.map_or(Cell::Null, |t| Cell::String(format!("text {t:06}")));
    let row = |(i, text): (usize, &Option<u32>)| Row { time: i as i64, cells: vec![cell(text), cell(text)] };
    let rows: Vec<Row> = texts.iter().enumerate().map(row).collect();
    MappedSegment::open(&seal_rows(folder, &schema, &rows).path).unwrap()
}

fn marked(segment: &MappedSegment, name: &str, ids: &[u32], rows: Range<usize>) -> Vec<u64> {
    let Some(Column::String(column)) = segment.column(name).unwrap() else { panic!("{name}") };
    let mut words = vec![0; rows.len().div_ceil(64)];
    column.mark(&mut ids.iter().copied(), rows, &mut words).unwrap();
    words
}

/// What is left of some rows when those that hold any of the ids are kept, or dropped.
fn restricted(
    segment: &MappedSegment,
    name: &str,
    ids: &[u32],
    keep: bool,
    rows: Range<usize>,
    known: &[u64],
) -> Vec<u64> {
    let Some(Column::String(column)) = segment.column(name).unwrap() else { panic!("{name}") };
    let mut words = known.to_vec();
    column.restrict(&mut ids.iter().copied(), keep, rows, &mut words).unwrap();
    words
}

fn agree(texts: &[Option<u32>], picks: &[Vec<prop::sample::Index>], kind: Option<&str>) {
    let dir = folder();
    let segment = sealed(dir.path(), texts);
    assert_eq!(segment.verify(), vec![]);
    assert_eq!(columns(&segment, 0).unwrap()[1].bitmap, kind.or(columns(&segment, 0).unwrap()[1].bitmap));
    let Some(Column::String(column)) = segment.column("indexed").unwrap() else { panic!() };
    assert!(column.has_index());
    let (count, all) = (column.cardinality() as usize, texts.len());
    for picks in picks {
        let mut ids: Vec<u32> = picks.iter().map(|pick| pick.index(count) as u32).collect();
        ids.sort_unstable();
        ids.dedup();
        let first = picks.first().map_or(0, |pick| pick.index(count)) as u32;
        for ids in [ids, (first..first + 3).collect(), (0..count as u32).collect(), vec![0], vec![first]] {
            for rows in [0..all, 0..all / 2, all / BLOCK_ROWS * BLOCK_ROWS..all, 0..0] {
                let found = marked(&segment, "indexed", &ids, rows.clone());
                assert_eq!(found, marked(&segment, "scanned", &ids, rows.clone()), "{ids:?} in {rows:?}");
                // Of every third row, in the first half of the blocks.
                let some = |(w, _): (usize, &u64)| if w % 128 < 64 { 0x9249_2492_4924_9249 } else { 0 };
                let known: Vec<u64> = found.iter().enumerate().map(some).collect();
                for keep in [true, false] {
                    let left = |(known, found): (&u64, &u64)| known & if keep { *found } else { !*found };
                    let left: Vec<u64> = known.iter().zip(&found).map(left).collect();
                    for name in ["indexed", "scanned"] {
                        assert_eq!(
                            restricted(&segment, name, &ids, keep, rows.clone(), &known),
                            left,
                            "{name} {keep}"
                        );
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_kind_of_index(
        rows in 1usize..14_000, distinct in prop_oneof![1u64..20, 20u64..9000], seed: u64,
        picks in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..30), 1..4),
    ) {
        let mut state = seed | 1;
        let texts: Vec<Option<u32>> = (0..rows)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) % 50 != 0).then_some((state >> 40) as u32 % distinct as u32)
            })
            .collect();
        agree(&texts, &picks, None);
    }
}

#[test]
fn few_rows_a_value_give_postings_and_many_give_bitmaps() {
    let texts = |distinct: u32| (0..9000u32).map(|i| Some(i * 7919 % distinct)).collect::<Vec<_>>();
    agree(&texts(3000), &[], Some("postings"));
    agree(&texts(9000), &[], Some("postings"));
    agree(&texts(5), &[], Some("roaring"));
}
