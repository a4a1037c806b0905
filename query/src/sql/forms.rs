//! Which plans has Druid no query for? Rows that are no groups come in the order of time or in none, a union is the whole
//! answer or one table of several, outer joins are by equality. Tables about tables are read by another planner, which
//! knows more of SQL and nothing of datasources.

use std::sync::Arc;

use alluvium_segments::TIME_COLUMN;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, Result};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Join, LogicalPlan, Operator, Sort, Union};

use super::fault::outside;
use super::table::DatasourceTable;
use crate::QueryError;
use crate::error::Refusal;

fn unplannable(message: impl Into<String>) -> datafusion::common::DataFusionError {
    outside(QueryError::refused(Refusal::Unplannable, message))
}

/// What a plan reads.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reads {
    /// A datasource or a lookup.
    pub(crate) datasources: bool,
    /// A table about tables.
    pub(crate) metadata: bool,
}

impl Reads {
    pub(crate) fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut reads = Self::default();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let known = source_as_provider(&scan.source).is_ok_and(|p| DatasourceTable::of(&p).is_some());
                *(if known { &mut reads.datasources } else { &mut reads.metadata }) = true;
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(reads)
    }
}

/// Refuses a plan that Druid cannot answer by native queries.
pub(crate) fn check_forms(plan: &LogicalPlan, reads: Reads) -> Result<()> {
    match (reads.datasources, reads.metadata) {
        (true, true) => {
            let message = "tables of INFORMATION_SCHEMA and sys cannot be read together with datasources";
            return Err(outside(QueryError::refused(Refusal::NotPlanned, message)));
        }
        (false, true) => return check_metadata(plan),
        (false, false) => check_rows_alone(plan)?,
        _ => {}
    }
    check_top(plan)?;
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Limit(limit) => {
                if let Some(sort) = sort_below(&limit.input) {
                    check_sort(sort)?;
                }
            }
            LogicalPlan::Join(join) => check_join(join)?,
            _ => {}
        }
        for input in node.inputs() {
            if let LogicalPlan::Union(union) = input
                && !passes_rows(node)
            {
                check_union(union)?;
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

/// Of the planner of tables about tables: it counts no distinct values, and some functions it has no code for.
fn check_metadata(plan: &LogicalPlan) -> Result<()> {
    const UNKNOWN: [&str; 6] =
        ["time_parse", "time_format", "time_shift", "string_format", "regexp_extract", "parse_long"];
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node
            && aggregate.aggr_expr.iter().any(counts_distinct)
        {
            return Err(outside(QueryError::refused(Refusal::NotPlanned, NO_PLAN)));
        }
        node.apply_expressions(|expr| {
            expr.apply(|part| match part {
                Expr::ScalarFunction(call) if UNKNOWN.contains(&call.func.name()) => {
                    let message = format!("cannot translate call {}", call.func.name().to_uppercase());
                    Err(outside(QueryError::refused(Refusal::Thrown, message)))
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(())
}

/// What Druid says of plans it cannot make.
const NO_PLAN: &str = "Unhandled Query Planning Failure, see broker logs for details";

fn counts_distinct(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::AggregateFunction(call) => {
            let name = call.func.name();
            name == "approx_count_distinct" || name == "count" && call.params.distinct
        }
        _ => false,
    }
}

/// Rows that stand in the statement have no windows.
fn check_rows_alone(plan: &LogicalPlan) -> Result<()> {
    match plan.exists(|node| Ok(matches!(node, LogicalPlan::Window(_))))? {
        true => Err(outside(QueryError::refused(Refusal::NotPlanned, NO_PLAN))),
        false => Ok(()),
    }
}

/// The order of the whole answer.
fn check_top(plan: &LogicalPlan) -> Result<()> {
    match sort_below(plan) {
        Some(sort) => check_sort(sort),
        None => Ok(()),
    }
}

/// The sort whose order rows keep on their way up.
fn sort_below(plan: &LogicalPlan) -> Option<&Sort> {
    match plan {
        LogicalPlan::Sort(sort) => Some(sort),
        LogicalPlan::Limit(limit) => sort_below(&limit.input),
        LogicalPlan::Projection(projection) => sort_below(&projection.input),
        _ => None,
    }
}

/// Whether rows below are rows of the same columns here, of which there may be fewer.
fn passes_rows(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Union(_) | LogicalPlan::Limit(_) | LogicalPlan::SubqueryAlias(_) => true,
        LogicalPlan::Projection(projection) => {
            projection.expr.iter().all(|e| matches!(bare(e), Expr::Column(_)))
        }
        LogicalPlan::Filter(_) => true,
        _ => false,
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

/// Rows of a scan have no order but that of time.
fn check_sort(sort: &Sort) -> Result<()> {
    if sort.expr.is_empty() || !is_scan(&sort.input) {
        return Ok(());
    }
    if let [key] = sort.expr.as_slice()
        && is_time(&key.expr, &sort.input)
    {
        return Ok(());
    }
    let names: Vec<String> = sort.expr.iter().map(|key| key.expr.schema_name().to_string()).collect();
    let names = names.join(", ");
    Err(unplannable(format!(
        "SQL query requires ordering a table by non-time column [[{names}]], which is not supported."
    )))
}

/// Whether the rows of a plan are those of tables: no groups, no window's, and none of a join or of a query within, which
/// Druid sorts.
fn is_scan(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => {
            let asks = |e: &Expr| e.exists(|e| Ok(matches!(e, Expr::ScalarSubquery(_)))).unwrap_or(false);
            !projection.expr.iter().any(asks) && is_scan(&projection.input)
        }
        LogicalPlan::Filter(filter) => is_scan(&filter.input),
        LogicalPlan::SubqueryAlias(alias) => is_scan(&alias.input),
        LogicalPlan::Sort(sort) => is_scan(&sort.input),
        LogicalPlan::Unnest(unnest) => is_scan(&unnest.input),
        LogicalPlan::Union(union) => !is_unpivoted(&union.inputs.iter().map(Arc::as_ref).collect::<Vec<_>>()),
        LogicalPlan::TableScan(_) | LogicalPlan::Values(_) => true,
        _ => false,
    }
}

/// Whether an expression over a plan is the time of the rows of a table.
fn is_time(expr: &Expr, plan: &LogicalPlan) -> bool {
    let Expr::Column(column) = bare(expr) else { return false };
    let Some(at) = plan.schema().maybe_index_of_column(column) else { return false };
    match plan {
        LogicalPlan::Projection(projection) => {
            projection.expr.get(at).is_some_and(|expr| is_time(expr, &projection.input))
        }
        LogicalPlan::Filter(filter) => is_time(expr, &filter.input),
        LogicalPlan::SubqueryAlias(alias) => {
            let (qualifier, field) = alias.input.schema().qualified_field(at);
            is_time(&Expr::Column(Column::from((qualifier, field))), &alias.input)
        }
        LogicalPlan::Unnest(unnest) => {
            let below = unnest.dependency_indices.get(at);
            below.is_some_and(|below| {
                let (qualifier, field) = unnest.input.schema().qualified_field(*below);
                is_time(&Expr::Column(Column::from((qualifier, field))), &unnest.input)
            })
        }
        LogicalPlan::Sort(sort) => is_time(expr, &sort.input),
        LogicalPlan::TableScan(_) => column.name == TIME_COLUMN,
        _ => false,
    }
}

/// A union that is not the whole answer is a table of several, which have the columns that are read by the same names.
fn check_union(union: &Union) -> Result<()> {
    let mut known: Option<Vec<String>> = None;
    let sides: Vec<&LogicalPlan> = union.inputs.iter().map(Arc::as_ref).collect();
    if is_unpivoted(&sides) {
        return Ok(());
    }
    for side in sides {
        let Some(names) = stored(side) else {
            return Err(unplannable(
                "SQL requires union between inputs that are not simple table scans and involve a filter or aliasing. Or \
                 column types of tables being unioned are not of same type.",
            ));
        };
        if known.as_ref().is_some_and(|known| *known != names) {
            return Err(unplannable(
                "SQL requires union between two tables and column names queried for each table are different.",
            ));
        }
        known = Some(names);
    }
    Ok(())
}

/// The names that the columns of a plan have in its datasource, where it is nothing but columns of one.
fn stored(plan: &LogicalPlan) -> Option<Vec<String>> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            Some(scan.projected_schema.fields().iter().map(|field| field.name().clone()).collect())
        }
        LogicalPlan::SubqueryAlias(alias) => stored(&alias.input),
        LogicalPlan::Projection(projection) => {
            let below = stored(&projection.input)?;
            let name = |expr: &Expr| match bare(expr) {
                Expr::Column(column) => {
                    below.get(projection.input.schema().maybe_index_of_column(column)?).cloned()
                }
                // What the planner has put around a column so that types meet.
                Expr::Cast(cast) => match &*cast.expr {
                    Expr::Column(column) => {
                        below.get(projection.input.schema().maybe_index_of_column(column)?).cloned()
                    }
                    _ => None,
                },
                _ => None,
            };
            projection.expr.iter().map(name).collect()
        }
        LogicalPlan::Union(union) => {
            let mut sides = union.inputs.iter().map(|side| stored(side));
            let first = sides.next()??;
            sides.all(|side| side.as_ref() == Some(&first)).then_some(first)
        }
        _ => None,
    }
}

/// Whether the sides are the same rows with another literal each, as `UNPIVOT` makes them.
fn is_unpivoted(sides: &[&LogicalPlan]) -> bool {
    let parts = |side: &LogicalPlan| match side {
        LogicalPlan::Projection(outer) => match &*outer.input {
            LogicalPlan::Projection(inner) if outer.expr.iter().all(|e| !is_named_text(e)) => {
                inner.expr.iter().any(is_named_text).then(|| Arc::clone(&inner.input))
            }
            _ => outer.expr.iter().any(is_named_text).then(|| Arc::clone(&outer.input)),
        },
        _ => None,
    };
    let inputs: Option<Vec<Arc<LogicalPlan>>> = sides.iter().map(|side| parts(side)).collect();
    inputs.is_some_and(|inputs| inputs.windows(2).all(|pair| matches!(pair, [a, b] if a == b)))
}

fn is_named_text(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::ScalarFunction(call) => {
            call.func.name() == "cast_varchar" && matches!(call.args.first(), Some(Expr::Literal(..)))
        }
        Expr::Literal(value, _) => value.try_as_str().is_some(),
        _ => false,
    }
}

/// Rows without a partner are found by equality only.
fn check_join(join: &Join) -> Result<()> {
    if let Some(condition) = &join.filter {
        for part in split_conjunction(condition) {
            if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, .. }) = part
                && matches!(left.get_type(&join.schema), Ok(DataType::List(_)))
            {
                let message = "Predicate does not support ARRAY types";
                return Err(outside(QueryError::refused(Refusal::Thrown, message)));
            }
        }
    }
    let keeps = match join.join_type {
        JoinType::Left => (true, false),
        JoinType::Right => (false, true),
        JoinType::Full => (true, true),
        _ => return Ok(()),
    };
    let Some(condition) = &join.filter else { return Ok(()) };
    for part in split_conjunction(condition) {
        let (left, right) = (sees(part, join.left.schema()), sees(part, join.right.schema()));
        let is_key = match part {
            Expr::BinaryExpr(BinaryExpr { left: a, op: Operator::Eq, right: b }) => {
                let sides = |e: &Expr| (sees(e, join.left.schema()), sees(e, join.right.schema()));
                matches!(
                    (sides(a), sides(b)),
                    ((true, false), (false, true)) | ((false, true), (true, false))
                )
            }
            _ => false,
        };
        // A condition on the other side alone is one of the rows that are joined.
        let below = match keeps {
            (true, false) => !left && !sees_looked_up(part, &join.right),
            (false, true) => !right && !sees_looked_up(part, &join.left),
            _ => false,
        };
        if !is_key && !below && (left || right) {
            let operator = match part {
                Expr::BinaryExpr(binary) => operator_name(binary.op),
                _ => "a",
            };
            return Err(unplannable(format!(
                "SQL requires a join with '{operator}' condition that is not supported."
            )));
        }
    }
    Ok(())
}

fn operator_name(op: Operator) -> &'static str {
    match op {
        Operator::Lt => "LESS_THAN",
        Operator::LtEq => "LESS_THAN_OR_EQUAL",
        Operator::Gt => "GREATER_THAN",
        Operator::GtEq => "GREATER_THAN_OR_EQUAL",
        Operator::NotEq => "NOT_EQUALS",
        Operator::Or => "OR",
        _ => "EQUALS",
    }
}

/// Whether an expression looks at columns of a schema.
fn sees(expr: &Expr, schema: &DFSchema) -> bool {
    expr.column_refs().into_iter().any(|column| schema.maybe_index_of_column(column).is_some())
}

/// Whether a condition looks at the values of a lookup, which only its keys find.
fn sees_looked_up(condition: &Expr, plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => sees_looked_up(condition, &alias.input),
        LogicalPlan::TableScan(scan) if scan.table_name.schema() == Some("lookup") => {
            condition.column_refs().into_iter().any(|column| column.name == "v")
        }
        _ => false,
    }
}
