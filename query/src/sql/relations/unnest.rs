//! What rows does `UNNEST(array)` give? One for each element of the array of each row of the table beside it, which no
//! row without elements has; whatever the kind of join, as in Druid.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, Result, UnnestOptions};
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{
    Expr as Syntax, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, TableAlias,
    TableFactor, TableWithJoins, Value,
};

use super::{one_row, qualifier};
use crate::sql::coerce::call;
use crate::sql::fault::{invalid, outside};
use crate::sql::metadata::sql_type;

/// What a column without a name is called.
const UNNAMED: &str = "EXPR$0";

/// An `UNNEST`, and the table beside it.
#[derive(Debug)]
pub(super) struct Unnest {
    beside: Option<TableFactor>,
    array: Option<Syntax>,
    alias: Option<TableAlias>,
    /// Which rows of both stay.
    condition: Option<Syntax>,
}

/// Whether a relation is an `UNNEST`.
fn parts(relation: &TableFactor) -> Option<(Option<Syntax>, Option<TableAlias>)> {
    let TableFactor::Table { name, alias, args: Some(args), .. } = relation else { return None };
    let [part] = name.0.as_slice() else { return None };
    if !part.as_ident()?.value.eq_ignore_ascii_case("unnest") {
        return None;
    }
    let array = match args.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(array))] => Some(array.clone()),
        _ => None,
    };
    Some((array, alias.clone()))
}

/// An `UNNEST` beside nothing.
pub(super) fn alone(relation: &TableFactor) -> Option<Unnest> {
    let (array, alias) = parts(relation)?;
    Some(Unnest { beside: None, array, alias, condition: None })
}

/// What [`beside`] has made.
pub(super) fn joined(relation: &TableFactor) -> Option<Unnest> {
    let TableFactor::NestedJoin { table_with_joins, alias: None } = relation else { return None };
    let [join] = table_with_joins.joins.as_slice() else { return None };
    let (array, alias) = parts(&join.relation)?;
    let condition = match &join.join_operator {
        JoinOperator::Inner(on)
        | JoinOperator::Join(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::CrossJoin(on) => match on {
            JoinConstraint::On(condition) if !is_true(condition) => Some(condition.clone()),
            _ => None,
        },
        _ => return None,
    };
    Some(Unnest { beside: Some(table_with_joins.relation.clone()), array, alias, condition })
}

fn is_true(condition: &Syntax) -> bool {
    matches!(condition, Syntax::Value(value) if value.value == Value::Boolean(true))
}

fn nested(relation: TableFactor, joins: Vec<Join>) -> TableFactor {
    let table_with_joins = Box::new(TableWithJoins { relation, joins });
    TableFactor::NestedJoin { table_with_joins, alias: None }
}

fn cross(relation: TableFactor) -> Join {
    Join { relation, global: false, join_operator: JoinOperator::CrossJoin(JoinConstraint::None) }
}

/// A FROM in which each `UNNEST` is in one nested join with all that stands before it: the tables whose columns it sees.
pub(crate) fn beside(from: Vec<TableWithJoins>) -> Vec<TableWithJoins> {
    let unnests = |table: &TableWithJoins| {
        parts(&table.relation).is_some() || table.joins.iter().any(|join| parts(&join.relation).is_some())
    };
    if !from.iter().any(unnests) {
        return from;
    }
    let mut tables: Vec<TableWithJoins> = Vec::with_capacity(from.len());
    for TableWithJoins { relation, joins } in from {
        let mut table = match parts(&relation) {
            Some(_) => match all(std::mem::take(&mut tables)) {
                Some(before) => {
                    TableWithJoins { relation: nested(before, vec![cross(relation)]), joins: Vec::new() }
                }
                None => TableWithJoins { relation, joins: Vec::new() },
            },
            None => TableWithJoins { relation, joins: Vec::new() },
        };
        for join in joins {
            if parts(&join.relation).is_some() {
                let before =
                    if table.joins.is_empty() { table.relation } else { nested(table.relation, table.joins) };
                table = TableWithJoins { relation: nested(before, vec![join]), joins: Vec::new() };
            } else {
                table.joins.push(join);
            }
        }
        tables.push(table);
    }
    tables
}

/// Some tables of a FROM as one.
fn all(tables: Vec<TableWithJoins>) -> Option<TableFactor> {
    let mut tables = tables.into_iter();
    let TableWithJoins { relation, mut joins } = tables.next()?;
    joins.extend(tables.map(|table| {
        let one = if table.joins.is_empty() { table.relation } else { nested(table.relation, table.joins) };
        cross(one)
    }));
    Some(if joins.is_empty() { relation } else { nested(relation, joins) })
}

impl Unnest {
    pub(super) fn plan(self, context: &mut dyn RelationPlannerContext) -> Result<LogicalPlan> {
        let beside = self.beside.map(|table| context.plan(table)).transpose()?;
        let beside = beside.map_or_else(one_row, Ok)?;
        let array = self.array.ok_or_else(|| outside(invalid("UNNEST needs one array")))?;
        let array = of_all_rows(context.sql_to_expr(array, beside.schema())?);
        let data_type = array.get_type(beside.schema())?;
        if !matches!(data_type, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)) {
            let name = sql_type(&data_type).0;
            let message = format!(
                "Cannot apply 'UNNEST' to arguments of type 'UNNEST(<{name}>)'. Supported form(s): \
                 'UNNEST(<MULTISET>)'\n'UNNEST(<ARRAY>)'\n'UNNEST(<MAP>)'\nUNNEST(<MULTISET>)\nUNNEST(<ARRAY>)\nUNNEST(<MAP>)"
            );
            return Err(outside(invalid(message)));
        }
        let columns: Vec<Expr> = beside.schema().columns().into_iter().map(Expr::Column).collect();
        let elements = format!("unnest${}", columns.len());
        let with_array = columns.iter().cloned().chain([array.alias(&elements)]);
        let named = self.alias.as_ref().and_then(|alias| alias.columns.first());
        let name = named.map_or(UNNAMED, |column| &column.name.value);
        let element = Expr::Column(Column::new_unqualified(&elements));
        let element = element.alias_qualified(qualifier(self.alias.as_ref()), name);
        let plan = LogicalPlanBuilder::from(beside)
            .project(with_array)?
            .unnest_column_with_options(
                Column::new_unqualified(&elements),
                UnnestOptions::new().with_preserve_nulls(false),
            )?
            .project(columns.iter().cloned().chain([element]))?
            .build()?;
        match self.condition {
            Some(condition) => {
                let condition = context.sql_to_expr(condition, plan.schema())?;
                LogicalPlanBuilder::from(plan).filter(condition)?.build()
            }
            None => Ok(plan),
        }
    }
}

/// Where the array is made of the values of a row, a row without values has one that is null.
fn of_all_rows(array: Expr) -> Expr {
    match array {
        Expr::ScalarFunction(function) if function.func.name() == "mv_to_array" => {
            call("mv_harmonize_nulls", function.args)
        }
        other => other,
    }
}
