//! Are projections read as Druid writes them, and is what is not honoured refused?

use alluvium_segments::time::Granularity;
use alluvium_segments::{ColumnType, MetricFunction};
use serde_json::{Value, json};

use super::{batch, supervisor, with};
use crate::spec::{BatchSpec, SpecErrorKind, SupervisorSpec};

const PATH: &str = "spec.dataSchema.projections";

fn hourly() -> Value {
    json!({
        "type": "aggregate",
        "name": "hourly",
        "virtualColumns": [{"type": "expression", "name": "__gran", "outputType": "LONG",
            "expression": "timestamp_floor(__time, 'PT1H')"}],
        "groupingColumns": [{"type": "long", "name": "__gran"}, {"type": "string", "name": "channel"}],
        "aggregators": [{"type": "longSum", "name": "sum_added", "fieldName": "added"},
            {"type": "doubleMax", "name": "most", "fieldName": "added"}]
    })
}

fn read(projections: Value) -> Result<SupervisorSpec, crate::spec::SpecError> {
    SupervisorSpec::from_json(&with(supervisor(), PATH, projections))
}

#[test]
fn projections_are_read() {
    let by_name = json!({"type": "aggregate", "name": "channels", "groupingColumns": ["channel"],
        "aggregators": [{"type": "count", "name": "rows"}]});
    let fine = json!({"type": "aggregate", "name": "fine", "virtualColumns": [], "filter": null,
        "groupingColumns": [{"type": "long", "name": "__time"}, {"type": "long", "name": "added"}]});
    let spec = read(json!([hourly(), by_name, fine])).unwrap();
    let [hourly, channels, fine] = &spec.data.projections[..] else { panic!("{:?}", spec.data.projections) };
    assert_eq!(hourly.granularity, Granularity::from_name("hour").unwrap());
    let names = |p: &alluvium_segments::ProjectionSpec| -> Vec<String> {
        p.columns.iter().map(|c| c.name.clone()).collect()
    };
    assert_eq!(names(hourly), ["channel", "sum_added", "most", "__count"]);
    let metric = |function, column_type| hourly.metric(function, Some(("added", column_type)));
    assert_eq!(metric(MetricFunction::Sum, ColumnType::Long), Some("sum_added"));
    assert_eq!(metric(MetricFunction::Max, ColumnType::Double), Some("most"));
    assert_eq!(metric(MetricFunction::Max, ColumnType::Long), None);
    assert_eq!(hourly.metric(MetricFunction::Count, None), Some("__count"));
    assert_eq!(
        (&channels.granularity, names(channels)),
        (&Granularity::All, vec!["channel".into(), "rows".into()])
    );
    assert_eq!(
        (&fine.granularity, names(fine)),
        (&Granularity::None, vec!["added".into(), "__count".into()])
    );
    assert_eq!(spec.data.schema().projections, spec.data.projections);
    assert!(BatchSpec::from_json(&with(batch(), PATH, json!([self::hourly()]))).is_ok());
}

#[test]
fn what_projections_cannot_do_is_refused() {
    let set = |path: &str, value: Value| with(json!([hourly()]), path, value);
    let floor = |expression: &str| json!([{"type": "expression", "name": "__gran", "expression": expression, "outputType": "LONG"}]);
    for (projections, at, unsupported) in [
        (set("0.type", json!("table")), "[0].type", true),
        (
            set("0.filter", json!({"type": "selector", "dimension": "channel", "value": "x"})),
            "[0].filter",
            true,
        ),
        (set("0.virtualColumns", floor("upper(channel)")), "[0].virtualColumns[0].expression", true),
        (
            set("0.virtualColumns", floor("timestamp_ceil(__time, 'PT1H')")),
            "[0].virtualColumns[0].expression",
            true,
        ),
        (
            set("0.virtualColumns", floor("timestamp_floor(added, 'PT1H')")),
            "[0].virtualColumns[0].expression",
            true,
        ),
        (set("0.virtualColumns", floor("timestamp_floor(__time")), "[0].virtualColumns[0].expression", false),
        (set("0.virtualColumns.0.type", json!("mv-filtered")), "[0].virtualColumns[0].type", true),
        (set("0.virtualColumns.0.name", json!("other")), "[0].groupingColumns[0]", false),
        (set("0.groupingColumns", json!(["channel"])), "[0].virtualColumns[0]", true),
        (
            set("0.groupingColumns.1", json!({"type": "long", "name": "__time"})),
            "[0].groupingColumns[1]",
            true,
        ),
        (set("0.groupingColumns.0", json!("__gran")), "[0].groupingColumns[0].type", false),
        (set("0.groupingColumns.1", json!("page")), "[0].groupingColumns[1]", false),
        (set("0.groupingColumns.1", json!("added")), "[0].groupingColumns[1]", false),
        (set("0.aggregators.0.type", json!("HLLSketchBuild")), "[0].aggregators[0].type", true),
        (set("0.aggregators.0.fieldName", json!("channel")), "[0].aggregators[0].fieldName", false),
        (set("0.aggregators.0.fieldName", json!("other")), "[0].aggregators[0].fieldName", false),
        (
            set("0.aggregators.0", json!({"type": "longSum", "name": "x", "expression": "added + 1"})),
            "[0].aggregators[0].expression",
            true,
        ),
        (set("0.aggregators.0.name", json!("channel")), "[0]", false),
        (set("0.aggregators.0.name", json!("most")), "[0].aggregators[1].name", false),
        (set("0.nonsense", json!(1)), "[0].nonsense", false),
        (json!([{"type": "aggregate", "name": "nothing"}]), "[0]", false),
        (json!([hourly(), hourly()]), "[1].name", false),
    ] {
        let error = read(projections.clone()).unwrap_err();
        assert_eq!(error.path, format!("{PATH}{at}"), "{error}");
        assert_eq!(matches!(error.kind, SpecErrorKind::Unsupported(_)), unsupported, "{error}");
    }
}

#[test]
fn discovered_dimensions_are_texts() {
    let discovering = with(supervisor(), "spec.dataSchema.dimensionsSpec", json!({}));
    let grouping = |columns: Value| {
        let projection = json!([{"type": "aggregate", "name": "p", "groupingColumns": columns}]);
        SupervisorSpec::from_json(&with(discovering.clone(), PATH, projection))
    };
    assert_eq!(grouping(json!(["page"])).unwrap().data.projections[0].columns.len(), 2);
    assert!(grouping(json!([{"type": "long", "name": "added"}])).is_err());
}
