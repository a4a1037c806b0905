//! Which names do the columns of an answer have? Their own, `EXPR$n` for what has none, and several may share one.

use datafusion::sql::sqlparser::ast::{Expr, SelectItem};

use super::build;

/// Names results; only those of the outermost query may share a name.
pub(super) fn name_results(projection: &mut [SelectItem], outermost: bool) {
    let is_star =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let stars = outermost && projection.iter().any(is_star);
    let mut names: Vec<String> = Vec::with_capacity(projection.len());
    for (i, item) in projection.iter_mut().enumerate() {
        let (expr, name) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
            _ => continue,
        };
        let own = name.or_else(|| column_name(expr));
        let wanted = own.clone().unwrap_or_else(|| format!("EXPR${i}"));
        // Results may share a name, which only here is another.
        let again = if outermost { AGAIN } else { "" };
        // So may all columns and one of them.
        let unique = match stars && !is_expression(expr) {
            true => format!("{wanted}{AGAIN}{i}"),
            false => unique(&wanted, again, &names),
        };
        if own.as_deref() != Some(&unique) {
            let alias = build::identifier(&unique);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
        names.push(unique);
    }
}

/// Whether an expression is more than a column.
fn is_expression(expr: &Expr) -> bool {
    column_name(expr).is_none()
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

/// Stands between a name of a result and the number that makes it unlike others.
pub(crate) const AGAIN: &str = "\u{1}";

/// A name as it is, or with the first number that makes it unlike those before it.
fn unique(name: &str, again: &str, taken: &[String]) -> String {
    if !taken.iter().any(|t| t == name) {
        return name.to_owned();
    }
    let numbered = (0..).map(|n| format!("{name}{again}{n}"));
    numbered.into_iter().find(|n| !taken.contains(n)).unwrap_or_default()
}
