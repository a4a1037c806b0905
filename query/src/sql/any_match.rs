//! Why may `tag = 'a' AND tag = 'b'` be true? A row of several values matches when any of them does. DataFusion,
//! which knows single values only, would fold such conditions; where a text column is tested more than once, the
//! tests become calls it does not look into.

use std::collections::HashMap;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use super::coerce::call;

/// Hides tests of text columns that are tested more than once.
pub(crate) fn keep_tests_apart(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut tests: HashMap<String, usize> = HashMap::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                if let Some(column) = tested(e) {
                    *tests.entry(column.to_owned()).or_default() += 1;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    tests.retain(|_, count| *count > 1);
    if tests.is_empty() {
        return Ok(plan);
    }
    let hidden = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let new = expr.transform_up(|e| Ok(hide(e, &tests)))?;
            Ok(new.update_data(|e| name.restore(e)))
        })
    })?;
    Ok(hidden.data)
}

/// The column of a test against literal texts, or holes for them.
fn tested(expr: &Expr) -> Option<&str> {
    let text = |e: &Expr| match e {
        Expr::Literal(value, _) => matches!(value, ScalarValue::Utf8(Some(_))),
        Expr::Placeholder(hole) => hole.field.as_ref().is_some_and(|f| *f.data_type() == DataType::Utf8),
        _ => false,
    };
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq | Operator::NotEq, right }) => {
            if text(right) {
                column_name(left)
            } else {
                column_name(right).filter(|_| text(left))
            }
        }
        Expr::InList(list) if list.list.iter().all(text) => column_name(&list.expr),
        _ => None,
    }
}

fn column_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

fn hide(expr: Expr, tests: &HashMap<String, usize>) -> Transformed<Expr> {
    if !tested(&expr).is_some_and(|column| tests.contains_key(column)) {
        return Transformed::no(expr);
    }
    let (negated, args) = match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (column, value) =
                if matches!(*left, Expr::Column(_)) { (*left, *right) } else { (*right, *left) };
            (op == Operator::NotEq, vec![column, value])
        }
        Expr::InList(list) => {
            let mut args = vec![*list.expr];
            args.extend(list.list);
            (list.negated, args)
        }
        other => return Transformed::no(other),
    };
    let test = call("any_match", args);
    Transformed::yes(if negated { Expr::Not(Box::new(test)) } else { test })
}
