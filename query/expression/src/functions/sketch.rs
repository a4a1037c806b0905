//! Functions that ask sketches. A sketch is the base64 of its bytes, as text or as a nested value.

use std::sync::Arc;

use alluvium_sketches::{Bloom, Finished, Item, Kind, Question, Summary};
use serde_json::Value as Json;

use super::{ANY, Body, DOUBLE, Function, JSON, LONG, Prepared, STRING};
use crate::{Expr, ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("hll_sketch_estimate", (1, 2), DOUBLE, Body::Values(hll_estimate)),
    Function::new("hll_sketch_estimate_with_error_bounds", (1, 2), JSON, Body::Values(hll_bounds)),
    Function::new(
        "hll_sketch_to_string",
        (1, 1),
        STRING,
        Body::Values(|_, args| ask("hll_sketch_to_string", Kind::Hll, args, &Question::Text)),
    ),
    Function::new(
        "theta_sketch_estimate",
        (1, 1),
        DOUBLE,
        Body::Values(|_, args| {
            ask("theta_sketch_estimate", Kind::Theta, args, &Question::Estimate { round: false })
        }),
    ),
    Function::new("theta_sketch_estimate_with_error_bounds", (2, 2), JSON, Body::Values(theta_bounds)),
    Function::new(
        "ds_get_quantile",
        (2, 2),
        DOUBLE,
        Body::Values(|_, args| {
            let fraction = number("ds_get_quantile", args.get(1))?;
            ask("ds_get_quantile", Kind::Quantiles, args, &Question::Quantile(fraction))
        }),
    ),
    Function::new(
        "ds_get_quantiles",
        (2, ANY),
        JSON,
        Body::Values(|_, args| {
            let fractions = numbers("ds_get_quantiles", args)?;
            ask("ds_get_quantiles", Kind::Quantiles, args, &Question::Quantiles(fractions))
        }),
    ),
    Function::new(
        "ds_histogram",
        (2, ANY),
        JSON,
        Body::Values(|_, args| {
            let points = numbers("ds_histogram", args)?;
            ask("ds_histogram", Kind::Quantiles, args, &Question::Histogram(points))
        }),
    ),
    Function::new(
        "ds_cdf",
        (2, ANY),
        JSON,
        Body::Values(|_, args| {
            let points = numbers("ds_cdf", args)?;
            ask("ds_cdf", Kind::Quantiles, args, &Question::Cdf(points))
        }),
    ),
    Function::new(
        "ds_rank",
        (2, 2),
        DOUBLE,
        Body::Values(|_, args| {
            let value = number("ds_rank", args.get(1))?;
            ask("ds_rank", Kind::Quantiles, args, &Question::Rank(value))
        }),
    ),
    Function::new(
        "ds_quantile_summary",
        (1, 1),
        STRING,
        Body::Values(|_, args| ask("ds_quantile_summary", Kind::Quantiles, args, &Question::Text)),
    ),
    Function::new(
        "ds_tuple_doubles_metrics_sum_estimate",
        (1, 1),
        JSON,
        Body::Values(|_, args| {
            ask("ds_tuple_doubles_metrics_sum_estimate", Kind::ArrayOfDoubles, args, &Question::Sums)
        }),
    ),
    Function::new(
        "tdigest_quantile",
        (2, 2),
        DOUBLE,
        Body::Values(|_, args| {
            let fraction = number("tdigest_quantile", args.get(1))?;
            ask("tdigest_quantile", Kind::TDigest, args, &Question::Quantile(fraction))
        }),
    ),
    Function::new("finalized_sketch", (2, 2), JSON, Body::Values(finalized)),
    Function::new("bloom_filter_test", (2, 2), LONG, Body::Values(bloom_filter_test)).prepare(bloom_argument),
    Function::new("complex_decode_base64", (2, 2), JSON, Body::Values(decode_base64))
        .alias(&["decode_base64_complex"]),
    Function::new(
        "hyper_unique_estimate",
        (1, 1),
        DOUBLE,
        Body::Values(|_, args| {
            ask("hyper_unique_estimate", Kind::HyperUnique, args, &Question::Estimate { round: false })
        }),
    ),
    Function::new(
        "hyper_unique_round_estimate",
        (1, 1),
        LONG,
        Body::Values(|_, args| {
            ask("hyper_unique_round_estimate", Kind::HyperUnique, args, &Question::Estimate { round: true })
        }),
    ),
];

/// What an aggregator of a kind of sketches gives in the end, as a value: the estimate, or the number of values.
fn finalized(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "finalized_sketch";
    let Some(Value::String(kind)) = args.get(1) else {
        return Err(ExprError::argument(name, "requires the kind of the sketch"));
    };
    match kind.as_ref() {
        "HLLSketch" => {
            Ok(ask(name, Kind::Hll, args, &Question::Estimate { round: true })?.cast(crate::ExprType::Long))
        }
        "thetaSketch" => ask(name, Kind::Theta, args, &Question::Estimate { round: false }),
        "arrayOfDoublesSketch" => ask(name, Kind::ArrayOfDoubles, args, &Question::Estimate { round: false }),
        _ => ask(name, Kind::Quantiles, args, &Question::Count),
    }
}

/// What a summary gave, as a value.
#[must_use]
pub fn of_finished(finished: Finished) -> Value {
    match finished {
        Finished::Null => Value::Null,
        Finished::Long(value) => Value::Long(value),
        Finished::Double(value) => Value::Double(value),
        Finished::Float(value) => Value::Double(Finished::shortest(value)),
        Finished::Json(json) => Value::Json(Arc::new(json)),
    }
}

/// The base64 of a sketch; null of null.
fn text_of<'v>(function: &'static str, kind: Kind, value: &'v Value) -> Result<Option<&'v str>, ExprError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Json(json) => match &**json {
            Json::String(text) => Ok(Some(text)),
            Json::Null => Ok(None),
            _ => Err(no_sketch(function, kind)),
        },
        _ => Err(no_sketch(function, kind)),
    }
}

fn no_sketch(function: &'static str, kind: Kind) -> ExprError {
    ExprError::thrown(function, format!("requires a {} as the argument", kind.name()))
}

/// The sketch of an argument; null of null.
pub(super) fn sketch(
    function: &'static str,
    kind: Kind,
    value: &Value,
) -> Result<Option<Summary>, ExprError> {
    let Some(text) = text_of(function, kind, value)? else { return Ok(None) };
    let read = Summary::from_base64(kind, text);
    Ok(Some(read.map_err(|error| ExprError::thrown(function, error.to_string()))?))
}

/// What the sketch of the first argument answers. None there: no number and no text, and 0 of an estimate.
fn ask(function: &'static str, kind: Kind, args: &[Value], question: &Question) -> Result<Value, ExprError> {
    let Some(summary) = sketch(function, kind, args.first().unwrap_or(&Value::Null))? else {
        return Ok(match question {
            Question::Estimate { .. } => Value::Double(0.0),
            _ => Value::Null,
        });
    };
    let answer = summary.ask(question).map_err(|error| ExprError::thrown(function, error.to_string()))?;
    Ok(match (answer, question) {
        (Finished::Json(Json::String(text)), Question::Text) => Value::from(text),
        (answer, _) => of_finished(answer),
    })
}

fn number(function: &'static str, value: Option<&Value>) -> Result<f64, ExprError> {
    let number = value.and_then(Value::as_double);
    number.ok_or_else(|| ExprError::argument(function, "requires a number"))
}

/// All arguments but the first.
fn numbers(function: &'static str, args: &[Value]) -> Result<Vec<f64>, ExprError> {
    args.iter().skip(1).map(|value| number(function, Some(value))).collect()
}

fn deviations(function: &'static str, value: Option<&Value>) -> Result<u8, ExprError> {
    match value {
        None => Ok(1),
        Some(value) => {
            let number = value.as_long().and_then(|number| u8::try_from(number).ok());
            number.ok_or_else(|| ExprError::argument(function, "requires 1, 2 or 3 standard deviations"))
        }
    }
}

fn hll_estimate(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let round = args.get(1).and_then(Value::as_bool).unwrap_or(false);
    ask("hll_sketch_estimate", Kind::Hll, args, &Question::Estimate { round })
}

fn hll_bounds(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "hll_sketch_estimate_with_error_bounds";
    ask(name, Kind::Hll, args, &Question::Bounds(deviations(name, args.get(1))?))
}

fn theta_bounds(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "theta_sketch_estimate_with_error_bounds";
    ask(name, Kind::Theta, args, &Question::NamedBounds(deviations(name, args.get(1))?))
}

fn bloom_argument(args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1) {
        Some(Expr::Literal(value)) => Ok(Prepared::Bloom(Arc::new(bloom_of(value)?))),
        _ => Ok(Prepared::None),
    }
}

fn bloom_of(value: &Value) -> Result<Bloom, ExprError> {
    let name = "bloom_filter_test";
    match sketch(name, Kind::Bloom, value)? {
        Some(Summary::Bloom(filter)) => Ok(filter),
        _ => Err(no_sketch(name, Kind::Bloom)),
    }
}

fn bloom_filter_test(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let read;
    let filter = match prepared {
        Prepared::Bloom(filter) => filter,
        _ => {
            read = Arc::new(bloom_of(args.get(1).unwrap_or(&Value::Null))?);
            &read
        }
    };
    Ok(Value::from_bool(match args.first() {
        None | Some(Value::Null) => filter.test(Item::Null),
        Some(Value::Long(value)) => filter.test(Item::Long(*value)),
        // What is a double here may have been a float where the filter was made.
        Some(Value::Double(value)) => {
            let float = *value as f32;
            filter.test(Item::Double(*value))
                || (f64::from(float) == *value && filter.test(Item::Float(float)))
        }
        Some(other) => filter.test(Item::Text(&other.as_string().unwrap_or_default())),
    }))
}

/// The text as a nested value, when it is a state of the type.
fn decode_base64(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "complex_decode_base64";
    let type_name = args.first().and_then(Value::as_string).unwrap_or_default();
    let kind = Kind::from_name(&type_name);
    let known = alluvium_segments::Complex::from_name(&type_name).is_some();
    if kind.is_none() && !known {
        let message = format!(
            "first argument must be a valid COMPLEX type name, got unknown COMPLEX type [COMPLEX<{type_name}>]"
        );
        return Err(ExprError::thrown(name, message));
    }
    let value = args.get(1).unwrap_or(&Value::Null);
    match kind {
        Some(kind) => Ok(sketch(name, kind, value)?.map_or(Value::Null, |_| as_nested(value))),
        None => Ok(as_nested(value)),
    }
}

fn as_nested(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::Json(Arc::new(Json::from(&**text))),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{NoColumns, eval, parse};

    fn of(text: &str) -> String {
        match eval(&parse(text).unwrap(), &NoColumns) {
            Ok(value) => value.to_json().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn sketches_are_asked() {
        let hll = "'AgEHDAMIBACRctUIkP0eCUglwxo8oQoY'";
        assert_eq!(of(&format!("hll_sketch_estimate({hll}, 1)")), "4.0");
        assert_eq!(of(&format!("hll_sketch_estimate(complex_decode_base64('HLLSketch', {hll}), 1)")), "4.0");
        assert_eq!(of("hll_sketch_estimate(null)"), "0.0");
        let theta = "'AgMDAAAazJMEAAAAAACAP5rgoXoHcvA5KDfWrMqRMT5Aijn2JqEfVawxlcZ0H7td'";
        assert_eq!(of(&format!("theta_sketch_estimate(theta_sketch_union({theta}, {theta}))")), "4.0");
        assert_eq!(of(&format!("theta_sketch_estimate(theta_sketch_not({theta}, {theta}))")), "0.0");
        assert!(of("complex_decode_base64('nope', 'AAAA')").contains("unknown COMPLEX type [COMPLEX<nope>]"));
        assert!(of("theta_sketch_estimate(7)").contains("requires a thetaSketch as the argument"));
        let added = "hyper_unique_add('b', hyper_unique_add('a', hyper_unique()))";
        assert_eq!(of(&format!("hyper_unique_estimate({added})")), "2.000977198748901");
    }
}
