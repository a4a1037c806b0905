//! When is an exact `COUNT(DISTINCT x)` one aggregate of the segments' work? Over one datasource, before the optimizer makes
//! two aggregations of it. Above joins and subqueries that is the better way, and stays.

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};

use super::aggregates::exact_distinct;
use super::table::DatasourceTable;

/// Replaces counts of distinct values over a datasource by our own.
pub(super) fn count_exactly(plan: LogicalPlan) -> Result<LogicalPlan> {
    let changed = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Aggregate(aggregate)
            if aggregate.aggr_expr.iter().any(counts_distinct) && reads_datasource(&aggregate.input) =>
        {
            Ok(Transformed::yes(LogicalPlan::Aggregate(replaced(aggregate)?)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(changed.data)
}

/// Whether rows come from one datasource, with nothing but choice of rows and columns between.
fn reads_datasource(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::TableScan(scan) => {
            source_as_provider(&scan.source).is_ok_and(|provider| DatasourceTable::of(&provider).is_some())
        }
        LogicalPlan::Filter(filter) => reads_datasource(&filter.input),
        LogicalPlan::Projection(projection) => reads_datasource(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => reads_datasource(&alias.input),
        _ => false,
    }
}

fn counts_distinct(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => counts_distinct(&alias.expr),
        Expr::AggregateFunction(call) => {
            let params = &call.params;
            call.func.name() == "count"
                && params.distinct
                && params.args.len() == 1
                && params.order_by.is_empty()
        }
        _ => false,
    }
}

fn replaced(aggregate: Aggregate) -> Result<Aggregate> {
    let schema = std::sync::Arc::clone(&aggregate.schema);
    let mut calls = Vec::with_capacity(aggregate.aggr_expr.len());
    for expr in aggregate.aggr_expr {
        calls.push(if counts_distinct(&expr) { exact(expr) } else { expr });
    }
    Aggregate::try_new_with_schema(aggregate.input, aggregate.group_expr, calls, schema)
}

/// The same call of ours, under the name it had.
fn exact(expr: Expr) -> Expr {
    let name = expr.schema_name().to_string();
    match expr {
        Expr::Alias(mut alias) => {
            alias.expr = Box::new(exact(*alias.expr));
            Expr::Alias(alias)
        }
        Expr::AggregateFunction(call) => {
            let params = AggregateFunctionParams { distinct: false, ..call.params };
            Expr::AggregateFunction(AggregateFunction { func: exact_distinct(), params }).alias(name)
        }
        other => other,
    }
}
