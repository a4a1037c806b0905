//! What can be asked of a summary? The questions of Druid's post-aggregators and functions; each is for some kinds only.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::quantiles::Ranked;
use crate::recipe::{bounds_json, double, float};
use crate::{ArrayOfDoubles, Bounds, Estimator, Finished, HllSketch, HllTarget, SketchError, Summary, Theta};

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// The estimated number of distinct values, rounded or not.
    Estimate {
        /// Whether to the next whole number (still a double).
        round: bool,
    },
    /// The estimated number of distinct values, as a whole number.
    Distinct,
    /// The estimate and its bounds, so many standard deviations away, as a list.
    Bounds(u8),
    /// The same as an object.
    NamedBounds(u8),
    /// The value of a rank.
    Quantile(f64),
    /// The values of some ranks.
    Quantiles(Vec<f64>),
    /// How many values lie between points.
    Histogram(Vec<f64>),
    /// How many values lie in each of so many parts.
    Bins(usize),
    /// The part of all values at or below a value.
    Rank(f64),
    /// The parts of all values at or below points.
    Cdf(Vec<f64>),
    /// What Java's `toString` prints.
    Text,
    /// Its base64.
    Base64,
    /// Keys kept.
    Entries,
    /// The means of the columns.
    Means,
    /// The variances of the columns.
    Variances,
    /// The estimated sums of the columns.
    Sums,
    /// The values of a column, the first being 1, as a quantiles sketch.
    Column {
        /// Which.
        number: usize,
        /// Of the sketch.
        k: usize,
    },
    /// The least value.
    Least,
    /// The most value.
    Most,
    /// So many bars of one width.
    EqualBars(usize),
    /// Bars of a width, one of which begins at an offset.
    WideBars {
        /// Of a bar.
        width: f32,
        /// Where one begins.
        offset: f32,
    },
    /// Bars between given breaks.
    CustomBars(Vec<f32>),
    /// The variance.
    Variance(Estimator),
    /// Its square root.
    Deviation(Estimator),
    /// The number of values.
    Count,
}

fn list(values: &[f64]) -> Finished {
    Finished::Json(Value::Array(values.iter().map(|value| double(*value)).collect()))
}

fn bounds(bounds: &Bounds) -> Finished {
    list(&[bounds.estimate, bounds.lower, bounds.upper])
}

fn ask_ranked(sketch: &dyn Ranked, question: &Question) -> Result<Option<Finished>, SketchError> {
    Ok(Some(match question {
        Question::Quantile(fraction) => Finished::Double(sketch.quantile(*fraction)?),
        Question::Quantiles(fractions) => list(&sketch.quantiles(fractions)?),
        Question::Histogram(points) => list(&sketch.histogram(points)?),
        Question::Bins(bins) => list(&sketch.bins(*bins)?),
        Question::Rank(value) => Finished::Double(sketch.rank(*value)),
        Question::Cdf(points) => list(&sketch.cdf(points)?),
        Question::Least => Finished::Double(sketch.min()),
        Question::Most => Finished::Double(sketch.max()),
        Question::Count => Finished::Long(sketch.count() as i64),
        _ => return Ok(None),
    }))
}

impl Summary {
    /// The answer to a question.
    ///
    /// # Errors
    /// When the question is none for this kind, or a number of it is out of range.
    pub fn ask(&self, question: &Question) -> Result<Finished, SketchError> {
        let answer = match question {
            Question::Text => self.to_text().map(|text| Finished::Json(text.into())),
            Question::Base64 => Some(Finished::Json(self.to_json())),
            _ => match self {
                Self::Hll(sketch) => ask_hll(sketch, question)?,
                Self::Theta(sketch) => ask_theta(sketch, question)?,
                Self::ArrayOfDoubles(sketch) => ask_tuple(sketch, question)?,
                Self::Quantiles(sketch) => ask_ranked(sketch, question)?,
                Self::KllDoubles(sketch) => ask_ranked(sketch, question)?,
                Self::KllFloats(sketch) => ask_ranked(sketch, question)?,
                _ => self.ask_other(question)?,
            },
        };
        answer.ok_or_else(|| {
            let text = format!("a `{}` cannot be asked for this: {question:?}", self.kind().name());
            SketchError::parameter(text)
        })
    }

    fn ask_other(&self, question: &Question) -> Result<Option<Finished>, SketchError> {
        Ok(Some(match (self, question) {
            (Self::HyperUnique(collector), Question::Estimate { round: false }) => {
                Finished::Double(collector.estimate())
            }
            (Self::HyperUnique(collector), Question::Estimate { round: true }) => {
                Finished::Long(crate::java::round(collector.estimate()))
            }
            (Self::Variance(variance), Question::Variance(estimator)) => {
                variance.variance(*estimator).map_or(Finished::Null, Finished::Double)
            }
            (Self::Variance(variance), Question::Deviation(estimator)) => {
                variance.deviation(*estimator).map_or(Finished::Null, Finished::Double)
            }
            (Self::TDigest(digest), Question::Quantile(fraction)) => {
                Finished::Double(digest.quantile(*fraction)?)
            }
            (Self::TDigest(digest), Question::Quantiles(fractions)) => {
                let values = fractions.iter().map(|fraction| digest.quantile(*fraction));
                list(&values.collect::<Result<Vec<_>, _>>()?)
            }
            (Self::DdSketch(sketch), Question::Quantile(fraction)) => {
                Finished::Double(sketch.quantile(*fraction)?)
            }
            (Self::DdSketch(sketch), Question::Quantiles(fractions)) => list(&sketch.quantiles(fractions)?),
            (Self::FixedBuckets(histogram), question) => return ask_fixed(histogram, question),
            (Self::ApproximateHistogram(histogram), question) => return ask_approximate(histogram, question),
            _ => return Ok(None),
        }))
    }
}

fn ask_hll(sketch: &HllSketch, question: &Question) -> Result<Option<Finished>, SketchError> {
    Ok(Some(match question {
        Question::Estimate { round: true } => Finished::Double(sketch.rounded() as f64),
        Question::Estimate { round: false } => Finished::Double(sketch.estimate()),
        Question::Distinct => Finished::Long(sketch.rounded()),
        Question::Bounds(deviations) => bounds(&sketch.bounds(*deviations)?),
        _ => return Ok(None),
    }))
}

fn ask_theta(sketch: &Theta, question: &Question) -> Result<Option<Finished>, SketchError> {
    Ok(Some(match question {
        Question::Estimate { .. } => Finished::Double(sketch.estimate()),
        Question::Distinct => Finished::Long(crate::java::round(sketch.estimate())),
        Question::Bounds(deviations) => bounds(&sketch.bounds(*deviations)?),
        Question::NamedBounds(deviations) => {
            Finished::Json(bounds_json(&sketch.bounds(*deviations)?, *deviations))
        }
        _ => return Ok(None),
    }))
}

fn ask_tuple(sketch: &ArrayOfDoubles, question: &Question) -> Result<Option<Finished>, SketchError> {
    Ok(Some(match question {
        Question::Estimate { .. } => Finished::Double(sketch.estimate()),
        Question::Bounds(deviations) => bounds(&sketch.bounds(*deviations)?),
        Question::Entries => Finished::Long(sketch.entries() as i64),
        Question::Means => list(&sketch.means()),
        Question::Variances => list(&sketch.variances()),
        Question::Sums => list(&sketch.sums()),
        Question::Column { number, k } => {
            let column = sketch.quantiles(*number, *k)?;
            Finished::Json(Summary::from(column).to_json())
        }
        _ => return Ok(None),
    }))
}

fn ask_fixed(histogram: &crate::FixedBuckets, question: &Question) -> Result<Option<Finished>, SketchError> {
    Ok(Some(match question {
        Question::Quantile(fraction) => Finished::Float(histogram.quantile(single(*fraction))?),
        Question::Quantiles(fractions) => {
            let values = fractions.iter().map(|fraction| histogram.quantile(single(*fraction)));
            let ends = (histogram.min() as f32, histogram.max() as f32);
            quantiles(fractions, &values.collect::<Result<Vec<_>, _>>()?, ends)
        }
        Question::Least => Finished::Double(histogram.min()),
        Question::Most => Finished::Double(histogram.max()),
        Question::Count => Finished::Long(histogram.count() as i64),
        _ => return Ok(None),
    }))
}

fn ask_approximate(
    histogram: &crate::ApproximateHistogram,
    question: &Question,
) -> Result<Option<Finished>, SketchError> {
    let single = |fractions: &[f64]| fractions.iter().map(|f| *f as f32).collect::<Vec<f32>>();
    Ok(Some(match question {
        Question::Quantile(fraction) => {
            let values = histogram.quantiles(&single(&[*fraction]))?;
            Finished::Float(values.first().copied().unwrap_or(f32::NAN))
        }
        Question::Quantiles(fractions) => {
            let ends = (histogram.min(), histogram.max());
            quantiles(fractions, &histogram.quantiles(&single(fractions))?, ends)
        }
        Question::Least => Finished::Float(histogram.min()),
        Question::Most => Finished::Float(histogram.max()),
        Question::Count => Finished::Long(histogram.count() as i64),
        Question::EqualBars(bars) => Finished::Json(histogram.equal_bars(*bars)?.to_json()),
        Question::WideBars { width, offset } => {
            Finished::Json(histogram.wide_bars(*width, *offset)?.to_json())
        }
        Question::CustomBars(breaks) => Finished::Json(histogram.custom_bars(breaks)?.to_json()),
        _ => return Ok(None),
    }))
}

/// A fraction as histograms read it: rounded to single precision.
fn single(fraction: f64) -> f64 {
    f64::from(fraction as f32)
}

impl Finished {
    /// A number of single precision as the double of the same digits.
    #[must_use]
    pub fn shortest(value: f32) -> f64 {
        value.to_string().parse().unwrap_or_else(|_| f64::from(value))
    }
}

/// What Druid shows of quantiles of a histogram: the questions, the answers, the least and the most value.
fn quantiles(fractions: &[f64], values: &[f32], (least, most): (f32, f32)) -> Finished {
    let list = |values: &mut dyn Iterator<Item = f32>| values.map(float).collect::<Vec<Value>>();
    Finished::Json(json!({
        "probabilities": list(&mut fractions.iter().map(|fraction| *fraction as f32)),
        "quantiles": list(&mut values.iter().copied()),
        "min": float(least),
        "max": float(most),
    }))
}

/// What is made of several sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOperation {
    /// What any has.
    Union,
    /// What all have.
    Intersect,
    /// What the first has and no other.
    Not,
}

impl SetOperation {
    /// Of Druid's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "UNION" => Self::Union,
            "INTERSECT" => Self::Intersect,
            "NOT" => Self::Not,
            _ => return None,
        })
    }

    /// Of theta sketches, of which `size` hashes are kept.
    ///
    /// # Errors
    /// When the size is out of range.
    pub fn of_thetas(self, size: usize, sketches: &[&Theta]) -> Result<Summary, SketchError> {
        Ok(match self {
            Self::Union => {
                let mut whole = Theta::new(size)?;
                sketches.iter().for_each(|sketch| whole.merge(sketch));
                whole
            }
            Self::Intersect => Theta::intersection(sketches),
            Self::Not => Theta::difference(sketches),
        }
        .into())
    }

    /// Of arrays of doubles, of which `entries` keys are kept.
    ///
    /// # Errors
    /// When they have other numbers of values.
    pub fn of_tuples(
        self,
        entries: usize,
        values: Option<usize>,
        sketches: &[&ArrayOfDoubles],
    ) -> Result<Summary, SketchError> {
        Ok(match self {
            Self::Union => {
                let own = sketches.first().map_or(1, |sketch| sketch.number_of_values());
                let mut whole = ArrayOfDoubles::new(entries, values.unwrap_or(own))?;
                sketches.iter().try_for_each(|sketch| whole.merge(sketch))?;
                whole
            }
            Self::Intersect => ArrayOfDoubles::intersection(sketches)?,
            Self::Not => ArrayOfDoubles::difference(sketches)?,
        }
        .into())
    }
}

/// The union of HLL sketches.
///
/// # Errors
/// When `lg_k` is out of range.
pub fn union_of_hlls(lg_k: u8, target: HllTarget, sketches: &[&HllSketch]) -> Result<Summary, SketchError> {
    Ok(HllSketch::union(lg_k, target, sketches.iter().copied())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Coupon, QuantilesDoubles, coupon_of_long};

    #[test]
    fn each_kind_answers_its_questions() {
        let mut hll = HllSketch::new(12, HllTarget::Hll4).unwrap();
        let coupons: Vec<Coupon> = (0..3).map(coupon_of_long).collect();
        coupons.into_iter().for_each(|coupon| hll.update(coupon));
        let hll = Summary::from(hll);
        assert_eq!(hll.ask(&Question::Estimate { round: true }), Ok(Finished::Double(3.0)));
        assert!(hll.ask(&Question::Means).is_err() && hll.ask(&Question::Bounds(4)).is_err());
        let Ok(Finished::Json(bounds)) = hll.ask(&Question::Bounds(1)) else { panic!("no bounds") };
        assert_eq!(bounds.as_array().unwrap().len(), 3);
        let mut quantiles = QuantilesDoubles::default();
        (0..5).for_each(|value| quantiles.update(f64::from(value)));
        let quantiles = Summary::from(quantiles);
        assert_eq!(quantiles.ask(&Question::Quantile(0.5)), Ok(Finished::Double(2.0)));
        assert_eq!(
            quantiles.ask(&Question::Quantiles(vec![0.0, 1.0])),
            Ok(Finished::Json(json!([0.0, 4.0])))
        );
        let none = Summary::from(QuantilesDoubles::default());
        assert_eq!(none.ask(&Question::Quantiles(vec![0.0])), Ok(Finished::Json(json!(["NaN"]))));
    }

    #[test]
    fn sets() {
        let of = |values: std::ops::Range<i64>| {
            let mut theta = Theta::default();
            values.for_each(|value| theta.update_long(value));
            theta
        };
        let (a, b) = (of(0..10), of(5..20));
        for (operation, count) in [("union", 20.0), ("INTERSECT", 5.0), ("Not", 5.0)] {
            let set = SetOperation::from_name(operation).unwrap().of_thetas(1024, &[&a, &b]).unwrap();
            assert_eq!(set.ask(&Question::Estimate { round: false }), Ok(Finished::Double(count)));
        }
        assert_eq!(SetOperation::from_name("XOR"), None);
    }
}
