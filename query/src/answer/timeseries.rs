//! What does timeseries answer? A row a bucket; empty buckets between a segment's first and last row have rows
//! too, unless they are to be skipped.

use std::collections::BTreeSet;

use alluvium_segments::time::Granularity;

use super::write::{write_key, write_list, write_long};
use super::{Show, Surroundings, Table};
use crate::QueryError;
use crate::partial::{Groups, Merger, State};
use crate::plan::AggregatePlan;
use crate::request::{Context, Timeseries};
use crate::run::Control;

/// The rows in order.
pub(crate) fn timeseries_table(
    query: &Timeseries,
    mut groups: Groups,
    around: &Surroundings<'_>,
    context: &Context,
    control: &Control,
) -> Result<(Table, Vec<usize>), QueryError> {
    let plan = &query.aggregation.plan;
    let skip = context.flag("skipEmptyBuckets", false)?;
    if matches!(plan.granularity, Granularity::All) {
        if !skip {
            groups = groups.or_empty_group(plan);
        }
    } else if !skip {
        groups = fill(groups, plan, around, control)?;
    }
    let table = Table::new(groups, plan, &query.aggregation.post, around.show)?;
    let mut order: Vec<usize> = (0..table.rows).collect();
    if !table.buckets.is_empty() {
        order.sort_by_key(|row| table.buckets[*row]);
    }
    if query.descending {
        order.reverse();
    }
    if query.limit > 0 {
        order.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    }
    Ok((table, order))
}

/// Adds the buckets that have no rows.
fn fill(
    groups: Groups,
    plan: &AggregatePlan,
    around: &Surroundings<'_>,
    control: &Control,
) -> Result<Groups, QueryError> {
    let starts = around.buckets(&plan.granularity, groups.buckets(), control)?;
    with_buckets(groups, plan, starts)
}

/// Adds those of some buckets, ascending, that have no rows.
pub(crate) fn with_buckets(
    groups: Groups,
    plan: &AggregatePlan,
    mut missing: Vec<i64>,
) -> Result<Groups, QueryError> {
    let mut known = groups.buckets().to_vec();
    known.sort_unstable();
    missing.retain(|start| known.binary_search(start).is_err());
    if missing.is_empty() {
        return Ok(groups);
    }
    let mut empty = Groups::empty(plan);
    empty.len = missing.len();
    empty.buckets = missing;
    for (state, aggregator) in empty.states.iter_mut().zip(&plan.aggregators) {
        *state = State::new(&aggregator.function);
        state.grow(empty.len, &aggregator.function);
    }
    let mut merger = Merger::of_values(plan);
    merger.add(plan, groups, true)?;
    merger.add(plan, empty, true)?;
    merger.finish(plan, &[])
}

/// The whole answer.
pub(crate) fn timeseries(
    query: &Timeseries,
    mut groups: Groups,
    around: &Surroundings<'_>,
    context: &Context,
    control: &Control,
) -> Result<Vec<u8>, QueryError> {
    let totals = context.flag("grandTotal", false)?.then(|| groups.clone());
    let plan = &query.aggregation.plan;
    let is_merged =
        |bucket: Option<i64>| around.segments_of(&plan.granularity, bucket.unwrap_or_default()) > 1;
    // What is of one segment has gone through storage.
    groups.set_stored_where(|bucket| !is_merged(bucket));
    let (mut table, order) = timeseries_table(query, groups, around, context, control)?;
    table.widen(plan, is_merged);
    // The total is that of the rows that are left.
    let totals = totals.map(|groups| total(query, kept(groups, &table, &order), around.show)).transpose()?;
    let field = context.text("timestampResultField");
    let mut out = vec![b'['];
    write_list(&order, &mut out, |row, out| {
        let t = table.buckets.get(*row).copied().unwrap_or_else(|| around.all_time());
        out.extend(b"{\"timestamp\":");
        around.times.write(t, out);
        out.extend(b",\"result\":{");
        if let Some(field) = &field {
            write_key(field, out);
            write_long(t, out);
            if !table.columns.is_empty() {
                out.push(b',');
            }
        }
        write_row(&table, *row, out);
        out.extend(b"}}");
    });
    if let Some(totals) = totals {
        if !order.is_empty() {
            out.push(b',');
        }
        out.extend(b"{\"timestamp\":null,\"result\":{");
        write_row(&totals, 0, &mut out);
        out.extend(b"}}");
    }
    out.push(b']');
    Ok(out)
}

/// The groups of the rows that are left.
fn kept(mut groups: Groups, table: &Table, order: &[usize]) -> Groups {
    if order.len() < table.rows && !table.buckets.is_empty() {
        let left: BTreeSet<i64> = order.iter().map(|row| table.buckets[*row]).collect();
        let rows: Vec<u32> =
            (0..groups.len as u32).filter(|g| left.contains(&groups.buckets[*g as usize])).collect();
        groups.buckets = rows.iter().map(|g| groups.buckets[*g as usize]).collect();
        groups.states = groups.states.into_iter().map(|state| state.take(&rows)).collect();
        groups.len = rows.len();
    }
    groups
}

fn write_row(table: &Table, row: usize, out: &mut Vec<u8>) {
    write_list(&table.columns, out, |column, out| {
        write_key(&column.name, out);
        column.cells.write(row, out);
    });
}

/// All buckets as one.
fn total(query: &Timeseries, mut groups: Groups, show: Show) -> Result<Table, QueryError> {
    let plan = AggregatePlan { granularity: Granularity::All, ..query.aggregation.plan.clone() };
    groups.buckets = Vec::new();
    let mut merger = Merger::of_values(&plan);
    merger.add(&plan, groups, false)?;
    let groups = merger.finish(&plan, &[])?.or_empty_group(&plan);
    Table::new(groups, &plan, &query.aggregation.post, show)
}
