//! What does topN answer? For each bucket the first values of a dimension by a metric.

use std::cmp::Ordering;

use alluvium_expression::StringOrdering;

use super::write::{write_key, write_list};
use super::{Cells, Surroundings, Table};
use crate::QueryError;
use crate::partial::Groups;
use crate::request::{TopMetric, TopN};

/// The rows of each bucket, buckets in order.
pub(crate) fn top_n_table(query: &TopN, groups: Groups) -> Result<(Table, Vec<Vec<usize>>), QueryError> {
    let mut table = Table::new(groups, &query.aggregation.plan, &query.aggregation.post)?;
    let (mut metric, mut inverted) = (&query.metric, false);
    while let TopMetric::Inverted(inner) = metric {
        (metric, inverted) = (inner, !inverted);
    }
    let dimension = table.columns.first().map(|c| &c.cells);
    let mut rows: Vec<usize> = (0..table.rows).collect();
    if let (TopMetric::Dimension { ordering, previous: Some(stop) }, Some(cells)) = (metric, dimension) {
        rows.retain(|row| {
            let order = ordering.compare_nullable(cells.value(*row).as_string().as_deref(), Some(stop));
            if inverted { order.is_lt() } else { order.is_gt() }
        });
    }
    let by = |a: usize, b: usize| -> Ordering {
        let order = match (metric, dimension) {
            (TopMetric::Numeric(name), _) => {
                // Largest first, nulls last; the other way round when inverted.
                table.column(name).map_or(Ordering::Equal, |cells| cells.compare(b, a))
            }
            (TopMetric::Dimension { ordering, .. }, Some(cells)) => by_value(cells, *ordering, a, b),
            _ => Ordering::Equal,
        };
        let order = if inverted { order.reverse() } else { order };
        order.then_with(|| dimension.map_or(Ordering::Equal, |cells| cells.compare(a, b)))
    };
    let bucket = |row: usize| table.buckets.get(row).copied().unwrap_or_default();
    rows.sort_by(|a, b| bucket(*a).cmp(&bucket(*b)).then_with(|| by(*a, *b)));
    let threshold = usize::try_from(query.threshold).unwrap_or(usize::MAX);
    let buckets = rows.chunk_by(|a, b| bucket(*a) == bucket(*b));
    let blocks = buckets.map(|rows| rows.iter().take(threshold).copied().collect()).collect();
    table.extract(&query.aggregation.late);
    Ok((table, blocks))
}

fn by_value(cells: &Cells, ordering: StringOrdering, a: usize, b: usize) -> Ordering {
    match cells {
        Cells::Data(data) => ordering.compare_nullable(data.text(a).as_deref(), data.text(b).as_deref()),
        computed @ Cells::Computed(_) => computed.compare(a, b),
    }
}

/// The whole answer.
pub(crate) fn top_n(query: &TopN, groups: Groups, around: &Surroundings<'_>) -> Result<Vec<u8>, QueryError> {
    let (table, blocks) = top_n_table(query, groups)?;
    let mut out = vec![b'['];
    write_list(&blocks, &mut out, |rows, out| {
        let first = rows.first().and_then(|row| table.buckets.get(*row)).copied();
        out.extend(b"{\"timestamp\":");
        around.times.write(first.unwrap_or_else(|| around.all_time()), out);
        out.extend(b",\"result\":[");
        write_list(rows, out, |row, out| {
            out.push(b'{');
            write_list(&table.columns, out, |column, out| {
                write_key(&column.name, out);
                column.cells.write(*row, out);
            });
            out.push(b'}');
        });
        out.extend(b"]}");
    });
    out.push(b']');
    Ok(out)
}
