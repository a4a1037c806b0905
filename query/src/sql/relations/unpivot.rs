//! What is `UNPIVOT (value FOR name IN (a, b))`? Each row once for each of the columns, with the column's name and its
//! value instead of the columns; rows whose value is null are left out unless they are asked for.

use std::collections::HashSet;

use datafusion::common::{Column, Result};
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::sql::sqlparser::ast::{Expr as Syntax, ExprWithAlias, Ident, NullInclusion, TableFactor};

use crate::sql::coerce::call;
use crate::sql::fault::{invalid, outside};

/// The columns made, and whether rows without a value stay.
#[derive(Debug)]
pub(super) struct Unpivot {
    pub(super) value: Syntax,
    pub(super) name: Ident,
    pub(super) nulls: Option<NullInclusion>,
}

impl Unpivot {
    pub(super) fn plan(
        self,
        table: TableFactor,
        columns: Vec<ExprWithAlias>,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<LogicalPlan> {
        let Syntax::Identifier(value) = &self.value else {
            return Err(outside(invalid(format!("UNPIVOT makes one column of values, not {}", self.value))));
        };
        let input = context.plan(table)?;
        let mut taken: HashSet<Column> = HashSet::new();
        let mut sides = Vec::with_capacity(columns.len());
        for ExprWithAlias { expr, alias } in &columns {
            let column = context.sql_to_expr(expr.clone(), input.schema())?;
            let Expr::Column(source) = &column else {
                return Err(outside(invalid(format!("UNPIVOT takes columns, not {expr}"))));
            };
            taken.insert(source.clone());
            let name = match alias {
                Some(alias) => lit(alias.value.clone()),
                None => call("cast_varchar", vec![lit(source.name.clone()), lit("UTC")]),
            };
            sides.push((name, column));
        }
        let others = input.schema().columns().into_iter().filter(|column| !taken.contains(column));
        let others: Vec<Expr> = others.map(Expr::Column).collect();
        let mut united: Option<LogicalPlanBuilder> = None;
        for (name, column) in sides {
            let own = [name.alias(&self.name.value), column.alias(&value.value)];
            let side = LogicalPlanBuilder::from(input.clone()).project(others.iter().cloned().chain(own))?;
            united = Some(match united {
                Some(before) => before.union(side.build()?)?,
                None => side,
            });
        }
        let united = united.ok_or_else(|| outside(invalid("UNPIVOT needs columns")))?;
        match self.nulls {
            Some(NullInclusion::IncludeNulls) => united.build(),
            _ => united.filter(Expr::Column(Column::new_unqualified(&value.value)).is_not_null())?.build(),
        }
    }
}
