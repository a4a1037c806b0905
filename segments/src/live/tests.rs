//! Does a live segment answer like the rows that went in? Random batches against slow oracles.

mod coded;
mod merged;
mod near;
mod oracle;
mod readers;
mod refusals;
mod rolled;
mod sealed;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::{LiveOptions, LiveSegment, LiveWriter};
use crate::rows::Cell;
use crate::time::Interval;
use crate::{
    BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, SegmentId, StringBatch, TIME_COLUMN,
};

/// A row as it is given: a missing column is null.
#[derive(Debug, Clone, Default)]
struct Row {
    time: i64,
    cells: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
enum Value {
    Long(i64),
    Float(f32),
    Double(f64),
    Texts(Vec<Option<String>>),
}

fn id() -> SegmentId {
    let interval = Interval::new(0, 86_400_000);
    SegmentId { datasource: "test".to_owned(), interval, version: "v".to_owned(), partition: 0 }
}

fn open(schema: &Schema, chunk_rows: usize) -> (Arc<LiveSegment>, LiveWriter) {
    LiveSegment::open(id(), Arc::new(schema.clone()), LiveOptions { chunk_rows, ..LiveOptions::default() })
        .unwrap()
}

fn column_of(spec: &ColumnSpec, rows: &[Row]) -> BatchColumn {
    let cells = rows.iter().map(|r| r.cells.get(&spec.name));
    macro_rules! numbers {
        ($kind:ident) => {{
            let mut numbers = NumericBatch::default();
            cells.for_each(|c| numbers.push(if let Some(Value::$kind(v)) = c { Some(*v) } else { None }));
            BatchColumn::$kind(numbers)
        }};
    }
    match spec.column_type {
        ColumnType::Long => numbers!(Long),
        ColumnType::Float => numbers!(Float),
        ColumnType::Double => numbers!(Double),
        ColumnType::String | ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_) => {
            let mut texts = StringBatch::default();
            for cell in cells {
                if let Some(Value::Texts(values)) = cell {
                    values.iter().for_each(|v| texts.push_value(v.as_deref()));
                }
                texts.end_row();
            }
            BatchColumn::String(texts)
        }
    }
}

fn batch(schema: &Arc<Schema>, rows: &[Row]) -> RowBatch {
    let columns = schema.columns.iter().map(|spec| column_of(spec, rows)).collect();
    RowBatch { schema: Arc::clone(schema), time: rows.iter().map(|r| r.time).collect(), columns }
}

/// Few different texts, so that they repeat; some that only Druid's order sorts right.
fn texts() -> impl Strategy<Value = Value> {
    let text =
        prop::sample::select(vec!["", "a", "b", "aa", "\u{E000}", "\u{1F600}", "long enough to differ"]);
    let value = prop_oneof![8 => text.prop_map(|t| Some(t.to_owned())), 1 => Just(None)];
    let several = prop::collection::vec(value.clone(), 0..4);
    prop_oneof![6 => value.prop_map(|v| vec![v]), 1 => several].prop_map(Value::Texts)
}

fn value(spec: &ColumnSpec) -> BoxedStrategy<Value> {
    match spec.column_type {
        ColumnType::Long => prop_oneof![4 => 0i64..4, 1 => any::<i64>()].prop_map(Value::Long).boxed(),
        ColumnType::Float => (-3i16..4).prop_map(|v| Value::Float(f32::from(v) / 2.0)).boxed(),
        ColumnType::Double => (-3i16..4).prop_map(|v| Value::Double(f64::from(v))).boxed(),
        ColumnType::String | ColumnType::Array(_) | ColumnType::Json | ColumnType::Complex(_) => {
            texts().boxed()
        }
    }
}

/// A row with a value in most columns.
fn row(schema: &Schema) -> impl Strategy<Value = Row> + use<> {
    let cells: Vec<_> = schema
        .columns
        .iter()
        .map(|spec| (Just(spec.name.clone()), prop::option::weighted(0.85, value(spec))))
        .collect();
    (0i64..3, cells).prop_map(|(time, cells)| {
        let cells = cells.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Row { time: time * 1000, cells: cells.collect() }
    })
}

/// What a row reads as, given how its lists are arranged: nulls left out, as `dump_rows` does.
fn expected(schema: &Schema, row: &Row) -> BTreeMap<String, Cell> {
    let cell = |(name, value): (&String, &Value)| {
        let cell = match value {
            Value::Long(v) => Cell::Long(*v),
            Value::Float(v) => Cell::Float(*v),
            Value::Double(v) => Cell::Double(*v),
            Value::Texts(values) => oracle::arranged(schema.find(name)?.1, values),
        };
        (cell != Cell::Null).then(|| (name.clone(), cell))
    };
    let time = (TIME_COLUMN.to_owned(), Cell::Long(row.time));
    row.cells.iter().filter_map(cell).chain([time]).collect()
}
