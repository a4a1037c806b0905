//! What is `PIVOT (SUM(x) AS s FOR c IN ('a' AS a, 'b' AS b))`? A grouping by the columns it does not name, with each
//! aggregate once a value, of the rows that have the value.

use std::collections::HashSet;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr as Syntax, ExprWithAlias, PivotValueSource, TableFactor,
};

use crate::sql::fault::{invalid, outside};

/// The aggregates and the columns whose values become columns.
#[derive(Debug)]
pub(super) struct Pivot {
    pub(super) aggregates: Vec<ExprWithAlias>,
    pub(super) columns: Vec<Syntax>,
}

impl Pivot {
    pub(super) fn plan(
        self,
        table: TableFactor,
        values: PivotValueSource,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<LogicalPlan> {
        let PivotValueSource::List(values) = values else {
            return Err(outside(invalid("PIVOT needs the values of its columns, as a list of literals")));
        };
        let input = context.plan(table)?;
        let mut named: HashSet<Column> = HashSet::new();
        for column in &self.columns {
            let column = context.sql_to_expr(column.clone(), input.schema())?;
            named.extend(column.column_refs().into_iter().cloned());
        }
        let mut calls = Vec::with_capacity(values.len() * self.aggregates.len());
        for value in &values {
            let condition = self.condition(&value.expr)?;
            let of_value = name_of(value);
            for aggregate in &self.aggregates {
                let call = context.sql_to_expr(filtered(&aggregate.expr, &condition)?, input.schema())?;
                let plain = context.sql_to_expr(aggregate.expr.clone(), input.schema())?;
                named.extend(plain.column_refs().into_iter().cloned());
                calls.push(call.alias(match &aggregate.alias {
                    Some(alias) => format!("{of_value}_{}", alias.value),
                    None => of_value.clone(),
                }));
            }
        }
        let keys = input.schema().columns().into_iter().filter(|column| !named.contains(column));
        let keys: Vec<Expr> = keys.map(Expr::Column).collect();
        LogicalPlanBuilder::from(input).aggregate(keys, calls)?.build()
    }

    /// Whether a row has a value.
    fn condition(&self, value: &Syntax) -> Result<Syntax> {
        let values = match value {
            Syntax::Tuple(values) => values.as_slice(),
            Syntax::Nested(value) => std::slice::from_ref(&**value),
            one => std::slice::from_ref(one),
        };
        if values.len() != self.columns.len() {
            return Err(outside(invalid(format!(
                "Value count in PIVOT ({}) must match number of FOR columns ({})",
                values.len(),
                self.columns.len()
            ))));
        }
        let equal = self
            .columns
            .iter()
            .zip(values)
            .map(|(column, value)| binary(column.clone(), BinaryOperator::Eq, value.clone()));
        let all = equal.reduce(|a, b| binary(a, BinaryOperator::And, b));
        all.ok_or_else(|| outside(invalid("PIVOT needs a column after FOR")))
    }
}

fn binary(left: Syntax, op: BinaryOperator, right: Syntax) -> Syntax {
    Syntax::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn name_of(value: &ExprWithAlias) -> String {
    value.alias.as_ref().map_or_else(|| value.expr.to_string(), |alias| alias.value.clone())
}

/// An aggregate of the rows for which a condition is true.
fn filtered(aggregate: &Syntax, condition: &Syntax) -> Result<Syntax> {
    let Syntax::Function(function) = aggregate else {
        return Err(outside(invalid(format!("PIVOT needs aggregates, not {aggregate}"))));
    };
    let mut function = function.clone();
    function.filter = Some(Box::new(match function.filter.take() {
        Some(own) => binary(*own, BinaryOperator::And, condition.clone()),
        None => condition.clone(),
    }));
    Ok(Syntax::Function(function))
}
