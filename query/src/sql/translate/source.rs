//! Over which rows does an operator stand? Projections, filters and aliases above one datasource, folded into one
//! description in terms of its columns.

use std::sync::Arc;

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, lit};

use super::filter::restriction;
use super::segment_query::{SegmentQuery, Work};
use crate::sql::coerce::call;
use crate::sql::prepare::has_holes;
use crate::sql::table::DatasourceTable;

/// Rows of one datasource that pass filters, and what each output column is in terms of its columns.
pub(crate) struct Source {
    pub(crate) table: Arc<DatasourceTable>,
    /// All must be true.
    pub(crate) filters: Vec<Expr>,
    /// One an output column.
    pub(crate) outputs: Vec<Expr>,
    pub(crate) unnested: Option<Unnested>,
}

/// Rows that come once for each element of an array.
pub(crate) struct Unnested {
    /// In terms of the datasource's columns.
    pub(super) array: Expr,
    /// Tests of the element, which [`element`] stands for.
    pub(super) filters: Vec<Expr>,
}

impl Unnested {
    /// Which rows have elements; `None`: all, as those without values have one that is null.
    fn has_elements(&self) -> Option<Expr> {
        match &self.array {
            Expr::ScalarFunction(values) if values.func.name() == "mv_harmonize_nulls" => None,
            array => Some(call("array_length", vec![array.clone()]).gt(lit(0_i64))),
        }
    }
}

/// What stands for the element of the array in a row.
pub(super) fn element() -> Expr {
    Expr::Column(Column::new_unqualified("unnest$element"))
}

/// Whether an expression looks at the element.
pub(super) fn sees_element(expr: &Expr) -> bool {
    let element = element();
    expr.exists(|part| Ok(*part == element)).unwrap_or(true)
}

impl Source {
    /// Work over its rows; `None` when a condition does not translate.
    pub(crate) fn query(&self, work: Work) -> Option<SegmentQuery> {
        let table = self.table.arrow_schema();
        let mut filters = self.filters.clone();
        filters.extend(self.unnested.as_ref().and_then(Unnested::has_elements));
        let rows = restriction(&filters, self.table.values(), table)?;
        let holes = filters.iter().any(has_holes);
        let conditions = if holes { filters } else { Vec::new() };
        Some(SegmentQuery { datasources: self.table.names().to_vec(), rows, conditions, work })
    }

    /// Reads a plan; `None` when it is anything else, or has a limit.
    pub(super) fn of(plan: &LogicalPlan) -> Option<Self> {
        match plan {
            LogicalPlan::TableScan(scan) if scan.fetch.is_none() => Self::scan(scan),
            LogicalPlan::SubqueryAlias(alias) => Self::of(&alias.input),
            LogicalPlan::Filter(filter) => {
                let mut source = Self::of(&filter.input)?;
                let condition = source.inline(&filter.predicate, filter.input.schema())?;
                match &mut source.unnested {
                    Some(unnested) if sees_element(&condition) => unnested.filters.push(condition),
                    _ => source.filters.push(condition),
                }
                Some(source)
            }
            LogicalPlan::Unnest(unnest) => {
                let mut source = Self::of(&unnest.input)?;
                let ([(at, _)], true, None) = (
                    unnest.list_type_columns.as_slice(),
                    unnest.struct_type_columns.is_empty(),
                    &source.unnested,
                ) else {
                    return None;
                };
                let keeps_places = unnest.dependency_indices.iter().enumerate().all(|(i, from)| i == *from);
                let array = std::mem::replace(source.outputs.get_mut(*at)?, element());
                source.unnested = Some(Unnested { array, filters: Vec::new() });
                keeps_places.then_some(source)
            }
            LogicalPlan::Projection(projection) => {
                let mut source = Self::of(&projection.input)?;
                let schema = projection.input.schema();
                let outputs: Option<Vec<Expr>> =
                    projection.expr.iter().map(|e| source.inline(e, schema)).collect();
                source.outputs = outputs?;
                Some(source)
            }
            _ => None,
        }
    }

    /// A scan of a datasource, whatever its limit.
    pub(crate) fn scan(scan: &TableScan) -> Option<Self> {
        let provider = source_as_provider(&scan.source).ok()?;
        let table = DatasourceTable::of(&provider)?;
        let filters = scan.filters.iter().map(|e| bare(e.clone())).collect();
        let fields = scan.projected_schema.fields().iter();
        let outputs = fields.map(|f| Expr::Column(Column::new_unqualified(f.name()))).collect();
        Some(Self { table, filters, outputs, unnested: None })
    }

    /// An expression over the outputs, in terms of the datasource's columns.
    pub(crate) fn inline(&self, expr: &Expr, schema: &DFSchema) -> Option<Expr> {
        let mut known = true;
        let inlined = expr.clone().transform_up(|e| match &e {
            Expr::Column(column) => {
                let at = schema.maybe_index_of_column(column);
                match at.and_then(|i| self.outputs.get(i)) {
                    Some(output) => Ok(Transformed::yes(output.clone())),
                    None => {
                        known = false;
                        Ok(Transformed::no(e))
                    }
                }
            }
            Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr.clone())),
            Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::OuterReferenceColumn(..) => {
                known = false;
                Ok(Transformed::no(e))
            }
            _ => Ok(Transformed::no(e)),
        });
        inlined.ok().map(|t| t.data).filter(|_| known)
    }
}

/// An expression whose columns have lost their table.
fn bare(expr: Expr) -> Expr {
    let stripped = expr.clone().transform_up(|e| match e {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))),
        other => Ok(Transformed::no(other)),
    });
    stripped.map_or(expr, |t| t.data)
}
