//! How does the type of a result become independent of the row? Branches are cast to the type they meet at.

use crate::ExprType;
use crate::ast::{Call, ColumnTypes, Expr, Lambda};
use crate::functions::{CASE_SEARCHED, CASE_SIMPLE, CAST, COALESCE, IF, NVL};

/// Casts the branches of conditionals and the arguments of reductions.
pub(super) fn normalize(expr: Expr, columns: &ColumnTypes<'_>) -> Expr {
    match expr {
        Expr::Unary(op, operand) => Expr::unary(op, normalize(*operand, columns)),
        Expr::Binary(op, left, right) => {
            Expr::binary(op, normalize(*left, columns), normalize(*right, columns))
        }
        Expr::Logical(op, terms) => {
            Expr::Logical(op, terms.into_iter().map(|t| normalize(t, columns)).collect())
        }
        Expr::Call(mut call) => {
            let is_lambda = |e: &Expr| matches!(e, Expr::Lambda(Lambda { .. }));
            let args = std::mem::take(&mut call.args);
            call.args =
                args.into_iter().map(|a| if is_lambda(&a) { a } else { normalize(a, columns) }).collect();
            Expr::Call(unified(call, columns))
        }
        leaf => leaf,
    }
}

/// Positions of the arguments that must be of one type.
fn branches(call: &Call) -> Vec<usize> {
    let count = call.args.len();
    match call.name() {
        IF => vec![1, 2],
        NVL | COALESCE | "greatest" | "least" | "array" => (0..count).collect(),
        CASE_SEARCHED => (0..count).filter(|i| i % 2 == 1 || i + 1 == count).collect(),
        CASE_SIMPLE => (2..count).filter(|i| i % 2 == 0 || i + 1 == count).collect(),
        _ => Vec::new(),
    }
}

fn unified(mut call: Call, columns: &ColumnTypes<'_>) -> Call {
    let branches = branches(&call);
    let typed = |i: &usize| call.args.get(*i).and_then(|a| a.output_type(columns));
    let Some(common) = branches.iter().filter_map(typed).reduce(ExprType::common) else { return call };
    for i in branches {
        let Some(arg) = call.args.get_mut(i) else { continue };
        match arg.output_type(columns) {
            Some(own) if own != common => {
                let args = vec![arg.clone(), Expr::literal(common.druid_name())];
                if let Ok(cast) = Expr::call(CAST, args) {
                    *arg = cast;
                }
            }
            _ => {}
        }
    }
    call
}
