//! Which names do results have? Their aliases, those of bare columns, `EXPR$n` without one; no two the same.

use datafusion::sql::sqlparser::ast::{Expr, Select, SelectItem};

use super::build;

/// Stands between a name of a result and the number that makes it unlike others.
pub(crate) const AGAIN: &str = "\u{1}";

/// Names all results of a query; `again` stands between a name that is taken and its number.
pub(super) fn of_results(select: &mut Select, again: &str) {
    let mut names: Vec<String> = Vec::with_capacity(select.projection.len());
    for (i, item) in select.projection.iter_mut().enumerate() {
        let (expr, name) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
            _ => continue,
        };
        let own = name.or_else(|| column_name(expr));
        let wanted = own.clone().unwrap_or_else(|| format!("EXPR${i}"));
        let unique = unique(&wanted, again, &names);
        if own.as_deref() != Some(&unique) {
            let alias = build::identifier(&unique);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
        names.push(unique);
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
fn unique(name: &str, again: &str, taken: &[String]) -> String {
    if !taken.iter().any(|t| t == name) {
        return name.to_owned();
    }
    let numbered = (0..).map(|n| format!("{name}{again}{n}"));
    numbered.into_iter().find(|n| !taken.contains(n)).unwrap_or_default()
}
