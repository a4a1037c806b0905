//! What does groupBy answer? A flat list of groups: conditions, order and limit applied, for each subtotal.

use std::cmp::Ordering;

use alluvium_segments::time::Granularity;

use super::write::{write_key, write_list, write_long};
use super::{Show, Surroundings, Table};
use crate::QueryError;
use crate::column::ColumnData;
use crate::partial::{Groups, Merger};
use crate::plan::{AggregateFunction, AggregatePlan, Fold};
use crate::request::{Context, GroupBy, grouping};

/// The blocks of results: one, or one a subtotal; each with its rows in order.
pub(crate) fn group_by_table(
    query: &GroupBy,
    mut groups: Groups,
    show: Show,
    context: &Context,
) -> Result<Vec<(Table, Vec<usize>)>, QueryError> {
    let dims_first = context.flag("sortByDimsFirst", false)?;
    let plan = &query.aggregation.plan;
    if plan.dimensions.is_empty() && matches!(plan.granularity, Granularity::All) {
        groups = groups.or_empty_group(plan);
    }
    let Some(subtotals) = &query.subtotals else {
        return Ok(vec![block(query, groups, &query.aggregation.plan, (show, dims_first))?]);
    };
    let mut blocks = Vec::with_capacity(subtotals.len());
    for names in subtotals {
        let (groups, plan) = subtotal(query, groups.clone(), names)?;
        blocks.push(block(query, groups, &plan, (show, dims_first))?);
    }
    Ok(blocks)
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

fn block(
    query: &GroupBy,
    mut groups: Groups,
    plan: &AggregatePlan,
    (show, dims_first): (Show, bool),
) -> Result<(Table, Vec<usize>), QueryError> {
    // Druid's groups have gone through storage.
    groups.set_stored();
    let mut table = Table::new(groups, plan, &query.aggregation.post, show)?;
    let mut rows = Vec::with_capacity(table.rows);
    for row in 0..table.rows {
        let keeps = query.having.as_ref().map_or(Ok(true), |having| having.keeps(&table, row))?;
        if keeps {
            rows.push(row);
        }
    }
    let time = |a: usize, b: usize| table.buckets.get(a).cmp(&table.buckets.get(b));
    let dimensions = |a: usize, b: usize| {
        let columns = table.columns.iter().take(plan.dimensions.len());
        columns.map(|c| c.cells.compare(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
    };
    let folds: Vec<(&String, &Fold)> = plan
        .aggregators
        .iter()
        .filter_map(|aggregator| match &aggregator.function {
            AggregateFunction::Fold(fold) if fold.compare.is_some() => Some((&aggregator.name, &**fold)),
            _ => None,
        })
        .collect();
    let asked = |a: usize, b: usize| {
        for column in &query.limit.columns {
            let order = match table.column(&column.name) {
                Some(cells) => match folds.iter().find(|(name, _)| **name == column.name) {
                    Some((_, fold)) => fold.order(&cells.value(a), &cells.value(b)),
                    None => cells.compare_by(column.ordering, a, b),
                },
                None => time(a, b),
            };
            if order.is_ne() {
                return if column.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    };
    rows.sort_by(|a, b| {
        let (a, b) = (*a, *b);
        let natural = if dims_first {
            dimensions(a, b).then_with(|| time(a, b))
        } else {
            time(a, b).then_with(|| dimensions(a, b))
        };
        // A limit orders within buckets.
        let by_time = if dims_first { Ordering::Equal } else { time(a, b) };
        by_time.then_with(|| asked(a, b)).then(natural)
    });
    let skip = usize::try_from(query.limit.offset).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..skip);
    if let Some(limit) = query.limit.limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    table.extract(&query.aggregation.late);
    Ok((table, rows))
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
    for (table, rows) in group_by_table(query, groups, around.show, context)? {
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
    }
    out.push(b']');
    Ok(out)
}
