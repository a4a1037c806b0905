//! Which order, limit, conditions and expressions stand above the groups or rows of one query?

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field as ArrowField, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{
    Expr, ExprSchemable, FetchType, Limit, LogicalPlan, Projection, SkipType, Sort,
};
use serde_json::{Value, json};

use super::composed::Composer;
use super::native::{Above, Kind, native, native_name};
use super::sets;
use crate::sql::node::{SegmentNode, Shown};
use crate::sql::translate::{
    Dimension, Field, NativeType, SegmentQuery, Work, filter_json, native_type, render,
};

/// What stands above the groups or rows of a query.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Columns of the result, and whether each descends.
    pub(super) order: Vec<(String, bool)>,
    pub(super) offset: u64,
    pub(super) limit: Option<u64>,
    /// A native filter over columns of the result.
    pub(super) having: Option<Value>,
    /// Names, expressions over columns of the result, and their types.
    pub(super) posts: Vec<(String, String, NativeType)>,
    /// The keys of each grouping set.
    pub(super) subtotals: Option<Vec<Vec<String>>>,
}

impl Shape {
    /// The simplest query that gives groups by these keys in this shape.
    pub(super) fn kind(&self, dimensions: &[Dimension]) -> Kind {
        let of_key = |key: &Dimension| self.order.iter().all(|(name, _)| *name == key.name);
        match dimensions {
            _ if self.having.is_some() || self.offset > 0 || self.subtotals.is_some() => Kind::Groups,
            [] => Kind::Series,
            [key] if matches!(key.field, Field::TimeFloor { .. }) && of_key(key) => Kind::Series,
            [key] if self.order.len() == 1 && !of_key(key) && self.limit.is_some() => Kind::Top,
            _ => Kind::Groups,
        }
    }
}

/// A query, and what of it is shown.
pub(super) struct Outline {
    pub(super) query: SegmentQuery,
    /// The columns of what it reads.
    pub(super) schema: Schema,
    /// What it reads, where that is no table.
    pub(super) source: Option<Value>,
    /// For each output, the name of its column; `None`: it has none.
    pub(super) names: Vec<Option<String>>,
    pub(super) shape: Shape,
}

/// The query of a plan, if one answers it all.
pub(super) fn query(plan: &LogicalPlan, names: &[String], composer: &Composer<'_>) -> Option<Value> {
    if let Some(windows) = super::windows::query(plan, names, composer) {
        return Some(windows);
    }
    let outline = Outline::read(plan, composer)?;
    let mut signature = Vec::new();
    let mut mappings = Vec::new();
    for (at, (field, name)) in plan.schema().fields().iter().zip(names).enumerate() {
        let column = outline.names.get(at)?.clone()?;
        signature.push(json!({"name": column, "type": native_name(field.data_type())}));
        mappings.push(json!({"queryColumn": column, "outputColumn": name}));
    }
    let query = outline.json(composer)?;
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

/// Whether the rows of a plan are groups, or were sorted as such.
fn is_grouped(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Extension(_) | LogicalPlan::Aggregate(_) => true,
        LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_) => plan.inputs().into_iter().all(is_grouped),
        _ => false,
    }
}

impl Outline {
    pub(super) fn read(plan: &LogicalPlan, composer: &Composer<'_>) -> Option<Self> {
        match plan {
            LogicalPlan::Extension(extension) => {
                Self::of_node(extension.node.as_any().downcast_ref::<SegmentNode>()?)
            }
            LogicalPlan::Aggregate(aggregate) => composer.groups(aggregate),
            LogicalPlan::SubqueryAlias(alias) => Self::read(&alias.input, composer),
            LogicalPlan::Projection(projection) if is_grouped(plan) => {
                Self::read(&projection.input, composer)?.projected(projection)
            }
            LogicalPlan::Projection(projection) if matches!(&*projection.input, LogicalPlan::Limit(_)) => {
                let LogicalPlan::Limit(limit) = &*projection.input else { return None };
                let (exprs, schema) = (projection.expr.clone(), Arc::clone(&projection.schema));
                let all = Projection::try_new_with_schema(exprs, Arc::clone(&limit.input), schema).ok()?;
                composer.rows(&LogicalPlan::Projection(all))?.limited(limit)
            }
            LogicalPlan::Sort(sort) => Self::read(&sort.input, composer)?.sorted(sort),
            LogicalPlan::Limit(limit) => Self::read(&limit.input, composer)?.limited(limit),
            LogicalPlan::Filter(filter) if is_grouped(plan) => {
                let mut below = Self::read(&filter.input, composer).filter(Self::is_bare_groups)?;
                let (predicate, schema) = below.over_result(&filter.predicate, filter.input.schema())?;
                below.shape.having = Some(filter_json(&predicate, &schema)?);
                Some(below)
            }
            _ => composer.rows(plan),
        }
    }

    fn of_node(node: &SegmentNode) -> Option<Self> {
        let schema = node.table.arrow_schema().clone();
        let [part] = node.parts.as_slice() else { return sets::outline(node, schema) };
        let results = result_names(&part.query);
        let name = |shown: &Shown| match shown {
            Shown::Result(result) => results.get(*result).cloned(),
            Shown::Constant(_) => None,
        };
        let names = part.shown.iter().map(name).collect();
        let query = part.query.clone();
        Some(Self { query, schema, source: None, names, shape: Shape::default() })
    }

    /// The query.
    pub(super) fn json(&self, composer: &Composer<'_>) -> Option<Value> {
        let mut columns: Vec<String> = Vec::new();
        for name in &self.names {
            let name = name.as_ref()?;
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let above = Above {
            shape: &self.shape,
            columns,
            context: composer.context.clone(),
            source: self.source.clone(),
        };
        Some(native(&self.query, &self.schema, above))
    }

    fn projected(mut self, projection: &Projection) -> Option<Self> {
        let schema = projection.input.schema();
        let mut names = Vec::with_capacity(projection.expr.len());
        for expr in &projection.expr {
            names.push(match self.output(expr, schema) {
                Some(at) => self.names.get(at)?.clone(),
                None => Some(self.post(expr, schema)?),
            });
        }
        self.names = names;
        Some(self)
    }

    /// The name of what is computed of a group.
    fn post(&mut self, expr: &Expr, schema: &DFSchema) -> Option<String> {
        let Work::Groups { .. } = self.query.work else { return None };
        let output = native_type(&expr.get_type(schema).ok()?)?;
        let (expr, columns) = self.over_result(expr, schema)?;
        let text = render(&expr, &columns)?.text;
        let name = format!("p{}", self.shape.posts.len());
        self.shape.posts.push((name.clone(), text, output));
        Some(name)
    }

    /// An expression over the columns of the result, and those.
    fn over_result(&self, expr: &Expr, schema: &DFSchema) -> Option<(Expr, Schema)> {
        let mut fields = Vec::with_capacity(self.names.len());
        for (field, name) in schema.fields().iter().zip(&self.names) {
            let name = name.clone().unwrap_or_default();
            fields.push(ArrowField::new(name, field.data_type().clone(), true));
        }
        let mut known = true;
        let renamed = expr.clone().transform_up(|part| {
            let Expr::Column(column) = &part else { return Ok(Transformed::no(part)) };
            let at = schema.maybe_index_of_column(column);
            match at.and_then(|at| self.names.get(at)?.clone()) {
                Some(name) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(name)))),
                None => {
                    known = false;
                    Ok(Transformed::no(part))
                }
            }
        });
        Some((renamed.ok().filter(|_| known)?.data, Schema::new(fields)))
    }

    fn sorted(mut self, sort: &Sort) -> Option<Self> {
        if self.shape.limit.is_some() {
            return None;
        }
        let schema = sort.input.schema();
        let key = |key: &datafusion::logical_expr::SortExpr| {
            Some((self.names.get(self.output(&key.expr, schema)?)?.clone()?, !key.asc))
        };
        self.shape.order = sort.expr.iter().map(key).collect::<Option<_>>()?;
        self.shape.limit = sort.fetch.and_then(|n| u64::try_from(n).ok());
        Some(self)
    }

    fn limited(mut self, limit: &Limit) -> Option<Self> {
        let (Ok(SkipType::Literal(skip)), Ok(FetchType::Literal(fetch))) =
            (limit.get_skip_type(), limit.get_fetch_type())
        else {
            return None;
        };
        self.shape.offset = u64::try_from(skip).ok()?;
        self.shape.limit = fetch.and_then(|n| u64::try_from(n).ok());
        Some(self)
    }

    fn is_bare_groups(&self) -> bool {
        let Shape { order, offset, limit, having, .. } = &self.shape;
        let bare = order.is_empty() && *offset == 0 && limit.is_none() && having.is_none();
        bare && matches!(self.query.work, Work::Groups { .. })
    }

    /// The output that an expression names.
    fn output(&self, expr: &Expr, schema: &DFSchema) -> Option<usize> {
        match expr {
            Expr::Alias(alias) => self.output(&alias.expr, schema),
            Expr::Column(column) => schema.maybe_index_of_column(column),
            _ => None,
        }
    }
}
