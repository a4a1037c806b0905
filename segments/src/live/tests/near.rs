//! Are the numbers and ids of full chunks, however closely they are kept, told where they lie as they are read?

use super::*;
use crate::{BLOCK_ROWS, Column, LaneBlock, NumericBlock, Segment};

/// Distances between the smallest and the largest number of a column, and bytes that each takes.
const SPANS: [(u64, usize); 8] = [
    (0, 1),
    (0xFF, 1),
    (0x100, 2),
    (0xFFFF, 2),
    (0x1_0000, 4),
    (0xFFFF_FFFF, 4),
    (0x1_0000_0000, 8),
    (u64::MAX, 8),
];
/// Two full chunks, and some more rows.
const ROWS: usize = 2 * BLOCK_ROWS + 100;

fn number(row: usize, span: u64) -> i64 {
    let distance = match row % BLOCK_ROWS {
        0 => 0,
        1 => span,
        other => (other as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % span.max(1),
    };
    (i64::MIN as u64).wrapping_add(distance) as i64
}

#[test]
fn full_chunks_are_told_where_they_lie() {
    let mut specs: Vec<ColumnSpec> =
        SPANS.iter().map(|(span, _)| ColumnSpec::dimension(&format!("{span}"), ColumnType::Long)).collect();
    specs.push(ColumnSpec::dimension("text", ColumnType::String));
    let schema = Arc::new(Schema::new(specs));
    let longs = |span: u64| {
        let mut column = NumericBatch::default();
        (0..ROWS).for_each(|row| column.push(Some(number(row, span))));
        BatchColumn::Long(column)
    };
    let mut columns: Vec<BatchColumn> = SPANS.iter().map(|(span, _)| longs(*span)).collect();
    let mut texts = StringBatch::default();
    (0..ROWS).for_each(|row| texts.push(["a", "b", "c"].get(row % 4).copied()));
    columns.push(BatchColumn::String(texts));
    let (live, mut writer) = LiveSegment::open(
        id(),
        Arc::clone(&schema),
        LiveOptions { chunk_rows: BLOCK_ROWS, ..LiveOptions::default() },
    )
    .unwrap();
    writer.append(&RowBatch { schema, time: vec![0; ROWS], columns }).unwrap();
    writer.publish();
    let view = live.published();
    for block in [0, 1] {
        let range = block * BLOCK_ROWS..(block + 1) * BLOCK_ROWS;
        for (span, bytes) in SPANS {
            let Some(Column::Long(column)) = view.column(&format!("{span}")).unwrap() else {
                panic!("{span}")
            };
            let expected: Vec<i64> = range.clone().map(|row| number(row, span)).collect();
            let mut read = NumericBlock::default();
            column.read(range.clone(), &mut read).unwrap();
            assert_eq!(read.values, expected, "{span}");
            column.gather(&range.clone().map(|row| row as u32).collect::<Vec<_>>(), &mut read).unwrap();
            assert_eq!(read.values, expected, "{span}");
            let sum = expected.iter().fold(0u64, |sum, v| sum.wrapping_add(*v as u64));
            assert_eq!(column.sum_bits(range.clone()).unwrap(), Some(sum), "{span}");
            let mut lanes = LaneBlock::default();
            assert_eq!(column.read_lanes(range.clone(), &mut lanes).unwrap(), bytes < 8, "{span}");
            let low = expected[2];
            for width in [0, span / 2, span] {
                // A range that wraps is told of whole words only.
                let wide = low.checked_add_unsigned(width).is_none();
                let mut mask = vec![0xAAAA; BLOCK_ROWS / 64];
                let done = column.mask_bits(range.clone(), low as u64, width, &mut mask).unwrap();
                assert!(done || wide, "{span} {width}");
                for (i, value) in expected.iter().enumerate().filter(|_| done) {
                    let inside = (*value as u64).wrapping_sub(low as u64) <= width;
                    assert_eq!(mask[i / 64] >> (i % 64) & 1 == 1, inside, "{span} {width} row {i}");
                }
            }
        }
        let Some(Column::String(column)) = view.column("text").unwrap() else { panic!("no texts") };
        let mut ids = Vec::new();
        column.read_ids(range.clone(), &mut ids).unwrap();
        for (first, last) in [(0, 0), (1, 2), (3, 3), (0, 3), (7, 9)] {
            let mut mask = vec![0xAAAA; BLOCK_ROWS / 64];
            assert!(column.mask_ids(range.clone(), first, last, &mut mask).unwrap());
            for (i, id) in ids.iter().enumerate() {
                assert_eq!(mask[i / 64] >> (i % 64) & 1 == 1, (first..=last).contains(id), "row {i}");
            }
        }
    }
}
