//! Which aggregates make sketches, histograms and other summaries, and what do their arguments say of these?

use alluvium_segments::Complex;
use alluvium_sketches::{Answers, Estimator, Question, Recipe};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use serde_json::{Map, Value, json};

use crate::sql::functions::JSON;

/// An aggregate that makes summaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Summarized {
    /// `APPROX_COUNT_DISTINCT_DS_HLL(x [, lgK [, type]])`
    HllCount,
    /// `DS_HLL(x [, lgK [, type]])`
    Hll,
    /// `APPROX_COUNT_DISTINCT_DS_THETA(x [, size])`
    ThetaCount,
    /// `DS_THETA(x [, size])`
    Theta,
    /// `DS_QUANTILES_SKETCH(x [, k])`
    Quantiles,
    /// `APPROX_QUANTILE_DS(sketch, fraction [, k])`; of values that is [`super::Kind::Quantile`].
    SketchQuantile,
    /// `DS_TUPLE_DOUBLES(key, value, ... [, entries])`
    Tuple,
    /// `TDIGEST_GENERATE_SKETCH(x [, compression])`
    TDigest,
    /// `TDIGEST_QUANTILE(x, fraction [, compression])`
    TDigestQuantile,
    /// `BLOOM_FILTER(x, entries)`
    Bloom,
    /// `APPROX_QUANTILE(x, probability [, resolution])`
    HistogramQuantile,
    /// `APPROX_QUANTILE_FIXED_BUCKETS(x, probability, buckets, lower, upper [, mode])`
    FixedQuantile,
    /// `VAR_SAMP(x)` and `VAR_POP(x)`
    Variance { population: bool },
    /// `STDDEV_SAMP(x)` and `STDDEV_POP(x)`
    Deviation { population: bool },
}

impl Summarized {
    /// Those that can be written, by name.
    pub(super) const ALL: [Self; 15] = [
        Self::HllCount,
        Self::Hll,
        Self::ThetaCount,
        Self::Theta,
        Self::Quantiles,
        Self::Tuple,
        Self::TDigest,
        Self::TDigestQuantile,
        Self::Bloom,
        Self::HistogramQuantile,
        Self::FixedQuantile,
        Self::Variance { population: false },
        Self::Variance { population: true },
        Self::Deviation { population: false },
        Self::Deviation { population: true },
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::HllCount => "approx_count_distinct_ds_hll",
            Self::Hll => "ds_hll",
            Self::ThetaCount => "approx_count_distinct_ds_theta",
            Self::Theta => "ds_theta",
            Self::Quantiles => "ds_quantiles_sketch",
            Self::SketchQuantile => "approx_quantile_ds",
            Self::Tuple => "ds_tuple_doubles",
            Self::TDigest => "tdigest_generate_sketch",
            Self::TDigestQuantile => "tdigest_quantile",
            Self::Bloom => "bloom_filter",
            Self::HistogramQuantile => "approx_quantile",
            Self::FixedQuantile => "approx_quantile_fixed_buckets",
            Self::Variance { population: false } => "var_samp",
            Self::Variance { population: true } => "var_pop",
            Self::Deviation { population: false } => "stddev_samp",
            Self::Deviation { population: true } => "stddev_pop",
        }
    }

    /// Other names.
    pub(super) fn aliases(self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Variance { population: false } => &["variance"],
            Self::Deviation { population: false } => &["stddev"],
            _ => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Fewest and most arguments.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::HllCount | Self::Hll => (1, 3),
            Self::ThetaCount | Self::Theta | Self::Quantiles | Self::TDigest => (1, 2),
            Self::SketchQuantile | Self::TDigestQuantile | Self::HistogramQuantile => (2, 3),
            Self::Tuple => (1, usize::MAX),
            Self::Bloom => (2, 2),
            Self::FixedQuantile => (5, 6),
            Self::Variance { .. } | Self::Deviation { .. } => (1, 1),
        }
    }

    /// The kind of the states it makes, where those are its results.
    pub(super) fn state(self) -> Option<Complex> {
        Some(match self {
            Self::Hll => Complex::HllSketch,
            Self::Theta => Complex::ThetaSketch,
            Self::Quantiles => Complex::QuantilesDoublesSketch,
            Self::Tuple => Complex::ArrayOfDoublesSketch,
            Self::TDigest => Complex::TDigestSketch,
            Self::Bloom => Complex::Bloom,
            _ => return None,
        })
    }

    /// The type of the result.
    pub(super) fn output(self) -> DataType {
        match self {
            Self::HllCount | Self::ThetaCount => DataType::Int64,
            Self::Hll | Self::Theta | Self::Quantiles | Self::Tuple | Self::TDigest | Self::Bloom => JSON,
            _ => DataType::Float64,
        }
    }

    /// The question for the value of a rank; Druid's t-digest reads the literal in single precision.
    fn quantile(self, fraction: f64) -> Question {
        let single = matches!(self, Self::TDigestQuantile);
        Question::Quantile(if single { f64::from(fraction as f32) } else { fraction })
    }

    /// The recipe that arguments give (`None` for those that are no literals), and how many of the arguments after the
    /// first are values.
    ///
    /// # Errors
    /// Says what is wrong with an argument.
    pub(crate) fn recipe(self, literals: &[Option<ScalarValue>]) -> Result<(Recipe, usize), String> {
        let argument = |at: usize| literals.get(at).and_then(Option::as_ref).map_or(Value::Null, json_of);
        let given = |at: usize, what: &str| -> Result<Value, String> {
            match literals.get(at) {
                None => Ok(Value::Null),
                Some(Some(value)) if !value.is_null() => Ok(json_of(value)),
                Some(_) => Err(format!("Argument {} ({what}) must be a literal", at + 1)),
            }
        };
        let mut rest = 0;
        let json = match self {
            Self::HllCount | Self::Hll => {
                json!({"type": "HLLSketchBuild", "lgK": given(1, "lgK")?, "tgtHllType": given(2, "tgtHllType")?})
            }
            Self::ThetaCount | Self::Theta => json!({"type": "thetaSketch", "size": given(1, "size")?}),
            Self::Quantiles => json!({"type": "quantilesDoublesSketch", "k": given(1, "k")?}),
            Self::SketchQuantile => json!({"type": "quantilesDoublesSketch", "k": given(2, "k")?}),
            Self::TDigest => json!({"type": "tDigestSketch", "compression": given(1, "compression")?}),
            Self::TDigestQuantile => {
                json!({"type": "tDigestSketch", "compression": given(2, "compression")?})
            }
            Self::Bloom => json!({"type": "bloom", "maxNumEntries": given(1, "numEntries")?}),
            Self::HistogramQuantile => {
                json!({"type": "approxHistogram", "resolution": given(2, "resolution")?})
            }
            Self::FixedQuantile => json!({
                "type": "fixedBucketsHistogram",
                "numBuckets": given(2, "numBuckets")?,
                "lowerLimit": given(3, "lowerLimit")?,
                "upperLimit": given(4, "upperLimit")?,
                "outlierHandlingMode": given(5, "outlierHandlingMode")?,
            }),
            Self::Variance { .. } | Self::Deviation { .. } => json!({"type": "variance"}),
            Self::Tuple => {
                let (columns, entries) = match literals.last() {
                    Some(Some(entries @ ScalarValue::Int64(_))) if literals.len() > 1 => {
                        (literals.len() - 2, json_of(entries))
                    }
                    _ => (literals.len() - 1, Value::Null),
                };
                rest = columns;
                let names: Vec<String> = (0..columns).map(|at| format!("v{at}")).collect();
                json!({"type": "arrayOfDoublesSketch", "metricColumns": names, "nominalEntries": entries,
                    "numberOfValues": columns.max(1)})
            }
        };
        let Value::Object(mut fields) = json else { return Err("not an aggregator".to_owned()) };
        if fields.get("metricColumns").is_some_and(|names| names.as_array().is_some_and(Vec::is_empty)) {
            fields.remove("metricColumns");
        }
        let recipe = read(&fields)?;
        let recipe = match self {
            Self::HllCount | Self::ThetaCount => Recipe { asks: Some(Question::Distinct), ..recipe },
            Self::SketchQuantile | Self::TDigestQuantile | Self::HistogramQuantile | Self::FixedQuantile => {
                let fraction = argument(1).as_f64().ok_or("Argument 2 must be a number literal")?;
                if !(0.0..=1.0).contains(&fraction) {
                    return Err(format!("A normalized rank must be >= 0 and <= 1.0: {fraction}"));
                }
                Recipe { asks: Some(self.quantile(fraction)), ..recipe }
            }
            Self::Variance { population } => {
                Recipe { asks: Some(Question::Variance(estimator(population))), ..recipe }
            }
            Self::Deviation { population } => {
                Recipe { asks: Some(Question::Deviation(estimator(population))), ..recipe }
            }
            _ => Recipe { finalizes: false, ..recipe },
        };
        debug_assert!(recipe.answers() != Answers::Longs || self.output() == DataType::Int64, "{self:?}");
        Ok((recipe, rest))
    }
}

fn estimator(population: bool) -> Estimator {
    if population { Estimator::Population } else { Estimator::Sample }
}

fn read(fields: &Map<String, Value>) -> Result<Recipe, String> {
    let recipe = Recipe::from_json(fields).map_err(|error| error.to_string())?;
    recipe.ok_or_else(|| "not an aggregator of summaries".to_owned())
}

/// A literal as JSON.
fn json_of(value: &ScalarValue) -> Value {
    match value {
        ScalarValue::Int64(Some(number)) => json!(number),
        ScalarValue::Int32(Some(number)) => json!(number),
        ScalarValue::Float64(Some(number)) => json!(number),
        ScalarValue::Float32(Some(number)) => json!(number),
        ScalarValue::Decimal128(Some(number), _, scale) => {
            json!(*number as f64 / 10f64.powi(i32::from(*scale)))
        }
        other => other.try_as_str().flatten().map_or(Value::Null, Value::from),
    }
}
