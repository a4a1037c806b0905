//! Does rollup keep every total, however rows are cut into batches and publications?

use super::sealed::sealed;
use super::*;
use crate::rows::dump_rows;
use crate::{MetricFunction, Role, Segment, SegmentRef};

fn schema() -> Schema {
    let columns = vec![
        ColumnSpec::dimension("text", ColumnType::String),
        ColumnSpec::dimension("long", ColumnType::Long),
        ColumnSpec::dimension("double", ColumnType::Double),
        ColumnSpec::dimension("late", ColumnType::String),
        ColumnSpec::metric("count", ColumnType::Long, MetricFunction::Count, None),
        ColumnSpec::metric("sum", ColumnType::Long, MetricFunction::Sum, Some("x")),
        ColumnSpec::metric("min", ColumnType::Float, MetricFunction::Min, Some("x")),
        ColumnSpec::metric("max", ColumnType::Double, MetricFunction::Max, Some("x")),
    ];
    Schema { rollup: true, ..Schema::new(columns) }
}

type Cells = BTreeMap<String, Cell>;

/// Combines two cells of a metric; an absent one is null.
fn combine(function: MetricFunction, a: Option<Cell>, b: Cell) -> Cell {
    use MetricFunction::{Count, Max, Min, Sum};
    match (function, a, b) {
        (_, None, b) => b,
        (Count | Sum, Some(Cell::Long(a)), Cell::Long(b)) => Cell::Long(a.wrapping_add(b)),
        (Min, Some(Cell::Float(a)), Cell::Float(b)) => Cell::Float(a.min(b)),
        (Max, Some(Cell::Double(a)), Cell::Double(b)) => Cell::Double(a.max(b)),
        other => panic!("{other:?} do not combine"),
    }
}

/// Rows by time and dimensions, with their metrics combined.
fn totals(schema: &Schema, rows: impl IntoIterator<Item = Cells>) -> BTreeMap<String, Cells> {
    let mut groups: BTreeMap<String, Cells> = BTreeMap::new();
    for row in rows {
        let is_metric = |name: &str| schema.find(name).is_some_and(|(_, c)| c.is_metric());
        let (metrics, key): (Cells, Cells) = row.into_iter().partition(|(name, _)| is_metric(name));
        let group = groups.entry(format!("{key:?}")).or_default();
        for (name, cell) in metrics {
            let Role::Metric { function, .. } = schema.find(&name).unwrap().1.role else {
                panic!("no metric")
            };
            let combined = combine(function, group.remove(&name), cell);
            group.insert(name, combined);
        }
    }
    groups
}

/// Rows with the count that the parser gives each.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let counted = row(&schema()).prop_map(|mut row| {
        row.cells.insert("count".to_owned(), Value::Long(1));
        if let Some(Value::Long(v)) = row.cells.get_mut("long") {
            *v %= 3;
        }
        row
    });
    prop::collection::vec(counted, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn totals_are_kept(
        batches in prop::collection::vec((rows(), any::<bool>(), any::<bool>()), 1..8),
        chunk_rows in prop::sample::select(vec![5usize, 64, 1 << 16]),
    ) {
        let full = Arc::new(schema());
        let mut narrow = schema();
        narrow.columns.remove(3);
        let narrow = Arc::new(narrow);
        let (_, mut writer) = open(&narrow, chunk_rows);
        let mut given = Vec::new();
        for (rows, wide, publish) in &batches {
            let schema = if *wide { &full } else { &narrow };
            let before = writer.rows();
            let appended = writer.append(&batch(schema, rows)).unwrap();
            prop_assert_eq!((appended.rows_in, appended.rows_added), (rows.len(), writer.rows() - before));
            given.extend(rows.iter().map(|row| {
                let mut row = row.clone();
                row.cells.retain(|name, _| schema.find(name).is_some());
                expected(schema, &row)
            }));
            if *publish {
                writer.publish();
            }
        }
        let view = writer.freeze();
        let totals_given = totals(&full, given);
        prop_assert_eq!(&totals(&full, dump_rows(&*view).unwrap()), &totals_given);
        let (_folder, segment) = sealed(vec![SegmentRef::whole(view)], &full);
        prop_assert_eq!(segment.rows(), totals_given.len());
        prop_assert_eq!(totals(&full, dump_rows(&segment).unwrap()), totals_given);
    }

    #[test]
    fn a_tail_has_no_row_twice(batches in prop::collection::vec(rows(), 1..5)) {
        let schema = Arc::new(schema());
        let (_, mut writer) = open(&schema, 1 << 16);
        for rows in &batches {
            writer.append(&batch(&schema, rows)).unwrap();
        }
        let given = batches.iter().flatten().map(|row| expected(&schema, row));
        let distinct = totals(&schema, given).len();
        prop_assert_eq!(writer.rows(), distinct);
        prop_assert_eq!(writer.freeze().rows(), distinct);
    }
}

#[test]
fn equal_numbers_and_nulls_share_a_group() {
    let dimension = ColumnSpec::dimension("d", ColumnType::Double);
    let count = ColumnSpec::metric("count", ColumnType::Long, MetricFunction::Count, None);
    let schema = Arc::new(Schema { rollup: true, ..Schema::new(vec![dimension, count]) });
    let (_, mut writer) = open(&schema, 100);
    let given = [Some(f64::NAN), Some(-f64::NAN), None, Some(0.0), None, Some(-0.0)];
    let row = |d: &Option<f64>| {
        let cells = [("count".to_owned(), Value::Long(1))].into_iter();
        Row { time: 0, cells: cells.chain(d.map(|d| ("d".to_owned(), Value::Double(d)))).collect() }
    };
    let rows: Vec<Row> = given.iter().map(row).collect();
    let appended = writer.append(&batch(&schema, &rows)).unwrap();
    // NaN is one value; Java tells 0.0 from -0.0.
    assert_eq!((appended.rows_in, appended.rows_added), (6, 4));
    let counts = dump_rows(&*writer.freeze()).unwrap().into_iter().map(|mut row| row.remove("count"));
    assert_eq!(counts.collect::<Vec<_>>(), [2, 2, 1, 1].map(|n| Some(Cell::Long(n))));
}
