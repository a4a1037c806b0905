//! What does Druid's dialect mean in plain SQL? The syntax tree is rewritten before it is planned: every time
//! function gets its time zone, special syntax becomes a call, unnamed results become `EXPR$n`.

mod aggregate;
mod build;
mod time;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, LimitClause, Query, Select, SelectItem, Statement, VisitMut, VisitorMut,
};

use super::fault::invalid;
use super::request::Settings;
use crate::QueryError;
use build::{call, text};

/// Rewrites a parsed query into what the planner is given.
pub(crate) fn rewrite(statement: &mut Statement, settings: &Settings) -> Result<(), QueryError> {
    let mut rewriter = Rewriter { settings };
    match statement.visit(&mut rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter<'s> {
    settings: &'s Settings,
}

impl VisitorMut for Rewriter<'_> {
    type Break = QueryError;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
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

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<QueryError> {
        let mut names: Vec<String> = Vec::with_capacity(select.projection.len());
        for (i, item) in select.projection.iter_mut().enumerate() {
            let (expr, name) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
                _ => continue,
            };
            let own = name.or_else(|| column_name(expr));
            let wanted = own.clone().unwrap_or_else(|| format!("EXPR${i}"));
            let unique = unique(&wanted, &names);
            if own.as_deref() != Some(&unique) {
                let alias = build::identifier(&unique);
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            }
            names.push(unique);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<QueryError> {
        match self.replacement(expr) {
            Ok(None) => {}
            Ok(Some(new)) => *expr = new,
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// The name a bare column has in the result.
fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|p| p.value.clone()),
        Expr::Nested(inner) => column_name(inner),
        _ => None,
    }
}

/// A name as it is, or with the first number that makes it unlike those before it.
fn unique(name: &str, taken: &[String]) -> String {
    if !taken.iter().any(|t| t == name) {
        return name.to_owned();
    }
    let numbered = (0..).map(|n| format!("{name}{n}"));
    numbered.into_iter().find(|n| !taken.contains(n)).unwrap_or_default()
}

impl Rewriter<'_> {
    fn replacement(&self, expr: &mut Expr) -> Result<Option<Expr>, QueryError> {
        Ok(match expr {
            Expr::Function(function) => {
                if let Some(new) = aggregate::rewrite(function, self.settings)? {
                    return Ok(Some(new));
                }
                return time::rewrite_call(function, self.settings);
            }
            Expr::Floor { .. }
            | Expr::Ceil { .. }
            | Expr::Extract { .. }
            | Expr::TypedString(_)
            | Expr::BinaryOp { .. } => return time::rewrite_syntax(expr, self.settings),
            Expr::Position { expr, r#in } => Some(call("position", vec![*expr.clone(), *r#in.clone()])),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let from = substring_from.as_ref().map_or_else(|| build::integer(1), |e| *e.clone());
                let mut args = vec![*expr.clone(), from];
                args.extend(substring_for.as_ref().map(|e| *e.clone()));
                Some(call("substring", args))
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                use datafusion::sql::sqlparser::ast::TrimWhereField::{Leading, Trailing};
                let name = match trim_where {
                    Some(Leading) => "ltrim",
                    Some(Trailing) => "rtrim",
                    _ => "btrim",
                };
                let mut args = vec![*expr.clone()];
                args.extend(trim_what.as_ref().map(|e| *e.clone()));
                args.extend(trim_characters.iter().flatten().cloned());
                Some(call(name, args))
            }
            Expr::Cast { expr, data_type, .. } => Some(self.cast(*expr.clone(), data_type)?),
            _ => None,
        })
    }

    fn cast(&self, expr: Expr, to: &DataType) -> Result<Expr, QueryError> {
        let zone = text(self.settings.zone.name());
        Ok(match to {
            DataType::Timestamp(..) | DataType::Datetime(_) => call("cast_timestamp", vec![expr, zone]),
            DataType::Date => {
                let instant = call("cast_timestamp", vec![expr, zone]);
                time::floor(instant, "P1D", self.settings.zone)
            }
            DataType::Varchar(_)
            | DataType::Char(_)
            | DataType::Character(_)
            | DataType::CharacterVarying(_)
            | DataType::Text
            | DataType::String(_) => call("cast_varchar", vec![expr, zone]),
            DataType::TinyInt(_)
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_) => call("cast_bigint", vec![expr]),
            DataType::Double(_)
            | DataType::DoublePrecision
            | DataType::Float(_)
            | DataType::Real
            | DataType::Decimal(_)
            | DataType::Numeric(_) => call("cast_double", vec![expr]),
            DataType::Boolean | DataType::Bool => call("cast_boolean", vec![expr]),
            other => return Err(invalid(format!("cannot CAST to {other}"))),
        })
    }
}

#[cfg(test)]
mod tests;
