//! What is asked of a subquery by `ANY`, `ALL` and by rows `IN` it? The smallest or largest of its values, or whether it
//! has such a row.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;

use crate::QueryError;
use crate::sql::dialect::DruidDialect;
use crate::sql::fault::invalid;

/// The table in a pattern that stands for the subquery.
const ASKED: &str = "asked$";

/// What a test of a subquery becomes; `None`: it stays.
pub(super) fn rewrite(expr: &Expr) -> Result<Option<Expr>, QueryError> {
    Ok(match expr {
        Expr::AnyOp { left, compare_op, right, .. } => match &**right {
            Expr::Subquery(query) => any(left, compare_op, query)?,
            _ => None,
        },
        Expr::AllOp { left, compare_op, right } => match &**right {
            Expr::Subquery(query) => all(left, compare_op, query)?,
            _ => None,
        },
        Expr::InSubquery { expr, subquery, negated } => match (&**expr, body(subquery)) {
            (Expr::Tuple(values), _) => Some(row_in(values, subquery, *negated)?),
            (_, SetExpr::Values(values)) => {
                let only = |row: &_| match AsRef::<[Expr]>::as_ref(row) {
                    [only] => Some(only.clone()),
                    _ => None,
                };
                let list: Option<Vec<Expr>> = values.rows.iter().map(|row| only(&**row)).collect();
                list.map(|list| Expr::InList { expr: expr.clone(), list, negated: *negated })
            }
            _ => None,
        },
        _ => None,
    })
}

/// What a query is that does nothing but to show rows.
fn body(query: &Query) -> &SetExpr {
    if let SetExpr::Select(select) = &*query.body
        && let ([SelectItem::Wildcard(_)], [TableWithJoins { relation, joins }]) =
            (select.projection.as_slice(), select.from.as_slice())
        && let (TableFactor::Derived { subquery, alias: None, .. }, []) = (relation, joins.as_slice())
        && let (None, SetExpr::Values(_)) = (&select.selection, &*subquery.body)
    {
        return &subquery.body;
    }
    &query.body
}

/// `x = ANY (query)`, or unlike all of its values.
fn one_of(left: &Expr, query: &Query, negated: bool) -> Result<Option<Expr>, QueryError> {
    let (expr, subquery) = (Box::new(left.clone()), Box::new(query.clone()));
    let test = Expr::InSubquery { expr, subquery, negated };
    Ok(Some(rewrite(&test)?.unwrap_or(test)))
}

fn any(left: &Expr, op: &BinaryOperator, query: &Query) -> Result<Option<Expr>, QueryError> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let extreme = match op {
        Eq => return one_of(left, query, false),
        NotEq => {
            let pattern = "(\"left$0\" < (SELECT MAX(c) FROM (SELECT 1) AS \"asked$\"(c)) \
                 OR \"left$0\" > (SELECT MIN(c) FROM (SELECT 1) AS \"asked$\"(c)))";
            return filled(pattern, query, std::slice::from_ref(left)).map(Some);
        }
        Lt | LtEq => "MAX",
        Gt | GtEq => "MIN",
        _ => return Ok(None),
    };
    let pattern = format!("\"left$0\" {op} (SELECT {extreme}(c) FROM (SELECT 1) AS \"asked$\"(c))");
    filled(&pattern, query, std::slice::from_ref(left)).map(Some)
}

/// True of no values; unknown, which is as good as false in a condition, where some are null and all others pass.
fn all(left: &Expr, op: &BinaryOperator, query: &Query) -> Result<Option<Expr>, QueryError> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let from = "FROM (SELECT 1) AS \"asked$\"(c)";
    let compare = |op: &str, extreme: &str| format!("\"left$0\" {op} (SELECT {extreme}(c) {from})");
    let passes = match op {
        NotEq => return one_of(left, query, true),
        Eq => format!("{} AND {}", compare("=", "MIN"), compare("=", "MAX")),
        Lt | LtEq => compare(&op.to_string(), "MIN"),
        Gt | GtEq => compare(&op.to_string(), "MAX"),
        _ => return Ok(None),
    };
    let pattern =
        format!("((SELECT COUNT(*) {from}) = 0 OR ((SELECT COUNT(*) - COUNT(c) {from}) = 0 AND {passes}))");
    filled(&pattern, query, std::slice::from_ref(left)).map(Some)
}

fn row_in(values: &[Expr], query: &Query, negated: bool) -> Result<Expr, QueryError> {
    let names: Vec<String> = (0..values.len()).map(|i| format!("\"c${i}\"")).collect();
    let equal = (0..values.len()).map(|i| format!("\"asked$\".\"c${i}\" = \"left${i}\""));
    let equal: Vec<String> = equal.collect();
    let not = if negated { "NOT " } else { "" };
    let pattern = format!(
        "{not}EXISTS (SELECT 1 FROM (SELECT 1) AS \"asked$\"({}) WHERE {})",
        names.join(", "),
        equal.join(" AND ")
    );
    filled(&pattern, query, values)
}

/// Asks by its array for each `IN` a subquery among results: only as a condition of rows is it a join.
pub(super) fn in_results(select: &mut Select) -> Result<(), QueryError> {
    let mut asker = Asker { depth: 0, error: None };
    for item in &mut select.projection {
        let _: ControlFlow<()> = VisitMut::visit(item, &mut asker);
    }
    let _: ControlFlow<()> = VisitMut::visit(&mut select.group_by, &mut asker);
    asker.error.map_or(Ok(()), Err)
}

struct Asker {
    /// Subqueries around the expression that is visited.
    depth: usize,
    error: Option<QueryError>,
}

impl VisitorMut for Asker {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::InSubquery { expr: value, subquery, negated } = &*expr else {
            return ControlFlow::Continue(());
        };
        if self.depth > 0 || matches!(**value, Expr::Tuple(_)) {
            return ControlFlow::Continue(());
        }
        let from = "FROM (SELECT 1) AS \"asked$\"(c)";
        let not = if *negated { "NOT " } else { "" };
        let pattern = format!(
            "{not}(CASE WHEN (SELECT COUNT(*) {from}) = 0 THEN FALSE \
             WHEN \"left$0\" IS NOT NULL THEN SCALAR_IN_ARRAY(\"left$0\", (SELECT ARRAY_AGG(DISTINCT c) {from})) END)"
        );
        match filled(&pattern, subquery, std::slice::from_ref(&**value)) {
            Ok(asked) => *expr = asked,
            Err(error) => self.error = Some(error),
        }
        ControlFlow::Continue(())
    }
}

/// A pattern with a subquery and the values compared with it put in.
fn filled(pattern: &str, query: &Query, values: &[Expr]) -> Result<Expr, QueryError> {
    let unread = |e| invalid(format!("cannot ask a subquery so: {e}"));
    let mut expr = Parser::new(&DruidDialect)
        .try_with_sql(pattern)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(unread)?;
    let _: ControlFlow<()> = expr.visit(&mut Filler { query, values });
    Ok(expr)
}

struct Filler<'f> {
    query: &'f Query,
    values: &'f [Expr],
}

impl VisitorMut for Filler<'_> {
    type Break = ();

    fn post_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Derived { subquery, alias: Some(alias), .. } = table
            && alias.name.value == ASKED
        {
            **subquery = self.query.clone();
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expr
            && let Some(number) = name.value.strip_prefix("left$")
            && let Some(value) = number.parse::<usize>().ok().and_then(|number| self.values.get(number))
        {
            *expr = Expr::Nested(Box::new(value.clone()));
        }
        ControlFlow::Continue(())
    }
}
