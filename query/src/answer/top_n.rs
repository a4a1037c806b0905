//! What does topN answer? For each bucket the first values of a dimension by a metric.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use alluvium_expression::StringOrdering;
use alluvium_segments::time::Granularity;

use super::write::{write_key, write_list};
use super::{Cells, Show, Surroundings, Table};
use crate::QueryError;
use crate::partial::Groups;
use crate::request::{TopMetric, TopN};
use crate::run::Control;

/// The rows of each bucket, buckets in order.
pub(crate) fn top_n_table(
    query: &TopN,
    groups: Groups,
    show: Show,
) -> Result<(Table, Vec<Vec<usize>>), QueryError> {
    let mut table = Table::new(groups, &query.aggregation.plan, &query.aggregation.post, show)?;
    let (mut metric, mut inverted) = (&query.metric, false);
    while let TopMetric::Inverted(inner) = metric {
        (metric, inverted) = (inner, !inverted);
    }
    let dimension = table.columns.first().map(|c| &c.cells);
    let mut rows: Vec<usize> = (0..table.rows).collect();
    if let (TopMetric::Dimension { ordering, previous: Some(stop) }, Some(cells)) = (metric, dimension) {
        rows.retain(|row| {
            // Null comes before any stop.
            let Some(text) = cells.value(*row).as_string() else { return false };
            let order = ordering.compare(&text, stop);
            if inverted { order.is_lt() } else { order.is_gt() }
        });
    }
    let by = |a: usize, b: usize| -> Ordering {
        let turned = |order: Ordering| if inverted { order.reverse() } else { order };
        let order = match (metric, dimension) {
            // Largest metric first, smallest when inverted, nulls last.
            (TopMetric::Numeric(name), _) => table.column(name).map_or(Ordering::Equal, |cells| {
                nulls(cells, b, a).unwrap_or_else(|| turned(cells.compare(b, a)))
            }),
            // Nulls first, either way round.
            (TopMetric::Dimension { ordering, .. }, Some(cells)) => {
                nulls(cells, a, b).unwrap_or_else(|| turned(by_value(cells, *ordering, a, b)))
            }
            _ => Ordering::Equal,
        };
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

/// The order of two rows of which one is null at least: nulls first.
fn nulls(cells: &Cells, a: usize, b: usize) -> Option<Ordering> {
    match (cells.value(a).is_null(), cells.value(b).is_null()) {
        (false, false) => None,
        (a, b) => Some(b.cmp(&a)),
    }
}

fn by_value(cells: &Cells, ordering: StringOrdering, a: usize, b: usize) -> Ordering {
    match cells {
        Cells::Data(data) => ordering.compare_nullable(data.text(a).as_deref(), data.text(b).as_deref()),
        computed @ Cells::Computed(_) => computed.compare(a, b),
    }
}

/// The whole answer; buckets of the data without groups are there too, unless each is a millisecond.
pub(crate) fn top_n(
    query: &TopN,
    groups: Groups,
    around: &Surroundings<'_>,
    control: &Control,
) -> Result<Vec<u8>, QueryError> {
    let (table, blocks) = top_n_table(query, groups, around.show)?;
    let start = |rows: &[usize]| rows.first().and_then(|row| table.buckets.get(*row)).copied();
    let granularity = &query.aggregation.plan.granularity;
    let mut timed: BTreeMap<i64, &[usize]> = BTreeMap::new();
    if !matches!(granularity, Granularity::None) {
        timed.extend(around.buckets(granularity, &table.buckets, control)?.into_iter().map(|t| (t, &[][..])));
    }
    timed.extend(
        blocks.iter().map(|rows| (start(rows).unwrap_or_else(|| around.all_time()), rows.as_slice())),
    );
    let mut out = vec![b'['];
    write_list(&timed, &mut out, |(t, rows), out| {
        out.extend(b"{\"timestamp\":");
        around.times.write(*t, out);
        out.extend(b",\"result\":[");
        write_list(*rows, out, |row, out| {
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
