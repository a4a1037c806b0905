//! What may be compared with what? Druid compares times and numbers with texts; the texts become times and
//! numbers here, before DataFusion decides on types.

use std::sync::Arc;

use alluvium_segments::time::parse_iso_in;
use chrono_tz::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};

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
            let name = names.save(&expr);
            let new = expr.transform_up(|e| coerce_one(e, &schema, zone))?;
            Ok(new.update_data(|e| name.restore(e)))
        })?;
        if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
    })?;
    Ok(coerced.data)
}

fn coerce_one(expr: Expr, schema: &DFSchema, zone: Tz) -> Result<Transformed<Expr>> {
    let type_of = |e: &Expr| e.get_type(schema).ok();
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
            let types = (type_of(&left), type_of(&right));
            let (left, right) = match types {
                (Some(l), Some(r)) if is_text(&r) && is_coerced(&l) => {
                    (left, Box::new(meet(*right, &l, zone)?))
                }
                (Some(l), Some(r)) if is_text(&l) && is_coerced(&r) => {
                    (Box::new(meet(*left, &r, zone)?), right)
                }
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
        Expr::Between(mut between) => {
            let Some(wanted) = type_of(&between.expr).filter(is_coerced) else {
                return Ok(Transformed::no(Expr::Between(between)));
            };
            for bound in [&mut between.low, &mut between.high] {
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
                if type_of(item).is_some_and(|t| is_text(&t)) {
                    let taken = std::mem::take(item);
                    *item = meet(taken, &wanted, zone)?;
                }
            }
            Ok(Transformed::yes(Expr::InList(list)))
        }
        other => Ok(Transformed::no(other)),
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
