//! Do records become the rows Druid would make of them?

use alluvium_segments::{BatchColumn, RowBatch};
use serde_json::{Value, json};

use super::*;
use crate::spec::{DataSchema, InputFormat};

fn parser(data: Value, format: Value) -> RowParser {
    let mut data = data;
    data["dataSource"] = json!("test");
    if data.get("timestampSpec").is_none() {
        data["timestampSpec"] = json!({"column": "t", "format": "auto"});
    }
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap();
    let format = InputFormat::from_json(&format, "inputFormat", &mut Vec::new()).unwrap();
    RowParser::new(&data, &format).unwrap()
}

/// The rows of a batch as JSON objects.
fn rows(batch: &RowBatch) -> Vec<Value> {
    let row = |row: usize| {
        let mut object = serde_json::Map::new();
        object.insert("__time".to_owned(), json!(batch.time[row]));
        for (spec, column) in batch.schema.columns.iter().zip(&batch.columns) {
            assert_eq!(column.rows(), batch.time.len(), "{}", spec.name);
            let value = match column {
                BatchColumn::Long(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::Float(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::Double(c) if !c.nulls.is_null(row) => json!(c.values[row]),
                BatchColumn::String(c) => {
                    let texts: Vec<_> = c.row(row).map(|v| c.value(v)).collect();
                    match texts.as_slice() {
                        [] => Value::Null,
                        [Some(one)] => json!(one),
                        _ => json!(texts),
                    }
                }
                _ => Value::Null,
            };
            object.insert(spec.name.clone(), value);
        }
        Value::Object(object)
    };
    (0..batch.time.len()).map(row).collect()
}

fn parse(parser: &mut RowParser, bytes: &[u8]) -> (Outcome, Vec<Reject>) {
    let mut rejects = Vec::new();
    let outcome = parser.parse(&Record { value: bytes, origin: None }, &mut rejects);
    (outcome, rejects)
}

fn typed() -> Value {
    json!({"dimensionsSpec": {"dimensions": ["s", {"type": "long", "name": "l"},
        {"type": "double", "name": "d"}, {"type": "float", "name": "f"}]},
        "metricsSpec": [{"type": "count", "name": "n"}, {"type": "longSum", "name": "m", "fieldName": "x"}]})
}

#[test]
fn values_take_the_type_of_their_column() {
    let mut parser = parser(typed(), json!({"type": "json"}));
    for (input, expected, bad) in [
        (json!({"s": "a", "l": 1, "d": 2.5, "f": 0.1, "x": 7}), json!(["a", 1, 2.5, 0.1f32, 7]), 0),
        (
            json!({"s": 5, "l": "6", "d": "7.5", "f": "1e2", "x": "1,234"}),
            json!(["5", 6, 7.5, 100.0, 1234]),
            0,
        ),
        (json!({"s": 1.5, "l": 1.9, "d": 3, "f": 4, "x": -1.9}), json!(["1.5", 1, 3.0, 4.0, -1]), 0),
        (json!({"s": true, "l": false, "x": null}), json!(["true", 0, null, null, null]), 0),
        (
            json!({"s": "", "l": "", "d": "x", "f": [1], "x": {"a": 1}}),
            json!(["", null, null, null, null]),
            4,
        ),
        (json!({"s": ["b", "a", null, 3]}), json!([["b", "a", null, "3"], null, null, null, null]), 0),
        (json!({"s": [], "x": true}), json!([null, null, null, null, null]), 1),
        (json!({"s": {"k": [1, {"z": null}]}}), json!(["{k=[1, {z=null}]}", null, null, null, null]), 0),
        (
            json!({"s": 12345678901234567890u64, "l": 1e300}),
            json!(["1.2345678901234567E19", i64::MAX, null, null, null]),
            0,
        ),
    ] {
        let mut record = input.clone();
        record["t"] = json!(1000);
        record["unknown"] = json!({"deep": [1, 2, {"x": "y"}]});
        let (outcome, rejects) = parse(&mut parser, record.to_string().as_bytes());
        assert_eq!((outcome.rows, rejects.len()), (1, bad), "{input}: {rejects:?}");
        assert_eq!(outcome.rows_with_error, u64::from(bad > 0));
        let batch = parser.take();
        let row = &rows(&batch)[0];
        let found = json!([row["s"], row["l"], row["d"], row["f"], row["m"]]);
        assert_eq!(found, expected, "{input}");
        assert_eq!((&row["n"], &row["__time"]), (&json!(1), &json!(1000)));
    }
}

#[test]
fn a_record_is_taken_whole_or_not_at_all() {
    let mut parser = parser(typed(), json!({"type": "json"}));
    let good = r#"{"t":1,"s":"a"}"#;
    for (input, kept, kind) in [
        (good.to_owned(), 1, None),
        (format!(" {good}\n{good}{good} "), 3, None),
        (format!("{good} {{\"s\":\"b\"}}"), 0, Some(RejectKind::MissingTimestamp)),
        (format!("{good} {{\"t\":\"soon\"}}"), 0, Some(RejectKind::BadTimestamp)),
        (format!("{good} {{\"t\":1,"), 0, Some(RejectKind::Unparseable)),
        (format!("{good} \"x}}"), 0, Some(RejectKind::Unparseable)),
        (format!("{good} 5"), 0, Some(RejectKind::Unparseable)),
        (format!("[{good}]"), 0, Some(RejectKind::Unparseable)),
        ("null".to_owned(), 0, Some(RejectKind::Unparseable)),
        ("  ".to_owned(), 0, Some(RejectKind::Unparseable)),
        ("{\"t\":[1]}".to_owned(), 0, Some(RejectKind::BadTimestamp)),
        ("{\"t\":null}".to_owned(), 0, Some(RejectKind::MissingTimestamp)),
        ("{\"t\":9223372036854775807}".to_owned(), 0, Some(RejectKind::BadTimestamp)),
        ("{\"t\":1e400}".to_owned(), 0, Some(RejectKind::Unparseable)),
    ] {
        let (outcome, rejects) = parse(&mut parser, input.as_bytes());
        assert_eq!(
            (outcome.rows, outcome.unparseable),
            (kept, u64::from(kind.is_some())),
            "{input}: {rejects:?}"
        );
        assert_eq!(rejects.first().map(|r| r.kind), kind, "{input}");
        assert!(rejects.len() < 2, "{rejects:?}");
    }
    assert_eq!(parse(&mut parser, b"").0.thrown_away, 1);
    let (outcome, rejects) = parse(&mut parser, b"{\"t\":1,\"s\":\"\xff\"}");
    assert_eq!((outcome.unparseable, rejects[0].message.as_str()), (1, "byte 12 is not UTF-8"));
    assert_eq!(rows(&parser.take()).len(), 4);
    // The next batch begins empty.
    assert_eq!(parser.take().time.len(), 0);
}

#[test]
fn lines_stand_for_themselves_where_the_spec_says_so() {
    let mut parser = parser(typed(), json!({"type": "json", "assumeNewlineDelimited": true}));
    let (outcome, rejects) = parse(&mut parser, b"{\"t\":1}\r\nbad\n\n{\"t\":2,\"l\":\"x\"}\n{\"t\":3} {}");
    assert_eq!(outcome, Outcome { rows: 2, rows_with_error: 1, thrown_away: 0, unparseable: 2 });
    let lines: Vec<_> = rejects.iter().map(|r| r.line.as_deref().unwrap()).collect();
    assert_eq!(lines, [&b"bad"[..], b"{\"t\":2,\"l\":\"x\"}", b"{\"t\":3} {}"]);
    assert_eq!(parser.take().time, [1, 2]);
}

#[test]
fn dimensions_are_discovered_as_they_appear() {
    let data = json!({"dimensionsSpec": {"dimensions": [], "dimensionExclusions": ["secret"]},
        "metricsSpec": [{"type": "longSum", "name": "sum", "fieldName": "x"}]});
    let mut parser = parser(data, json!({"type": "json"}));
    for record in [
        r#"{"t":1,"a":"1","x":1,"secret":"s","sum":"no","nested":{"a":1},"null":null}"#,
        r#"{"t":2,"b":[1,"two",null],"deep":[[1]],"a":{"now":"nested"}}"#,
        r#"{"t":3,"b":[[1]],"c":true,"null":"not null"}"#,
        r#"{"t":"bad","ghost":1}"#,
    ] {
        parse(&mut parser, record.as_bytes());
    }
    let first = parser.take();
    let names: Vec<_> = first.schema.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names[..5], ["sum", "a", "b", "c", "null"]);
    let expected = json!([
        {"__time": 1, "sum": 1, "a": "1", "b": null, "c": null, "null": null},
        {"__time": 2, "sum": null, "a": null, "b": ["1", "two", null], "c": null, "null": null},
        {"__time": 3, "sum": null, "a": null, "b": null, "c": "true", "null": "not null"}
    ]);
    // The last record left nothing, not even a column.
    assert_eq!(json!(rows(&first)), expected);
    parse(&mut parser, br#"{"t":4,"c":"x"}"#);
    assert_eq!(rows(&parser.take())[0]["c"], json!("x"));
    let data = json!({"dimensionsSpec": {"dimensions": ["a"], "includeAllDimensions": true}});
    let mut parser = super::tests::parser(data, json!({"type": "json", "keepNullColumns": true}));
    parse(&mut parser, br#"{"t":4,"n":null,"z":1}"#);
    assert_eq!(parser.schema().columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["a", "n", "z"]);
}

#[test]
fn nested_values_are_flattened() {
    let format = json!({"type": "json", "flattenSpec": {"useFieldDiscovery": false, "fields": [
        "t", {"type": "root", "name": "s", "expr": "text"}, {"type": "path", "name": "l", "expr": "$.a.b[1]"},
        {"type": "tree", "name": "d", "nodes": ["a", "c"]}, {"type": "path", "name": "x", "expr": "$.a.b.length()"}]}});
    let mut parser = parser(typed(), format);
    let (outcome, rejects) =
        parse(&mut parser, br#"{"t":1,"text":"y","f":3,"a":{"b":[7,8],"c":0.5}} {"t":2,"a":[]}"#);
    assert_eq!((outcome.rows, rejects.len()), (2, 0), "{rejects:?}");
    let expected = json!([{"__time": 1, "s": "y", "l": 8, "d": 0.5, "f": null, "n": 1, "m": 2},
        {"__time": 2, "s": null, "l": null, "d": null, "f": null, "n": 1, "m": null}]);
    assert_eq!(json!(rows(&parser.take())), expected);
}

#[test]
fn rows_tell_where_they_came_from() {
    let origin = Origin { topic: "wiki", partition: 3, offset: 42, timestamp: Some(1_000_000) };
    let record = Record { value: br#"{"s":"a","t":5,"__partition":9}"#, origin: Some(origin) };
    let data = json!({"dimensionsSpec": {"dimensions": ["s", "__topic", {"type": "long", "name": "__partition"},
        {"type": "long", "name": "__offset"}]}});
    let mut parser = parser(data, json!({"type": "json"}));
    parser.parse(&record, &mut Vec::new());
    let expected = json!([{"__time": 5, "s": "a", "__topic": "wiki", "__partition": 9, "__offset": 42}]);
    assert_eq!(json!(rows(&parser.take())), expected);

    let data = json!({"timestampSpec": {"column": "kafka.timestamp", "format": "millis"}});
    let mut parser = super::tests::parser(data, json!({"type": "kafka", "valueFormat": {"type": "json"}}));
    parser.parse(&record, &mut Vec::new());
    let row = &rows(&parser.take())[0];
    assert_eq!(
        (&row["__time"], &row["kafka.topic"], &row["kafka.offset"]),
        (&json!(1_000_000), &json!("wiki"), &json!("42"))
    );
}

#[test]
fn rows_out_of_the_window_are_thrown_away_and_times_are_truncated() {
    let hour = 3_600_000;
    let data = json!({"dimensionsSpec": {"dimensions": ["s"]}, "granularitySpec": {"segmentGranularity": "hour",
        "queryGranularity": "day", "intervals": ["1970-01-01/1970-01-03"]}});
    let mut parser = parser(data, json!({"type": "json"}));
    parser.accept_only(alluvium_segments::time::Interval::new(hour, 100 * hour));
    let mut outcome = Outcome::default();
    for t in [0, hour, 2 * hour + 5, 47 * hour, 48 * hour, -1] {
        let got = parse(&mut parser, format!("{{\"t\":{t},\"s\":[\"x\"]}}").as_bytes()).0;
        outcome.rows += got.rows;
        outcome.thrown_away += got.thrown_away;
    }
    assert_eq!((outcome.rows, outcome.thrown_away), (3, 3));
    // Not out of the time chunk, though the day began before it.
    assert_eq!(parser.take().time, [hour, 2 * hour, 47 * hour]);
}

#[test]
fn delimited_records() {
    let format = json!({"type": "csv", "columns": ["t", "s", "l"], "listDelimiter": ";"});
    let mut parser = parser(typed(), format);
    let (outcome, rejects) =
        parse(&mut parser, b"2020-01-01,a;b,7\n2020-01-02T00:00:00Z,\"\",\nnever,x,1\n5,\"open");
    assert_eq!((outcome.rows, outcome.unparseable), (2, 2), "{rejects:?}");
    let found = rows(&parser.take());
    assert_eq!(
        (&found[0]["s"], &found[0]["l"], &found[1]["s"], &found[1]["l"]),
        (&json!(["a", "b"]), &json!(7), &json!(""), &Value::Null)
    );
}

mod random {
    //! Whatever the bytes: no panic, whole rows, and both ways through the parser agree.

    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|b| b.to_string()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<u64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| format!("{f:e}")),
            (0u64..4_000_000_000_000).prop_map(|n| n.to_string()),
            Just("\"2015-09-12T01:02:03Z\"".to_owned()),
            "[a-z0-9. ]{0,6}".prop_map(|s| format!("\"{s}\"")),
            any::<String>().prop_map(|s| json!(s).to_string()),
            Just("\"\\ud800\"".to_owned()),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(","))),
                prop::collection::vec(("[a-c]", inner), 0..3).prop_map(|v| object(&v)),
            ]
        })
    }

    fn object(fields: &[(String, String)]) -> String {
        let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn record() -> impl Strategy<Value = Vec<u8>> {
        let key = prop::sample::select(vec!["t", "s", "l", "d", "f", "x", "n", "other", "t"]);
        let field = (key.prop_map(str::to_owned), value());
        let whole = prop::collection::vec(field, 0..8)
            .prop_map(|mut fields| {
                fields.push(("t".to_owned(), "1000".to_owned()));
                object(&fields).into_bytes()
            })
            .boxed();
        let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
        prop_oneof![
            4 => whole.clone(),
            2 => prop::collection::vec(whole.clone(), 1..3).prop_map(|v| v.concat()),
            2 => (whole, damage).prop_map(|(mut bytes, damage)| {
                for (at, byte) in damage {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                bytes
            }),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn both_ways_agree(records in prop::collection::vec(record(), 1..6), discover in any::<bool>()) {
            let mut data = typed();
            data["dimensionsSpec"]["includeAllDimensions"] = json!(discover);
            let general = json!({"type": "json", "flattenSpec": {"fields": [
                {"type": "path", "name": "unused", "expr": "$.no.such.field"}]}});
            let mut fast = parser(data.clone(), json!({"type": "json"}));
            let mut slow = parser(data, general);
            prop_assert!(fast.is_direct() && !slow.is_direct());
            for record in &records {
                let before = fast.rows() as u64;
                let (outcome, rejects) = parse(&mut fast, record);
                let (slow_outcome, slow_rejects) = parse(&mut slow, record);
                prop_assert_eq!(outcome, slow_outcome);
                prop_assert_eq!(fast.rows() as u64, before + outcome.rows);
                let kinds = |r: &[Reject]| r.iter().map(|r| (r.kind, r.column.clone())).collect::<Vec<_>>();
                prop_assert_eq!(kinds(&rejects), kinds(&slow_rejects));
            }
            prop_assert_eq!(rows(&fast.take()), rows(&slow.take()));
        }

        #[test]
        fn other_formats_bear_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), ascii in "[a-c,\"\n\r\t;0-9]{0,80}") {
            for format in [json!({"type": "csv", "findColumnsFromHeader": true}),
                json!({"type": "tsv", "columns": ["t", "s"], "skipHeaderRows": 1}),
                json!({"type": "json", "assumeNewlineDelimited": true})] {
                let mut parser = parser(json!({}), format);
                for input in [&bytes[..], ascii.as_bytes()] {
                    let (outcome, rejects) = parse(&mut parser, input);
                    prop_assert_eq!(rejects.len() as u64, outcome.unparseable + outcome.rows_with_error);
                }
                rows(&parser.take());
            }
        }
    }
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    // Frames are several times larger without optimisation.
    let stack = if cfg!(debug_assertions) { 8 << 20 } else { 1 << 20 };
    std::thread::Builder::new().stack_size(stack).spawn(nest_deeply).unwrap().join().unwrap();
}

fn nest_deeply() {
    let flatten =
        json!({"type": "json", "flattenSpec": {"fields": [{"type": "path", "name": "z", "expr": "$..q"}]}});
    for format in [json!({"type": "json"}), flatten] {
        let mut parser = parser(typed(), format);
        for (depth, kept) in [(100, 1), (250, 1), (100_000, 0)] {
            for field in ["s", "l", "skipped"] {
                for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                    let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                    let record = format!("{{\"{field}\":{value},\"t\":1}}");
                    let (outcome, _) = parse(&mut parser, record.as_bytes());
                    assert_eq!((outcome.rows, outcome.unparseable), (kept, 1 - kept), "{depth} {field}");
                }
            }
        }
    }
}

#[test]
fn throughput_is_printed() {
    let text = "lorem ipsum dolor sit amet consectetur";
    let mut records = Vec::new();
    for i in 0..20_000u64 {
        let mut record = serde_json::Map::new();
        record.insert(
            "t".to_owned(),
            json!(format!("2015-09-12T{:02}:{:02}:{:02}.000Z", i / 3600, i / 60 % 60, i % 60)),
        );
        for c in 0..10 {
            record.insert(
                format!("string_{c}"),
                json!(format!("{} {}", &text[..2 * c + 8], i % (7 + c as u64))),
            );
        }
        for c in 0..6 {
            record.insert(format!("long_{c}"), json!(i * 31 % (1000 + c)));
        }
        for c in 0..3 {
            record.insert(format!("double_{c}"), json!((i % 997) as f64 * 0.25 + c as f64));
        }
        records.push(Value::Object(record).to_string());
    }
    let named = |prefix: &str, n: usize, kind: &str| -> Vec<Value> {
        (0..n).map(|c| json!({"name": format!("{prefix}{c}"), "type": kind})).collect()
    };
    let dimensions =
        [named("string_", 10, "string"), named("long_", 6, "long"), named("double_", 3, "double")].concat();
    let data = json!({"dimensionsSpec": {"dimensions": dimensions}});
    let bytes: usize = records.iter().map(String::len).sum();
    for (name, format) in [
        ("direct", json!({"type": "json"})),
        (
            "general",
            json!({"type": "json", "flattenSpec": {"fields": [{"type": "path", "name": "z", "expr": "$.a.b"}]}}),
        ),
    ] {
        let mut parser = parser(data.clone(), format);
        let mut rejects = Vec::new();
        let start = std::time::Instant::now();
        let mut rows = 0;
        for record in &records {
            rows += parser.parse(&Record { value: record.as_bytes(), origin: None }, &mut rejects).rows;
            if parser.rows() >= 4096 {
                drop(parser.take());
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!((rows, rejects.len()), (20_000, 0));
        println!("{name}: {:.0} rows/s, {} bytes a row", rows as f64 / seconds, bytes / records.len());
    }
}

#[test]
fn parsers_travel_between_threads() {
    fn sent<T: Send>() {}
    sent::<RowParser>();
    sent::<crate::input::BatchReader>();
}

#[test]
fn discovered_columns_have_the_type_of_what_they_hold() {
    let spec = json!({"dimensionsSpec": {"useSchemaDiscovery": true, "dimensions": [{"type": "json", "name": "j"}]}});
    let mut parser = parser(spec, json!({"type": "json"}));
    let types = |batch: &RowBatch| {
        let column = |c: &alluvium_segments::ColumnSpec| (c.name.clone(), json!(c.column_type.druid_name()));
        Value::Object(batch.schema.columns.iter().map(column).collect())
    };
    for record in [
        json!({"t": 1, "j": 1, "l": 7, "d": 1, "s": true, "a": [1, null], "o": {"x": [1]}}),
        json!({"t": 2, "j": {"b": 1}, "l": null, "d": 1.5, "s": "x", "a": ["y"]}),
    ] {
        assert_eq!(parse(&mut parser, record.to_string().as_bytes()).0.rows, 1);
    }
    let batch = parser.take();
    let expected = json!({"j": "COMPLEX<json>", "l": "LONG", "d": "DOUBLE", "s": "STRING",
        "a": "ARRAY<STRING>", "o": "COMPLEX<json>"});
    assert_eq!(types(&batch), expected);
    let found = rows(&batch);
    assert_eq!(
        found[0],
        json!({"__time": 1, "j": "1", "l": 7, "d": 1.0, "s": "1", "a": r#"["1",null]"#,
        "o": r#"{"x":[1]}"#})
    );
    assert_eq!(
        found[1],
        json!({"__time": 2, "j": r#"{"b":1}"#, "l": null, "d": 1.5, "s": "x", "a": r#"["y"]"#,
        "o": null})
    );
    // Types only widen: a later batch of narrower values has those found before.
    parse(&mut parser, br#"{"t":3,"l":"z","d":2,"a":4}"#);
    let batch = parser.take();
    let later = types(&batch);
    assert_eq!(
        (&later["l"], &later["d"], &later["a"]),
        (&json!("STRING"), &json!("DOUBLE"), &json!("ARRAY<STRING>"))
    );
    assert_eq!(rows(&batch)[0]["a"], json!(r#"["4"]"#));
}
