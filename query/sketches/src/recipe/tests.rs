//! Are aggregators read with Druid's defaults, and do their summaries show what Druid shows?

use serde_json::json;

use super::*;

fn read(json: &serde_json::Value) -> Recipe {
    Recipe::from_json(json.as_object().unwrap()).unwrap().unwrap()
}

/// What the aggregator shows of some values.
fn shown(json: &serde_json::Value, items: &[Item<'_>]) -> Finished {
    let recipe = read(json);
    let mut summary = recipe.empty().unwrap();
    items.iter().for_each(|item| recipe.update(&mut summary, *item));
    recipe.finish(&summary).unwrap()
}

#[test]
fn all_types_are_read_and_written() {
    let types = [
        "HLLSketchBuild",
        "HLLSketchMerge",
        "thetaSketch",
        "quantilesDoublesSketch",
        "KllDoublesSketch",
        "KllFloatsSketchMerge",
        "arrayOfDoublesSketch",
        "hyperUnique",
        "approxHistogram",
        "approxHistogramFold",
        "variance",
        "varianceFold",
        "tDigestSketch",
        "bloom",
        "ddSketch",
    ];
    for name in types {
        let recipe = read(&json!({"type": name, "name": "x", "fieldName": "y"}));
        let text = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe, "{name}");
        let combining = recipe.combining_json("x");
        let again = Recipe::from_json(&combining).unwrap().unwrap();
        assert_eq!((again.kind(), again.combining_json("x")), (recipe.kind(), combining));
        assert_eq!(recipe.empty().unwrap().kind(), recipe.kind());
        assert_eq!(Kind::from_name(name), Some(recipe.kind()));
    }
    let fixed = json!({"type": "fixedBucketsHistogram", "lowerLimit": 0, "upperLimit": 10});
    assert_eq!(read(&fixed).kind(), Kind::FixedBuckets);
    assert_eq!(Recipe::from_json(json!({"type": "longSum"}).as_object().unwrap()), Ok(None));
}

#[test]
fn combining_aggregators_are_druids() {
    let combining = |json: &serde_json::Value| serde_json::Value::Object(read(json).combining_json("h"));
    let hll = json!({"type": "HLLSketchBuild", "fieldName": "u"});
    let known =
        json!({"type": "HLLSketchMerge", "name": "h", "fieldName": "h", "lgK": 12, "tgtHllType": "HLL_4"});
    assert_eq!(combining(&hll), known);
    let tuple = json!({"type": "arrayOfDoublesSketch", "metricColumns": ["q", "v"], "nominalEntries": 1024});
    let known = json!({
        "type": "arrayOfDoublesSketch", "name": "h", "fieldName": "h", "nominalEntries": 1024,
        "metricColumns": null, "numberOfValues": 2,
    });
    assert_eq!(combining(&tuple), known);
}

#[test]
fn what_is_shown() {
    let numbers = [Item::Long(1), Item::Double(2.0), Item::Float(2.0), Item::Text("5"), Item::Null];
    assert_eq!(shown(&json!({"type": "quantilesDoublesSketch"}), &numbers), Finished::Long(4));
    assert_eq!(
        shown(&json!({"type": "KllFloatsSketch", "shouldFinalize": false}), &numbers),
        Finished::Long(4)
    );
    assert_eq!(shown(&json!({"type": "variance"}), &numbers), Finished::Double(3.0));
    assert_eq!(shown(&json!({"type": "variance", "estimator": "population"}), &[]), Finished::Null);
    assert_eq!(shown(&json!({"type": "HLLSketchBuild", "round": true}), &numbers), Finished::Long(3));
    assert_eq!(shown(&json!({"type": "thetaSketch"}), &numbers), Finished::Double(4.0 - 1.0));
    let bounds = json!({"estimate": 1.0, "highBound": 1.0, "lowBound": 1.0, "numStdDev": 2});
    let theta = json!({"type": "thetaSketch", "errorBoundsStdDev": 2});
    assert_eq!(shown(&theta, &[Item::Text("a")]), Finished::Json(bounds));
    let fixed = json!({"type": "fixedBucketsHistogram", "lowerLimit": 0, "upperLimit": 10, "numBuckets": 2});
    let Finished::Json(shown) = shown(&fixed, &numbers) else { panic!("no JSON") };
    assert_eq!((&shown["histogram"], &shown["missingValueCount"]), (&json!([3, 1]), &json!(1)));
}

#[test]
fn what_is_out_of_range_is_refused() {
    let wrong = [
        json!({"type": "HLLSketchBuild", "lgK": 99}),
        json!({"type": "HLLSketchBuild", "tgtHllType": "HLL_5"}),
        json!({"type": "thetaSketch", "size": "many"}),
        json!({"type": "quantilesDoublesSketch", "k": 100}),
        json!({"type": "KllDoublesSketch", "k": 1}),
        json!({"type": "arrayOfDoublesSketch", "metricColumns": ["a"], "numberOfValues": 2}),
        json!({"type": "fixedBucketsHistogram", "lowerLimit": 1}),
        json!({"type": "bloom", "maxNumEntries": 0}),
        json!({"type": "ddSketch", "relativeError": 2}),
    ];
    for json in wrong {
        assert!(Recipe::from_json(json.as_object().unwrap()).is_err(), "{json}");
    }
}
