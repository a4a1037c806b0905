//! What may be compared with what? Druid compares times and numbers with texts; the texts become times and
//! numbers here, before DataFusion decides on types.

use std::sync::Arc;

use alluvium_segments::time::parse_iso_in;
use chrono_tz::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::Exists;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};

use super::fault::{invalid, outside};
use super::functions::all_functions;

/// Rewrites every comparison of a plan.
pub(crate) fn coerce(plan: LogicalPlan, zone: Tz) -> Result<LogicalPlan> {
    let coerced = plan.transform_up_with_subqueries(|plan| {
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            schema.merge(&scan.projected_schema);
        }
        let names = NamePreserver::new(&plan);
        let changed = plan.map_expressions(|expr| {
            let coerced = |expr: Expr| {
                let name = names.save(&expr);
                let new = expr.transform_up(|e| coerce_one(e, &schema, zone))?;
                Ok(new.update_data(|e| name.restore(e)))
            };
            keys_of_sets(expr, coerced)
        })?;
        if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
    })?;
    Ok(coerced.data)
}

/// Keys of grouping sets, and `GROUPING` of them, are rewritten one by one: each keeps its own name.
fn keys_of_sets(
    expr: Expr,
    mut coerced: impl FnMut(Expr) -> Result<Transformed<Expr>>,
) -> Result<Transformed<Expr>> {
    match expr {
        Expr::GroupingSet(_) => expr.map_children(coerced),
        Expr::AggregateFunction(ref call) if call.func.name() == "grouping" => expr.map_children(coerced),
        Expr::Alias(mut alias) if matches!(&*alias.expr, Expr::AggregateFunction(c) if c.func.name() == "grouping") =>
        {
            let inner = std::mem::take(&mut *alias.expr).map_children(coerced)?;
            Ok(inner.update_data(|e| {
                *alias.expr = e;
                Expr::Alias(alias)
            }))
        }
        other => coerced(other),
    }
}

fn coerce_one(expr: Expr, schema: &DFSchema, zone: Tz) -> Result<Transformed<Expr>> {
    let type_of = |e: &Expr| e.get_type(schema).ok();
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            let types = (type_of(&left), type_of(&right));
            compared(BinaryExpr { left, op, right }, types, zone)
        }
        Expr::Between(mut between) => {
            let Some(wanted) = type_of(&between.expr).filter(is_coerced) else {
                return Ok(Transformed::no(Expr::Between(between)));
            };
            for bound in [&mut between.low, &mut between.high] {
                if is_narrow(&wanted) {
                    **bound = narrowed(std::mem::take(&mut **bound), &wanted, false);
                }
                if type_of(bound).is_some_and(|t| is_text(&t)) {
                    let taken = std::mem::take(&mut **bound);
                    **bound = meet(taken, &wanted, zone)?;
                }
            }
            Ok(Transformed::yes(Expr::Between(between)))
        }
        Expr::InList(mut list) => {
            let Some(wanted) = type_of(&list.expr).filter(is_coerced) else {
                return Ok(Transformed::no(Expr::InList(list)));
            };
            for item in &mut list.list {
                if is_narrow(&wanted) {
                    *item = narrowed(std::mem::take(item), &wanted, true);
                }
                if type_of(item).is_some_and(|t| is_text(&t)) {
                    let taken = std::mem::take(item);
                    *item = meet(taken, &wanted, zone)?;
                }
            }
            Ok(Transformed::yes(Expr::InList(list)))
        }
        // Null is in no list that has values, and unlike them neither.
        Expr::InSubquery(test) if test.negated && is_fixed(&test.expr)? => {
            let empty = Expr::Exists(Exists { subquery: test.subquery.clone(), negated: true });
            let known = test.expr.clone().is_not_null().or(empty);
            Ok(Transformed::yes(known.and(Expr::InSubquery(test))))
        }
        Expr::ScalarFunction(mut function) if function.func.name() == "as_number" => {
            Ok(match function.args.first().and_then(type_of) {
                Some(text) if is_text(&text) => {
                    Transformed::yes(call("cast_double", std::mem::take(&mut function.args)))
                }
                Some(_) => Transformed::yes(function.args.swap_remove(0)),
                None => Transformed::no(Expr::ScalarFunction(function)),
            })
        }
        Expr::Like(like) => {
            let mut args = vec![as_text(*like.expr, type_of, zone), *like.pattern];
            let escape = like.escape_char.map(|c| ScalarValue::Utf8(Some(c.to_string())));
            args.extend(escape.map(|escape| Expr::Literal(escape, None)));
            let test = call("text_like", args);
            Ok(Transformed::yes(if like.negated { Expr::Not(Box::new(test)) } else { test }))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Whether an expression is the same for all rows.
fn is_fixed(expr: &Expr) -> Result<bool> {
    Ok(expr.column_refs().is_empty()
        && !expr.contains_outer()
        && !expr.exists(|e| Ok(matches!(e, Expr::ScalarSubquery(_))))?)
}

/// A comparison of values of these types, as far as those are known.
fn compared(
    BinaryExpr { left, op, right }: BinaryExpr,
    types: (Option<DataType>, Option<DataType>),
    zone: Tz,
) -> Result<Transformed<Expr>> {
    let (left, right) = match types {
        (Some(l), Some(DataType::Float64)) if is_narrow(&l) => {
            let right = narrowed(*right, &l, false);
            (left, Box::new(right))
        }
        (Some(l), _) if is_text(&l) && truth(&right).is_some() => {
            let right = truth(&right).unwrap_or(*right);
            (left, Box::new(right))
        }
        (_, Some(r)) if is_text(&r) && truth(&left).is_some() => {
            let left = truth(&left).unwrap_or(*left);
            (Box::new(left), right)
        }
        (Some(DataType::Float64), Some(r)) if is_narrow(&r) => {
            let left = narrowed(*left, &r, false);
            (Box::new(left), right)
        }
        (Some(DataType::Int64 | DataType::Float64), Some(DataType::Utf8)) if no_number(&left, &right) => {
            return Err(outside(invalid(format!("Calcite assertion violated: [{right} is no number]"))));
        }
        (Some(DataType::Utf8), Some(DataType::Int64 | DataType::Float64)) if no_number(&right, &left) => {
            return Err(outside(invalid(format!("Calcite assertion violated: [{left} is no number]"))));
        }
        (Some(l), Some(r)) if is_text(&r) && is_coerced(&l) => (left, Box::new(meet(*right, &l, zone)?)),
        (Some(l), Some(r)) if is_text(&l) && is_coerced(&r) => (Box::new(meet(*left, &r, zone)?), right),
        (Some(DataType::Boolean), Some(number)) if number.is_numeric() => {
            (Box::new(call("cast_bigint", vec![*left])), right)
        }
        (Some(number), Some(DataType::Boolean)) if number.is_numeric() => {
            (left, Box::new(call("cast_bigint", vec![*right])))
        }
        _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
    };
    Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right })))
}

/// Whether a literal number is compared with a literal text that is none.
fn no_number(number: &Expr, text: &Expr) -> bool {
    match (number, text) {
        (Expr::Literal(number, _), Expr::Literal(text, _)) if !number.is_null() => {
            text.try_as_str().flatten().is_some_and(|text| text.trim().parse::<f64>().is_err())
        }
        _ => false,
    }
}

/// A literal truth value as the text it is compared with.
fn truth(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Literal(ScalarValue::Boolean(Some(truth)), _) => {
            Some(Expr::Literal(ScalarValue::Utf8(Some(truth.to_string())), None))
        }
        _ => None,
    }
}

/// What is looked through by LIKE: texts, and what reads as one.
fn as_text(value: Expr, type_of: impl Fn(&Expr) -> Option<DataType>, zone: Tz) -> Expr {
    match type_of(&value) {
        Some(kind) if !is_text(&kind) && kind != DataType::Null => {
            let zone = Expr::Literal(ScalarValue::Utf8(Some(zone.name().to_owned())), None);
            call("cast_varchar", vec![value, zone])
        }
        _ => value,
    }
}

/// Whether doubles are brought to this type before they are compared with it, where they are literals.
fn is_narrow(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Float32 | DataType::Int64)
}

/// A literal double as a value of a narrower type: a float in any case, a long where nothing is lost, or is said to be
/// cut.
fn narrowed(expr: Expr, wanted: &DataType, cut: bool) -> Expr {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let value = match &expr {
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => *value,
        // `CAST(0.1 AS FLOAT)`
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.as_slice()) {
            (
                "cast_float" | "cast_double" | "cast_decimal",
                [Expr::Literal(ScalarValue::Float64(Some(v)), _)],
            ) => *v,
            _ => return expr,
        },
        _ => return expr,
    };
    match wanted {
        DataType::Float32 => Expr::Literal(ScalarValue::Float32(Some(value as f32)), None),
        _ if (cut || value.fract() == 0.0) && (-LIMIT..LIMIT).contains(&value) => {
            Expr::Literal(ScalarValue::Int64(Some(value as i64)), None)
        }
        _ => expr,
    }
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}

fn is_coerced(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..) | DataType::Boolean) || data_type.is_numeric()
}

/// A text as what it is compared with: a literal where it is one.
fn meet(text: Expr, wanted: &DataType, zone: Tz) -> Result<Expr> {
    let literal = match &text {
        Expr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        _ => None,
    };
    match wanted {
        DataType::Timestamp(..) => {
            if let Some(literal) = literal {
                return match parse_iso_in(&literal, zone) {
                    Ok(t) => Ok(Expr::Literal(ScalarValue::TimestampMillisecond(Some(t), None), None)),
                    Err(_) => plan_err!("Illegal TIMESTAMP constant ['{literal}']"),
                };
            }
            let zone = Expr::Literal(ScalarValue::Utf8(Some(zone.name().to_owned())), None);
            return Ok(call("cast_timestamp", vec![text, zone]));
        }
        DataType::Boolean => return Ok(call("cast_boolean", vec![text])),
        _ => {}
    }
    if let Some(literal) = literal {
        let literal = literal.trim();
        if let (Ok(n), true) = (literal.parse::<i64>(), wanted.is_integer()) {
            return Ok(Expr::Literal(ScalarValue::Int64(Some(n)), None));
        }
        if let Ok(n) = literal.parse::<f64>() {
            return Ok(Expr::Literal(ScalarValue::Float64(Some(n)), None));
        }
    }
    let name = if wanted.is_integer() { "cast_bigint" } else { "cast_double" };
    Ok(call(name, vec![text]))
}

/// A call of one of Druid's functions.
pub(crate) fn call(name: &str, args: Vec<Expr>) -> Expr {
    match all_functions().iter().find(|f| f.name() == name) {
        Some(function) => ScalarUDF::call(&Arc::clone(function), args),
        None => Expr::default(),
    }
}
