//! By what is grouped? Numbers in grouping sets name results, and pairs in `ROLLUP` and `CUBE` come and go together.

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Value,
};

use super::AGAIN;
use super::build::{identifier, name_of};
use crate::QueryError;
use crate::sql::fault::invalid;
use crate::sql::spelling::DISTINCT_SETS;

/// Most elements of a `CUBE` of pairs.
const MAX_CUBE: usize = 10;

/// Most grouping sets that several lists of them make together.
const MAX_SETS: usize = 4096;

/// Rewrites the grouping sets of a SELECT.
pub(super) fn rewrite(select: &mut Select) -> Result<(), QueryError> {
    let GroupByExpr::Expressions(keys, _) = &mut select.group_by else { return Ok(()) };
    let is_mark = |key: &Expr| matches!(key, Expr::Function(f) if name_of(f) == DISTINCT_SETS);
    let all = keys.len();
    keys.retain(|key| !is_mark(key));
    let distinct = keys.len() < all;
    for key in keys.iter_mut() {
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
    if let Some(array) = keys.iter().filter_map(|key| result(key, &select.projection)).find(has_columns) {
        return Err(invalid(format!("Expression '{array}' is not being grouped")));
    }
    let several = keys.iter().filter(|key| sets_of(key).is_some()).count() > 1;
    if distinct || several {
        *keys = vec![Expr::GroupingSets(product(keys, distinct)?)];
    }
    Ok(())
}

/// Whether a result is an array of columns: a number does not stand for it.
fn has_columns(result: &Expr) -> bool {
    let is_column = |item: &Expr| matches!(item, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    matches!(result, Expr::Array(array) if array.elem.iter().any(is_column))
}

/// The sets of a key that is some.
fn sets_of(key: &Expr) -> Option<Vec<Vec<Expr>>> {
    match key {
        Expr::GroupingSets(sets) => Some(sets.clone()),
        Expr::Rollup(parts) => {
            Some((0..=parts.len()).rev().map(|n| parts.iter().take(n).flatten().cloned().collect()).collect())
        }
        Expr::Cube(parts) if parts.len() <= MAX_CUBE => {
            let subset = |mask: usize| {
                let kept = parts.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
                kept.flat_map(|(_, part)| part.iter().cloned()).collect()
            };
            Some((0..1usize << parts.len()).rev().map(subset).collect())
        }
        _ => None,
    }
}

/// One set of each key together, in all ways; each only once where that is asked for.
fn product(keys: &[Expr], distinct: bool) -> Result<Vec<Vec<Expr>>, QueryError> {
    let mut all: Vec<Vec<Expr>> = vec![Vec::new()];
    for key in keys {
        let sets = sets_of(key).unwrap_or_else(|| vec![vec![key.clone()]]);
        let with = |known: &Vec<Expr>, set: &Vec<Expr>| {
            let mut both = known.clone();
            for member in set {
                if !both.contains(member) {
                    both.push(member.clone());
                }
            }
            both
        };
        if all.len() * sets.len() > MAX_SETS {
            return Err(invalid(format!("more than {MAX_SETS} grouping sets")));
        }
        all = all
            .iter()
            .flat_map(|known| sets.iter().map(|set| with(known, set)).collect::<Vec<_>>())
            .collect();
    }
    if distinct {
        let same = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().all(|e| b.contains(e));
        let mut once: Vec<Vec<Expr>> = Vec::with_capacity(all.len());
        for set in all {
            if !once.iter().any(|known| same(known, &set)) {
                once.push(set);
            }
        }
        return Ok(once);
    }
    Ok(all)
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
