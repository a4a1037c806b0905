//! Functions that make sketches of sketches: unions, intersections, differences; and of values.

use std::sync::Arc;

use alluvium_sketches::{
    ArrayOfDoubles, HllSketch, HllTarget, HyperUnique, Kind, SetOperation, SketchError, Summary, Theta,
    hash_of_text, union_of_hlls,
};

use super::sketch::sketch;
use super::{ANY, Body, Function, JSON, Prepared};
use crate::{ExprError, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new("hll_sketch_union", (1, ANY), JSON, Body::Values(hll_union)),
    Function::new(
        "theta_sketch_union",
        (1, ANY),
        JSON,
        Body::Values(|_, args| thetas("theta_sketch_union", SetOperation::Union, args)),
    ),
    Function::new(
        "theta_sketch_intersect",
        (1, ANY),
        JSON,
        Body::Values(|_, args| thetas("theta_sketch_intersect", SetOperation::Intersect, args)),
    ),
    Function::new(
        "theta_sketch_not",
        (1, ANY),
        JSON,
        Body::Values(|_, args| thetas("theta_sketch_not", SetOperation::Not, args)),
    ),
    Function::new(
        "ds_tuple_doubles_union",
        (1, ANY),
        JSON,
        Body::Values(|_, args| tuples("ds_tuple_doubles_union", SetOperation::Union, args)),
    ),
    Function::new(
        "ds_tuple_doubles_intersect",
        (1, ANY),
        JSON,
        Body::Values(|_, args| tuples("ds_tuple_doubles_intersect", SetOperation::Intersect, args)),
    ),
    Function::new(
        "ds_tuple_doubles_not",
        (1, ANY),
        JSON,
        Body::Values(|_, args| tuples("ds_tuple_doubles_not", SetOperation::Not, args)),
    ),
    Function::new(
        "hyper_unique",
        (0, 0),
        JSON,
        Body::Values(|_, _| Ok(value(&HyperUnique::default().into()))),
    ),
    Function::new("hyper_unique_add", (2, 2), JSON, Body::Values(hyper_unique_add)),
];

/// A sketch as a nested value.
fn value(summary: &Summary) -> Value {
    Value::Json(Arc::new(summary.to_json()))
}

fn made(function: &'static str, summary: Result<Summary, SketchError>) -> Result<Value, ExprError> {
    let summary = summary.map_err(|error| ExprError::argument(function, error.to_string()))?;
    Ok(value(&summary))
}

/// The sketches of arguments; nulls are left out.
fn sketches(function: &'static str, kind: Kind, args: &[Value]) -> Result<Vec<Summary>, ExprError> {
    let sketches = args.iter().map(|arg| sketch(function, kind, arg));
    Ok(sketches.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The number of registers and their size may come first.
fn hll_union(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "hll_sketch_union";
    let (mut lg_k, mut target) = (HllSketch::DEFAULT_LG_K, HllTarget::Hll4);
    let mut rest = args;
    if let [Value::Long(number), after @ ..] = rest {
        lg_k = u8::try_from(*number).unwrap_or(u8::MAX);
        rest = after;
        if let [Value::String(text), after @ ..] = rest
            && let Some(named) = HllTarget::from_name(text)
        {
            (target, rest) = (named, after);
        }
    }
    let all = sketches(name, Kind::Hll, rest)?;
    let all: Vec<&HllSketch> = all
        .iter()
        .filter_map(|summary| match summary {
            Summary::Hll(sketch) => Some(sketch),
            _ => None,
        })
        .collect();
    made(name, union_of_hlls(lg_k, target, &all))
}

/// The size may come first.
fn thetas(name: &'static str, operation: SetOperation, args: &[Value]) -> Result<Value, ExprError> {
    let (size, rest) = match args {
        [Value::Long(size), rest @ ..] => (usize::try_from(*size).unwrap_or(0), rest),
        all => (Theta::DEFAULT_SIZE, all),
    };
    let all = sketches(name, Kind::Theta, rest)?;
    let all: Vec<&Theta> = all
        .iter()
        .filter_map(|summary| match summary {
            Summary::Theta(sketch) => Some(sketch),
            _ => None,
        })
        .collect();
    made(name, operation.of_thetas(size, &all))
}

/// The number of entries may come last.
fn tuples(name: &'static str, operation: SetOperation, args: &[Value]) -> Result<Value, ExprError> {
    let (entries, rest) = match args {
        [rest @ .., Value::Long(entries)] => (usize::try_from(*entries).unwrap_or(0), rest),
        all => (ArrayOfDoubles::DEFAULT_ENTRIES, all),
    };
    let all = sketches(name, Kind::ArrayOfDoubles, rest)?;
    let all: Vec<&ArrayOfDoubles> = all
        .iter()
        .filter_map(|summary| match summary {
            Summary::ArrayOfDoubles(sketch) => Some(sketch),
            _ => None,
        })
        .collect();
    made(name, operation.of_tuples(entries, None, &all))
}

/// A collector (the last argument) with a value, or with another collector.
fn hyper_unique_add(_: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let name = "hyper_unique_add";
    let [item, known] = args else { return Ok(Value::Null) };
    let Some(Summary::HyperUnique(mut collector)) = sketch(name, Kind::HyperUnique, known)? else {
        return Ok(Value::Null);
    };
    match item {
        Value::Null => {}
        Value::Json(_) => {
            if let Some(Summary::HyperUnique(other)) = sketch(name, Kind::HyperUnique, item)? {
                collector.merge(&other);
            }
        }
        Value::Long(number) => collector.update(alluvium_sketches::hash_of_bytes(&number.to_le_bytes())),
        Value::Double(number) => {
            collector.update(alluvium_sketches::hash_of_bytes(&number.to_bits().to_le_bytes()))
        }
        other => collector.update(hash_of_text(&other.as_string().unwrap_or_default())),
    }
    Ok(value(&collector.into()))
}
