//! How deep may a statement be? Whatever walks a tree calls itself once a level, so levels are limited; long
//! chains of `AND` and `OR`, which machines write, become balanced trees first.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, SetExpr};

use super::build::null;
use crate::QueryError;
use crate::sql::fault::invalid;

/// Most levels of an expression.
pub(super) const MAX_DEPTH: usize = 300;
/// Most queries in a row of `UNION`s.
const MAX_UNIONS: usize = 200;
/// A chain of at least so many parts is balanced.
const LONG: usize = 16;

/// Refuses a level too deep.
pub(super) fn check(depth: usize) -> Result<(), QueryError> {
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    Err(invalid(format!(
        "an expression has more than {MAX_DEPTH} levels; write it with IN or fewer operators"
    )))
}

/// Refuses a chain of set operations that is too long.
pub(super) fn check_unions(mut body: &SetExpr) -> Result<(), QueryError> {
    for _ in 0..MAX_UNIONS {
        let SetExpr::SetOperation { left, .. } = body else { return Ok(()) };
        body = left;
    }
    Err(invalid(format!("a statement can unite at most {MAX_UNIONS} queries")))
}

/// `a OR b OR c OR ..` as `(a OR b) OR (c OR ..)`: the same rows in as many levels as the number has bits.
pub(super) fn balance(expr: &mut Expr) {
    let Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } = &*expr else { return };
    let op = op.clone();
    let mut length = 1;
    let mut walk = &*expr;
    while let Expr::BinaryOp { left, op: other, .. } = walk
        && *other == op
    {
        length += 1;
        walk = left;
    }
    if length < LONG {
        return;
    }
    let mut parts = Vec::with_capacity(length);
    let mut rest = std::mem::replace(expr, null());
    loop {
        match rest {
            Expr::BinaryOp { left, op: other, right } if other == op => {
                parts.push(*right);
                rest = *left;
            }
            first => {
                parts.push(first);
                break;
            }
        }
    }
    parts.reverse();
    while parts.len() > 1 {
        let mut halves = Vec::with_capacity(parts.len().div_ceil(2));
        let mut items = parts.into_iter();
        while let Some(left) = items.next() {
            halves.push(match items.next() {
                Some(right) => {
                    let both =
                        Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) };
                    Expr::Nested(Box::new(both))
                }
                None => left,
            });
        }
        parts = halves;
    }
    if let Some(whole) = parts.pop() {
        *expr = whole;
    }
}
