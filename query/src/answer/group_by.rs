//! What does groupBy answer? A flat list of groups: conditions, order and limit applied, for each subtotal.

use std::cmp::Ordering;

use alluvium_segments::time::Granularity;

use super::write::{write_key, write_list, write_long};
use super::{Show, Surroundings, Table};
use crate::QueryError;
use crate::column::ColumnData;
use crate::partial::{Groups, Merger};
use crate::plan::{AggregateFunction, AggregatePlan, AggregatorPlan, Fold};
use crate::request::{Context, GroupBy, LimitSpec, OrderColumn, grouping};

/// The groups, and which of them are shown in which order.
pub(crate) fn group_by_table(
    query: &GroupBy,
    mut groups: Groups,
    show: Show,
    context: &Context,
) -> Result<(Table, Vec<usize>), QueryError> {
    let dims_first = context.flag("sortByDimsFirst", false)?;
    let plan = &query.aggregation.plan;
    if plan.dimensions.is_empty() && matches!(plan.granularity, Granularity::All) {
        groups = groups.or_empty_group(plan);
    }
    let (mut table, mut rows) = match &query.subtotals {
        None => block(query, groups, plan, show, (&query.limit, dims_first))?,
        Some(subtotals) => with_subtotals(query, groups, subtotals, show, dims_first)?,
    };
    let skip = usize::try_from(query.limit.offset).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..skip);
    if let Some(limit) = query.limit.limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    table.extract(&query.aggregation.late);
    Ok((table, rows))
}

/// The groups of each subtotal after each other; order and limit are those of them all.
fn with_subtotals(
    query: &GroupBy,
    groups: Groups,
    subtotals: &[Vec<String>],
    show: Show,
    dims_first: bool,
) -> Result<(Table, Vec<usize>), QueryError> {
    let mut whole: Option<(Table, Vec<usize>)> = None;
    for names in subtotals {
        let (groups, plan) = subtotal(query, groups.clone(), names)?;
        let mut limit = query.limit.clone();
        let is_left = |name: &String| names.contains(name) || plan.dimensions.iter().all(|d| d.name != *name);
        limit.columns.retain(|column| is_left(&column.name));
        let (table, rows) = block(query, groups, &plan, show, (&limit, dims_first))?;
        whole = Some(match whole {
            None => (table, rows),
            Some((mut known, mut order)) => {
                order.extend(rows.iter().map(|row| row + known.rows));
                known.append(table);
                (known, order)
            }
        });
    }
    let (table, mut rows) = match whole {
        Some(whole) => whole,
        None => block(query, groups, &query.aggregation.plan, show, (&query.limit, dims_first))?,
    };
    if query.limit.limit.is_some() || !query.limit.columns.is_empty() {
        let asked = Asked::new(query, &query.aggregation.plan, &table, &query.limit, dims_first);
        rows.sort_by(|a, b| asked.compare(*a, *b));
    }
    Ok((table, rows))
}

/// Groups by some of the dimensions; the others are null.
fn subtotal(
    query: &GroupBy,
    mut groups: Groups,
    names: &[String],
) -> Result<(Groups, AggregatePlan), QueryError> {
    let mut plan = query.aggregation.plan.clone();
    for aggregator in &mut plan.aggregators {
        if let Some((_, asked)) = query.groupings.iter().find(|(name, _)| *name == aggregator.name) {
            aggregator.function =
                AggregateFunction::Grouping(grouping(asked, |n| names.iter().any(|k| k == n)));
        }
    }
    for (dimension, key) in plan.dimensions.iter().zip(&mut groups.keys) {
        if !names.contains(&dimension.name) {
            *key = ColumnData::empty(dimension.output_type);
            key.grow_null(groups.len);
        }
    }
    let mut merger = Merger::of_values(&plan);
    merger.add(&plan, groups, false)?;
    Ok((merger.finish(&plan, &[])?, plan))
}

/// Finished groups, and those that pass the condition, in order.
fn block(
    query: &GroupBy,
    mut groups: Groups,
    plan: &AggregatePlan,
    show: Show,
    (limit, dims_first): (&LimitSpec, bool),
) -> Result<(Table, Vec<usize>), QueryError> {
    // Druid's groups have gone through storage.
    groups.set_stored();
    let table = Table::new(groups, plan, &query.aggregation.post, show)?;
    let mut rows = Vec::with_capacity(table.rows);
    for row in 0..table.rows {
        let keeps = query.having.as_ref().map_or(Ok(true), |having| having.keeps(&table, row))?;
        if keeps {
            rows.push(row);
        }
    }
    let dimensions = |a: usize, b: usize| {
        let columns = table.columns.iter().take(plan.dimensions.len());
        columns.map(|c| c.cells.compare(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    let asked = Asked::new(query, plan, &table, limit, dims_first);
    rows.sort_by(|a, b| {
        let (a, b) = (*a, *b);
        let natural = if dims_first {
            dimensions(a, b).then_with(|| asked.time(a, b))
        } else {
            asked.time(a, b).then_with(|| dimensions(a, b))
        };
        asked.compare(a, b).then(natural)
    });
    Ok((table, rows))
}

/// The order a query asks for.
struct Asked<'q> {
    table: &'q Table,
    limit: &'q LimitSpec,
    folds: Vec<(&'q str, &'q Fold)>,
    dimensions: Vec<&'q str>,
    dims_first: bool,
}

impl<'q> Asked<'q> {
    fn new(
        query: &'q GroupBy,
        plan: &'q AggregatePlan,
        table: &'q Table,
        limit: &'q LimitSpec,
        dims_first: bool,
    ) -> Self {
        let folded = |aggregator: &'q AggregatorPlan| match &aggregator.function {
            AggregateFunction::Fold(fold) if fold.compare.is_some() => {
                Some((aggregator.name.as_str(), &**fold))
            }
            _ => None,
        };
        let dimensions = query.aggregation.plan.dimensions.iter().map(|d| d.name.as_str()).collect();
        let folds = plan.aggregators.iter().filter_map(folded).collect();
        Self { table, limit, folds, dimensions, dims_first }
    }

    fn time(&self, a: usize, b: usize) -> Ordering {
        self.table.buckets.get(a).cmp(&self.table.buckets.get(b))
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        // A limit orders within buckets.
        let by_time = if self.dims_first { Ordering::Equal } else { self.time(a, b) };
        by_time.then_with(|| self.by_columns(a, b))
    }

    fn by_columns(&self, a: usize, b: usize) -> Ordering {
        for OrderColumn { name, descending, ordering } in &self.limit.columns {
            let order = match self.table.column(name) {
                Some(cells) if self.dimensions.contains(&name.as_str()) => cells.compare_by(*ordering, a, b),
                Some(cells) => match self.folds.iter().find(|(known, _)| known == name) {
                    Some((_, fold)) => fold.order(&cells.value(a), &cells.value(b)),
                    None => self.table.compare(name, cells, a, b),
                },
                None => self.time(a, b),
            };
            if order.is_ne() {
                return if *descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// The whole answer.
pub(crate) fn group_by(
    query: &GroupBy,
    groups: Groups,
    around: &Surroundings<'_>,
    context: &Context,
) -> Result<Vec<u8>, QueryError> {
    let as_array = context.flag("resultAsArray", false)?;
    let all = matches!(query.aggregation.plan.granularity, Granularity::All);
    let start = around.intervals.first().map_or(0, |i| i.start);
    let mut out = vec![b'['];
    let mut first = true;
    let (table, rows) = group_by_table(query, groups, around.show, context)?;
    for row in rows {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let t = table.buckets.get(row).copied().unwrap_or(start);
        if as_array {
            out.push(b'[');
            if !all {
                write_long(t, &mut out);
                if !table.columns.is_empty() {
                    out.push(b',');
                }
            }
            write_list(&table.columns, &mut out, |column, out| column.cells.write(row, out));
            out.push(b']');
            continue;
        }
        out.extend(b"{\"version\":\"v1\",\"timestamp\":");
        around.times.write(t, &mut out);
        out.extend(b",\"event\":{");
        write_list(&table.columns, &mut out, |column, out| {
            write_key(&column.name, out);
            column.cells.write(row, out);
        });
        out.extend(b"}}");
    }
    out.push(b']');
    Ok(out)
}
