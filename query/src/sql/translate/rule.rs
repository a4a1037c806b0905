//! Where do segment operators enter a plan? After DataFusion has optimised it: each aggregation over one
//! datasource, and each scan of which only the first rows by time are wanted, becomes a [`SegmentNode`].

use std::collections::BTreeSet;
use std::sync::Arc;

use alluvium_segments::TIME_COLUMN;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Expr, Extension, GroupingSet, LogicalPlan, LogicalPlanBuilder, Projection, Sort, TableScan,
    UserDefinedLogicalNodeCore,
};

use super::aggregate::segment_query;
use super::project::{First, computed, computed_arguments, computed_first};
use super::segment_query::Work;
use super::source::{Source, element, sees_element};
use crate::sql::node::{Part, SegmentNode, Shown};
use crate::sql::table::DatasourceTable;

/// A plan with segment operators, and how many operators over a datasource did not translate.
pub(crate) fn push_down(plan: LogicalPlan) -> Result<(LogicalPlan, usize)> {
    let plan = plan
        .transform_down_with_subqueries(|node| {
            Ok(match &node {
                LogicalPlan::Aggregate(aggregate) => match segment_aggregate(aggregate) {
                    Some(segments) => Transformed::new(segments, true, TreeNodeRecursion::Jump),
                    None => Transformed::no(node),
                },
                LogicalPlan::Sort(sort) => match first_rows(sort) {
                    Some(input) => {
                        let sort = Sort { input: Arc::new(input), ..sort.clone() };
                        Transformed::new(LogicalPlan::Sort(sort), true, TreeNodeRecursion::Jump)
                    }
                    None => Transformed::no(node),
                },
                _ => Transformed::no(node),
            })
        })?
        .data;
    let mut left = 0;
    plan.apply_with_subqueries(|node| {
        left += usize::from(is_fallback(node));
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok((plan, left))
}

fn is_fallback(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Aggregate(aggregate) => Source::of(&aggregate.input).is_some(),
        LogicalPlan::Filter(filter) => match &*filter.input {
            LogicalPlan::TableScan(scan) => {
                source_as_provider(&scan.source).is_ok_and(|p| DatasourceTable::of(&p).is_some())
            }
            _ => false,
        },
        _ => false,
    }
}

fn segment_aggregate(aggregate: &Aggregate) -> Option<LogicalPlan> {
    let source = Source::of(&aggregate.input)?;
    let sets = match aggregate.group_expr.as_slice() {
        [Expr::GroupingSet(_)] => return grouping_sets(&source, aggregate),
        keys => keys,
    };
    let element_key = element_key(&source, aggregate, sets)?;
    let query = segment_query(&source, aggregate, sets)?;
    let columns = sets.len() + aggregate.aggr_expr.len();
    let part = Part { query, shown: (0..columns).map(Shown::Result).collect() };
    let groups = extension(&source, vec![part], aggregate);
    let filters = source.unnested.into_iter().flat_map(|unnested| unnested.filters);
    let Some(condition) = filters.reduce(Expr::and) else { return Some(groups) };
    // All rows of a group have the same element: the group passes a test of it, or none of them does.
    let key = Expr::Column(Column::from(aggregate.schema.qualified_field(element_key?)));
    let over_groups = condition.transform_up(|part| {
        Ok(if part == element() { Transformed::yes(key.clone()) } else { Transformed::no(part) })
    });
    LogicalPlanBuilder::from(groups).filter(over_groups.ok()?.data).ok()?.build().ok()
}

/// Which key of a grouping of unnested rows is the element; `None` within: rows are not unnested. `None` where they are,
/// and segments cannot group them: no key is the element, or more than that looks at it.
fn element_key(source: &Source, aggregate: &Aggregate, keys: &[Expr]) -> Option<Option<usize>> {
    let Some(unnested) = &source.unnested else { return Some(None) };
    let input = aggregate.input.schema();
    let keys: Vec<Expr> = keys.iter().map(|key| source.inline(key, input)).collect::<Option<_>>()?;
    let is_element: Vec<usize> = (0..keys.len()).filter(|at| keys.get(*at) == Some(&element())).collect();
    let [only] = is_element.as_slice() else { return None };
    let others = keys.iter().filter(|key| **key != element());
    let calls = aggregate.aggr_expr.iter().flat_map(Expr::column_refs).cloned().map(Expr::Column);
    let calls: Vec<Expr> = calls.map(|column| source.inline(&column, input)).collect::<Option<_>>()?;
    let only_elements = unnested.filters.iter().flat_map(Expr::column_refs).cloned().map(Expr::Column);
    let alone = only_elements.into_iter().all(|column| column == element());
    (alone && !others.chain(&calls).any(sees_element)).then_some(Some(*only))
}

/// One part a set: keys outside the set are NULL, the grouping id is a constant.
fn grouping_sets(source: &Source, aggregate: &Aggregate) -> Option<LogicalPlan> {
    if source.unnested.is_some() {
        return None;
    }
    let sets = match aggregate.group_expr.as_slice() {
        [Expr::GroupingSet(set)] => expand(set)?,
        _ => return None,
    };
    let all = grouping_set_to_exprlist(&aggregate.group_expr).ok()?;
    let fields = aggregate.schema.fields();
    let id_type = fields.get(all.len())?.data_type();
    let mut parts = Vec::with_capacity(sets.len());
    for (i, set) in sets.iter().enumerate() {
        if sets.get(..i)?.contains(set) {
            return None;
        }
        let mut shown = Vec::with_capacity(fields.len());
        let mut id = 0i64;
        for (key, field) in all.iter().zip(fields.iter()) {
            let at = set.iter().position(|e| e == *key);
            id = id << 1 | i64::from(at.is_none());
            shown.push(match at {
                Some(at) => Shown::Result(at),
                None => Shown::Constant(ScalarValue::try_from(field.data_type()).ok()?),
            });
        }
        shown.push(Shown::Constant(ScalarValue::Int64(Some(id)).cast_to(id_type).ok()?));
        shown.extend((0..aggregate.aggr_expr.len()).map(|a| Shown::Result(set.len() + a)));
        parts.push(Part { query: segment_query(source, aggregate, set)?, shown });
    }
    Some(extension(source, parts, aggregate))
}

/// The sets of `ROLLUP`, `CUBE` or a list of sets.
fn expand(set: &GroupingSet) -> Option<Vec<Vec<Expr>>> {
    match set {
        GroupingSet::GroupingSets(sets) => Some(sets.clone()),
        GroupingSet::Rollup(keys) => (0..=keys.len()).map(|n| keys.get(..n).map(<[Expr]>::to_vec)).collect(),
        GroupingSet::Cube(keys) if keys.len() <= 10 => {
            let subset = |mask: usize| {
                let kept = keys.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
                kept.map(|(_, key)| key.clone()).collect()
            };
            Some((0..1 << keys.len()).map(subset).collect())
        }
        GroupingSet::Cube(_) => None,
    }
}

fn extension(source: &Source, parts: Vec<Part>, aggregate: &Aggregate) -> LogicalPlan {
    let node = SegmentNode::new(Arc::clone(&source.table), parts, Arc::clone(&aggregate.schema));
    LogicalPlan::Extension(Extension { node: Arc::new(node) })
}

/// The input of a sort of which only the first rows by `__time` are wanted, reading no more than those.
fn first_rows(sort: &Sort) -> Option<LogicalPlan> {
    let (limit, [key]) = (sort.fetch?, sort.expr.as_slice()) else { return None };
    let source = Source::of(&sort.input)?;
    match source.inline(&key.expr, sort.input.schema())? {
        Expr::Column(column) if column.name == TIME_COLUMN => {}
        _ => return None,
    }
    replace_scan(&sort.input, &source, !key.asc, limit)
}

fn replace_scan(plan: &LogicalPlan, source: &Source, descending: bool, limit: usize) -> Option<LogicalPlan> {
    if let LogicalPlan::Projection(projection) = plan {
        let first = First { descending: Some(descending), limit: Some(limit) };
        if let Some(rows) = computed(projection, first) {
            return Some(rows);
        }
    }
    match plan {
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => {
            let input = replace_scan(plan.inputs().first()?, source, descending, limit)?;
            plan.with_new_exprs(plan.expressions(), vec![input]).ok()
        }
        LogicalPlan::TableScan(scan) => rows(scan, source, Some(descending), Some(limit)),
        _ => None,
    }
}

/// The columns of a scan as segment work.
fn rows(
    scan: &TableScan,
    source: &Source,
    descending: Option<bool>,
    limit: Option<usize>,
) -> Option<LogicalPlan> {
    let columns: Vec<String> = scan.projected_schema.fields().iter().map(|f| f.name().clone()).collect();
    let shown = (0..columns.len()).map(Shown::Result).collect();
    let limit = limit.and_then(|n| u64::try_from(n).ok());
    let query = source.query(Work::Rows { columns, computed: Vec::new(), descending, offset: 0, limit })?;
    let schema = Arc::clone(&scan.projected_schema);
    let node = SegmentNode::new(Arc::clone(&source.table), vec![Part { query, shown }], schema);
    Some(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
}

/// A plan in which every scan of a datasource is segment work.
pub(crate) fn place_scans(plan: LogicalPlan) -> Result<LogicalPlan> {
    let whole = plan.transform_down_with_subqueries(|node| {
        if let LogicalPlan::Projection(projection) = &node
            && let Some(rows) = computed(projection, First::default()).or_else(|| computed_first(projection))
        {
            return Ok(Transformed::new(rows, true, TreeNodeRecursion::Jump));
        }
        if let LogicalPlan::Aggregate(aggregate) = &node
            && let Some(groups) = computed_arguments(aggregate)
        {
            return Ok(Transformed::new(groups, true, TreeNodeRecursion::Jump));
        }
        placed(node)
    })?;
    // Also in the subqueries of what has been placed.
    let whole = whole.data.transform_down_with_subqueries(placed)?;
    Ok(whole.data.transform_up_with_subqueries(narrowed)?.data)
}

/// A scan of a datasource as segment work.
fn placed(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
    let Some(source) = Source::scan(scan) else { return Ok(Transformed::no(node)) };
    match rows(scan, &source, None, scan.fetch) {
        Some(segments) => Ok(Transformed::yes(segments)),
        None => Ok(Transformed::no(node)),
    }
}

/// A projection of groups below which only the columns that it looks at are shown.
fn narrowed(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Projection(projection) = &plan else { return Ok(Transformed::no(plan)) };
    let LogicalPlan::Extension(extension) = &*projection.input else { return Ok(Transformed::no(plan)) };
    let node = extension.node.as_any().downcast_ref::<SegmentNode>();
    let Some(node) = node.filter(|node| node.parts.iter().all(|part| part.is_groups())) else {
        return Ok(Transformed::no(plan));
    };
    let schema = node.schema();
    let mut used = BTreeSet::new();
    for expr in &projection.expr {
        if expr.exists(|e| Ok(is_query(e)))? {
            return Ok(Transformed::no(plan));
        }
        for column in expr.column_refs() {
            used.insert(schema.index_of_column(column)?);
        }
    }
    if used.is_empty() || used.len() == schema.fields().len() {
        return Ok(Transformed::no(plan));
    }
    let node = LogicalPlan::Extension(Extension { node: Arc::new(node.showing(&used)?) });
    let projection = Projection::try_new_with_schema(
        projection.expr.clone(),
        Arc::new(node),
        Arc::clone(&projection.schema),
    );
    Ok(Transformed::yes(LogicalPlan::Projection(projection?)))
}

/// Whether an expression looks at more than columns of its input.
fn is_query(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..)
    )
}
