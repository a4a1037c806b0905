//! How do several states of one aggregator become one? As its combining form says.

use alluvium_segments::CombineStates;
use alluvium_sketches::Recipe;
use serde_json::{Map, Value};

use super::Pair;

/// Finds how states of an aggregator become one; the recipe is the JSON of its combining form.
///
/// # Errors
/// When it is none.
pub fn combining(recipe: &str) -> Result<Box<dyn CombineStates + Send>, String> {
    let json: Map<String, Value> = serde_json::from_str(recipe).map_err(|error| error.to_string())?;
    let kind = json.get("type").and_then(Value::as_str).unwrap_or_default();
    if let Some(pair) = Pair::of_type(kind, &json)? {
        return Ok(Box::new(Pairs(pair)));
    }
    let recipe = Recipe::from_json(&json).map_err(|error| error.to_string())?;
    let recipe = recipe.ok_or_else(|| format!("states of a `{kind}` are not known"))?;
    Ok(Box::new(Summaries(recipe)))
}

struct Summaries(Recipe);

impl CombineStates for Summaries {
    fn combine(&self, states: &mut dyn Iterator<Item = &str>) -> Result<String, String> {
        // A state is a JSON string of base64, in which nothing is escaped.
        let summary = self.0.combine(states.map(|state| state.trim_matches('"')));
        Ok(summary.map_err(|error| error.to_string())?.to_json().to_string())
    }
}

struct Pairs(Pair);

impl CombineStates for Pairs {
    fn combine(&self, states: &mut dyn Iterator<Item = &str>) -> Result<String, String> {
        self.0.pick(states)
    }
}

#[cfg(test)]
mod tests {
    use alluvium_sketches::{Item, Kind, Summary};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::states::{StateKind, StateSpec};

    /// The metric of an aggregator.
    fn metric(json: &Value) -> StateSpec {
        let kind = json["type"].as_str().unwrap();
        StateSpec::from_json(kind, "m", json.as_object().unwrap()).unwrap().unwrap()
    }

    fn aggregators() -> Vec<Value> {
        vec![
            json!({"type": "HLLSketchBuild", "fieldName": "x"}),
            json!({"type": "thetaSketch", "fieldName": "x", "size": 32}),
            json!({"type": "hyperUnique", "fieldName": "x"}),
            json!({"type": "bloom", "field": "x", "maxNumEntries": 100}),
            json!({"type": "variance", "fieldName": "x"}),
            json!({"type": "fixedBucketsHistogram", "fieldName": "x", "lowerLimit": 0, "upperLimit": 100}),
            json!({"type": "ddSketch", "fieldName": "x"}),
            json!({"type": "arrayOfDoublesSketch", "fieldName": "x", "metricColumns": ["y"]}),
            json!({"type": "quantilesDoublesSketch", "fieldName": "x"}),
            json!({"type": "KllDoublesSketch", "fieldName": "x"}),
            json!({"type": "tDigestSketch", "fieldName": "x"}),
            json!({"type": "approxHistogram", "fieldName": "x", "resolution": 200}),
        ]
    }

    /// What is shown of a state, the digits that the order of additions changes left out.
    fn shown(recipe: &Recipe, state: &str) -> String {
        let summary = Summary::from_base64(recipe.kind(), state.trim_matches('"')).unwrap();
        match (&summary, recipe.kind()) {
            (Summary::Variance(variance), _) => {
                format!("{} {:.6}", variance.count(), variance.mean().unwrap_or(0.0))
            }
            (Summary::TDigest(digest), _) => format!("{}", digest.count()),
            (Summary::DdSketch(sketch), _) => format!("{:.9}", sketch.quantile(0.5).unwrap_or(0.0)),
            (Summary::ApproximateHistogram(histogram), _) => format!("{}", histogram.count()),
            (Summary::Hll(sketch), _) => format!("{:.2}", sketch.estimate()),
            (_, Kind::Bloom) => summary.to_base64(),
            _ => format!("{:?}", recipe.finish(&summary).unwrap()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_split_gives_the_same(
            values in prop::collection::vec(0i64..90, 1..120), cuts in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            for json in aggregators() {
                let spec = metric(&json);
                let StateKind::Summary(recipe) = &spec.kind else { panic!("a pair") };
                let combine = combining(&spec.combining).unwrap();
                let state = |value: &i64| {
                    let mut summary = recipe.empty().unwrap();
                    summary.add(recipe.prepare(Item::Long(*value)), &[1.0]);
                    summary.to_json().to_string()
                };
                let rows: Vec<String> = values.iter().map(state).collect();
                let whole = combine.combine(&mut rows.iter().map(String::as_str)).unwrap();
                let mut ends: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut) % rows.len()).collect();
                ends.extend([0, rows.len()]);
                ends.sort_unstable();
                ends.dedup();
                let parts = ends.windows(2).map(|pair| {
                    combine.combine(&mut rows[pair[0]..pair[1]].iter().map(String::as_str)).unwrap()
                });
                let parts: Vec<String> = parts.collect();
                let merged = combine.combine(&mut parts.iter().map(String::as_str)).unwrap();
                prop_assert_eq!(shown(recipe, &merged), shown(recipe, &whole), "{}", json);
            }
        }
    }

    #[test]
    fn pairs_of_the_first_and_the_last_time() {
        let pairs = [r#"{"lhs":5,"rhs":1}"#, r#"{"lhs":3,"rhs":null}"#, r#"{"lhs":5,"rhs":2}"#];
        for (kind, expected) in [("longFirst", pairs[1]), ("longLast", pairs[2])] {
            let spec = metric(&json!({"type": kind, "fieldName": "x"}));
            let combine = combining(&spec.combining).unwrap();
            assert_eq!(combine.combine(&mut pairs.into_iter()).unwrap(), expected);
            assert!(combine.combine(&mut ["7"].into_iter()).is_err());
        }
        assert!(combining(r#"{"type":"longSum"}"#).is_err());
    }
}
