//! Are columns put at once the rows, errors and counts of the same fields put row by row?

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, ListBuilder, StringArray,
    StringBuilder,
};
use arrow::datatypes::Int32Type;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::parse::RowParser;
use crate::parse::cells::KnownTexts;
use crate::parse::parser::count;
use crate::spec::{DataSchema, InputFormat};

fn parser(discover: bool, keep_null: bool) -> RowParser {
    let data = json!({"dataSource": "test", "timestampSpec": {"column": "t", "format": "auto"},
        "dimensionsSpec": {"dimensions": ["s", {"type": "long", "name": "l"}, {"type": "double", "name": "d"},
            {"type": "float", "name": "f"}], "includeAllDimensions": discover, "dimensionExclusions": ["out"]},
        "metricsSpec": [{"type": "count", "name": "n"}, {"type": "longSum", "name": "m", "fieldName": "l"}],
        "granularitySpec": {"queryGranularity": "second", "intervals": ["1970-01-01T00:00:01Z/1970-01-01T00:00:04Z"]}});
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap();
    let format = json!({"type": "json", "keepNullColumns": keep_null});
    let format = InputFormat::from_json(&format, "inputFormat", &mut Vec::new()).unwrap();
    RowParser::new(&data, &format).unwrap()
}

const ROWS: usize = 12;

fn times() -> impl Strategy<Value = ArrayRef> {
    let millis = prop::collection::vec(prop::option::weighted(0.8, 0i64..5000), ROWS);
    let texts = prop::collection::vec(
        prop::option::weighted(
            0.8,
            prop::sample::select(vec!["1970-01-01T00:00:02Z", "2020", "soon", "2500"]),
        ),
        ROWS,
    );
    prop_oneof![
        3 => millis.prop_map(|v| Arc::new(Int64Array::from(v)) as ArrayRef),
        1 => texts.prop_map(|v| Arc::new(StringArray::from(v)) as ArrayRef),
    ]
}

fn column() -> impl Strategy<Value = ArrayRef> {
    let text = prop::sample::select(vec!["", "a", "7", "-1.5", "1,234", "x"]);
    let texts = prop::collection::vec(prop::option::weighted(0.7, text.clone()), ROWS);
    let coded = texts
        .clone()
        .prop_map(|v| Arc::new(v.into_iter().collect::<DictionaryArray<Int32Type>>()) as ArrayRef);
    let lists =
        prop::collection::vec(prop::option::of(prop::collection::vec(prop::option::of(text), 0..3)), ROWS)
            .prop_map(|rows| {
                let mut list = ListBuilder::new(StringBuilder::new());
                rows.into_iter().for_each(|row| match row {
                    Some(values) => list.append_value(values),
                    None => list.append_null(),
                });
                Arc::new(list.finish()) as ArrayRef
            });
    prop_oneof![
        1 => prop::collection::vec(prop::option::weighted(0.8, any::<i64>()), ROWS)
            .prop_map(|v| Arc::new(Int64Array::from(v)) as ArrayRef),
        1 => prop::collection::vec(any::<i32>(), ROWS).prop_map(|v| Arc::new(Int32Array::from(v)) as ArrayRef),
        1 => prop::collection::vec(prop::option::weighted(0.8, any::<f64>().prop_filter("equal to itself", |f| !f.is_nan())), ROWS)
            .prop_map(|v| Arc::new(Float64Array::from(v)) as ArrayRef),
        1 => prop::collection::vec(prop::option::of(any::<bool>()), ROWS)
            .prop_map(|v| Arc::new(BooleanArray::from(v)) as ArrayRef),
        1 => texts.prop_map(|v| Arc::new(StringArray::from(v)) as ArrayRef),
        3 => coded,
        1 => Just(Arc::new(arrow::array::NullArray::new(ROWS)) as ArrayRef),
        1 => lists,
    ]
}

fn batch() -> impl Strategy<Value = Vec<(&'static str, ArrayRef)>> {
    let names = prop::sample::subsequence(vec!["s", "l", "d", "f", "new", "other", "out", "m"], 0..=8);
    let columns = names.prop_flat_map(|names| {
        let arrays: Vec<_> = names.iter().map(|_| column()).collect();
        (Just(names), arrays).prop_map(|(names, arrays)| names.into_iter().zip(arrays).collect::<Vec<_>>())
    });
    (columns, prop::option::weighted(0.9, times()), any::<prop::sample::Index>()).prop_map(
        |(mut columns, times, at)| {
            if let Some(times) = times {
                columns.insert(at.index(columns.len() + 1), ("t", times));
            }
            columns
        },
    )
}

fn row_by_row(
    names: &[&str],
    cells: &[Cells],
    builder: &mut RowBuilder,
    rejects: &mut Vec<Reject>,
) -> Outcome {
    let mut outcome = Outcome::default();
    for row in 0..ROWS {
        for (at, (name, column)) in names.iter().zip(cells).enumerate() {
            let field = column.get(row);
            let found = builder.slots.find_at(at, name);
            if let Some(slot) = builder.slot_for(found, name, &field) {
                builder.put_field(slot, &field);
            }
        }
        match builder.end_row(rejects) {
            Ok(end) => count(&mut outcome, end),
            Err(reject) => {
                builder.drop_row();
                rejects.push(reject);
                outcome.unparseable += 1;
            }
        }
    }
    outcome
}

/// All rows with their columns' names, as text: numbers by their bits.
fn shown(parser: &mut RowParser) -> Vec<Value> {
    let batch = parser.take();
    let mut shown = vec![json!(batch.time)];
    for (spec, mut column) in batch.schema.columns.iter().zip(batch.columns) {
        let _ = column.strings();
        shown.push(json!([spec.name, format!("{column:?}")]));
    }
    shown
}

proptest! {
    #[test]
    fn as_row_by_row(
        batches in prop::collection::vec(batch(), 1..3),
        discover in any::<bool>(),
        keep_null in any::<bool>(),
    ) {
        let (mut fast, mut slow) = (parser(discover, keep_null), parser(discover, keep_null));
        for batch in &batches {
            let names: Vec<&str> = batch.iter().map(|(name, _)| *name).collect();
            let cells: Vec<Cells> = batch
                .iter()
                .map(|(_, array)| {
                    KnownTexts::default().cells(array).unwrap_or_else(|| Cells::new(array, false).unwrap())
                })
                .collect();
            let (mut rejects, mut slow_rejects) = (Vec::new(), Vec::new());
            let outcome = fast.parts().0.put_columns(&names, &cells, ROWS, &mut rejects);
            let expected = row_by_row(&names, &cells, slow.parts().0, &mut slow_rejects);
            prop_assert_eq!(outcome, expected);
            prop_assert_eq!(rejects, slow_rejects);
        }
        prop_assert_eq!(shown(&mut fast), shown(&mut slow));
    }
}

#[test]
fn a_dictionary_is_copied_once() {
    let array: ArrayRef = Arc::new(["a", "b", "a"].into_iter().collect::<DictionaryArray<Int32Type>>());
    let mut known = KnownTexts::default();
    let texts = |cells: Option<Cells>| match cells {
        Some(Cells::Coded(_, texts)) => texts,
        _ => panic!("not coded"),
    };
    let first = texts(known.cells(&array));
    let again = texts(known.cells(&array.slice(1, 2)));
    assert!(Arc::ptr_eq(&first, &again));
    let other: ArrayRef = Arc::new(["a", "b"].into_iter().collect::<DictionaryArray<Int32Type>>());
    assert!(!Arc::ptr_eq(&first, &texts(known.cells(&other))));
    let plain: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    assert!(known.cells(&plain).is_none());
}
