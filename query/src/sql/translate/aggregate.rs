//! What is an SQL aggregation as work for the segment operators?

use alluvium_segments::{ColumnType, TIME_COLUMN};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable};

use super::expression::render;
use super::filter::filter_json;
use super::segment_query::{
    Aggregator, Dimension, Field, Function, NativeType, SegmentQuery, Work, native_type,
};
use super::source::{Source, Unnested, element};
use crate::sql::aggregates::{DruidAggregate, Kind, Summarized, picked_of};
use crate::sql::coerce::call;
use crate::sql::functions::Operand;
use crate::sql::table::state_of;

/// An aggregation with these group keys (grouping sets are asked one by one).
pub(crate) fn segment_query(source: &Source, aggregate: &Aggregate, keys: &[Expr]) -> Option<SegmentQuery> {
    let input = aggregate.input.schema();
    let table = source.table.arrow_schema();
    let mut dimensions = Vec::with_capacity(keys.len());
    for (i, key) in keys.iter().enumerate() {
        let key = scalar(source.inline(key, input)?);
        if let (Some(unnested), true) = (&source.unnested, key == element()) {
            dimensions.push(elements(format!("d{i}"), unnested, keys.get(i)?.get_type(input).ok()?, table)?);
            continue;
        }
        let operand = render(&key, table)?;
        let output = native_type(&operand.data_type)?;
        if let Some(column) = text_as_long(&key, table) {
            let field = Field::Column(column.to_owned());
            dimensions.push(Dimension { name: format!("d{i}"), field, output, unnested: false });
            continue;
        }
        let field = time_floor(&key).unwrap_or_else(|| field(operand));
        dimensions.push(Dimension { name: format!("d{i}"), field, output, unnested: false });
    }
    let mut aggregators = Vec::with_capacity(aggregate.aggr_expr.len());
    for (i, expr) in aggregate.aggr_expr.iter().enumerate() {
        let call = call_of(expr)?;
        let condition = match &call.params.filter {
            Some(condition) => Some(filter_json(&source.inline(condition, input)?, table)?),
            None => None,
        };
        let args: Option<Vec<Expr>> =
            call.params.args.iter().map(|a| source.inline(a, input).map(scalar)).collect();
        let function = function(call, &args?, table)?;
        aggregators.push(Aggregator { name: format!("a{i}"), function, filter: condition });
    }
    source.query(Work::Groups { dimensions, aggregators })
}

/// The column of texts that a cast reads as longs: Druid groups by the texts, and reads those of groups.
fn text_as_long<'e>(key: &'e Expr, table: &Schema) -> Option<&'e str> {
    let Expr::ScalarFunction(call) = key else { return None };
    let [Expr::Column(column)] = call.args.as_slice() else { return None };
    let is_text = *table.field_with_name(&column.name).ok()?.data_type() == DataType::Utf8;
    (is_text && matches!(call.func.name(), "cast_bigint" | "cast_integer")).then_some(column.name.as_str())
}

/// Groups by the elements of an array.
fn elements(name: String, unnested: &Unnested, element: DataType, table: &Schema) -> Option<Dimension> {
    // The values of a column are what it is grouped by as it is.
    if let Expr::ScalarFunction(values) = &unnested.array
        && let ("mv_harmonize_nulls", [Expr::Column(column)]) = (values.func.name(), values.args.as_slice())
    {
        let field = Field::Column(column.name.clone());
        return Some(Dimension { name, field, output: ColumnType::String, unnested: false });
    }
    let array = render(&unnested.array, table)?;
    let output = native_type(&element).filter(|output| !output.is_coded())?;
    let field = Field::Expression(format!("mv_to_array({})", array.text));
    Some(Dimension { name, field, output, unnested: true })
}

/// What is grouped or aggregated where an expression is the value at a path.
fn scalar(expr: Expr) -> Expr {
    match expr {
        Expr::ScalarFunction(function) if function.func.name() == "json_value" => {
            call("json_scalar", function.args)
        }
        other => other,
    }
}

fn call_of(expr: &Expr) -> Option<&AggregateFunction> {
    match expr {
        Expr::Alias(alias) => call_of(&alias.expr),
        Expr::AggregateFunction(call) => Some(call),
        _ => None,
    }
}

/// A rendered expression as an input: a bare column stays one.
fn field(operand: Operand) -> Field {
    Field::of(operand)
}

/// `TIME_FLOOR(__time, period, NULL, zone)`: what segments cut time by without computing an expression.
fn time_floor(expr: &Expr) -> Option<Field> {
    let call = match expr {
        Expr::ScalarFunction(call) if matches!(call.func.name(), "time_floor" | "cast_date") => call,
        Expr::Alias(alias) => return time_floor(&alias.expr),
        _ => return None,
    };
    let text = |e: &Expr| match e {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    };
    match call.args.as_slice() {
        [Expr::Column(column), period, Expr::Literal(origin, _), zone]
            if column.name == TIME_COLUMN && origin.is_null() =>
        {
            Some(Field::TimeFloor { period: text(period)?, zone: text(zone)? })
        }
        [Expr::Column(column), zone] if column.name == TIME_COLUMN => {
            Some(Field::TimeFloor { period: "P1D".to_owned(), zone: text(zone)? })
        }
        _ => None,
    }
}

/// The type in which a number is aggregated.
fn number(data_type: &DataType) -> Option<NativeType> {
    native_type(data_type).filter(|t| *t != ColumnType::String)
}

fn function(call: &AggregateFunction, args: &[Expr], table: &Schema) -> Option<Function> {
    if !call.params.order_by.is_empty() {
        return None;
    }
    if let Some(ours) = call.func.inner().downcast_ref::<DruidAggregate>() {
        return druid_function(ours.kind, args, table);
    }
    if call.params.distinct && !matches!(call.func.name(), "min" | "max") {
        return None;
    }
    let [arg] = args else { return None };
    if call.func.name() == "count"
        && let Expr::Literal(value, _) = arg
        && !value.is_null()
    {
        return Some(Function::Count);
    }
    // DataFusion widens arguments; the widening is ours to do.
    let operand = render(unwidened(arg), table)?;
    let data_type = operand.data_type.clone();
    Some(match call.func.name() {
        "count" => Function::CountNonNull(field(operand)),
        "sum" => match number(&data_type)? {
            ColumnType::Long => Function::Sum(ColumnType::Long, field(operand)),
            _ => Function::Sum(ColumnType::Double, field(operand)),
        },
        "min" => Function::Min(number(&data_type)?, field(operand)),
        "max" => Function::Max(number(&data_type)?, field(operand)),
        "avg" => {
            number(&data_type)?;
            Function::Mean(field(operand))
        }
        _ => return None,
    })
}

fn unwidened(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) if cast.field.data_type().is_numeric() => &cast.expr,
        other => other,
    }
}

/// A summary of the first argument and of the values after it, as the literals among the arguments say.
fn summary_of(summary: Summarized, args: &[Expr], table: &Schema) -> Option<Function> {
    let literal = |expr: &Expr| match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        _ => None,
    };
    let literals: Vec<Option<ScalarValue>> = args.iter().map(literal).collect();
    // What cannot be read is refused where the aggregate is computed above the segments.
    let (recipe, values) = summary.recipe(&literals).ok()?;
    let first = render(unwidened(args.first()?), table)?;
    let output = native_type(&first.data_type)?;
    let rest: Option<Vec<Field>> =
        args.iter().skip(1).take(values).map(|arg| render(unwidened(arg), table).map(field)).collect();
    Some(Function::Summary { recipe: Box::new(recipe), field: field(first), output, rest: rest? })
}

fn druid_function(kind: Kind, args: &[Expr], table: &Schema) -> Option<Function> {
    if let Kind::Summary(summary) = kind {
        return summary_of(summary, args, table);
    }
    let first = args.first()?;
    let first = if kind == Kind::Quantile { unwidened(first) } else { first };
    let operand = match render(first, table)? {
        texts if kind == Kind::Quantile && texts.is_text() => {
            render(&call("cast_double", vec![first.clone()]), table)?
        }
        operand => operand,
    };
    let picked = match first {
        Expr::Column(column) => {
            table.field_with_name(&column.name).ok().and_then(state_of).and_then(picked_of)
        }
        _ => None,
    };
    let output = native_type(picked.as_ref().filter(|_| kind.picks()).unwrap_or(&operand.data_type))?;
    let field = field(operand);
    let max_bytes = |at: usize| match args.get(at) {
        None => Some(None),
        Some(Expr::Literal(ScalarValue::Int64(Some(n)), _)) => u32::try_from(*n).ok().map(Some),
        Some(_) => None,
    };
    let time = || match args.get(1)? {
        Expr::Column(column) => Some(column.name.clone()),
        _ => None,
    };
    Some(match kind {
        Kind::Distinct => Function::Distinct(field, output),
        Kind::Summary(_) => return None,
        Kind::ExactDistinct => Function::ExactDistinct(field, output),
        Kind::Quantile if output == ColumnType::Json => {
            return summary_of(Summarized::SketchQuantile, args, table);
        }
        Kind::Quantile => {
            let fraction = match args.get(1)? {
                Expr::Literal(ScalarValue::Float64(Some(f)), _) if (0.0..=1.0).contains(f) => *f,
                _ => return None,
            };
            Function::Quantile(field, fraction)
        }
        // Of several values of a row all are one text, or the first alone is taken.
        Kind::Any => {
            let first = matches!(args.get(2), Some(Expr::Literal(ScalarValue::Boolean(Some(false)), _)));
            let field = match first && output == ColumnType::String {
                true => Field::Expression(format!("array_offset({},0)", field.text())),
                false => field,
            };
            Function::Any { output, field, max_bytes: max_bytes(1)? }
        }
        Kind::Earliest => Function::First { output, field, time: time()?, max_bytes: max_bytes(2)? },
        Kind::Latest => Function::Last { output, field, time: time()?, max_bytes: max_bytes(2)? },
    })
}
