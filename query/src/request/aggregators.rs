//! How are aggregators written?

use alluvium_expression::{Expr, Filter};
use alluvium_segments::{ColumnType, TIME_COLUMN};
use alluvium_sketches::{Form, Recipe};
use serde_json::Value;

use super::dimensions::{dimension, expression};
use super::fields::Fields;
use super::fold::fold;
use crate::QueryError;
use crate::plan::{AggregateFunction, AggregatorPlan, DimensionPlan, Input, Number};

/// Reads the `aggregations` of a query; `dimensions` are those of the query, for `grouping`.
pub(crate) fn aggregators(
    items: &[Value],
    dimensions: &[DimensionPlan],
) -> Result<Vec<AggregatorPlan>, QueryError> {
    items.iter().map(|item| aggregator(item, dimensions)).collect()
}

fn aggregator(json: &Value, dimensions: &[DimensionPlan]) -> Result<AggregatorPlan, QueryError> {
    let fields = Fields::of("aggregator", json)?;
    let kind = fields.kind()?;
    if kind == "filtered" {
        return filtered(&fields, dimensions);
    }
    let name = fields.text("name")?.to_owned();
    let function = match kind {
        "count" => AggregateFunction::Count,
        "cardinality" => cardinality(&fields)?,
        "expression" => AggregateFunction::Fold(Box::new(fold(&fields, &name)?)),
        "singleValue" => AggregateFunction::Single(fields.text("fieldName")?.to_owned()),
        "doubleMean" => AggregateFunction::Mean(input(&fields)?),
        "javascript" => return Err(QueryError::no_scripts()),
        "grouping" => AggregateFunction::Grouping(grouping(&fields.texts("groupings")?, |name| {
            dimensions.iter().any(|d| d.name == name)
        })),
        other => match summary(json, &fields)? {
            Some(function) => function,
            None => typed(other, &fields)?,
        },
    };
    Ok(AggregatorPlan { name, function, filter: None })
}

/// The value of `grouping`: a bit a name, the first highest, set when it is not in the group's key.
pub(crate) fn grouping(names: &[String], present: impl Fn(&str) -> bool) -> i64 {
    names.iter().fold(0, |bits, name| bits << 1 | i64::from(!present(name)))
}

/// The aggregators that make summaries, where this is one of them.
fn summary(json: &Value, fields: &Fields<'_>) -> Result<Option<AggregateFunction>, QueryError> {
    let Some(object) = json.as_object() else { return Ok(None) };
    let Some(recipe) = Recipe::from_json(object)? else { return Ok(None) };
    let field = match (&recipe.form, fields.get("field")) {
        (Form::Bloom { .. }, Some(field)) => dimension(field)?,
        _ => DimensionPlan::column(fields.text("fieldName")?, "", ColumnType::String),
    };
    let rest = match &recipe.form {
        Form::ArrayOfDoubles { columns, .. } => columns.iter().cloned().map(Input::Column).collect(),
        _ => Vec::new(),
    };
    Ok(Some(AggregateFunction::Summary { recipe, field, rest }))
}

fn filtered(fields: &Fields<'_>, dimensions: &[DimensionPlan]) -> Result<AggregatorPlan, QueryError> {
    let mut plan = aggregator(fields.need("aggregator")?, dimensions)?;
    let filter = Filter::from_json(fields.need("filter")?)?;
    plan.filter = Some(match plan.filter {
        None => filter,
        Some(inner) => Filter::And(vec![filter, inner]),
    });
    if let Some(name) = fields.text_opt("name")?.filter(|name| !name.is_empty()) {
        plan.name = name.to_owned();
    }
    Ok(plan)
}

fn input(fields: &Fields<'_>) -> Result<Input, QueryError> {
    if let Some(text) = fields.text_opt("expression")? {
        if fields.get("fieldName").is_some() {
            return Err(fields.wrong("fieldName", "left out beside `expression`"));
        }
        return Ok(Input::Expression(expression(text)?));
    }
    Ok(Input::Column(fields.text("fieldName")?.to_owned()))
}

/// `longSum` and its like: a type, then what is done.
fn typed(kind: &str, fields: &Fields<'_>) -> Result<AggregateFunction, QueryError> {
    let types = [
        ("long", ColumnType::Long, Number::Long),
        ("double", ColumnType::Double, Number::Double),
        ("float", ColumnType::Float, Number::Float),
        ("string", ColumnType::String, Number::Double),
    ];
    let known = types.iter().find_map(|(prefix, value_type, number)| {
        kind.strip_prefix(prefix).map(|function| (function, *value_type, *number))
    });
    let unknown = || QueryError::invalid(format!("there are no aggregators of type `{kind}`"));
    let Some((function, value_type, number)) = known else { return Err(unknown()) };
    let max_bytes = if value_type == ColumnType::String {
        let bytes = fields.long_opt("maxStringBytes")?.unwrap_or(1024);
        Some(u32::try_from(bytes).map_err(|_| fields.wrong("maxStringBytes", "a number of bytes"))?)
    } else {
        None
    };
    let time = || -> Result<String, QueryError> {
        Ok(fields.text_opt("timeColumn")?.unwrap_or(TIME_COLUMN).to_owned())
    };
    Ok(match function {
        "Sum" if max_bytes.is_none() => AggregateFunction::Sum(number, input(fields)?),
        "Min" if max_bytes.is_none() => AggregateFunction::Min(number, input(fields)?),
        "Max" if max_bytes.is_none() => AggregateFunction::Max(number, input(fields)?),
        "First" => AggregateFunction::First { value_type, input: input(fields)?, time: time()?, max_bytes },
        "Last" => AggregateFunction::Last { value_type, input: input(fields)?, time: time()?, max_bytes },
        "Any" => {
            let several = fields.flag("aggregateMultipleValues", true)?;
            let input = input(fields)?;
            let input = if several { input } else { first_of(input)? };
            AggregateFunction::Any { value_type, input, max_bytes }
        }
        _ => return Err(unknown()),
    })
}

/// The first of the several values of a row.
fn first_of(input: Input) -> Result<Input, QueryError> {
    let of = match &input {
        Input::Column(name) => Expr::Column(name.as_str().into()).to_string(),
        Input::Expression(expression) => expression.to_string(),
    };
    Ok(Input::Expression(expression(&format!("mv_offset({of}, 0)"))?))
}

fn cardinality(fields: &Fields<'_>) -> Result<AggregateFunction, QueryError> {
    let key = if fields.get("fields").is_some() { "fields" } else { "fieldNames" };
    fields.need(key)?;
    let plans = fields.list(key)?.iter().map(dimension).collect::<Result<Vec<_>, _>>()?;
    Ok(AggregateFunction::Cardinality {
        fields: plans,
        by_row: fields.flag("byRow", false)?,
        round: fields.flag("round", false)?,
    })
}
