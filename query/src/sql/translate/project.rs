//! Which expressions over the rows of a datasource do its segments compute? Those of a projection right above its
//! scan that have a form in the expression language: each becomes a column of the scan. Only there are rows of
//! several values seen as such.

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Extension, Limit, LogicalPlan, Projection, TableScan,
};

use super::expression::render;
use super::segment_query::{ComputedColumn, Work, native_type};
use super::source::Source;
use crate::sql::functions::makes_several;
use crate::sql::node::{Part, SegmentNode, Shown};

/// In which order rows are wanted (whether descending by time), and how many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct First {
    pub(super) descending: Option<bool>,
    pub(super) limit: Option<usize>,
}

/// A projection of a scan, as segment work where segments can compute some of its expressions.
pub(super) fn computed(projection: &Projection, first: First) -> Option<LogicalPlan> {
    let scan = scan_below(&projection.input)?;
    let source = Source::scan(scan)?;
    let mut rows = Columns::new(&source);
    let outputs: Vec<Expr> = projection
        .expr
        .iter()
        .zip(projection.schema.iter())
        .map(|(expr, (qualifier, field))| rows.output(expr, qualifier, field, projection.input.schema()))
        .collect();
    if rows.computed.is_empty() {
        return None;
    }
    let node = rows.node(projection.input.schema(), first, scan.fetch)?;
    let projection = Projection::try_new_with_schema(outputs, Arc::new(node), Arc::clone(&projection.schema));
    Some(LogicalPlan::Projection(projection.ok()?))
}

/// A projection of the first rows of a scan: the same of all rows, of which as many are the first.
pub(super) fn computed_first(projection: &Projection) -> Option<LogicalPlan> {
    let LogicalPlan::Limit(limit) = &*projection.input else { return None };
    let (exprs, schema) = (projection.expr.clone(), Arc::clone(&projection.schema));
    let whole = Projection::try_new_with_schema(exprs, Arc::clone(&limit.input), schema).ok()?;
    let input = Arc::new(computed(&whole, First::default())?);
    Some(LogicalPlan::Limit(Limit { input, ..limit.clone() }))
}

/// An aggregation of a scan that segments cannot do, over columns of which they compute some.
pub(super) fn computed_arguments(aggregate: &Aggregate) -> Option<LogicalPlan> {
    let scan = scan_below(&aggregate.input)?;
    let source = Source::scan(scan)?;
    let input = aggregate.input.schema();
    let mut rows = Columns::new(&source);
    if aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_))) {
        return None;
    }
    let mut below = |expr: &Expr| rows.below(expr, input);
    let keys: Vec<Expr> = aggregate.group_expr.iter().map(&mut below).collect::<Option<_>>()?;
    let calls: Vec<Expr> = aggregate.aggr_expr.iter().map(below).collect::<Option<_>>()?;
    if rows.computed.is_empty() {
        return None;
    }
    let node = rows.node(input, First::default(), scan.fetch)?;
    let schema = Arc::clone(&aggregate.schema);
    let aggregate = Aggregate::try_new_with_schema(Arc::new(node), keys, calls, schema);
    Some(LogicalPlan::Aggregate(aggregate.ok()?))
}

/// Whether an expression makes lists of a row that may have no value, and are shown so. Of a filter's nothing is shown.
fn may_be_empty(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call)
        if makes_several(call.func.name()) && !call.func.name().starts_with("mv_filter"))
}

/// The scan that a plan is, whatever it is called.
fn scan_below(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan),
        LogicalPlan::SubqueryAlias(alias) => scan_below(&alias.input),
        _ => None,
    }
}

/// The columns a scan is to return.
struct Columns<'s> {
    source: &'s Source,
    computed: Vec<ComputedColumn>,
    fields: Vec<Field>,
    /// Numbers of the columns of the input that are looked at as they are.
    stored: Vec<usize>,
}

impl<'s> Columns<'s> {
    fn new(source: &'s Source) -> Self {
        Self { source, computed: Vec::new(), fields: Vec::new(), stored: Vec::new() }
    }

    /// What an expression of the projection becomes above the columns.
    fn output(
        &mut self,
        expr: &Expr,
        qualifier: Option<&TableReference>,
        field: &Field,
        input: &DFSchema,
    ) -> Expr {
        if let Some(name) = self.compute(expr, field, input, true) {
            let column = Expr::Column(Column::new_unqualified(name));
            return column.alias_qualified(qualifier.cloned(), field.name());
        }
        for column in expr.column_refs() {
            self.stored.extend(input.maybe_index_of_column(column));
        }
        expr.clone()
    }

    /// An expression whose parts that segments compute are columns, under the name it had.
    fn below(&mut self, expr: &Expr, input: &DFSchema) -> Option<Expr> {
        let name = expr.schema_name().to_string();
        let changed = expr.clone().transform_down(|part| {
            let field = part.get_type(input).map(|data_type| Field::new(&name, data_type, true));
            let computed = field.ok().and_then(|field| self.compute(&part, &field, input, false));
            Ok(match computed {
                Some(column) => {
                    let column = Expr::Column(Column::new_unqualified(column));
                    Transformed::new(column, true, TreeNodeRecursion::Jump)
                }
                None => {
                    if let Expr::Column(column) = &part {
                        self.stored.extend(input.maybe_index_of_column(column));
                    }
                    Transformed::no(part)
                }
            })
        });
        let changed = changed.ok()?;
        Some(if changed.transformed { changed.data.alias(name) } else { changed.data })
    }

    /// The name of the column that an expression becomes, where it can; whether it is shown as it is.
    fn compute(&mut self, expr: &Expr, field: &Field, input: &DFSchema, shown: bool) -> Option<String> {
        let expr = self.source.inline(expr, input)?;
        // Whether a row of several values is null is seen above, where it is one text.
        let tests_column =
            matches!(&expr, Expr::IsNull(e) | Expr::IsNotNull(e) if matches!(&**e, Expr::Column(_)));
        if tests_column || matches!(expr, Expr::Column(_)) || expr.column_refs().is_empty() {
            return None;
        }
        let mut expression = render(&expr, self.source.table.arrow_schema())?.text;
        if shown && may_be_empty(&expr) {
            expression = format!("if(array_length({expression})==0,'[]',{expression})");
        }
        let output = native_type(field.data_type())?;
        let same = |known: &&ComputedColumn| known.expression == expression && known.output == output;
        if let Some(known) = self.computed.iter().find(same) {
            return Some(known.name.clone());
        }
        let taken = |name: &String| self.source.table.arrow_schema().field_with_name(name).is_ok();
        let mut names = (self.computed.len()..).map(|n| format!("v{n}"));
        let name = names.find(|name| !taken(name) && self.computed.iter().all(|c| c.name != *name))?;
        self.fields.push(field.clone().with_name(&name));
        self.computed.push(ComputedColumn { name: name.clone(), expression, output });
        Some(name)
    }

    fn node(mut self, input: &DFSchema, first: First, fetch: Option<usize>) -> Option<LogicalPlan> {
        self.stored.sort_unstable();
        self.stored.dedup();
        let mut columns = Vec::with_capacity(self.stored.len() + self.computed.len());
        let mut fields = Vec::with_capacity(columns.capacity());
        for at in &self.stored {
            let (qualifier, field) = input.qualified_field(*at);
            columns.push(field.name().clone());
            fields.push((qualifier.cloned(), Arc::clone(field)));
        }
        columns.extend(self.computed.iter().map(|column| column.name.clone()));
        fields.extend(self.fields.into_iter().map(|field| (None, Arc::new(field))));
        let schema = DFSchema::new_with_metadata(fields, input.metadata().clone()).ok()?;
        let limit = [first.limit, fetch].into_iter().flatten().min().and_then(|n| u64::try_from(n).ok());
        let shown = (0..columns.len()).map(Shown::Result).collect();
        let work =
            Work::Rows { columns, computed: self.computed, descending: first.descending, offset: 0, limit };
        let part = Part { query: self.source.query(work)?, shown };
        let node = SegmentNode::new(Arc::clone(&self.source.table), vec![part], Arc::new(schema));
        Some(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }
}
