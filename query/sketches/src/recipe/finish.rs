//! What is shown of a summary in the end? What Druid's aggregators finalize to.

use crate::quantiles::Ranked;
use serde_json::{Value, json};

use super::{Form, Recipe};
use crate::{Bars, FixedBuckets, Question, SketchError, Summary, java};

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// No value.
    Null,
    /// A whole number.
    Long(i64),
    /// A number.
    Double(f64),
    /// A number of single precision, which JSON shows with its own digits.
    Float(f32),
    /// Anything JSON can say: the base64 of a summary, a histogram, an estimate with its bounds.
    Json(Value),
}

/// Of which kind a recipe's results are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Whole numbers.
    Longs,
    /// Numbers.
    Doubles,
    /// Anything JSON can say.
    Anything,
}

impl Summary {
    /// The base64 as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::String(self.to_base64())
    }
}

impl Recipe {
    /// Of which kind the results are.
    #[must_use]
    pub fn answers(&self) -> Answers {
        use Question as Q;
        match (&self.asks, &self.form) {
            (Some(Q::Entries | Q::Count | Q::Distinct), _) => return Answers::Longs,
            (
                Some(
                    Q::Estimate { .. }
                    | Q::Quantile(_)
                    | Q::Rank(_)
                    | Q::Least
                    | Q::Most
                    | Q::Variance(_)
                    | Q::Deviation(_),
                ),
                _,
            ) => return Answers::Doubles,
            (Some(_), _) => return Answers::Anything,
            (None, _) => {}
        }
        match &self.form {
            _ if !self.finalizes => Answers::Anything,
            Form::Hll { round: true, .. }
            | Form::Quantiles { .. }
            | Form::Kll { .. }
            | Form::HyperUnique { round: true } => Answers::Longs,
            Form::Hll { .. }
            | Form::Theta { bounds: None, .. }
            | Form::ArrayOfDoubles { .. }
            | Form::HyperUnique { .. }
            | Form::Variance { .. } => Answers::Doubles,
            _ => Answers::Anything,
        }
    }

    /// What the aggregator gives of a summary when it is finalized.
    ///
    /// # Errors
    /// When a parameter of the answer is out of its range.
    pub fn finish(&self, summary: &Summary) -> Result<Finished, SketchError> {
        if let Some(question) = &self.asks {
            return summary.ask(question);
        }
        if !self.finalizes {
            return Ok(Finished::Json(summary.to_json()));
        }
        Ok(match (&self.form, summary) {
            (Form::Hll { round: true, .. }, Summary::Hll(sketch)) => Finished::Long(sketch.rounded()),
            (_, Summary::Hll(sketch)) => Finished::Double(sketch.estimate()),
            (Form::Theta { bounds: Some(deviations), .. }, Summary::Theta(sketch)) => {
                Finished::Json(bounds_json(&sketch.bounds(*deviations)?, *deviations))
            }
            (_, Summary::Theta(sketch)) => Finished::Double(sketch.estimate()),
            (_, Summary::Quantiles(sketch)) => Finished::Long(sketch.count() as i64),
            (_, Summary::KllDoubles(sketch)) => Finished::Long(sketch.count() as i64),
            (_, Summary::KllFloats(sketch)) => Finished::Long(sketch.count() as i64),
            (_, Summary::ArrayOfDoubles(sketch)) => Finished::Double(sketch.estimate()),
            (Form::HyperUnique { round: true }, Summary::HyperUnique(collector)) => {
                Finished::Long(java::round(collector.estimate()))
            }
            (_, Summary::HyperUnique(collector)) => Finished::Double(collector.estimate()),
            (Form::Variance { estimator }, Summary::Variance(variance)) => {
                variance.variance(*estimator).map_or(Finished::Null, Finished::Double)
            }
            (
                Form::ApproximateHistogram { base64: false, buckets, .. },
                Summary::ApproximateHistogram(histogram),
            ) => {
                if histogram.count() == 0 {
                    return Ok(Finished::Json(json!({"breaks": [], "counts": []})));
                }
                Finished::Json(histogram.equal_bars(*buckets)?.to_json())
            }
            (Form::FixedBuckets { base64: false, .. }, Summary::FixedBuckets(histogram)) => {
                Finished::Json(histogram.to_json())
            }
            (_, summary) => Finished::Json(summary.to_json()),
        })
    }
}

/// An estimate with its bounds, as Druid's theta sketches show it.
pub(crate) fn bounds_json(bounds: &crate::Bounds, deviations: u8) -> Value {
    json!({
        "estimate": bounds.estimate,
        "highBound": bounds.upper,
        "lowBound": bounds.lower,
        "numStdDev": deviations,
    })
}

impl Bars {
    /// As Druid shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let breaks: Vec<Value> = self.breaks.iter().map(|at| float(*at)).collect();
        let counts: Vec<Value> = self.counts.iter().map(|count| double(*count)).collect();
        json!({"breaks": breaks, "counts": counts})
    }
}

impl FixedBuckets {
    /// As Druid shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let ((lower, upper), (below, above)) = (self.limits(), self.outliers());
        json!({
            "lowerLimit": double(lower),
            "upperLimit": double(upper),
            "numBuckets": self.buckets().len(),
            "upperOutlierCount": above,
            "lowerOutlierCount": below,
            "missingValueCount": self.missing(),
            "histogram": self.buckets(),
            "bucketSize": double(self.bucket_width()),
            "count": self.count(),
            "max": double(self.max()),
            "min": double(self.min()),
            "outlierHandlingMode": self.mode().name(),
        })
    }
}

/// What JSON cannot say is a text, as Jackson writes it.
pub(crate) fn double(value: f64) -> Value {
    if value.is_finite() { value.into() } else { java::double_text(value).into() }
}

/// The same of a float, with its shortest digits.
pub(crate) fn float(value: f32) -> Value {
    let shortest = java::float_text(value).parse::<f64>();
    shortest
        .ok()
        .filter(|value| value.is_finite())
        .map_or_else(|| java::float_text(value).into(), Value::from)
}
