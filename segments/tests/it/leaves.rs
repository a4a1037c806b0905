//! Are the leaves of nested columns the values of their documents, row by row, and are damaged ones found?

use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::rows::Cell;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::*;
use serde_json::Value;

use crate::model::*;

fn field(name: &str) -> PathStep {
    PathStep::Field(name.into())
}

/// Rows whose documents have leaves of every kind.
fn nested_rows(count: usize) -> (std::sync::Arc<Schema>, Vec<Row>) {
    let schema = Schema::new(vec![ColumnSpec::dimension("doc", ColumnType::Json)]);
    let document = |i: usize| {
        let user = format!(r#""user":{{"name":"n{}","age":{}}}"#, i % 300, i % 90);
        let mixed = if i.is_multiple_of(2) { "1".to_owned() } else { format!("\"t{}\"", i % 7) };
        let rare = if i % 1000 == 7 { r#","rare":"yes""# } else { "" };
        format!(r#"{{{user},"mixed":{mixed},"rate":{}.5,"tags":["a",{}]{rare}}}"#, i % 50, i % 3)
    };
    let row = |i: usize| Row {
        time: i as i64,
        cells: vec![if i % 10 == 3 { Cell::Null } else { Cell::String(document(i)) }],
    };
    (std::sync::Arc::new(schema), (0..count).map(row).collect())
}

/// What a document has at a path.
fn at<'d>(document: &'d Value, path: &[PathStep]) -> &'d Value {
    path.iter().fold(document, |at, step| match step {
        PathStep::Field(name) => &at[&**name],
        PathStep::Item(number) => &at[*number as usize],
    })
}

/// All values of a leaf as JSON.
fn leaf_values(segment: &dyn Segment, path: &[PathStep]) -> Vec<Value> {
    let Leaf::Stored(column_type, column) = segment.leaf("doc", path).unwrap() else {
        panic!("{path:?} is no leaf")
    };
    let rows = 0..segment.rows();
    let mut out = Vec::new();
    for start in rows.clone().step_by(BLOCK_ROWS) {
        let part = start..rows.end.min(start + BLOCK_ROWS);
        match column {
            Column::Long(column) => {
                let mut block = NumericBlock::default();
                column.read(part, &mut block).unwrap();
                let value = |i: usize| (!block.nulls.is_null(i)).then(|| block.values[i]).into();
                out.extend((0..block.values.len()).map(value));
            }
            Column::Double(column) => {
                let mut block = NumericBlock::default();
                column.read(part, &mut block).unwrap();
                let value = |i: usize| (!block.nulls.is_null(i)).then(|| block.values[i]).into();
                out.extend((0..block.values.len()).map(value));
            }
            Column::String(column) => {
                let mut ids = Vec::new();
                column.read_ids(part, &mut ids).unwrap();
                out.extend(ids.iter().map(|id| match (column.value(*id).unwrap(), column_type) {
                    (None, _) => Value::Null,
                    (Some(text), ColumnType::Json) => serde_json::from_str(text).unwrap(),
                    (Some(text), _) => Value::from(text),
                }));
            }
            other => panic!("{other:?}"),
        }
    }
    out
}

#[test]
fn leaves_are_the_values_of_documents() {
    let dir = folder();
    let (schema, rows) = nested_rows(9000);
    let mapped = MappedSegment::open(&seal_rows(dir.path(), &schema, &rows).path).unwrap();
    assert_eq!(mapped.verify(), vec![]);
    let documents: Vec<Value> = rows_of(&mapped)
        .iter()
        .map(|row| match &row.cells[0] {
            Cell::String(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        })
        .collect();
    let paths: [(Vec<PathStep>, ColumnType); 6] = [
        (vec![field("user"), field("name")], ColumnType::String),
        (vec![field("user"), field("age")], ColumnType::Long),
        (vec![field("rate")], ColumnType::Double),
        (vec![field("mixed")], ColumnType::Json),
        (vec![field("tags")], ColumnType::Json),
        (vec![field("rare")], ColumnType::String),
    ];
    for (path, wanted) in &paths {
        let Leaf::Stored(found, column) = mapped.leaf("doc", path).unwrap() else { panic!("{path:?}") };
        assert_eq!(found, *wanted, "{path:?}");
        if let Column::String(column) = column {
            assert!(column.is_sorted());
        }
        let wanted: Vec<Value> = documents.iter().map(|document| at(document, path).clone()).collect();
        assert!(leaf_values(&mapped, path) == wanted, "{path:?}");
    }
    let is = |path: &[PathStep]| mapped.leaf("doc", path).unwrap();
    assert!(matches!(is(&[field("tags"), PathStep::Item(0)]), Leaf::Unknown), "within a list");
    assert!(matches!(is(&[field("user")]), Leaf::Absent), "an object");
    assert!(matches!(is(&[field("no")]), Leaf::Absent));
    assert!(matches!(mapped.leaf("no column", &[]).unwrap(), Leaf::Unknown));
    assert!(matches!(input(&schema, &rows).segment.leaf("doc", &[]).unwrap(), Leaf::Unknown));
}

#[test]
fn parts_of_segments_have_no_leaves_and_damaged_ones_are_found() {
    let dir = folder();
    let (schema, rows) = nested_rows(500);
    let path = dir.path().join("part.segment");
    let part = SealRequest { projections: false, ..request(path, vec![input(&schema, &rows)]) };
    let part = MappedSegment::open(&seal(&part).unwrap().path).unwrap();
    assert!(matches!(part.leaf("doc", &[field("rate")]).unwrap(), Leaf::Unknown));

    let sealed = seal_rows(dir.path(), &schema, &rows);
    let checks = inspect::verify(&MappedSegment::open(&sealed.path).unwrap()).sections;
    let leaves = checks.iter().find(|check| check.section == "leaves").unwrap();
    assert_eq!(leaves.column, "doc");
    let mut bytes = std::fs::read(&sealed.path).unwrap();
    bytes[(leaves.offset + leaves.bytes / 2) as usize] ^= 1;
    let damaged = dir.path().join("damaged.segment");
    std::fs::write(&damaged, bytes).unwrap();
    let damaged = MappedSegment::open(&damaged).unwrap();
    let problems = damaged.verify();
    assert!(problems.iter().any(|problem| problem.section == "leaves"), "{problems:?}");
    assert_eq!(rows_of(&damaged), rows_of(&MappedSegment::open(&sealed.path).unwrap()));
}
