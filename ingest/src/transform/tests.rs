//! Do derived columns, filters and metric expressions do what Druid's do?

use alluvium_segments::{BatchColumn, RowBatch};
use serde_json::{Value, json};

use crate::parse::{Outcome, Record, Reject, RejectKind, RowParser};
use crate::spec::{DataSchema, InputFormat};

fn run(data: Value, format: Value, records: &[&str]) -> (RowBatch, Outcome, Vec<Reject>) {
    let mut data = data;
    data["dataSource"] = json!("d");
    data["timestampSpec"] = json!({"column": "t", "format": "auto"});
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap();
    let format = InputFormat::from_json(&format, "inputFormat", &mut Vec::new()).unwrap();
    let mut parser = RowParser::new(&data, &format).unwrap();
    let (mut all, mut rejects) = (Outcome::default(), Vec::new());
    for record in records {
        let outcome = parser.parse(&Record { value: record.as_bytes(), origin: None }, &mut rejects);
        all.rows += outcome.rows;
        all.thrown_away += outcome.thrown_away;
        all.unparseable += outcome.unparseable;
        all.rows_with_error += outcome.rows_with_error;
    }
    (parser.take(), all, rejects)
}

fn texts(batch: &RowBatch, name: &str) -> Vec<Vec<Option<String>>> {
    let (at, _) = batch.schema.find(name).unwrap();
    let BatchColumn::String(column) = &batch.columns[at] else { panic!("{name} is not text") };
    let row = |r: usize| column.row(r).map(|v| column.value(v).map(str::to_owned)).collect();
    (0..batch.time.len()).map(row).collect()
}

fn longs(batch: &RowBatch, name: &str) -> Vec<Option<i64>> {
    let (at, _) = batch.schema.find(name).unwrap();
    let BatchColumn::Long(column) = &batch.columns[at] else { panic!("{name} is not long") };
    (0..batch.time.len()).map(|r| (!column.nulls.is_null(r)).then(|| column.values[r])).collect()
}

fn one(text: &str) -> Vec<Option<String>> {
    vec![Some(text.to_owned())]
}

#[test]
fn derived_columns_shadow_fields_and_do_not_see_each_other() {
    let data = json!({
        "dimensionsSpec": {"dimensions": ["a", "b", {"type": "long", "name": "n"}, {"type": "long", "name": "hour"}]},
        "transformSpec": {"transforms": [
            {"type": "expression", "name": "a", "expression": "concat(a, '!')"},
            {"type": "expression", "name": "b", "expression": "concat(a, b)"},
            {"type": "expression", "name": "n", "expression": "parse_long(substring(text, 1, 10))"},
            {"type": "expression", "name": "hour", "expression": "timestamp_extract(__time, 'HOUR')"}]}
    });
    let record =
        r#"{"t":"2020-01-01T05:00:00Z","a":"x","b":"y","n":"not a long","text":"#.to_owned() + "\"_12\"}";
    let (batch, outcome, rejects) = run(data, json!({"type": "json"}), &[&record]);
    assert_eq!((outcome.rows, outcome.rows_with_error), (1, 0), "{rejects:?}");
    assert_eq!((texts(&batch, "a"), texts(&batch, "b")), (vec![one("x!")], vec![one("xy")]));
    assert_eq!((longs(&batch, "n"), longs(&batch, "hour")), (vec![Some(12)], vec![Some(5)]));
}

#[test]
fn the_filter_sees_derived_columns_and_drops_rows() {
    let data = json!({
        "dimensionsSpec": {"dimensions": ["user"]},
        "transformSpec": {
            "transforms": [{"type": "expression", "name": "upper_user", "expression": "upper(user)"}],
            "filter": {"type": "and", "fields": [
                {"type": "selector", "dimension": "upper_user", "value": "ANN"},
                {"type": "not", "field": {"type": "selector", "dimension": "robot", "value": "true"}}]}}
    });
    let records = [
        r#"{"t":1,"user":"ann","robot":false}"#,
        r#"{"t":2,"user":"bob"}"#,
        r#"{"t":3,"user":"Ann","robot":"true"}"#,
        r#"{"t":4,"user":"ANN","robot":"false"} {"t":5,"user":"ann","robot":"no"}"#,
        // Whether no robot is "true" is unknown, and so is its negation.
        r#"{"t":6,"user":"ann"}"#,
        r#"{"user":"no time"}"#,
    ];
    let (batch, outcome, _) = run(data, json!({"type": "json"}), &records);
    assert_eq!((outcome.rows, outcome.thrown_away, outcome.unparseable), (3, 3, 1));
    assert_eq!(batch.time, [1, 4, 5]);
}

#[test]
fn metrics_take_expressions_and_time_may_be_derived() {
    let data = json!({
        "dimensionsSpec": {"dimensions": [{"type": "long", "name": "a"}]},
        "metricsSpec": [{"type": "count", "name": "n"},
            {"type": "longSum", "name": "ab", "expression": "a * b"},
            {"type": "longMax", "name": "c", "fieldName": "c"}],
        "transformSpec": {"transforms": [
            {"type": "expression", "name": "c", "expression": "b + 1"},
            {"type": "expression", "name": "__time", "expression": "__time + 1000"}]}
    });
    let (batch, outcome, rejects) =
        run(data, json!({"type": "json"}), &[r#"{"t":5,"a":6,"b":7}"#, r#"{"t":6,"a":1}"#]);
    assert_eq!((outcome.rows, rejects.len()), (2, 0), "{rejects:?}");
    assert_eq!(batch.time, [1005, 1006]);
    assert_eq!((longs(&batch, "n"), longs(&batch, "ab")), (vec![Some(1); 2], vec![Some(42), None]));
    assert_eq!(longs(&batch, "c"), [Some(8), None]);
}

#[test]
fn lists_are_mapped_and_other_formats_derive_too() {
    let transform =
        json!({"transforms": [{"type": "expression", "name": "up", "expression": "upper(tags)"}]});
    let data = json!({"dimensionsSpec": {"dimensions": ["tags", "up"]}, "transformSpec": transform});
    let (batch, _, _) = run(data.clone(), json!({"type": "json"}), &[r#"{"t":1,"tags":["a","b"]}"#]);
    assert_eq!(texts(&batch, "up"), [vec![Some("A".to_owned()), Some("B".to_owned())]]);
    let csv = json!({"type": "csv", "columns": ["t", "tags"], "listDelimiter": ";"});
    let (batch, _, _) = run(data, csv, &["1,a;b\n2,c"]);
    assert_eq!(texts(&batch, "up")[1], one("C"));
}

#[test]
fn a_failing_expression_names_its_column() {
    let data = json!({"dimensionsSpec": {"dimensions": ["q"]}, "transformSpec": {"transforms": [
        {"type": "expression", "name": "q", "expression": "a / b"}]}});
    let (batch, outcome, rejects) =
        run(data, json!({"type": "json"}), &[r#"{"t":1,"a":1,"b":0}"#, r#"{"t":1,"a":4,"b":2}"#]);
    assert_eq!((outcome.rows, outcome.unparseable), (1, 1));
    assert_eq!((rejects[0].kind, rejects[0].column.as_deref()), (RejectKind::BadExpression, Some("q")));
    assert_eq!(texts(&batch, "q"), [one("2")]);
}

#[test]
fn what_cannot_be_read_is_refused_in_the_spec() {
    for (transform, path) in [
        (
            json!({"transforms": [{"type": "expression", "name": "a", "expression": "concat(a"}]}),
            "transforms[0].expression",
        ),
        (
            json!({"transforms": [{"type": "expression", "name": "a", "expression": "no_such_function(a)"}]}),
            "transforms[0].expression",
        ),
        (json!({"filter": {"type": "nonsense"}}), "filter"),
        (json!({"transforms": [{"type": "magic", "name": "a"}]}), "transforms[0].type"),
    ] {
        let data = json!({"dataSource": "d", "transformSpec": transform});
        let error = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap_err();
        assert_eq!(error.path, format!("dataSchema.transformSpec.{path}"), "{error}");
    }
}

#[test]
fn lookups_are_for_queries() {
    for spec in [
        json!({"transforms": [{"type": "expression", "name": "x", "expression": "lookup(a, 'names')"}]}),
        json!({"filter": {"type": "selector", "dimension": "a", "value": "x",
            "extractionFn": {"type": "registeredLookup", "lookup": "names"}}}),
    ] {
        let data = json!({"dataSource": "d", "timestampSpec": {"column": "t"},
            "dimensionsSpec": {"dimensions": ["a"]}, "transformSpec": spec});
        let error = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("lookup `names`"), "{error}");
    }
}
