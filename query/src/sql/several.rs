//! What becomes of a row's several values in an aggregation? Aggregates that gather texts above the segments are given lists,
//! as a row's values are one text there; numbers made of them are null.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ExprSchema, Result};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan};

use super::aggregates::gathered;
use super::coerce::call;
use super::table::DatasourceTable;

/// A plan that gathers the values of rows of datasources one by one.
pub(crate) fn gather_each(plan: LogicalPlan) -> Result<LogicalPlan> {
    let changed = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Aggregate(aggregate)
            if is_table(&aggregate.input) && (gathers(&aggregate) || makes_numbers(&aggregate)) =>
        {
            let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
            let group_expr = group_expr.into_iter().map(|key| number_key(key, &input)).collect();
            let calls = aggr_expr.into_iter().map(|expr| each(expr, &input)).collect::<Result<_>>()?;
            Ok(Transformed::yes(LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, calls)?)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(changed.data)
}

fn gathers(aggregate: &Aggregate) -> bool {
    let is_array = |e: &Expr| matches!(e, Expr::AggregateFunction(call) if call.func.name() == "array_agg");
    aggregate.aggr_expr.iter().any(|expr| expr.exists(|e| Ok(is_array(e))).unwrap_or(false))
}

fn makes_numbers(aggregate: &Aggregate) -> bool {
    aggregate.group_expr.iter().any(|key| is_number_of_texts(key, &aggregate.input))
}

/// Whether a key is a number made of texts that is never null: of several values of a row none can be made.
fn is_number_of_texts(key: &Expr, input: &LogicalPlan) -> bool {
    let schema = input.schema();
    let is_number = key.get_type(schema).is_ok_and(|t| t.is_numeric() || t == DataType::Boolean);
    let is_text = |column: &&Column| {
        schema.field_from_column(column).is_ok_and(|field| *field.data_type() == DataType::Utf8)
    };
    is_number && key.nullable(schema).is_ok_and(|nullable| !nullable) && key.column_refs().iter().any(is_text)
}

/// The same key, which may be null.
fn number_key(key: Expr, input: &LogicalPlan) -> Expr {
    match is_number_of_texts(&key, input) {
        true => {
            let name = key.schema_name().to_string();
            call("of_values", vec![key]).alias(name)
        }
        false => key,
    }
}

/// Whether the rows of a plan are those of a datasource.
fn is_table(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::TableScan(scan) => {
            source_as_provider(&scan.source).is_ok_and(|provider| DatasourceTable::of(&provider).is_some())
        }
        LogicalPlan::Filter(filter) => is_table(&filter.input),
        LogicalPlan::SubqueryAlias(alias) => is_table(&alias.input),
        _ => false,
    }
}

/// An aggregate under the name it had.
fn each(expr: Expr, input: &Arc<LogicalPlan>) -> Result<Expr> {
    let name = expr.schema_name().to_string();
    let changed = expr.transform_down(|part| {
        let Expr::AggregateFunction(AggregateFunction { func, mut params }) = part else {
            return Ok(Transformed::no(part));
        };
        let [arg] = params.args.as_slice() else {
            return Ok(Transformed::no(Expr::AggregateFunction(AggregateFunction { func, params })));
        };
        let is_text = arg.get_type(input.schema())? == DataType::Utf8 && !arg.column_refs().is_empty();
        if func.name() != "array_agg" || !is_text || !params.order_by.is_empty() {
            return Ok(Transformed::no(Expr::AggregateFunction(AggregateFunction { func, params })));
        }
        params.args = vec![call("mv_harmonize_nulls", std::mem::take(&mut params.args))];
        Ok(Transformed::yes(Expr::AggregateFunction(AggregateFunction { func: gathered(), params })))
    })?;
    Ok(if changed.transformed { changed.data.alias(name) } else { changed.data })
}
