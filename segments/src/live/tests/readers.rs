//! Does a reader on another thread see only whole prefixes of what was appended?

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{Column, MultiBlock, NumericBlock, Segment};

fn number(i: usize) -> Row {
    let text = Value::Texts(vec![Some(format!("v{}", i * 7 % 1000))]);
    let cells = [("n".to_owned(), Value::Long(i as i64)), ("s".to_owned(), text)];
    Row { time: i as i64 / 10, cells: cells.into() }
}

fn check_prefix(view: &dyn Segment, numbers: &mut NumericBlock<i64>, ids: &mut MultiBlock) {
    let rows = view.rows();
    let Some(Column::Long(n)) = view.column("n").unwrap() else { panic!("no column n") };
    n.read(0..rows, numbers).unwrap();
    assert!(numbers.values.iter().enumerate().all(|(i, v)| i as i64 == *v));
    let Some(Column::String(s)) = view.column("s").unwrap() else { panic!("no column s") };
    s.read_multi(0..rows, ids).unwrap();
    assert_eq!(ids.ids.len(), rows);
    for (i, id) in ids.ids.iter().enumerate() {
        assert_eq!(s.value(*id).unwrap(), Some(format!("v{}", i * 7 % 1000).as_str()));
    }
    if let Some(id) = s.lookup(Some("v7")).unwrap() {
        let found = s.postings(&mut std::iter::once(id), rows).unwrap();
        let slow = (0..rows).filter(|i| i * 7 % 1000 == 7).count();
        assert_eq!(found.len(), slow as u64);
    }
}

#[test]
fn readers_see_whole_prefixes() {
    let columns =
        vec![ColumnSpec::dimension("n", ColumnType::Long), ColumnSpec::dimension("s", ColumnType::String)];
    let schema = Arc::new(Schema::new(columns));
    let (segment, mut writer) = open(&schema, 512);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut before, mut views) = (0, 0);
            let (mut numbers, mut ids) = (NumericBlock::default(), MultiBlock::default());
            loop {
                let last = done.load(Ordering::Acquire);
                let view = segment.published();
                assert!(view.rows() >= before);
                views += usize::from(view.rows() > before);
                before = view.rows();
                check_prefix(&*view, &mut numbers, &mut ids);
                if last {
                    return (before, views);
                }
            }
        });
        let mut at = 0;
        for step in 0..1500 {
            let end = at + step * 31 % 23;
            writer.append(&batch(&schema, &(at..end).map(number).collect::<Vec<_>>())).unwrap();
            at = end;
            if step % 3 != 1 {
                writer.publish();
            }
        }
        writer.publish();
        done.store(true, Ordering::Release);
        let (rows, views) = reader.join().unwrap();
        assert_eq!(rows, at);
        assert!(views > 1, "the reader saw {views} different views");
    });
}
