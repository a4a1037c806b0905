//! What are registered lookups to SQL? Tables of two columns, and a function that is told what its name stands for just
//! before a plan runs: plans are kept longer than lookups.

use std::sync::Arc;

use alluvium_segments::catalog::Lookup;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::access::Access;
use super::fault::{invalid, outside};
use super::functions::DruidFunction;
use crate::QueryError;
use crate::plan::{Plan, find_among};

/// The columns of every lookup.
pub(crate) fn lookup_schema() -> SchemaRef {
    let column = |name: &str| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![column("k"), column("v")]))
}

impl Access {
    /// A lookup of the query's snapshot; it is noted that it was asked.
    fn lookup(&self, name: &str) -> Result<Arc<Lookup>, alluvium_expression::UnknownLookup> {
        if let Some(reads) = &self.reads {
            reads.note_lookup(name, &self.snapshot);
        }
        find_among(&self.snapshot.lookups, name)
    }

    /// Finds the lookups that segment work names.
    pub(super) fn bind_lookups(&self, plan: &mut Plan) -> Result<(), QueryError> {
        Ok(plan.bind_lookups(&mut |name| self.lookup(name))?)
    }
}

/// A plan whose operators above the segments ask the lookups of the query's snapshot; `None` when none does.
pub(crate) fn bind_lookups(plan: &LogicalPlan, access: &Access) -> Result<Option<LogicalPlan>> {
    if !asks(plan)? {
        return Ok(None);
    }
    let bound = plan.clone().transform_up_with_subqueries(|node| {
        node.map_expressions(|expr| expr.transform_up(|expr| bind(expr, access)))
    })?;
    Ok(bound.transformed.then_some(bound.data))
}

/// Whether an operator above the segments asks a lookup.
fn asks(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                found |= unbound(expr).is_some();
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// A call of `LOOKUP` whose name has not been looked up.
fn unbound(expr: &Expr) -> Option<(&ScalarFunction, &DruidFunction)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let function = call.func.inner().downcast_ref::<DruidFunction>()?;
    function.wants_lookup().then_some((call, function))
}

fn bind(expr: Expr, access: &Access) -> Result<Transformed<Expr>> {
    let Some((call, function)) = unbound(&expr) else { return Ok(Transformed::no(expr)) };
    let name = match call.args.get(1) {
        Some(Expr::Literal(value, _)) => value.try_as_str().flatten(),
        _ => None,
    };
    let name = name.ok_or_else(|| outside(invalid("Argument to function 'LOOKUP' must be a literal")))?;
    let lookup = access.lookup(name).map_err(|e| outside(e.into()))?;
    let func = Arc::new(function.asking(lookup));
    Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: call.args.clone() })))
}
