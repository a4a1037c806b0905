//! By what is grouped? Numbers in grouping sets name results, and pairs in `ROLLUP` and `CUBE` come and go together.

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Value,
};

use super::AGAIN;
use super::build::identifier;

/// Most elements of a `CUBE` of pairs.
const MAX_CUBE: usize = 10;

/// Rewrites the grouping sets of a SELECT.
pub(super) fn rewrite(select: &mut Select) {
    let GroupByExpr::Expressions(keys, _) = &mut select.group_by else { return };
    for key in keys {
        if let Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets) = key {
            for member in sets.iter_mut().flatten() {
                if let Some(named) = result(member, &select.projection) {
                    *member = named;
                }
            }
        }
        let joined =
            |set: &[&Vec<Expr>]| set.iter().flat_map(|part| part.iter().cloned()).collect::<Vec<_>>();
        let sets = match &*key {
            Expr::Rollup(parts) if parts.iter().any(|part| part.len() != 1) => {
                let parts: Vec<&Vec<Expr>> = parts.iter().collect();
                (0..=parts.len()).rev().map(|n| joined(parts.get(..n).unwrap_or_default())).collect()
            }
            Expr::Cube(parts) if parts.iter().any(|part| part.len() != 1) && parts.len() <= MAX_CUBE => {
                let subset = |mask: usize| {
                    let kept = parts.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
                    joined(&kept.map(|(_, part)| part).collect::<Vec<_>>())
                };
                (0..1usize << parts.len()).rev().map(subset).collect()
            }
            _ => continue,
        };
        *key = Expr::GroupingSets(sets);
    }
}

/// A name among the keys of groups is that of a column: results of the name have another for the planner, which the order
/// of rows speaks of too.
pub(super) fn hide_results(query: &mut Query) {
    let SetExpr::Select(select) = &mut *query.body else { return };
    let GroupByExpr::Expressions(keys, _) = &select.group_by else { return };
    let mut names: Vec<String> = Vec::new();
    for key in keys {
        let members: Vec<&Expr> = match key {
            Expr::Rollup(sets) | Expr::Cube(sets) | Expr::GroupingSets(sets) => {
                sets.iter().flatten().collect()
            }
            key => vec![key],
        };
        names.extend(members.into_iter().filter_map(|member| match member {
            Expr::Identifier(name) => Some(name.value.clone()),
            _ => None,
        }));
    }
    if names.is_empty() {
        return;
    }
    let mut hidden: Vec<(String, Ident)> = Vec::new();
    for item in &mut select.projection {
        let SelectItem::ExprWithAlias { expr, alias } = item else { continue };
        let is_itself = matches!(expr, Expr::Identifier(column) if column.value == alias.value);
        if !is_itself && names.contains(&alias.value) {
            let other = identifier(&format!("{}{AGAIN}g", alias.value));
            hidden.push((std::mem::replace(alias, other.clone()).value, other));
        }
    }
    let Some(OrderBy { kind: OrderByKind::Expressions(order), .. }) = &mut query.order_by else { return };
    for key in order {
        if let Expr::Identifier(name) = &mut key.expr
            && let Some((_, other)) = hidden.iter().find(|(known, _)| *known == name.value)
        {
            *name = other.clone();
        }
    }
}

/// The result that a number names.
fn result(member: &Expr, results: &[SelectItem]) -> Option<Expr> {
    let Expr::Value(value) = member else { return None };
    let Value::Number(digits, _) = &value.value else { return None };
    match results.get(digits.parse::<usize>().ok()?.checked_sub(1)?)? {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.clone()),
        _ => None,
    }
}
