//! Are chunks few, indexes and zone maps there where they should be, and sizes told?

use super::*;
use crate::catalog::LiveHandle;
use crate::live::copied_bytes;
use crate::{BLOCK_ROWS, Column, NumericBlock, RowOrder, Segment, Zone};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        ColumnSpec::dimension("s", ColumnType::String),
        ColumnSpec::dimension("u", ColumnType::String),
        ColumnSpec::dimension("d", ColumnType::Double),
    ]))
}

fn rows(range: std::ops::Range<usize>) -> Vec<Row> {
    let row = |i: usize| {
        let text = |t: String| Value::Texts(vec![Some(t)]);
        let cells = [("s".to_owned(), text(format!("v{}", i % 90))), ("u".to_owned(), text(format!("u{i}")))];
        let number = match i % 10 {
            0 => None,
            1 => Some(f64::NAN),
            _ => Some((i * 37 % 1001) as f64),
        };
        let number = number.map(|d| ("d".to_owned(), Value::Double(d)));
        Row { time: i as i64, cells: cells.into_iter().chain(number).collect() }
    };
    range.map(row).collect()
}

#[test]
fn tiny_publications_do_not_pile_up() {
    let schema = schema();
    let (segment, mut writer) = open(&schema, 1024);
    let mut most = 0;
    for i in 0..5000 {
        writer.append(&batch(&schema, &rows(i..i + 1))).unwrap();
        writer.publish();
        most = most.max(segment.published().chunk_count() - (i + 1) / 1024);
    }
    assert!(most <= 11, "{most} small chunks");
}

#[test]
fn full_chunks_know_their_blocks() {
    let schema = schema();
    let (segment, mut writer) = open(&schema, 2 * BLOCK_ROWS);
    let count = 4 * BLOCK_ROWS + 5000;
    for start in (0..count).step_by(1000) {
        writer.append(&batch(&schema, &rows(start..count.min(start + 1000)))).unwrap();
        writer.publish();
    }
    let view = segment.view();
    assert_eq!((view.rows(), view.order(), view.is_live()), (count, RowOrder::Arrival, true));
    assert_eq!(view.time_bounds(), Some((0, count as i64 - 1)));
    let Some(Column::Double(d)) = view.column("d").unwrap() else { panic!("no column d") };
    let copied = copied_bytes();
    let mut block = NumericBlock::default();
    for number in 0..4 {
        let range = number * BLOCK_ROWS..(number + 1) * BLOCK_ROWS;
        d.read(range, &mut block).unwrap();
        let valid = |i: &usize| !block.nulls.is_null(*i) && !block.values[*i].is_nan();
        let values = (0..BLOCK_ROWS).filter(valid).map(|i| block.values[i]);
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
        let nulls = block.nulls.null_count() as u32;
        assert_eq!(d.zone(number), Some(Zone { bounds: Some((low, high)), nulls }));
    }
    // Other tests count too.
    assert!(copied_bytes() - copied >= (4 * BLOCK_ROWS * 8) as u64);
    assert_eq!((d.zone(4), d.zone(99), d.zone(usize::MAX)), (None, None, None));
    let has_index = |name| match view.column(name).unwrap() {
        Some(Column::String(c)) => c.has_index(),
        other => panic!("{other:?}"),
    };
    assert!(has_index("s"));
    assert!(!has_index("u"), "nearly unique: an index would not pay");
}

#[test]
fn sizes_grow_with_rows() {
    let schema = schema();
    let (segment, mut writer) = open(&schema, 4096);
    let empty = writer.bytes();
    writer.append(&batch(&schema, &rows(0..3000))).unwrap();
    let tail = writer.bytes();
    assert!(tail > empty + 3000 * (8 + 4 + 4 + 8), "{tail} bytes");
    writer.append(&batch(&schema, &rows(3000..20_000))).unwrap();
    writer.publish();
    let (all, view) = (writer.bytes(), segment.published().size_bytes());
    assert!(all > 4 * tail && all < 20_000 * 200, "{all} bytes");
    assert!(view > all / 4 && view < all, "{view} of {all} bytes");
}

#[test]
fn nothing_new_is_the_same_view() {
    let schema = schema();
    let (segment, mut writer) = open(&schema, 4096);
    writer.append(&batch(&schema, &rows(0..10))).unwrap();
    writer.publish();
    let view = segment.published();
    writer.publish();
    assert!(Arc::ptr_eq(&view, &segment.published()));
    let wider = [schema.columns.clone(), vec![ColumnSpec::dimension("new", ColumnType::Long)]].concat();
    writer.append(&batch(&Arc::new(Schema::new(wider)), &[])).unwrap();
    writer.publish();
    let view = segment.published();
    let Some(Column::Long(new)) = view.column("new").unwrap() else { panic!("no column new") };
    assert!(new.may_have_nulls());
    assert_eq!(new.bounds(), Some(Zone { bounds: None, nulls: 10 }));
}
