//! Which order, limit and conditions stand above one piece of segment work?

use std::collections::HashMap;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, FetchType, LogicalPlan, SkipType};
use serde_json::{Map, Value, json};

use super::native::{Above, Kind, native, native_name};
use crate::sql::node::{SegmentNode, Shown};
use crate::sql::translate::{Dimension, Field, SegmentQuery, Work, filter_json};

/// What stands above the groups or rows of a query.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Columns of the result, and whether each descends.
    pub(super) order: Vec<(String, bool)>,
    pub(super) offset: u64,
    pub(super) limit: Option<u64>,
    /// A native filter over columns of the result.
    pub(super) having: Option<Value>,
}

impl Shape {
    /// The simplest query that gives groups by these keys in this shape.
    pub(super) fn kind(&self, dimensions: &[Dimension]) -> Kind {
        let of_key = |key: &Dimension| self.order.iter().all(|(name, _)| *name == key.name);
        match dimensions {
            _ if self.having.is_some() || self.offset > 0 => Kind::Groups,
            [] => Kind::Series,
            [key] if matches!(key.field, Field::TimeFloor { .. }) && of_key(key) => Kind::Series,
            [key] if self.order.len() == 1 && !of_key(key) && self.limit.is_some() => Kind::Top,
            _ => Kind::Groups,
        }
    }
}

/// A node, which of its columns are shown, and what stands above it.
struct Outline<'p> {
    node: &'p SegmentNode,
    /// For each output, the column of the node.
    outputs: Vec<usize>,
    shape: Shape,
}

/// The query of a plan, if one answers it all.
pub(super) fn query(plan: &LogicalPlan, names: &[String], context: &Map<String, Value>) -> Option<Value> {
    let outline = Outline::read(plan)?;
    let [part] = outline.node.parts.as_slice() else { return None };
    let mut signature = Vec::new();
    let mut mappings = Vec::new();
    let mut columns = Vec::new();
    for (at, (field, name)) in plan.schema().fields().iter().zip(names).enumerate() {
        let column = outline.name(*outline.outputs.get(at)?)?;
        signature.push(json!({"name": column, "type": native_name(field.data_type())}));
        mappings.push(json!({"queryColumn": column, "outputColumn": name}));
        columns.push(column);
    }
    let above = Above { shape: outline.shape, columns, context: context.clone() };
    let query = native(&part.query, outline.node.table.arrow_schema(), above);
    Some(json!({"query": query, "signature": signature, "columnMappings": mappings}))
}

/// The names of the columns of a result.
fn result_names(query: &SegmentQuery) -> Vec<String> {
    match &query.work {
        Work::Groups { dimensions, aggregators } => {
            let keys = dimensions.iter().map(|d| d.name.clone());
            keys.chain(aggregators.iter().map(|a| a.name.clone())).collect()
        }
        Work::Rows { columns, .. } => columns.clone(),
    }
}

impl<'p> Outline<'p> {
    fn read(plan: &'p LogicalPlan) -> Option<Self> {
        match plan {
            LogicalPlan::Extension(extension) => {
                let node = extension.node.as_any().downcast_ref::<SegmentNode>()?;
                let outputs = (0..plan.schema().fields().len()).collect();
                Some(Self { node, outputs, shape: Shape::default() })
            }
            LogicalPlan::SubqueryAlias(alias) => Self::read(&alias.input),
            LogicalPlan::Projection(projection) => {
                let mut below = Self::read(&projection.input)?;
                let schema = projection.input.schema();
                below.outputs =
                    projection.expr.iter().map(|e| below.output(e, schema)).collect::<Option<_>>()?;
                Some(below)
            }
            LogicalPlan::Sort(sort) => {
                let mut below = Self::read(&sort.input).filter(|b| b.shape.limit.is_none())?;
                let schema = sort.input.schema();
                let key = |key: &datafusion::logical_expr::SortExpr| {
                    Some((below.name(below.output(&key.expr, schema)?)?, !key.asc))
                };
                let order = sort.expr.iter().map(key).collect::<Option<_>>()?;
                below.shape.order = order;
                below.shape.limit = sort.fetch.and_then(|n| u64::try_from(n).ok());
                Some(below)
            }
            LogicalPlan::Limit(limit) => {
                let mut below = Self::read(&limit.input)?;
                let (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) =
                    (limit.get_skip_type(), limit.get_fetch_type())
                else {
                    return None;
                };
                below.shape.offset = u64::try_from(skip).ok()?;
                below.shape.limit = fetch.and_then(|n| u64::try_from(n).ok());
                Some(below)
            }
            LogicalPlan::Filter(filter) => {
                let mut below = Self::read(&filter.input).filter(Self::is_bare_groups)?;
                let schema = filter.input.schema();
                let known = filter_json(&filter.predicate, &schema_of(schema))?;
                let names: HashMap<&str, String> = schema
                    .fields()
                    .iter()
                    .zip(&below.outputs)
                    .map(|(field, at)| Some((field.name().as_str(), below.name(*at)?)))
                    .collect::<Option<_>>()?;
                below.shape.having = Some(renamed(known, &names));
                Some(below)
            }
            _ => None,
        }
    }

    fn is_bare_groups(&self) -> bool {
        let Shape { order, offset, limit, having } = &self.shape;
        let bare = order.is_empty() && *offset == 0 && limit.is_none() && having.is_none();
        bare && self.node.parts.iter().all(|part| part.is_groups())
    }

    /// The column of the node that an expression names.
    fn output(&self, expr: &Expr, schema: &DFSchema) -> Option<usize> {
        match expr {
            Expr::Alias(alias) => self.output(&alias.expr, schema),
            Expr::Column(column) => self.outputs.get(schema.maybe_index_of_column(column)?).copied(),
            _ => None,
        }
    }

    /// The name that a column of the node has in its query.
    fn name(&self, column: usize) -> Option<String> {
        let [part] = self.node.parts.as_slice() else { return None };
        match part.shown.get(column)? {
            Shown::Result(result) => result_names(&part.query).get(*result).cloned(),
            Shown::Constant(_) => None,
        }
    }
}

fn schema_of(schema: &DFSchema) -> Schema {
    Schema::clone(schema.inner())
}

/// A filter over other names.
fn renamed(filter: Value, names: &HashMap<&str, String>) -> Value {
    match filter {
        Value::Object(fields) => {
            let one = |(key, value): (String, Value)| {
                let name = value.as_str().and_then(|text| names.get(text));
                let value = match name {
                    Some(name) if key == "column" || key == "dimension" => json!(name),
                    _ => renamed(value, names),
                };
                (key, value)
            };
            Value::Object(fields.into_iter().map(one).collect())
        }
        Value::Array(items) => items.into_iter().map(|item| renamed(item, names)).collect(),
        other => other,
    }
}
