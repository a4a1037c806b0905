//! What does Druid's dialect mean in plain SQL? The syntax tree is rewritten before it is planned: every time
//! function gets its time zone, special syntax becomes a call, unnamed results become `EXPR$n`.

mod aggregate;
mod build;
mod calls;
mod cast;
mod depth;
mod grouping;
mod literal;
mod names;
mod nested;
mod operators;
mod refuse;
mod shown;
mod subquery;
mod syntax;
mod time;
mod window;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, LimitClause, Query, Select, Statement, TableFactor, VisitMut, VisitorMut,
};

pub(crate) use build::call;
pub(crate) use names::AGAIN;

use super::fault::invalid;
use super::relations::beside;
use super::request::Settings;
use crate::QueryError;

/// Rewrites a parsed query into what the planner is given.
pub(crate) fn rewrite(statement: &mut Statement, settings: &Settings) -> Result<(), QueryError> {
    refuse::check(statement, settings)?;
    let mut rewriter = Rewriter { settings, depth: 0, queries: 0 };
    match statement.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter<'s> {
    settings: &'s Settings,
    /// Expressions around the one that is visited.
    depth: usize,
    /// Queries around the part that is visited.
    queries: usize,
}

fn flow(checked: Result<(), QueryError>) -> ControlFlow<QueryError> {
    checked.map_or_else(ControlFlow::Break, ControlFlow::Continue)
}

impl VisitorMut for Rewriter<'_> {
    type Break = QueryError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        self.queries += 1;
        if !query.locks.is_empty() {
            return ControlFlow::Break(invalid("Incorrect syntax near the keyword 'FOR'"));
        }
        if self.queries == 1 {
            grouping::hide_results(query);
        }
        flow(depth::check_unions(&query.body))
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        depth::balance(expr);
        time::count_units(expr);
        match subquery::rewrite(expr) {
            Ok(None) => {}
            Ok(Some(new)) => *expr = new,
            Err(error) => return ControlFlow::Break(error),
        }
        self.depth += 1;
        flow(depth::check(self.depth))
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        if let Err(error) = grouping::rewrite(select) {
            return ControlFlow::Break(error);
        }
        match window::rewrite(select).and_then(|()| subquery::in_results(select)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        self.queries -= 1;
        if let Some(LimitClause::LimitOffset { limit: Some(limit), .. }) = &mut query.limit_clause
            && let Some(whole) = literal::whole(limit)
        {
            *limit = whole;
        }
        if let Some(fetch) = query.fetch.take() {
            match &mut query.limit_clause {
                Some(LimitClause::LimitOffset { limit, .. }) if limit.is_none() => *limit = fetch.quantity,
                None => {
                    query.limit_clause = Some(LimitClause::LimitOffset {
                        limit: fetch.quantity,
                        offset: None,
                        limit_by: Vec::new(),
                    });
                }
                Some(_) => return ControlFlow::Break(invalid("use either LIMIT or FETCH, not both")),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<QueryError> {
        flow(operators::check_table(table))
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        select.from = beside(std::mem::take(&mut select.from));
        if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
            if let Err(error) = operators::check_keys(keys) {
                return ControlFlow::Break(error);
            }
            keys.retain(|key| !matches!(key, Expr::Tuple(none) if none.is_empty()));
        }
        if self.queries <= 1 {
            shown::rewrite(select, self.settings);
        }
        names::name_results(&mut select.projection, self.queries <= 1);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        self.depth -= 1;
        match self.replacement(expr) {
            Ok(None) => {}
            Ok(Some(new)) => *expr = new,
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
