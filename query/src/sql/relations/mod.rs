//! How are the tables planned that only Druid's FROM has? `UNNEST(array)` beside the table whose rows have the arrays,
//! `TABLE(APPEND(..))`, `PIVOT` and `UNPIVOT`.

mod append;
mod pivot;
mod unnest;
mod unpivot;

use std::sync::{Arc, LazyLock};

use datafusion::common::{Result, TableReference};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{TableAlias, TableFactor};

pub(crate) use append::{APPENDED, appended};
pub(crate) use unnest::beside;

/// The planners of relations, made once.
pub(crate) fn relation_planners() -> &'static [Arc<dyn RelationPlanner>] {
    static ALL: LazyLock<Vec<Arc<dyn RelationPlanner>>> = LazyLock::new(|| vec![Arc::new(Relations)]);
    &ALL
}

/// Plans Druid's relations; leaves the others.
#[derive(Debug)]
struct Relations;

impl RelationPlanner for Relations {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        if let Some(unnest) = unnest::alone(&relation).or_else(|| unnest::joined(&relation)) {
            return Ok(planned(unnest.plan(context)?, None));
        }
        Ok(match relation {
            TableFactor::TableFunction { expr, alias } => planned(append::plan(&expr, context)?, alias),
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, alias, .. } => {
                let pivot = pivot::Pivot { aggregates: aggregate_functions, columns: value_column };
                planned(pivot.plan(*table, value_source, context)?, alias)
            }
            TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } => {
                let unpivot = unpivot::Unpivot { value, name, nulls: null_inclusion };
                planned(unpivot.plan(*table, columns, context)?, alias)
            }
            other => RelationPlanning::Original(Box::new(other)),
        })
    }
}

fn planned(plan: LogicalPlan, alias: Option<TableAlias>) -> RelationPlanning {
    RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias)))
}

/// A row without columns.
fn one_row() -> Result<LogicalPlan> {
    LogicalPlanBuilder::empty(true).build()
}

/// The name columns of a table are known by.
fn qualifier(alias: Option<&TableAlias>) -> Option<TableReference> {
    alias.map(|alias| TableReference::bare(alias.name.value.clone()))
}
