//! What do operators mean between types that do not fit? Texts in arithmetic are read as numbers, numbers beside truth
//! values as truth values, and `||` puts anything together.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, binary_expr};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::coerce::call;
use super::fault::outside;
use crate::QueryError;
use crate::error::Refusal;

/// Plans the operators that DataFusion would refuse.
#[derive(Debug)]
pub(crate) struct DruidOperators;

impl ExprPlanner for DruidOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        // The literal of a condition may have no type yet.
        let kind = |e: &Expr| e.get_type(schema).ok();
        let (left, right) = (kind(&expr.left), kind(&expr.right));
        let arithmetic = match expr.op {
            BinaryOperator::StringConcat => {
                let is_list = |t: &Option<DataType>| matches!(t, Some(DataType::List(_)));
                if is_list(&left) || is_list(&right) {
                    return Ok(PlannerResult::Original(expr));
                }
                return Ok(PlannerResult::Planned(call("join_texts", vec![expr.left, expr.right])));
            }
            BinaryOperator::Plus => Operator::Plus,
            BinaryOperator::Minus => Operator::Minus,
            BinaryOperator::Multiply => Operator::Multiply,
            BinaryOperator::Divide => Operator::Divide,
            _ => return Ok(truths(expr, left.as_ref(), right.as_ref())),
        };
        let (Some(left), Some(right)) = (left, right) else { return Ok(PlannerResult::Original(expr)) };
        if matches!((&left, &right), (DataType::Timestamp(..), DataType::Timestamp(..))) {
            let op = arithmetic.to_string();
            return plan_err!(
                "Cannot apply '{op}' to arguments of type '<TIMESTAMP(3)> {op} <TIMESTAMP(3)>'; use TIMESTAMPDIFF"
            );
        }
        if let (Operator::Multiply, Some(product)) = (arithmetic, product(&expr.left, &expr.right))
            && product.abs() >= 10.0
        {
            let message = format!("Cannot convert {product:?} to DECIMAL(19, 18) due to overflow");
            return Err(outside(QueryError::refused(Refusal::Planning, message)));
        }
        let (a, b) = match (is_text(&left), is_text(&right)) {
            (true, true) => (call("cast_decimal", vec![expr.left]), call("cast_decimal", vec![expr.right])),
            (true, false) if right.is_numeric() => (number(expr.left, &right, &expr.right), expr.right),
            (false, true) if left.is_numeric() => {
                let b = number(expr.right, &left, &expr.left);
                (expr.left, b)
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        Ok(PlannerResult::Planned(binary_expr(a, arithmetic, b)))
    }
}

/// The product of two literal texts, for whose whole digits the planner leaves room for one.
fn product(left: &Expr, right: &Expr) -> Option<f64> {
    let number = |expr: &Expr| match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten()?.trim().parse::<f64>().ok(),
        _ => None,
    };
    Some(number(left)? * number(right)?)
}

fn is_text(data_type: &DataType) -> bool {
    *data_type == DataType::Utf8
}

/// A text as a number of the kind that is beside it.
fn number(text: Expr, kind: &DataType, beside: &Expr) -> Expr {
    let literal = matches!(beside, Expr::Literal(..));
    let name = match (kind.is_integer(), literal) {
        (true, true) => "cast_integer",
        (true, false) => "cast_bigint",
        (false, true) => "cast_decimal",
        (false, false) => "cast_double",
    };
    call(name, vec![text])
}

/// Comparisons of truth values with numbers.
fn truths(
    mut expr: RawBinaryExpr,
    left: Option<&DataType>,
    right: Option<&DataType>,
) -> PlannerResult<RawBinaryExpr> {
    let compared = match expr.op {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        _ => return PlannerResult::Original(expr),
    };
    match (left, right) {
        (Some(DataType::Boolean), Some(number)) if number.is_numeric() => {
            expr.right = call("cast_boolean", vec![expr.right]);
        }
        (Some(number), Some(DataType::Boolean)) if number.is_numeric() => {
            expr.left = call("cast_boolean", vec![expr.left]);
        }
        _ => return PlannerResult::Original(expr),
    }
    PlannerResult::Planned(binary_expr(expr.left, compared, expr.right))
}
