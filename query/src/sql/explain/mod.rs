//! What does EXPLAIN PLAN FOR show? The native queries where segment operators answer everything, the tree of
//! operators where they do not.

mod aggregations;
mod composed;
mod filters;
mod inline;
mod native;
mod outline;
mod sets;
mod virtuals;
mod windows;

use std::sync::Arc;

use alluvium_segments::catalog::lookup_of_table;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use serde_json::{Map, Value, json};

use composed::Composer;
pub(crate) use native::{native_json, native_name};

use super::node::SegmentNode;
use super::table::DatasourceTable;
use super::translate::place_scans;
use super::types::Typed;

/// Columns of the answer.
pub(crate) fn schema() -> SchemaRef {
    let column = |name: &str| ArrowField::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(vec![column("PLAN"), column("RESOURCES"), column("ATTRIBUTES")]))
}

/// The answer's one row, for an optimised plan whose columns are of these types.
pub(crate) fn row(plan: &LogicalPlan, types: &[Typed], context: &Map<String, Value>) -> Result<RecordBatch> {
    let as_trees = context.get("useNativeQueryExplain") == Some(&Value::Bool(false));
    let shown = match queries(plan, types, context) {
        Some(queries) if as_trees => queries.iter().map(tree).collect(),
        Some(queries) => Value::from(queries).to_string(),
        None => match bindable(plan) {
            Some(tree) => tree,
            None => place_scans(plan.clone())?.display_indent().to_string(),
        },
    };
    let mut names = Vec::new();
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source)?;
                names.extend(DatasourceTable::of(&provider).iter().flat_map(|t| t.names().to_vec()));
            }
            LogicalPlan::Extension(extension) => {
                let ours = extension.node.as_any().downcast_ref::<SegmentNode>();
                names.extend(ours.iter().flat_map(|n| n.table.names().to_vec()));
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    names.retain(|name| lookup_of_table(name).is_none());
    names.sort();
    names.dedup();
    let resources: Vec<Value> = names.iter().map(|n| json!({"name": n, "type": "DATASOURCE"})).collect();
    let attributes = json!({"statementType": "SELECT"});
    let cell = |text: String| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let cells = vec![cell(shown), cell(Value::from(resources).to_string()), cell(attributes.to_string())];
    Ok(RecordBatch::try_new(schema(), cells)?)
}

/// Columns of a table about tables, as the planner that reads those shows them.
fn bindable(plan: &LogicalPlan) -> Option<String> {
    let LogicalPlan::TableScan(scan) = plan else { return None };
    let place = [scan.table_name.schema()?, scan.table_name.table()].join(", ");
    let table = format!("BindableTableScan(table=[[{place}]])\n");
    let Some(projection) = scan.projection.as_ref().filter(|_| scan.filters.is_empty()) else {
        return scan.filters.is_empty().then_some(table);
    };
    if projection.len() == scan.source.schema().fields().len() {
        return Some(table);
    }
    let columns = projection.iter().zip(scan.projected_schema.fields());
    let columns: Vec<String> = columns.map(|(at, field)| format!("{}=[${at}]", field.name())).collect();
    Some(format!("BindableProject({})\n  {table}", columns.join(", ")))
}

/// A query as a node of the planner's.
fn tree(query: &Value) -> String {
    let columns = query["signature"].as_array().into_iter().flatten();
    let column = |c: &Value| {
        format!("{}:{}", c["name"].as_str().unwrap_or_default(), c["type"].as_str().unwrap_or_default())
    };
    let signature: Vec<String> = columns.map(column).collect();
    format!("DruidQueryRel(query=[{}], signature=[{{{}}}])\n", query["query"], signature.join(", "))
}

/// The native queries of a plan: one, or those of a union in turn.
fn queries(plan: &LogicalPlan, types: &[Typed], context: &Map<String, Value>) -> Option<Vec<Value>> {
    if let LogicalPlan::Union(union) = plan {
        let parts = union.inputs.iter().map(|input| query(input, plan, types, context));
        return parts.collect();
    }
    Some(vec![query(plan, plan, types, context)?])
}

/// The query of a plan whose columns have the names of those of `named`.
fn query(
    plan: &LogicalPlan,
    named: &LogicalPlan,
    types: &[Typed],
    context: &Map<String, Value>,
) -> Option<Value> {
    let names = named.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let composer = Composer { context };
    outline::query(plan, &names, &composer).or_else(|| inline::query(plan, &names, types, context))
}
