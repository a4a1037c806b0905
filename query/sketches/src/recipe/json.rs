//! How is the recipe of a summary written? As the aggregator that merges such summaries, which is what Druid keeps in
//! a segment; and as the aggregator it is, to be read again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Form, Recipe};
use crate::{Estimator, Question, TextEncoding};

impl Recipe {
    /// The aggregator that merges summaries of the recipe in a column.
    #[must_use]
    pub fn combining_json(&self, column: &str) -> Map<String, Value> {
        let type_name = match &self.form {
            Form::Hll { .. } => "HLLSketchMerge",
            Form::Theta { .. } => "thetaSketch",
            Form::Quantiles { .. } => "quantilesDoublesSketchMerge",
            Form::Kll { floats: false, .. } => "KllDoublesSketchMerge",
            Form::Kll { floats: true, .. } => "KllFloatsSketchMerge",
            Form::ArrayOfDoubles { .. } => "arrayOfDoublesSketch",
            Form::HyperUnique { .. } => "hyperUnique",
            Form::ApproximateHistogram { .. } => "approxHistogramFold",
            Form::FixedBuckets { .. } => "fixedBucketsHistogram",
            Form::Variance { .. } => "varianceFold",
            Form::TDigest { .. } => "tDigestSketch",
            Form::Bloom { .. } => "bloomMerge",
            Form::DdSketch { .. } => "ddSketch",
        };
        let mut json = Map::new();
        json.insert("type".to_owned(), type_name.into());
        json.insert("name".to_owned(), column.into());
        json.insert("fieldName".to_owned(), column.into());
        let rest = match &self.form {
            Form::ArrayOfDoubles { entries, values, .. } => {
                json!({"nominalEntries": entries, "metricColumns": null, "numberOfValues": values})
            }
            form => parameters(form),
        };
        if let Value::Object(rest) = rest {
            json.extend(rest);
        }
        json
    }
}

/// The parameters that Druid shows.
fn parameters(form: &Form) -> Value {
    match form {
        Form::Hll { lg_k, target, encoding, round } => {
            let mut json = json!({"lgK": lg_k, "tgtHllType": target.name()});
            if *encoding != TextEncoding::default() {
                json["stringEncoding"] = encoding.name().into();
            }
            if *round {
                json["round"] = true.into();
            }
            json
        }
        Form::Theta { size, bounds: None } => json!({"size": size}),
        Form::Theta { size, bounds } => json!({"size": size, "errorBoundsStdDev": bounds}),
        Form::Quantiles { k, max_stream_length } => json!({"k": k, "maxStreamLength": max_stream_length}),
        Form::Kll { k, max_stream_length, .. } => json!({"k": k, "maxStreamLength": max_stream_length}),
        Form::ArrayOfDoubles { entries, columns, values } => {
            json!({"nominalEntries": entries, "metricColumns": columns, "numberOfValues": values})
        }
        Form::HyperUnique { round } => json!({"isInputHyperUnique": false, "round": round}),
        Form::ApproximateHistogram { resolution, buckets, lower_limit, upper_limit, base64 } => json!({
            "resolution": resolution,
            "numBuckets": buckets,
            "lowerLimit": number(*lower_limit),
            "upperLimit": number(*upper_limit),
            "finalizeAsBase64Binary": base64,
        }),
        Form::FixedBuckets { buckets, lower_limit, upper_limit, mode, base64 } => json!({
            "numBuckets": buckets,
            "lowerLimit": lower_limit,
            "upperLimit": upper_limit,
            "outlierHandlingMode": mode.name(),
            "finalizeAsBase64Binary": base64,
        }),
        Form::Variance { estimator: Estimator::Sample } => json!({"estimator": null}),
        Form::Variance { estimator: Estimator::Population } => json!({"estimator": "population"}),
        Form::TDigest { compression } => json!({"compression": compression}),
        Form::Bloom { max_entries } => json!({"maxNumEntries": max_entries}),
        Form::DdSketch { relative_error, bins } => json!({"relativeError": relative_error, "numBins": bins}),
    }
}

/// A number that JSON can say, or as text what it cannot.
fn number(value: f32) -> Value {
    if value.is_finite() { value.into() } else { crate::java::float_text(value).into() }
}

impl Recipe {
    /// The aggregator that it is, of a field.
    #[must_use]
    pub fn aggregator_json(&self, name: &str, field: &str) -> Map<String, Value> {
        let mut json = self.combining_json(name);
        json.insert("fieldName".to_owned(), field.into());
        if let Value::Object(rest) = parameters(&self.form) {
            json.extend(rest);
        }
        let built = match (&self.form, self.merges) {
            (Form::Hll { .. }, false) => Some("HLLSketchBuild"),
            (Form::Quantiles { .. }, false) => Some("quantilesDoublesSketch"),
            (Form::Kll { floats, .. }, false) => {
                Some(if *floats { "KllFloatsSketch" } else { "KllDoublesSketch" })
            }
            (Form::ApproximateHistogram { .. }, false) => Some("approxHistogram"),
            (Form::Variance { .. }, false) => Some("variance"),
            (Form::Bloom { .. }, false) => Some("bloom"),
            _ => None,
        };
        if let Some(built) = built {
            json.insert("type".to_owned(), built.into());
        }
        json.insert("shouldFinalize".to_owned(), self.finalizes.into());
        json
    }
}

impl Serialize for Recipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = Value::Object(self.aggregator_json("", "")).to_string();
        (json, self.merges, self.finalizes, &self.asks).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Recipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let (text, merges, finalizes, asks) =
            <(String, bool, bool, Option<Question>)>::deserialize(deserializer)?;
        let json = serde_json::from_str(&text).map_err(D::Error::custom)?;
        let recipe = Self::from_json(&json).map_err(D::Error::custom)?;
        let recipe = recipe.ok_or_else(|| D::Error::custom("the aggregator makes no summary"))?;
        Ok(Self { merges, finalizes, asks, ..recipe })
    }
}
