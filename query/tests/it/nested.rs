//! Do columns of leaves answer as the documents they were taken from? The same rows are asked where they are shredded
//! and where they are not.

use std::sync::Arc;

use alluvium_query::{EngineOptions, QueryEngine};
use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::{
    BatchColumn, ColumnSpec, ColumnType, Leaf, PathStep, RowBatch, Schema, Segment, SegmentRef, StringBatch,
};
use fastrand::Rng;
use serde_json::{Value as Json, json};

use crate::data::{START, ask, id};

const ROWS: usize = 600;

fn schema() -> Schema {
    Schema::new(vec![ColumnSpec::dimension("doc", ColumnType::Json)])
}

/// A document whose paths hold what paths hold: one type, several, lists, objects, nothing.
fn document(rng: &mut Rng) -> Option<String> {
    let mut doc = json!({
        "name": format!("n{}", rng.u8(..40)), "age": rng.i64(-5..90), "rate": f64::from(rng.i32(-40..40)) / 4.0,
        "deep": {"er": {"x y": (["a", "", "b"][rng.usize(..3)])}}, "whole": rng.i64(..3),
        "items": [{"n": rng.i64(..5)}, {"n": rng.i64(..5)}], "numbers": [1, rng.i64(..3)],
    });
    let some = |rng: &mut Rng, values: Json| values[rng.usize(..values.as_array().unwrap().len())].clone();
    doc["mixed"] = some(rng, json!([1, 2.5, "text", "7", true, null, [1], {"a": 1}]));
    doc["digits"] = some(rng, json!(["1", "22", "x", null]));
    match rng.u8(..12) {
        0 => return None,
        1 => doc["rare"] = json!(rng.u8(..3)),
        2 => doc = some(rng, json!(["root", 5, [1, 2], {}, {"name": 3}])),
        _ => {}
    }
    Some(doc.to_string())
}

fn batch(documents: &[Option<String>]) -> RowBatch {
    let mut column = StringBatch::default();
    documents.iter().for_each(|document| column.push(document.as_deref()));
    let time = (0..documents.len() as i64).map(|row| START + row * 1000).collect();
    RowBatch { schema: Arc::new(schema()), time, columns: vec![BatchColumn::String(column)] }
}

fn live(partition: u32, documents: &[Option<String>]) -> Arc<dyn Segment> {
    let options = LiveOptions::default();
    let batch = batch(documents);
    let (_, mut writer) = LiveSegment::open(id(partition), Arc::clone(&batch.schema), options).unwrap();
    writer.append(&batch).unwrap();
    writer.publish();
    writer.freeze()
}

fn sealed(
    partition: u32,
    documents: &[Option<String>],
    leaves: bool,
    folder: &std::path::Path,
) -> Arc<dyn Segment> {
    let path = folder.join(format!("{partition}-{leaves}.segment"));
    let request = SealRequest {
        id: id(partition),
        path: path.clone(),
        inputs: vec![SegmentRef::whole(live(partition, documents))],
        schema: None,
        projections: leaves,
        combining: alluvium_segments::combines_nothing,
    };
    seal(&request).unwrap();
    Arc::new(MappedSegment::open(&path).unwrap())
}

fn engine(segments: Vec<Arc<dyn Segment>>) -> Arc<QueryEngine> {
    let catalog = Arc::new(Catalog::default());
    catalog.update_datasource("t", |datasource| {
        datasource.columns = schema().columns;
        datasource.sealed = segments.into_iter().map(SegmentRef::whole).collect();
    });
    QueryEngine::new(catalog, EngineOptions { threads: 2, ..EngineOptions::default() }).unwrap()
}

const PATHS: [&str; 18] = [
    "$.name",
    "$.age",
    "$.rate",
    "$.deep.er['x y']",
    "$.whole",
    "$.items[0].n",
    "$.items[1].n",
    "$.items[-1].n",
    "$.numbers",
    "$.numbers[1]",
    "$.mixed",
    "$.mixed.a",
    "$.mixed[0]",
    "$.digits",
    "$.rare",
    "$.none",
    "$.deep",
    "$",
];
const TYPES: [Option<&str>; 6] =
    [None, Some("STRING"), Some("LONG"), Some("DOUBLE"), Some("FLOAT"), Some("ARRAY<LONG>")];

fn filters(kind: usize) -> Json {
    let value = |value: Json| json!({"type": "equals", "column": "v", "matchValueType": "STRING", "matchValue": value});
    match kind {
        0 => Json::Null,
        1 => json!({"type": "selector", "dimension": "v", "value": "n7"}),
        2 => json!({"type": "selector", "dimension": "v", "value": null}),
        3 => json!({"type": "in", "dimension": "v", "values": ["1", "2", "a", "n3", "text", "2.5"]}),
        4 => json!({"type": "bound", "dimension": "v", "lower": "2", "upper": "60", "ordering": "numeric"}),
        5 => json!({"type": "like", "dimension": "v", "pattern": "%1%"}),
        6 => json!({"type": "not", "field": value(json!("7"))}),
        7 => json!({"type": "range", "column": "v", "matchValueType": "LONG", "lower": 1, "upper": 40}),
        _ => json!({"type": "expression", "expression": "v > 3"}),
    }
}

/// Queries of every kind over a path read as a type.
fn queries(path: &str, expected: Option<&str>, filter: Json, rng: &mut Rng) -> Vec<Json> {
    let nested = json!({"type": "nested-field", "columnName": "doc", "outputName": "v", "path": path,
        "expectedType": expected});
    let call = match expected {
        Some(name) => format!("json_value(doc, '{}', '{name}')", path.replace('\'', "\\'")),
        None => format!("json_value(doc, '{}')", path.replace('\'', "\\'")),
    };
    let computed = json!({"type": "expression", "name": "v", "expression": call, "outputType": expected});
    let base = json!({"dataSource": "t", "intervals": "2015/2016", "granularity": "all", "filter": filter,
        "virtualColumns": [if rng.bool() { nested } else { computed }]});
    let with = |more: Json| {
        let mut query = base.clone();
        query.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        query
    };
    let sums = json!([{"type": "count", "name": "n"}, {"type": "longSum", "name": "s", "fieldName": "v"},
        {"type": "doubleMax", "name": "m", "fieldName": "v"}]);
    let dimension = json!({"type": "default", "dimension": "v", "outputName": "v",
        "outputType": expected.unwrap_or("STRING")});
    vec![
        with(json!({"queryType": "timeseries", "aggregations": sums})),
        with(json!({"queryType": "groupBy", "dimensions": [dimension], "aggregations": sums})),
        with(
            json!({"queryType": "groupBy", "dimensions": ["v"], "aggregations": [{"type": "count", "name": "n"}]}),
        ),
        with(json!({"queryType": "topN", "dimension": "v", "metric": "n", "threshold": 1000,
            "aggregations": [{"type": "count", "name": "n"}]})),
        with(
            json!({"queryType": "scan", "columns": ["__time", "v"], "resultFormat": "compactedList", "order": "ascending"}),
        ),
        with(json!({"queryType": "timeseries", "aggregations":
            [{"type": "cardinality", "name": "c", "fields": ["v"]}, {"type": "stringFirst", "name": "f", "fieldName": "v"}]})),
    ]
}

#[test]
fn leaves_answer_as_documents_do() {
    let mut rng = Rng::with_seed(20_241_126);
    let documents: Vec<Option<String>> = (0..ROWS).map(|_| document(&mut rng)).collect();
    let folder = tempfile::tempdir().unwrap();
    let third = ROWS / 3;
    let parts = [&documents[..third], &documents[third..2 * third], &documents[2 * third..]];
    let plain = engine((0..3).map(|n| sealed(n as u32, parts[n], false, folder.path())).collect());
    let shredded = vec![
        sealed(0, parts[0], true, folder.path()),
        sealed(1, parts[1], true, folder.path()),
        live(2, parts[2]),
    ];
    let leaf = |path: &[PathStep]| shredded[0].leaf("doc", path).unwrap();
    assert!(matches!(leaf(&[PathStep::Field("age".into())]), Leaf::Stored(ColumnType::Long, _)));
    assert!(matches!(leaf(&[PathStep::Field("mixed".into())]), Leaf::Stored(ColumnType::Json, _)));
    let shredded = engine(shredded);
    let (mut asked, mut answered, mut rows) = (0, 0, 0);
    for path in PATHS {
        for expected in TYPES {
            let filter = filters(rng.usize(..9));
            for query in queries(path, expected, filter, &mut rng) {
                asked += 1;
                // What is refused must be refused alike.
                let of = |engine: &QueryEngine| ask(engine, query.clone()).map_err(|error| error.to_string());
                let (mut found, mut wanted) = (of(&shredded), of(&plain));
                if query["queryType"] == "scan" {
                    found = found.map(events);
                    wanted = wanted.map(events);
                }
                assert_eq!(found, wanted, "{query}");
                answered += usize::from(wanted.is_ok());
                rows += wanted.map_or(0, |answer| answer.as_array().map_or(0, Vec::len));
            }
        }
    }
    println!("{asked} queries, {answered} answered, {rows} results");
    assert!(
        answered * 10 > asked * 8 && rows > 5 * answered,
        "{asked} queries, {answered} answered, {rows} results"
    );
}

/// The rows of a scan, whatever batches they come in.
fn events(answer: Json) -> Json {
    let batches = answer.as_array().unwrap().iter();
    batches.flat_map(|batch| batch["events"].as_array().unwrap().clone()).collect()
}
