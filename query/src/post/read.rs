//! How are post-aggregators written? Druid's JSON.

use alluvium_expression::{ExprType, Value};
use alluvium_sketches::{
    ApproximateHistogram, ArrayOfDoubles, Estimator, HllSketch, HllTarget, Kind, QuantilesDoubles, Question,
    SetOperation, Summary, Theta,
};
use serde_json::Value as Json;

use super::arithmetic::Operation;
use super::statistics::Statistic;
use super::summaries::Sets;
use super::{Formula, PostAggregator};
use crate::QueryError;
use crate::request::{Fields, expression};

/// Reads the `postAggregations` of a query.
pub(crate) fn post_aggregators(items: &[Json]) -> Result<Vec<PostAggregator>, QueryError> {
    let read = |item| -> Result<PostAggregator, QueryError> {
        let fields = Fields::of("post-aggregator", item)?;
        let formula = formula(&fields)?;
        let name = match fields.text_opt("name")? {
            Some(name) => name.to_owned(),
            None => fields.text("fieldName")?.to_owned(),
        };
        let numbers_last = match fields.text_opt("ordering")? {
            None => false,
            Some("numericFirst") => true,
            Some(_) => return Err(fields.wrong("ordering", "numericFirst")),
        };
        Ok(PostAggregator { name, numbers_last, formula })
    };
    items.iter().map(read).collect()
}

fn parts(fields: &Fields<'_>) -> Result<Vec<Formula>, QueryError> {
    fields.need("fields")?;
    let items = fields.list("fields")?;
    items.iter().map(|item| formula(&Fields::of("post-aggregator", item)?)).collect()
}

/// The post-aggregator in a field.
fn part(fields: &Fields<'_>, key: &str) -> Result<Formula, QueryError> {
    formula(&Fields::of("post-aggregator", fields.need(key)?)?)
}

fn formula(fields: &Fields<'_>) -> Result<Formula, QueryError> {
    Ok(match fields.kind()? {
        "arithmetic" => {
            let name = fields.text("fn")?;
            let operation = Operation::named(name);
            let operation = operation.ok_or_else(|| fields.wrong("fn", "one of + - * / quotient pow"))?;
            let parts = parts(fields)?;
            if parts.len() < 2 {
                return Err(fields.wrong("fields", "a list of at least two"));
            }
            Formula::Arithmetic(operation, parts)
        }
        "fieldAccess" => Formula::Field(fields.text("fieldName")?.to_owned()),
        "finalizingFieldAccess" | "hyperUniqueCardinality" => {
            Formula::Finalized(fields.text("fieldName")?.to_owned())
        }
        "constant" => match fields.need("value")? {
            value @ Json::Number(_) => Formula::Constant(Value::from_json(value)),
            _ => return Err(fields.wrong("value", "a number")),
        },
        "expression" => {
            let output = fields.column_type("outputType")?.map(ExprType::from);
            Formula::Expression(Box::new(expression(fields.text("expression")?)?), output)
        }
        kind @ ("doubleGreatest" | "doubleLeast" | "longGreatest" | "longLeast") => Formula::Extreme {
            greatest: kind.ends_with("Greatest"),
            long: kind.starts_with("long"),
            fields: parts(fields)?,
        },
        "zscore2sample" => {
            let names = ["successCount1", "sample1Size", "successCount2", "sample2Size"];
            let numbers = names.iter().map(|name| part(fields, name)).collect::<Result<_, _>>()?;
            Formula::Statistic(Statistic::ZScore, numbers)
        }
        "pvalue2tailedZtest" => Formula::Statistic(Statistic::PValue, vec![part(fields, "zScore")?]),
        "javascript" => return Err(QueryError::no_scripts()),
        other => match of_sketches(other, fields)? {
            Some(formula) => formula,
            None => {
                return Err(QueryError::invalid(format!("there are no post-aggregators of type `{other}`")));
            }
        },
    })
}

/// Those that ask or join summaries.
fn of_sketches(kind: &str, fields: &Fields<'_>) -> Result<Option<Formula>, QueryError> {
    let prefixes = [
        ("HLLSketch", Kind::Hll),
        ("thetaSketch", Kind::Theta),
        ("quantilesDoublesSketch", Kind::Quantiles),
        ("KllDoublesSketch", Kind::KllDoubles),
        ("KllFloatsSketch", Kind::KllFloats),
        ("arrayOfDoublesSketch", Kind::ArrayOfDoubles),
    ];
    let known = prefixes.iter().find_map(|(prefix, of)| Some((*of, kind.strip_prefix(prefix)?)));
    if let Some((of, rest)) = known {
        if let Some(question) = question(of, rest, fields)? {
            let kind = Some(of);
            return Ok(Some(Formula::Ask { kind, question, of: Box::new(part(fields, "field")?) }));
        }
        return sets(of, rest, fields);
    }
    // Those of other kinds name an aggregator.
    let (of, question) = match kind {
        "stddev" => (Some(Kind::Variance), Question::Deviation(estimator(fields)?)),
        "quantile" => (None, Question::Quantile(number(fields, "probability")?)),
        "quantiles" => (None, Question::Quantiles(numbers(fields, "probabilities")?)),
        "min" => (None, Question::Least),
        "max" => (None, Question::Most),
        "equalBuckets" => {
            (None, Question::EqualBars(size(fields, "numBuckets", ApproximateHistogram::DEFAULT_BUCKETS)?))
        }
        "buckets" => {
            let offset = fields.get("offset").and_then(Json::as_f64).unwrap_or(0.0) as f32;
            (None, Question::WideBars { width: number(fields, "bucketSize")? as f32, offset })
        }
        "customBuckets" => {
            let breaks = numbers(fields, "breaks")?;
            (None, Question::CustomBars(breaks.into_iter().map(|at| at as f32).collect()))
        }
        "quantileFromTDigestSketch" => (Some(Kind::TDigest), Question::Quantile(number(fields, "fraction")?)),
        "quantilesFromTDigestSketch" => {
            (Some(Kind::TDigest), Question::Quantiles(numbers(fields, "fractions")?))
        }
        "quantileFromDDSketch" => (Some(Kind::DdSketch), Question::Quantile(number(fields, "fraction")?)),
        "quantilesFromDDSketch" => (Some(Kind::DdSketch), Question::Quantiles(numbers(fields, "fractions")?)),
        _ => return Ok(None),
    };
    let field = match fields.get("field") {
        Some(_) => part(fields, "field")?,
        None => Formula::Field(fields.text("fieldName")?.to_owned()),
    };
    Ok(Some(Formula::Ask { kind: of, question, of: Box::new(field) }))
}

/// What the rest of a type's name asks of a summary.
fn question(of: Kind, rest: &str, fields: &Fields<'_>) -> Result<Option<Question>, QueryError> {
    let estimate = || -> Result<Question, QueryError> {
        Ok(match of {
            Kind::Theta => match deviations(fields, "errorBoundsStdDev")? {
                Some(number) => Question::NamedBounds(number),
                None => Question::Estimate { round: false },
            },
            _ => Question::Estimate { round: fields.flag("round", false)? },
        })
    };
    Ok(Some(match rest {
        "Estimate" | "ToEstimate" => estimate()?,
        "EstimateWithBounds" | "ToEstimateAndBounds" => Question::Bounds(
            deviations(fields, "numStdDevs")?.or(deviations(fields, "numStdDev")?).unwrap_or(1),
        ),
        "ToString" => Question::Text,
        "ToBase64String" => Question::Base64,
        "ToQuantile" => Question::Quantile(number(fields, "fraction")?),
        "ToQuantiles" => Question::Quantiles(numbers(fields, "fractions")?),
        "ToHistogram" => match (fields.get("splitPoints"), fields.get("numBins")) {
            (Some(_), None) => Question::Histogram(numbers(fields, "splitPoints")?),
            (None, _) => Question::Bins(size(fields, "numBins", 10)?),
            (Some(_), Some(_)) => {
                return Err(QueryError::invalid("Cannot accept both 'splitPoints' and 'numBins'"));
            }
        },
        "ToRank" => Question::Rank(number(fields, "value")?),
        "ToCDF" => Question::Cdf(numbers(fields, "splitPoints")?),
        "ToNumEntries" => Question::Entries,
        "ToMeans" => Question::Means,
        "ToVariances" => Question::Variances,
        "ToMetricsSumEstimate" => Question::Sums,
        "ToQuantilesSketch" => Question::Column {
            number: size(fields, "column", 1)?,
            k: size(fields, "k", QuantilesDoubles::DEFAULT_K)?,
        },
        _ => return Ok(None),
    }))
}

/// Unions and their like, and summaries that the query brings.
fn sets(of: Kind, rest: &str, fields: &Fields<'_>) -> Result<Option<Formula>, QueryError> {
    let operation = |key| -> Result<SetOperation, QueryError> {
        let operation = SetOperation::from_name(fields.text(key)?);
        operation.ok_or_else(|| fields.wrong(key, "UNION, INTERSECT or NOT"))
    };
    let sets = match (of, rest) {
        (Kind::Hll, "Union") => {
            let lg_k = size(fields, "lgK", usize::from(HllSketch::DEFAULT_LG_K))?;
            let target = match fields.text_opt("tgtHllType")? {
                None => HllTarget::Hll4,
                Some(name) => HllTarget::from_name(name)
                    .ok_or_else(|| fields.wrong("tgtHllType", "HLL_4, HLL_6 or HLL_8"))?,
            };
            Sets::Hll { lg_k: u8::try_from(lg_k).unwrap_or(u8::MAX), target }
        }
        (Kind::Theta, "SetOp") => {
            Sets::Theta { operation: operation("func")?, size: size(fields, "size", Theta::DEFAULT_SIZE)? }
        }
        (Kind::ArrayOfDoubles, "SetOp") => Sets::Tuple {
            operation: operation("operation")?,
            entries: size(fields, "nominalEntries", ArrayOfDoubles::DEFAULT_ENTRIES)?,
            values: match fields.get("numberOfValues") {
                None => None,
                Some(_) => Some(size(fields, "numberOfValues", 1)?),
            },
        },
        (Kind::ArrayOfDoubles, "TTest") => {
            return Ok(Some(Formula::Statistic(Statistic::TTest, parts(fields)?)));
        }
        (Kind::Theta | Kind::ArrayOfDoubles, "Constant") => {
            let summary = Summary::from_base64(of, fields.text("value")?)?;
            return Ok(Some(Formula::Given(Box::new(summary))));
        }
        _ => return Ok(None),
    };
    Ok(Some(Formula::Sets(sets, parts(fields)?)))
}

fn estimator(fields: &Fields<'_>) -> Result<Estimator, QueryError> {
    Ok(fields.text_opt("estimator")?.map_or(Estimator::Sample, Estimator::from_name))
}

fn deviations(fields: &Fields<'_>, key: &str) -> Result<Option<u8>, QueryError> {
    match fields.long_opt(key)? {
        None => Ok(None),
        Some(number) => Ok(Some(u8::try_from(number).map_err(|_| fields.wrong(key, "1, 2 or 3"))?)),
    }
}

fn size(fields: &Fields<'_>, key: &str, default: usize) -> Result<usize, QueryError> {
    match fields.long_opt(key)? {
        None => Ok(default),
        Some(number) => {
            usize::try_from(number).map_err(|_| fields.wrong(key, "a number that is not negative"))
        }
    }
}

fn number(fields: &Fields<'_>, key: &str) -> Result<f64, QueryError> {
    fields.need(key)?.as_f64().ok_or_else(|| fields.wrong(key, "a number"))
}

fn numbers(fields: &Fields<'_>, key: &str) -> Result<Vec<f64>, QueryError> {
    fields.need(key)?;
    let items = fields.list(key)?.iter();
    items.map(|item| item.as_f64().ok_or_else(|| fields.wrong(key, "a list of numbers"))).collect()
}
