//! Are batches and schemas that do not fit refused, with nothing appended?

use super::*;
use crate::{Column, MetricFunction, NumericBlock, Segment};

fn refusal(result: Result<impl std::fmt::Debug, crate::SegmentError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn columns_of_another_kind() {
    let schema = Arc::new(Schema::new(vec![ColumnSpec::dimension("a", ColumnType::Long)]));
    let (segment, mut writer) = open(&schema, 100);
    let rows = vec![Row::default(); 3];
    writer.append(&batch(&schema, &rows)).unwrap();
    let conflict =
        |spec| batch(&Arc::new(Schema::new(vec![ColumnSpec::dimension("b", ColumnType::Long), spec])), &rows);
    let text = refusal(writer.append(&conflict(ColumnSpec::dimension("a", ColumnType::String))));
    assert_eq!(text, "column `a` is LONG in the segment, the batch brings STRING");
    let metric = ColumnSpec::metric("a", ColumnType::Long, MetricFunction::Sum, None);
    assert!(refusal(writer.append(&conflict(metric))).contains("column `a` is a Dimension"));
    let rolled = Arc::new(Schema { rollup: true, ..(*schema).clone() });
    assert!(refusal(writer.append(&batch(&rolled, &rows))).contains("rollup"));
    let mut short = batch(&schema, &rows);
    short.time.push(0);
    assert_eq!(refusal(writer.append(&short)), "column `a` of the batch has 3 rows, not 4");
    short.columns.clear();
    assert_eq!(refusal(writer.append(&short)), "the batch has 0 columns, its schema 1");
    let mut other = batch(&schema, &rows);
    other.columns[0] = BatchColumn::Double(NumericBatch::default());
    assert_eq!(refusal(writer.append(&other)), "column `a` of the batch is DOUBLE, its schema says LONG");
    assert_eq!((writer.rows(), writer.schema().columns.len()), (3, 1));
    writer.publish();
    assert_eq!(segment.published().rows(), 3);
}

#[test]
fn schemas_that_cannot_be() {
    let open =
        |columns| refusal(LiveSegment::open(id(), Arc::new(Schema::new(columns)), LiveOptions::default()));
    let a = || ColumnSpec::dimension("a", ColumnType::Long);
    assert!(open(vec![a(), a()]).contains("two columns named `a`"));
    assert!(open(vec![ColumnSpec::dimension(TIME_COLUMN, ColumnType::Long)]).contains("`__time`"));
    let text = ColumnSpec::metric("m", ColumnType::String, MetricFunction::Max, None);
    assert!(open(vec![text]).contains("metric `m` is a STRING"));
    let count = ColumnSpec::metric("m", ColumnType::Double, MetricFunction::Count, None);
    assert!(open(vec![count]).contains("must be LONG"));
    let none = LiveSegment::open(
        id(),
        Arc::new(Schema::new(vec![])),
        LiveOptions { chunk_rows: 0, ..LiveOptions::default() },
    );
    assert!(refusal(none).contains("a live chunk of 0 rows"));
}

#[test]
fn reads_beyond_the_end() {
    let columns =
        vec![ColumnSpec::dimension("a", ColumnType::Long), ColumnSpec::dimension("s", ColumnType::String)];
    let schema = Arc::new(Schema::new(columns));
    let (_, mut writer) = open(&schema, 2);
    let list = Value::Texts(vec![Some("x".to_owned()), None]);
    let rows = vec![Row { time: 1, cells: [("s".to_owned(), list)].into() }; 5];
    writer.append(&batch(&schema, &rows)).unwrap();
    let view = writer.freeze();
    let Some(Column::Long(a)) = view.column("a").unwrap() else { panic!("no column a") };
    let mut block = NumericBlock::default();
    assert!(a.read(3..6, &mut block).is_err());
    assert!(a.gather(&[1, 5], &mut block).is_err());
    let Some(Column::String(s)) = view.column("s").unwrap() else { panic!("no column s") };
    assert!(s.read_multi(5..6, &mut crate::MultiBlock::default()).is_err());
    assert!(refusal(s.read_ids(0..1, &mut Vec::new())).contains("several values"));
    assert!(s.lower_bound("a").is_err());
    assert!(s.postings(&mut [1, 0].into_iter(), 5).is_err());
}
