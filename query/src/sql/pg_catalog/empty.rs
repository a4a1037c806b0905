//! Which parts of a statement have no rows, whatever they ask? Selections from tables that have none: they keep their columns'
//! names, and nothing else has to be understood.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, GroupByExpr, JoinOperator, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, Value, Visit, VisitMut, Visitor, VisitorMut,
};

use super::bare::BARE;
use super::rewrite::last;

/// Functions that give a row for no rows.
const AGGREGATES: [&str; 10] =
    ["count", "min", "max", "sum", "avg", "array_agg", "string_agg", "bool_or", "bool_and", "json_agg"];

/// Simplifies all such selections of a statement.
pub(super) fn simplify(statement: &mut Statement) {
    let _: ControlFlow<()> = statement.visit(&mut Simplifier);
}

struct Simplifier;

impl VisitorMut for Simplifier {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let is_select = matches!(query.body.as_ref(), SetExpr::Select(_));
        if simplify_body(&mut query.body) && is_select {
            // What it was ordered by may be no column of it.
            query.order_by = None;
        }
        ControlFlow::Continue(())
    }
}

/// Whether all of a body has become a selection of nothing.
fn simplify_body(body: &mut SetExpr) -> bool {
    match body {
        SetExpr::Select(select) if has_no_rows(select) => {
            nothing(select);
            true
        }
        SetExpr::SetOperation { left, right, .. } => {
            let left = simplify_body(left);
            simplify_body(right) && left
        }
        _ => false,
    }
}

fn has_no_rows(select: &Select) -> bool {
    let mut bare = false;
    for part in &select.from {
        bare |= is_bare(&part.relation);
        for join in &part.joins {
            match &join.join_operator {
                JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                    bare |= is_bare(&join.relation);
                }
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => {}
                _ => return false,
            }
        }
    }
    let plain = select.projection.iter().all(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => !aggregates(expr),
        _ => false,
    });
    let grouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty());
    bare && (plain || grouped)
}

fn is_bare(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Table { name, args: None, .. } => {
            let name = last(name);
            BARE.iter().any(|(bare, _)| *bare == name)
        }
        _ => false,
    }
}

/// Whether an expression has an aggregate of its own, outside of the queries within it.
fn aggregates(expr: &Expr) -> bool {
    expr.visit(&mut Aggregates { queries: 0 }).is_break()
}

struct Aggregates {
    /// Queries around the expression that is visited.
    queries: usize,
}

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<()> {
        self.queries -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function)
                if self.queries == 0 && AGGREGATES.contains(&last(&function.name).as_str()) =>
            {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The same columns of no rows.
fn nothing(select: &mut Select) {
    for item in &mut select.projection {
        match item {
            SelectItem::ExprWithAlias { expr, .. } => *expr = null(),
            SelectItem::UnnamedExpr(expr) => {
                let name = match expr {
                    Expr::Identifier(name) => Some(name.clone()),
                    Expr::CompoundIdentifier(parts) => parts.last().cloned(),
                    _ => None,
                };
                *item = match name {
                    Some(alias) => SelectItem::ExprWithAlias { expr: null(), alias },
                    None => SelectItem::UnnamedExpr(null()),
                };
            }
            _ => {}
        }
    }
    select.from.clear();
    select.selection = Some(Expr::value(Value::Boolean(false)));
    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    select.having = None;
    select.distinct = None;
}

/// Whether a query has become a selection of nothing.
pub(super) fn is_nothing(query: &Query) -> bool {
    let nothing = Some(Expr::value(Value::Boolean(false)));
    matches!(query.body.as_ref(), SetExpr::Select(s) if s.from.is_empty() && s.selection == nothing)
}

fn null() -> Expr {
    let null = Box::new(Expr::value(Value::Null));
    Expr::Cast { kind: CastKind::Cast, expr: null, data_type: DataType::Text, format: None, array: false }
}
