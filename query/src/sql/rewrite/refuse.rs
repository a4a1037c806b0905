//! Which forms of statements has Druid no way to answer? They are looked for in the text as it was written, and refused
//! in Druid's words.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, JoinConstraint, JoinOperator, LimitClause, OrderByExpr, OrderByKind, Query, Select,
    SelectItem, SetExpr, SetOperator, SetQuantifier, Statement, TableFactor, Visit, VisitMut, Visitor,
    VisitorMut,
};

use super::operators::no_match;
use super::{calls, depth};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::invalid;
use crate::sql::request::Settings;

/// Refuses a statement for what is written in it.
pub(super) fn check(statement: &mut Statement, settings: &Settings) -> Result<(), QueryError> {
    match VisitMut::visit(statement, &mut Checker { settings, depth: 0 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The planner knows no way.
pub(super) fn unplannable(message: impl Into<String>) -> QueryError {
    QueryError::refused(Refusal::Unplannable, message)
}

struct Checker<'s> {
    settings: &'s Settings,
    /// Expressions around the one that is visited.
    depth: usize,
}

fn flow(checked: Result<(), QueryError>) -> ControlFlow<QueryError> {
    checked.map_or_else(ControlFlow::Break, ControlFlow::Continue)
}

impl VisitorMut for Checker<'_> {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        flow(depth::check_unions(&query.body).and_then(|()| check_query(query)))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        flow(check_select(select))
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<QueryError> {
        flow(match table {
            TableFactor::Derived { lateral: true, .. } | TableFactor::Function { lateral: true, .. } => {
                Err(QueryError::refused(Refusal::NotPlanned, "LATERAL is not supported"))
            }
            TableFactor::UNNEST { with_ordinality: true, .. }
            | TableFactor::Table { with_ordinality: true, .. } => {
                Err(QueryError::refused(Refusal::Thrown, "UNNEST gives no ordinality"))
            }
            _ => Ok(()),
        })
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        depth::balance(expr);
        self.depth += 1;
        flow(depth::check(self.depth).and_then(|()| self.check_expr(expr)))
    }

    fn post_visit_expr(&mut self, _: &mut Expr) -> ControlFlow<QueryError> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

impl Checker<'_> {
    fn check_expr(&self, expr: &Expr) -> Result<(), QueryError> {
        match expr {
            Expr::Function(function) => calls::check(function, self.settings),
            Expr::Exists { .. } => Err(no_match("EXISTS")),
            Expr::Array(array) if array.elem.is_empty() => Err(invalid("Require at least 1 argument")),
            Expr::Array(array) if array.elem.iter().any(is_array) && is_constant(expr) => {
                let message = "an array of constant arrays cannot be computed while planning";
                Err(QueryError::refused(Refusal::Planning, message))
            }
            Expr::CompoundFieldAccess { .. } => Err(unsupported("ITEM")),
            Expr::TypedString(typed) if matches!(typed.data_type, DataType::Time(..)) => {
                Err(invalid(format!("Cannot handle literal [{}] of unsupported type [TIME].", typed.value)))
            }
            _ => Ok(()),
        }
    }
}

/// An operator that SQL has and Druid has not.
pub(super) fn unsupported(operator: &str) -> QueryError {
    unplannable(format!("SQL query requires '{operator}' operator that is not supported."))
}

fn is_array(expr: &Expr) -> bool {
    matches!(expr, Expr::Array(_))
}

/// Whether an array holds literals only.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Array(array) => array.elem.iter().all(is_constant),
        Expr::Value(_) => true,
        Expr::UnaryOp { expr, .. } | Expr::Nested(expr) => is_constant(expr),
        _ => false,
    }
}

fn check_query(query: &Query) -> Result<(), QueryError> {
    if query.with.as_ref().is_some_and(|with| with.recursive) {
        return Err(QueryError::refused(Refusal::NotPlanned, "WITH RECURSIVE is not supported"));
    }
    if let Some(order) = &query.order_by
        && let OrderByKind::Expressions(keys) = &order.kind
    {
        check_order(keys)?;
    }
    if let Some(LimitClause::LimitOffset { limit: Some(Expr::BinaryOp { op, .. }), .. }) = &query.limit_clause
    {
        return Err(invalid(format!(
            "Received an unexpected token [{op}], acceptable options: [<EOF>, \"OFFSET\", \",\"]"
        )));
    }
    check_sets(query)
}

/// Nulls come first in ascending and last in descending order.
pub(super) fn check_order(keys: &[OrderByExpr]) -> Result<(), QueryError> {
    for key in keys {
        match (key.options.asc.unwrap_or(true), key.options.nulls_first) {
            (true, Some(false)) => {
                return Err(invalid("ASCENDING ordering with NULLS LAST is not supported!"));
            }
            (false, Some(true)) => {
                return Err(invalid("DESCENDING ordering with NULLS FIRST is not supported!"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Of set operations there is `UNION ALL`; tables about tables are read by another planner, which knows `UNION` too.
fn check_sets(query: &Query) -> Result<(), QueryError> {
    let mut left = vec![&*query.body];
    while let Some(part) = left.pop() {
        let SetExpr::SetOperation { op, set_quantifier, left: one, right: other } = part else { continue };
        left.extend([&**one, &**other]);
        match (op, set_quantifier) {
            (SetOperator::Union, SetQuantifier::All) => {}
            (SetOperator::Union, _) if reads_metadata(query) => {}
            (SetOperator::Union, _) => {
                return Err(unplannable("SQL requires 'UNION' but only 'UNION ALL' is supported."));
            }
            (SetOperator::Minus, _) => {
                return Err(invalid("MINUS is not allowed under the current SQL conformance level"));
            }
            (SetOperator::Except | SetOperator::Intersect, SetQuantifier::All) => {
                return Err(no_match(&format!("{op} ALL")));
            }
            (SetOperator::Except | SetOperator::Intersect, _) => return Err(no_match(&op.to_string())),
        }
    }
    Ok(())
}

fn reads_metadata(query: &Query) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_relation(
            &mut self,
            relation: &datafusion::sql::sqlparser::ast::ObjectName,
        ) -> ControlFlow<()> {
            let schema = relation.0.first().and_then(|part| part.as_ident());
            let is_metadata = schema.is_some_and(|schema| {
                ["INFORMATION_SCHEMA", "sys"].iter().any(|known| schema.value.eq_ignore_ascii_case(known))
            });
            if is_metadata { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    query.visit(&mut Finder).is_break()
}

fn check_select(select: &Select) -> Result<(), QueryError> {
    if let Some(top) = &select.top {
        return Err(invalid(format!("Received an unexpected token [{top}]")));
    }
    if select.qualify.is_some() {
        return Err(QueryError::refused(Refusal::Thrown, "QUALIFY is not supported"));
    }
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(Expr::Interval(interval))
        | SelectItem::ExprWithAlias { expr: Expr::Interval(interval), .. } = item
        {
            return Err(invalid(format!(
                "Cannot handle literal [{interval}] of unsupported type [INTERVAL]."
            )));
        }
    }
    for table in &select.from {
        for join in &table.joins {
            check_join(&join.join_operator)?;
        }
    }
    Ok(())
}

fn check_join(operator: &JoinOperator) -> Result<(), QueryError> {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    match operator {
        Join(none) | Inner(none) | Left(none) | LeftOuter(none) | Right(none) | RightOuter(none)
        | FullOuter(none)
            if matches!(none, JoinConstraint::None) =>
        {
            Err(invalid(
                "INNER, LEFT, RIGHT or FULL join requires a condition (NATURAL keyword or ON or USING clause)",
            ))
        }
        _ => Ok(()),
    }
}
