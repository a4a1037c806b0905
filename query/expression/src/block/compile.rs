//! Which parts of an expression do the kernels evaluate? Those whose operands are longs or doubles by type.

use std::sync::Arc;

use alluvium_segments::time::Granularity;
use chrono_tz::Tz;

use crate::ast::{BinaryOp, Call, ColumnTypes, Expr, LogicalOp, UnaryOp};
use crate::functions::{
    Body, CASE_SEARCHED, CAST, IF, IS_NULL, NOT_NULL, NVL, Prepared, TIMESTAMP_EXTRACT, TIMESTAMP_FLOOR,
    TimeUnit,
};
use crate::{ExprType, Value};

/// How an expression is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    /// Kernels, to longs.
    Long(LongNode),
    /// Kernels, to doubles.
    Double(DoubleNode),
    /// Row by row.
    Rows,
}

/// A condition and what it chooses, in order; then what is left.
#[derive(Debug, Clone)]
pub(super) struct Cases<N> {
    pub(super) cases: Vec<(LongNode, N)>,
    pub(super) otherwise: N,
}

/// Something that gives longs.
#[derive(Debug, Clone)]
pub(super) enum LongNode {
    Const(Option<i64>),
    Input(Arc<str>),
    FromDouble(Box<DoubleNode>),
    Math(BinaryOp, Box<LongNode>, Box<LongNode>),
    CompareLongs(BinaryOp, Box<LongNode>, Box<LongNode>),
    CompareDoubles(BinaryOp, Box<DoubleNode>, Box<DoubleNode>),
    Logical(LogicalOp, Vec<LongNode>),
    Not(Box<LongNode>),
    Negate(Box<LongNode>),
    Floor(Granularity, Box<LongNode>),
    Extract(TimeUnit, Tz, Box<LongNode>),
    Choose(Box<Cases<LongNode>>),
    LongIsNull(bool, Box<LongNode>),
    DoubleIsNull(bool, Box<DoubleNode>),
    /// Row by row, results as longs.
    Rows(Expr),
    /// Row by row, results as truth values.
    Truth(Expr),
}

/// Something that gives doubles.
#[derive(Debug, Clone)]
pub(super) enum DoubleNode {
    Const(Option<f64>),
    Input(Arc<str>),
    FromLong(Box<LongNode>),
    Math(BinaryOp, Box<DoubleNode>, Box<DoubleNode>),
    Negate(Box<DoubleNode>),
    Of1(fn(f64) -> f64, Box<DoubleNode>),
    Of2(fn(f64, f64) -> f64, Box<DoubleNode>, Box<DoubleNode>),
    Choose(Box<Cases<DoubleNode>>),
    /// Row by row, results as doubles.
    Rows(Expr),
}

/// Chooses kernels by the type of the result.
pub(super) fn plan(expr: &Expr, columns: &ColumnTypes<'_>) -> Plan {
    // The results of folds may be of another type than their types say.
    if has_lambda(expr) {
        return Plan::Rows;
    }
    match expr.output_type(columns) {
        Some(ExprType::Long) => match long(expr, columns) {
            LongNode::Rows(_) => Plan::Rows,
            node => Plan::Long(node),
        },
        Some(ExprType::Double) => match double(expr, columns) {
            DoubleNode::Rows(_) => Plan::Rows,
            node => Plan::Double(node),
        },
        _ => Plan::Rows,
    }
}

fn has_lambda(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Column(_) => false,
        Expr::Lambda(_) => true,
        Expr::Unary(_, operand) => has_lambda(operand),
        Expr::Binary(_, left, right) => has_lambda(left) || has_lambda(right),
        Expr::Logical(_, terms) => terms.iter().any(has_lambda),
        Expr::Call(call) => call.args.iter().any(has_lambda),
    }
}

fn boxed<N>(node: N) -> Box<N> {
    Box::new(node)
}

/// Longs of an expression whose type is long, or null.
fn long(expr: &Expr, columns: &ColumnTypes<'_>) -> LongNode {
    let sub = |e: &Expr| boxed(long(e, columns));
    match expr {
        Expr::Literal(value) => LongNode::Const(value.as_long()),
        Expr::Column(name) => match columns(name) {
            Some(ExprType::Long) => LongNode::Input(Arc::clone(name)),
            None => LongNode::Const(None),
            Some(_) => LongNode::Rows(expr.clone()),
        },
        Expr::Unary(UnaryOp::Not, operand) => LongNode::Not(boxed(truth(operand, columns))),
        Expr::Unary(UnaryOp::Minus, operand) => LongNode::Negate(sub(operand)),
        Expr::Logical(op, terms) => LongNode::Logical(*op, terms.iter().map(|t| truth(t, columns)).collect()),
        Expr::Binary(op, left, right) if op.is_comparison() => comparison(expr, *op, left, right, columns),
        Expr::Binary(op, left, right) => LongNode::Math(*op, sub(left), sub(right)),
        Expr::Call(call) => long_call(expr, call, columns),
        Expr::Lambda(_) => LongNode::Rows(expr.clone()),
    }
}

/// The types of two operands, if numbers are compared.
fn comparison(expr: &Expr, op: BinaryOp, left: &Expr, right: &Expr, columns: &ColumnTypes<'_>) -> LongNode {
    use ExprType::{Double, Long, String};
    match (left.output_type(columns), right.output_type(columns)) {
        (Some(Long), Some(Long)) => {
            LongNode::CompareLongs(op, boxed(long(left, columns)), boxed(long(right, columns)))
        }
        (Some(Long | Double), Some(Long | Double | String)) | (Some(String), Some(Long | Double)) => {
            LongNode::CompareDoubles(op, boxed(double(left, columns)), boxed(double(right, columns)))
        }
        _ => LongNode::Rows(expr.clone()),
    }
}

/// An expression as truth values.
fn truth(expr: &Expr, columns: &ColumnTypes<'_>) -> LongNode {
    match expr.output_type(columns) {
        Some(ExprType::Long) => long(expr, columns),
        Some(ExprType::Double) => {
            let zero = DoubleNode::Const(Some(0.0));
            let (value, zero) = (boxed(double(expr, columns)), boxed(zero));
            // NaN is not above 0 as a truth value, though it is in order.
            let above = LongNode::CompareDoubles(BinaryOp::Greater, value.clone(), zero);
            let number = LongNode::CompareDoubles(BinaryOp::Equal, value.clone(), value);
            LongNode::Logical(LogicalOp::And, vec![above, number])
        }
        None => match expr.as_literal() {
            Some(Value::Null) => LongNode::Const(None),
            _ => LongNode::Truth(expr.clone()),
        },
        Some(_) => LongNode::Truth(expr.clone()),
    }
}

fn long_call(expr: &Expr, call: &Call, columns: &ColumnTypes<'_>) -> LongNode {
    let arg = |i: usize| call.args.get(i);
    let arg_type = |i: usize| arg(i).and_then(|a| a.output_type(columns));
    let first_is_long = arg_type(0) == Some(ExprType::Long);
    let rows = || LongNode::Rows(expr.clone());
    match (call.name(), &call.prepared, arg(0)) {
        (TIMESTAMP_FLOOR, Prepared::Granularity(granularity), Some(t)) if first_is_long => {
            LongNode::Floor(granularity.as_ref().clone(), boxed(long(t, columns)))
        }
        (TIMESTAMP_EXTRACT, Prepared::Extract(unit, zone), Some(t)) if first_is_long => {
            LongNode::Extract(*unit, *zone, boxed(long(t, columns)))
        }
        (CAST, _, Some(value)) => match arg_type(0) {
            Some(ExprType::Long) => long(value, columns),
            Some(ExprType::Double) => LongNode::FromDouble(boxed(double(value, columns))),
            _ => rows(),
        },
        (IS_NULL | NOT_NULL, _, Some(value)) => {
            let wanted = call.name() == IS_NULL;
            match arg_type(0) {
                Some(ExprType::Long) => LongNode::LongIsNull(wanted, boxed(long(value, columns))),
                Some(ExprType::Double) => LongNode::DoubleIsNull(wanted, boxed(double(value, columns))),
                _ => rows(),
            }
        }
        (IF | CASE_SEARCHED, ..) => cases(call, columns, ExprType::Long, &long, LongNode::Const(None))
            .map_or_else(rows, |cases| LongNode::Choose(boxed(cases))),
        (NVL, _, Some(value)) => match arg(1) {
            Some(other) if first_is_long && arg_type(1) == Some(ExprType::Long) => {
                let present = LongNode::LongIsNull(false, boxed(long(value, columns)));
                let cases = vec![(present, long(value, columns))];
                LongNode::Choose(boxed(Cases { cases, otherwise: long(other, columns) }))
            }
            _ => rows(),
        },
        _ => rows(),
    }
}

/// The cases of `if` and `case_searched`, when all results are of `wanted` type or null.
fn cases<N>(
    call: &Call,
    columns: &ColumnTypes<'_>,
    wanted: ExprType,
    compile: &dyn Fn(&Expr, &ColumnTypes<'_>) -> N,
    null: N,
) -> Option<Cases<N>> {
    let fits = |e: &Expr| match e.output_type(columns) {
        Some(own) => own == wanted,
        None => e.as_literal().is_some(),
    };
    let chunks = call.args.chunks_exact(2);
    let otherwise = match chunks.remainder().first() {
        Some(e) if fits(e) => compile(e, columns),
        Some(_) => return None,
        None => null,
    };
    let mut cases = Vec::new();
    for case in chunks {
        let [condition, result] = case else { return None };
        if !fits(result) {
            return None;
        }
        cases.push((truth(condition, columns), compile(result, columns)));
    }
    Some(Cases { cases, otherwise })
}

/// Doubles of an expression of any single-value type.
fn double(expr: &Expr, columns: &ColumnTypes<'_>) -> DoubleNode {
    let sub = |e: &Expr| boxed(double(e, columns));
    if let Expr::Literal(value) = expr {
        return DoubleNode::Const(value.as_double());
    }
    match expr.output_type(columns) {
        Some(ExprType::Long) => return DoubleNode::FromLong(boxed(long(expr, columns))),
        Some(ExprType::Double) => {}
        _ => return DoubleNode::Rows(expr.clone()),
    }
    let numeric = |e: &Expr| e.output_type(columns).is_none_or(ExprType::is_numeric);
    match expr {
        Expr::Column(name) => DoubleNode::Input(Arc::clone(name)),
        Expr::Unary(UnaryOp::Minus, operand) if !numeric(operand) => DoubleNode::Rows(expr.clone()),
        Expr::Unary(UnaryOp::Minus, operand) => DoubleNode::Negate(sub(operand)),
        Expr::Binary(_, left, right) if !numeric(left) && !numeric(right) => DoubleNode::Rows(expr.clone()),
        Expr::Binary(op, left, right) => DoubleNode::Math(*op, sub(left), sub(right)),
        Expr::Call(call) => match (call.function.body, call.args.as_slice()) {
            // Texts are no numbers there.
            (Body::Math1(_) | Body::Math2(_), args) if args.iter().any(|arg| !numeric(arg)) => {
                DoubleNode::Rows(expr.clone())
            }
            (Body::Math1(f), [x]) => DoubleNode::Of1(f, sub(x)),
            (Body::Math2(f), [x, y]) => DoubleNode::Of2(f, sub(x), sub(y)),
            _ => double_call(expr, call, columns),
        },
        _ => DoubleNode::Rows(expr.clone()),
    }
}

fn double_call(expr: &Expr, call: &Call, columns: &ColumnTypes<'_>) -> DoubleNode {
    let rows = || DoubleNode::Rows(expr.clone());
    match (call.name(), call.args.first()) {
        (CAST, Some(value)) if value.output_type(columns).is_some_and(ExprType::is_numeric) => {
            double(value, columns)
        }
        (IF | CASE_SEARCHED, _) => cases(call, columns, ExprType::Double, &double, DoubleNode::Const(None))
            .map_or_else(rows, |cases| DoubleNode::Choose(boxed(cases))),
        (NVL, Some(value)) => match call.args.get(1) {
            Some(other)
                if value.output_type(columns) == Some(ExprType::Double)
                    && other.output_type(columns) == Some(ExprType::Double) =>
            {
                let present = LongNode::DoubleIsNull(false, boxed(double(value, columns)));
                let cases = vec![(present, double(value, columns))];
                DoubleNode::Choose(boxed(Cases { cases, otherwise: double(other, columns) }))
            }
            _ => rows(),
        },
        _ => rows(),
    }
}
