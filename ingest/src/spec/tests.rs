//! Is each documented field honoured, noted or refused?

use alluvium_segments::{BitmapIndex, ColumnSpec, Role};
use serde_json::{Value, json};

use super::*;

mod projections;

fn data_schema() -> Value {
    json!({
        "dataSource": "wikipedia",
        "timestampSpec": {"column": "time", "format": "iso"},
        "dimensionsSpec": {"dimensions": ["channel", {"name": "added", "type": "long"}]},
        "granularitySpec": {"type": "uniform", "segmentGranularity": "DAY", "queryGranularity": "NONE",
            "rollup": false}
    })
}

fn supervisor() -> Value {
    json!({"type": "kafka", "spec": {
        "dataSchema": data_schema(),
        "ioConfig": {"topic": "wikipedia", "inputFormat": {"type": "json"},
            "consumerProperties": {"bootstrap.servers": "localhost:9092"}},
        "tuningConfig": {"type": "kafka"}
    }})
}

fn batch() -> Value {
    json!({"type": "index_parallel", "spec": {
        "dataSchema": data_schema(),
        "ioConfig": {"type": "index_parallel", "inputSource": {"type": "inline", "data": "x"},
            "inputFormat": {"type": "json"}},
        "tuningConfig": {"type": "index_parallel"}
    }})
}

/// The spec with a value set at a dotted path.
fn with(mut spec: Value, path: &str, value: Value) -> Value {
    let mut at = &mut spec;
    for key in path.split('.') {
        at = if let Ok(i) = key.parse::<usize>() { &mut at[i] } else { &mut at[key] };
    }
    *at = value;
    spec
}

#[test]
fn the_tutorial_is_understood() {
    let spec = json!({
      "type": "kafka",
      "spec": {
        "ioConfig": {
          "type": "kafka",
          "consumerProperties": {"bootstrap.servers": "localhost:9092"},
          "topic": "wikipedia",
          "inputFormat": {"type": "json"},
          "useEarliestOffset": true
        },
        "tuningConfig": {"type": "kafka"},
        "dataSchema": {
          "dataSource": "wikipedia",
          "timestampSpec": {"column": "time", "format": "iso"},
          "dimensionsSpec": {"dimensions": [
              {"type": "long", "name": "added"}, "channel", "cityName", "comment", "countryIsoCode",
              {"type": "long", "name": "deleted"}, "isAnonymous", "user"]},
          "granularitySpec": {"queryGranularity": "none", "rollup": false, "segmentGranularity": "day"}
        }
      }
    });
    let read = SupervisorSpec::from_json(&spec).unwrap();
    assert_eq!((read.id.as_str(), read.suspended), ("wikipedia", false));
    assert_eq!(read.io.stream, KafkaStream::Topic("wikipedia".to_owned()));
    assert!(read.io.use_earliest_offset && read.no_effect.is_empty());
    assert_eq!((read.io.task_duration_ms, read.tuning.max_rows_in_memory), (3_600_000, 150_000));
    assert_eq!(read.data.schema().columns.len(), 8);
    assert!(!read.data.granularity.rollup && !read.data.dimensions.discover);
    assert_eq!(read.original, spec);
    // Flat, as older releases had it; and as a server shows it, with legacy copies.
    let mut flat = spec["spec"].clone();
    flat["type"] = json!("kafka");
    assert_eq!(SupervisorSpec::from_json(&flat).unwrap().io, read.io);
    let mut shown = spec.clone();
    for part in ["dataSchema", "ioConfig", "tuningConfig"] {
        shown[part] = spec["spec"][part].clone();
    }
    shown["suspended"] = json!(true);
    shown["context"] = json!({"a": 1});
    assert!(SupervisorSpec::from_json(&shown).unwrap().suspended);
}

#[test]
fn what_changes_answers_and_is_not_honoured_is_refused_by_name() {
    for (path, value) in [
        ("type", json!("kinesis")),
        ("spec.dataSchema.parser", json!({"type": "string"})),
        ("spec.dataSchema.dimensionsSpec.forceSegmentSortByTime", json!(false)),
        ("spec.dataSchema.dimensionsSpec.dimensions.1.maxStringLength", json!(10)),
        ("spec.dataSchema.granularitySpec.type", json!("arbitrary")),
        ("spec.ioConfig.inputFormat.type", json!("avro_stream")),
        ("spec.ioConfig.inputFormat.type", json!("protobuf")),
        ("spec.ioConfig.inputFormat.type", json!("regex")),
        ("spec.ioConfig.inputFormat.useJsonNodeReader", json!(true)),
        ("spec.ioConfig.inputFormat.featureSpec", json!({"ALLOW_SINGLE_QUOTES": true})),
        ("spec.ioConfig.boundedStreamConfig", json!({"startSequenceNumbers": {}})),
        ("spec.ioConfig.consumerProperties.druid.dynamic.config.provider", Value::Null),
    ] {
        let spec = if value.is_null() {
            let provider =
                json!({"bootstrap.servers": "x", "druid.dynamic.config.provider": {"type": "environment"}});
            with(supervisor(), "spec.ioConfig.consumerProperties", provider)
        } else {
            with(supervisor(), path, value)
        };
        let error = SupervisorSpec::from_json(&spec).unwrap_err();
        assert!(matches!(error.kind, SpecErrorKind::Unsupported(_)), "{path}: {error}");
        let dotted = path.replace(".1.", "[1].");
        assert!(error.path.starts_with(&dotted), "{path}: {error}");
    }
    for (metric, what) in [
        (json!({"type": "cardinality", "name": "u", "fields": ["user"]}), "cardinality"),
        (json!({"type": "longAny", "name": "u", "fieldName": "user"}), "longAny"),
        (json!({"type": "expression", "name": "u", "fields": ["user"], "fold": "1"}), "expression"),
    ] {
        let spec = with(supervisor(), "spec.dataSchema.metricsSpec", json!([metric]));
        let error = SupervisorSpec::from_json(&spec).unwrap_err().to_string();
        assert!(
            error.starts_with("spec.dataSchema.metricsSpec[0].type: not supported") && error.contains(what)
        );
    }
}

#[test]
fn metrics_may_be_states() {
    let metrics = json!([
        {"type": "thetaSketch", "name": "users", "fieldName": "user", "size": 1024},
        {"type": "stringLast", "name": "page", "fieldName": "page"},
    ]);
    let spec = with(supervisor(), "spec.dataSchema.metricsSpec", metrics);
    let schema = SupervisorSpec::from_json(&spec).unwrap().data.schema();
    let types: Vec<_> =
        schema.columns.iter().filter(|c| c.is_metric()).map(|c| c.column_type.druid_name()).collect();
    assert_eq!(types, ["COMPLEX<thetaSketch>", "COMPLEX<serializablePairLongString>"]);
    let wrong = json!([{"type": "HLLSketchBuild", "name": "users", "fieldName": "user", "lgK": 99}]);
    let error =
        SupervisorSpec::from_json(&with(supervisor(), "spec.dataSchema.metricsSpec", wrong)).unwrap_err();
    assert!(error.to_string().starts_with("spec.dataSchema.metricsSpec[0]"), "{error}");
}

#[test]
fn knobs_without_meaning_are_noted() {
    let knobs = [
        ("ioConfig", "replicas", json!(2)),
        ("ioConfig", "stopTaskCount", json!(1)),
        ("ioConfig", "idleConfig", json!({"enabled": true})),
        ("ioConfig", "autoScalerConfig", json!({"enableTaskAutoScaler": true})),
        ("tuningConfig", "indexSpec", json!({"bitmap": {"type": "roaring"}})),
        ("tuningConfig", "workerThreads", json!(4)),
        ("tuningConfig", "chatRetries", json!(8)),
        ("tuningConfig", "httpTimeout", json!("PT10S")),
        ("tuningConfig", "shutdownTimeout", json!("PT80S")),
        ("tuningConfig", "handoffConditionTimeout", json!(900_000)),
        ("tuningConfig", "intermediateHandoffPeriod", json!("P2147483647D")),
        ("tuningConfig", "maxPendingPersists", json!(0)),
        ("tuningConfig", "numPersistThreads", json!(1)),
        ("tuningConfig", "segmentWriteOutMediumFactory", json!({"type": "tmpFile"})),
        ("tuningConfig", "appendableIndexSpec", json!({"type": "onheap"})),
        ("tuningConfig", "skipBytesInMemoryOverheadCheck", json!(false)),
    ];
    let mut spec = supervisor();
    for (part, name, value) in knobs.clone() {
        spec["spec"][part][name] = value;
    }
    let mut noted = SupervisorSpec::from_json(&spec).unwrap().no_effect;
    let mut expected: Vec<String> =
        knobs.iter().map(|(part, name, _)| format!("spec.{part}.{name}")).collect();
    noted.sort();
    expected.sort();
    assert_eq!(noted, expected);
}

#[test]
fn consumer_properties_without_effect_are_noted() {
    let properties = json!({
        "bootstrap.servers": "localhost:9092",
        "enable.auto.commit": "false",
        "auto.offset.reset": "earliest",
        "key.deserializer": "x",
        "fetch.min.bytes": 1
    });
    let spec = with(supervisor(), "spec.ioConfig.consumerProperties", properties);
    let noted = SupervisorSpec::from_json(&spec).unwrap().no_effect;
    let path = "spec.ioConfig.consumerProperties";
    assert_eq!(noted, [format!("{path}.auto.offset.reset"), format!("{path}.key.deserializer")]);
}

/// The supervisor spec with this value is refused in these words.
fn refused(path: &str, value: Value, text: &str) {
    let error = SupervisorSpec::from_json(&with(supervisor(), path, value)).unwrap_err();
    assert!(error.to_string().starts_with(text), "{path}: {error}");
    assert_eq!(error.class(), alluvium_segments::ErrorClass::InvalidInput);
}

#[test]
fn wrong_and_unknown_fields_are_named() {
    for (path, value, text) in [
        ("spec.ioConfig.foo", json!(1), "spec.ioConfig.foo: unknown field"),
        ("spec.dataSchema.dimensionSpec", json!({}), "spec.dataSchema.dimensionSpec: unknown field"),
        (
            "spec.dataSchema.timestampSpec.colum",
            json!("x"),
            "spec.dataSchema.timestampSpec.colum: unknown field",
        ),
        ("suspend", json!(true), "suspend: unknown field"),
        ("spec.ioConfig.taskDuration", json!("1h"), "spec.ioConfig.taskDuration: `1h` is not"),
        ("spec.ioConfig.taskDuration", json!("P99999999999Y"), "spec.ioConfig.taskDuration: "),
        ("spec.ioConfig.period", json!("P1M"), "spec.ioConfig.period: `P1M` must not"),
        ("spec.ioConfig.taskCount", json!(0), "spec.ioConfig.taskCount: must be at least 1"),
        ("spec.ioConfig.topic", json!(null), "spec.ioConfig.topic: required"),
        ("spec.ioConfig.topicPattern", json!("a.*"), "spec.ioConfig.topic: give either"),
        (
            "spec.ioConfig.consumerProperties",
            json!({}),
            "spec.ioConfig.consumerProperties.bootstrap.servers: required",
        ),
        ("spec.ioConfig.inputFormat.type", json!("jsn"), "spec.ioConfig.inputFormat.type: `jsn` is not"),
        (
            "spec.ioConfig.inputFormat.type",
            json!("parquet"),
            "spec.ioConfig.inputFormat: parquet is for batch",
        ),
        (
            "spec.ioConfig.inputFormat.type",
            json!("csv"),
            "spec.ioConfig.inputFormat.columns: name the columns",
        ),
    ] {
        refused(path, value, text);
    }
}

#[test]
fn columns_and_limits_that_cannot_be_are_named() {
    for (path, value, text) in [
        (
            "spec.dataSchema.dataSource",
            json!("../x"),
            "spec.dataSchema.dataSource: must not start with a dot",
        ),
        ("spec.dataSchema.dataSource", json!("a/b"), "spec.dataSchema.dataSource: must not contain slashes"),
        (
            "spec.dataSchema.granularitySpec.segmentGranularity",
            json!("dya"),
            "spec.dataSchema.granularitySpec.segmentGranularity: ",
        ),
        (
            "spec.dataSchema.dimensionsSpec.dimensions.0",
            json!("added"),
            "spec.dataSchema.dimensionsSpec: column `added` is named twice",
        ),
        (
            "spec.dataSchema.dimensionsSpec.dimensions.0",
            json!("__time"),
            "spec.dataSchema.dimensionsSpec: `__time`",
        ),
        (
            "spec.dataSchema.metricsSpec",
            json!([{"type": "count", "name": "added"}]),
            "spec.dataSchema.metricsSpec: column `added`",
        ),
        (
            "spec.dataSchema.metricsSpec",
            json!([{"type": "longSum", "name": "n"}]),
            "spec.dataSchema.metricsSpec[0]: must have either",
        ),
        (
            "spec.tuningConfig.maxRowsInMemory",
            json!("many"),
            "spec.tuningConfig.maxRowsInMemory: must be a whole number",
        ),
        ("id", json!("a\tb"), "id: must not contain line breaks"),
    ] {
        refused(path, value, text);
    }
    assert!(SupervisorSpec::from_json(&json!([])).is_err());
    assert!(SupervisorSpec::from_json(&json!({"type": "kafka"})).is_err());
}

#[test]
fn every_honoured_field_is_read() {
    let mut spec = supervisor();
    spec["id"] = json!("other");
    spec["spec"]["ioConfig"] = json!({
        "topicPattern": "wiki-[a-z]+", "inputFormat": {"type": "json", "keepNullColumns": true,
            "assumeNewlineDelimited": true, "featureSpec": {"ALLOW_COMMENTS": false},
            "flattenSpec": {"useFieldDiscovery": false, "fields": ["a", {"type": "root", "name": "b", "expr": "c"},
                {"type": "path", "name": "d", "expr": "$.e.f"}, {"type": "tree", "name": "g", "nodes": ["h", "i"]}]}},
        "consumerProperties": {"bootstrap.servers": "b", "fetch.min.bytes": 1, "enable.x": true,
            "ssl.key.password": {"type": "default", "password": "p"}},
        "taskCount": "2", "replicas": 1, "taskDuration": "PT10M", "startDelay": "PT1S", "period": "PT2S",
        "useEarliestOffset": "true", "completionTimeout": "PT3S", "lateMessageRejectionPeriod": "P1D",
        "earlyMessageRejectionPeriod": "PT1H", "pollTimeout": 200
    });
    spec["spec"]["tuningConfig"] = json!({
        "type": "kafka", "maxRowsInMemory": 10, "maxBytesInMemory": 20, "maxRowsPerSegment": 30, "maxTotalRows": 40,
        "intermediatePersistPeriod": "PT5S", "resetOffsetAutomatically": true, "offsetFetchPeriod": "PT1S",
        "logParseExceptions": true, "maxParseExceptions": 5, "maxSavedParseExceptions": 6
    });
    let read = SupervisorSpec::from_json(&spec).unwrap();
    assert!(read.no_effect.is_empty(), "{:?}", read.no_effect);
    let io = &read.io;
    assert_eq!((read.id.as_str(), io.stream.name(), io.task_count), ("other", "wiki-[a-z]+", 2));
    assert_eq!((io.task_duration_ms, io.start_delay_ms, io.period_ms), (600_000, 1000, 2000));
    assert_eq!((io.late_rejection_ms, io.early_rejection_ms), (Some(86_400_000), Some(3_600_000)));
    assert_eq!(io.consumer_properties["fetch.min.bytes"], "1");
    assert_eq!(io.consumer_properties["ssl.key.password"], "p");
    let InputFormat::Json(json) = &io.input_format else { panic!("{:?}", io.input_format) };
    assert!(json.keep_null_columns && json.newline_delimited && !json.flatten.use_field_discovery);
    assert_eq!(json.flatten.fields[3].kind, FlattenKind::Tree(vec!["h".to_owned(), "i".to_owned()]));
    let limits = ParseErrorLimits { log: true, max: Some(5), max_saved: 6 };
    let tuning = TuningConfig {
        max_rows_in_memory: 10,
        max_bytes_in_memory: Some(20),
        max_rows_per_segment: 30,
        max_total_rows: Some(40),
        intermediate_persist_period_ms: 5000,
        offset_fetch_period_ms: 5000,
        reset_offset_automatically: true,
        parse_errors: limits,
    };
    assert_eq!(read.tuning, tuning);
}

#[test]
fn batch_tasks() {
    let read = BatchSpec::from_json(&batch()).unwrap();
    assert_eq!((read.append, read.drop_existing, read.kind.as_str()), (false, false, "index_parallel"));
    assert_eq!(read.tuning.max_rows_per_segment, 5_000_000);
    let source = |json: Value| {
        BatchSpec::from_json(&with(batch(), "spec.ioConfig.inputSource", json)).map(|b| b.source)
    };
    let local = json!({"type": "local", "baseDir": "/data", "filter": "*.json"});
    let folder = InputSource::Folder { base: "/data".into(), filter: "*.json".to_owned() };
    assert_eq!(source(local.clone()), Ok(folder.clone()));
    let both = json!({"type": "combining", "delegates": [local, {"type": "inline", "data": "y"}]});
    assert_eq!(
        source(both),
        Ok(InputSource::Combining(vec![folder, InputSource::Inline { data: "y".to_owned() }]))
    );
    let http = json!({"type": "http", "uris": ["http://x/y"], "httpAuthenticationUsername": "u",
        "httpAuthenticationPassword": {"type": "default", "password": "secret"}});
    let read_http = source(http).unwrap();
    assert!(!format!("{read_http:?}").contains("secret"));
    for (path, value, text) in [
        (
            "spec.ioConfig.inputSource",
            json!({"type": "s3", "uris": []}),
            "spec.ioConfig.inputSource.type: not supported",
        ),
        (
            "spec.ioConfig.inputSource",
            json!({"type": "http", "uris": ["file:///etc"]}),
            "spec.ioConfig.inputSource.uris: must",
        ),
        (
            "spec.ioConfig.inputSource",
            json!({"type": "local", "baseDir": "/x"}),
            "spec.ioConfig.inputSource.filter: required",
        ),
        (
            "spec.ioConfig.inputFormat",
            json!({"type": "orc"}),
            "spec.ioConfig.inputFormat.type: not supported",
        ),
        ("spec.ioConfig.dropExisting", json!(true), "spec.ioConfig.dropExisting: needs"),
        (
            "spec.tuningConfig.forceGuaranteedRollup",
            json!(true),
            "spec.tuningConfig.forceGuaranteedRollup: not supported",
        ),
        (
            "spec.tuningConfig.partitionsSpec",
            json!({"type": "hashed"}),
            "spec.tuningConfig.partitionsSpec.type: not supported",
        ),
        (
            "spec.tuningConfig.partitionsSpec",
            json!({"type": "range"}),
            "spec.tuningConfig.partitionsSpec.type: not supported",
        ),
        ("spec.tuningConfig.numShards", json!(3), "spec.tuningConfig.numShards: not supported"),
        ("spec.tuningConfig.foo", json!(3), "spec.tuningConfig.foo: unknown"),
        ("type", json!("compact"), "type: not supported"),
    ] {
        let error = BatchSpec::from_json(&with(batch(), path, value)).unwrap_err().to_string();
        assert!(error.starts_with(text), "{path}: {error}");
    }
    let tuned = json!({"type": "index_parallel", "maxNumConcurrentSubTasks": 2, "reportParseExceptions": true,
        "partitionsSpec": {"type": "dynamic", "maxRowsPerSegment": 7}});
    let read = BatchSpec::from_json(&with(batch(), "spec.tuningConfig", tuned)).unwrap();
    assert_eq!((read.tuning.max_rows_per_segment, read.tuning.parse_errors.max), (7, Some(0)));
    assert_eq!(read.no_effect, ["spec.tuningConfig.maxNumConcurrentSubTasks"]);
}

#[test]
fn an_index_is_built_as_the_dimension_says() {
    let dimensions = json!({"dimensions": [
        "plain", {"name": "given", "createBitmapIndex": true}, {"name": "none", "createBitmapIndex": false},
        {"name": "number", "type": "long"}
    ]});
    let read = DimensionsSpec::from_json(Some(&dimensions), "dimensionsSpec", &mut Vec::new()).unwrap();
    let index = |column: &ColumnSpec| match &column.role {
        Role::Dimension(options) => options.bitmap_index,
        Role::Metric { .. } => panic!("{column:?}"),
    };
    let wanted = [BitmapIndex::ByCost, BitmapIndex::Always, BitmapIndex::Never, BitmapIndex::Never];
    assert_eq!(read.columns.iter().map(index).collect::<Vec<_>>(), wanted);
}
